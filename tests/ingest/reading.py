"""What tests of this room share: bytes -> a file -> blocks -> records."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from analyzer.ingest.blocks import BLOCK_SIZE, Block, read_blocks
from analyzer.ingest.discover import Input
from analyzer.ingest.layout import PLAIN
from analyzer.ingest.limits import LIMITS, Limits
from analyzer.ingest.open import Stream, streams
from analyzer.ingest.timestamps import NO_TIME
from analyzer.model import LEVELS, Skipped, Source


@dataclass(frozen=True)
class Record:
    """A record as a person would describe it."""

    line: int
    offset: int
    time: str | None
    level: str | None
    text: str
    layout: str
    origin: Mapping[str, str] = field(default_factory=dict)
    """What its envelopes say about where it comes from."""


@contextmanager
def stream_of(data: bytes, name: str = "app.log") -> Iterator[Stream]:
    """An open stream over a file with the given content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        stream = Stream(Input(str(path)))
        try:
            yield stream
        finally:
            stream.close()


def content_of(data: bytes) -> tuple[bytes, Stream]:
    """Everything a stream over `data` delivers, in odd portions, and the (closed) stream."""
    with stream_of(data) as stream:
        return _all_of(stream), stream


def _all_of(stream: Stream) -> bytes:
    portions = []
    target = bytearray(70_001)
    while count := stream.readinto(memoryview(target)):
        portions.append(bytes(target[:count]))
    return b"".join(portions)


@dataclass(frozen=True)
class Reading:
    """What reading an input yielded: content by path, how it was compressed, and what was wrong."""

    content: dict[str, bytes]
    compression: dict[str, str | None]
    modified: dict[str, datetime]
    skipped: dict[str, list[Skipped]]

    def reasons(self, path: str) -> list[str]:
        """Why something was not read, or not to its end."""
        return [skip.reason for skip in self.skipped.get(path, [])]


def everything_in(source: Path | Input, limits: Limits = LIMITS) -> Reading:
    """Read a file, or all members of an archive; paths in it are shown from the archive's name on."""
    source = source if isinstance(source, Input) else Input(str(source))
    folder = os.path.dirname(source.path)
    reading = Reading({}, {}, {}, {})
    for found in streams(source, limits=limits):
        name = os.path.relpath(found.path, folder) if folder else found.path
        if isinstance(found, Source):
            reading.skipped[name] = list(found.skipped)
            continue
        reading.content[name] = _all_of(found)
        reading.compression[name] = found.compression
        reading.modified[name] = found.modified
        if found.fault is not None:
            reading.skipped[name] = [found.fault]
    return reading


def read_archive(tmp_path: Path, data: bytes, name: str = "a", limits: Limits | None = None) -> Reading:
    """Everything in an archive with the given content, which nobody has written to for an hour."""
    path = tmp_path / name
    path.write_bytes(data)
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
    return everything_in(path, limits or Limits())


def blocks_of(data: bytes, size: int = BLOCK_SIZE, modified: datetime | None = None) -> list[Block]:
    """The blocks of a file with the given content, last written when `modified` says (default: now)."""
    with stream_of(data) as stream:
        stream.modified = modified or stream.modified
        return list(read_blocks(stream, size=size))


def records_of(data: bytes, size: int = BLOCK_SIZE, modified: datetime | None = None) -> list[Record]:
    """The records of a file with the given content, last written when `modified` says (default: now)."""
    return [record for block in blocks_of(data, size, modified) for record in records_in(block)]


def records_in(block: Block) -> Iterator[Record]:
    table = block.read()
    offsets = block.offsets(table.first_line, table)
    numbers = block.line_numbers(table.first_line, table)
    for row, (start, end) in enumerate(zip(table.record_start(), table.record_end(), strict=True)):
        code = int(table.levels[row])
        layout = block.reader.layouts[int(table.layouts[row])]
        yield Record(
            line=int(numbers[row]),
            offset=int(offsets[row]),
            time=when(int(table.times[row])),
            level=LEVELS[code - 1] if code else None,
            text=bytes(table.data[start:end]).decode("utf-8", "replace"),
            layout=block.reader.name if layout is PLAIN else layout.name,
            origin=table.fields[int(table.origins[row])] if table.origins is not None else {},
        )


def when(micros: int) -> str | None:
    """Microseconds since 1970 as ISO 8601 text."""
    if micros == NO_TIME:
        return None
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000).isoformat()
