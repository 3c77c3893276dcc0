"""What every scenario shares: a night of records, seeded randomness, and a traffic model.

A scenario tells its story by writing records (a time, a file, a text) into a :class:`Night`.
Each record may carry signature ids: those are the truth from which the golden file is counted.
"""

from __future__ import annotations

import gzip
import io
import math
import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

PUBLIC_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
)


@dataclass(frozen=True, slots=True)
class Record:
    """One log record (it may span lines), the file it goes to, and the signatures it shows."""

    at: datetime
    sequence: int
    stream: str
    text: str
    signatures: tuple[str, ...] = ()


@dataclass
class Night:
    """The records of one scenario between ``start`` and ``end``, and the dice they were thrown with."""

    scenario: str
    start: datetime
    end: datetime
    records: list[Record] = field(default_factory=list)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed the dice with the scenario's name."""
        self.dice = random.Random(f"sample-logs/{self.scenario}")

    def write(self, stream: str, at: datetime, text: str, *signatures: str) -> None:
        """Put one record into the file ``stream``; records outside the night are dropped."""
        if self.start <= at <= self.end:
            self.records.append(Record(at, len(self.records), stream, text, signatures))

    def arrivals(
        self, per_minute: float, start: datetime | None = None, end: datetime | None = None
    ) -> Iterator[datetime]:
        """Random arrival times: Poisson, with a slow swell of 35 % up and down over the night."""
        at = start or self.start
        last = end or self.end
        while True:
            swell = 1 + 0.35 * math.sin((at - self.start).total_seconds() / 2100)
            at += timedelta(microseconds=int(60e6 * self.dice.expovariate(per_minute * swell)))
            if at >= last:
                return
            yield at

    def every(self, seconds: float, jitter: float = 0.0) -> Iterator[datetime]:
        """Times at a fixed beat, each off by up to ``jitter`` seconds."""
        at = self.start + timedelta(seconds=self.dice.uniform(0, seconds))
        while at < self.end:
            yield later(at, self.dice.uniform(0, jitter))
            at += timedelta(seconds=seconds)

    def of(self, stream: str) -> list[Record]:
        """The records of one file, in order of time."""
        return sorted((r for r in self.records if r.stream == stream), key=lambda r: (r.at, r.sequence))

    def showing(self, signature: str) -> list[Record]:
        """The records that carry this signature, in order of time."""
        return sorted((r for r in self.records if signature in r.signatures), key=lambda r: (r.at, r.sequence))

    def matching(self, pattern: str) -> list[Record]:
        """The records in whose text the pattern is found, in order of time."""
        found = re.compile(pattern)
        return sorted((r for r in self.records if found.search(r.text)), key=lambda r: (r.at, r.sequence))

    def streams(self) -> list[str]:
        """The names of the files, sorted."""
        return sorted({record.stream for record in self.records})

    def uuid(self) -> str:
        """A random UUID of version 4 from the seeded dice."""
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def hex(self, digits: int) -> str:
        """A random string of hexadecimal digits."""
        return f"{self.dice.getrandbits(digits * 4):0{digits}x}"

    def visitor(self) -> str:
        """A public address from the networks reserved for documentation."""
        return f"{self.dice.choice(PUBLIC_NETWORKS)}.{self.dice.randint(2, 250)}"

    def browser(self) -> str:
        """The user agent of some browser."""
        return self.dice.choice(BROWSERS)

    def latency(self, typical_ms: float) -> float:
        """A duration in milliseconds: log-normal, so that some are slow."""
        return self.dice.lognormvariate(math.log(typical_ms), 0.45)


def utc(text: str) -> datetime:
    """A time in UTC from ``2025-10-24 02:13:11``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def later(at: datetime, seconds: float) -> datetime:
    """The time that many seconds after ``at``, to the microsecond."""
    return at + timedelta(microseconds=round(seconds * 1e6))


def save(night: Night, folder: Path) -> None:
    """Write every file of the night; names ending in ``.gz`` are compressed, always to the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for stream in night.streams():
        content = "".join(f"{record.text}\n" for record in night.of(stream)).encode()
        (folder / stream).write_bytes(compress(content) if stream.endswith(".gz") else content)


def compress(content: bytes) -> bytes:
    """Gzip without a time stamp or name in the header."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0) as stream:
        stream.write(content)
    return buffer.getvalue()
