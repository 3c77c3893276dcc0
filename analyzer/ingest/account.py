"""How the beginning of an input was understood, for people who wonder: which layout, why, and what it missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

import numpy as np

from analyzer.ingest.blocks import Block, read_blocks
from analyzer.ingest.detect import candidates, explains, is_head
from analyzer.ingest.discover import Input
from analyzer.ingest.layout import PLAIN
from analyzer.ingest.lines import SAMPLE_LINES, LineTable
from analyzer.ingest.open import Stream, streams
from analyzer.ingest.timestamps import NO_TIME
from analyzer.model import LEVELS, Source

_FIRST_RECORDS = 3
_MISSED = 5


@dataclass(frozen=True, slots=True)
class Sampled:
    """One record and what was taken from it; `time` in microseconds, None where it has none."""

    text: str
    layout: str
    time: int | None
    level: str | None
    service: str | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Account:
    """What the first block of an input showed. `layouts` counts records, shares are from 0 to 1."""

    path: str
    layout: str | None = None
    layouts: Mapping[str, int] = field(default_factory=dict)
    candidates: Sequence[tuple[str, float]] = ()
    """The layouts that fit any line, each with its share of the lines that may begin a record, best first."""
    understood: float = 0.0
    """The share of those lines that some chosen layout explains."""
    missed: Sequence[str] = ()
    """Some of the lines that none explains."""
    lines: int = 0
    records: int = 0
    dated: int = 0
    first: int | None = None
    last: int | None = None
    zone: str = "UTC"
    assumptions: Sequence[str] = ()
    samples: Sequence[Sampled] = ()
    trouble: str | None = None
    """Why nothing could be read, if so."""


def accounts_of(source: Input, zone: tzinfo) -> Iterator[Account]:
    """How the first block of an input is understood, or of each member of an archive. Raises OSError
    where it cannot be opened."""
    for stream in streams(source):
        if isinstance(stream, Source):
            reasons = (skipped.reason for skipped in stream.skipped)
            yield Account(stream.path, trouble="; ".join(reasons))
        else:
            yield _account_of(stream, zone)


def _account_of(stream: Stream, zone: tzinfo) -> Account:
    block = next(read_blocks(stream, zone), None)
    if block is not None:
        return _account(stream.path, block)
    if stream.fault is not None:
        return Account(stream.path, trouble=stream.fault.reason)
    return Account(stream.path, trouble="not a text file" if stream.delivered else "the file is empty")


def _account(path: str, block: Block) -> Account:
    table = block.read()
    reader = block.reader
    content = bytes(block.content()).split(b"\n")
    heads = [line for line in content[:: max(1, len(content) // SAMPLE_LINES)] if is_head(line)]
    chosen = [layout for layout in reader.layouts if layout is not PLAIN]
    missed = [line for line in heads if not any(explains(layout, line) for layout in chosen)]
    fitting = sorted(candidates(heads), key=lambda candidate: -candidate.score)
    times = table.times[table.times != NO_TIME]
    last = int(times.max()) if len(times) else NO_TIME
    names = Counter(reader.layouts[place].name for place in table.layouts.tolist())
    return Account(
        path=path,
        layout=reader.layout.name,
        layouts=dict(names.most_common()),
        candidates=[(fit.layout.name, len(fit.understood) / len(heads)) for fit in fitting],
        understood=1 - len(missed) / len(heads) if heads else 1.0,
        missed=[_text(line) for line in dict.fromkeys(missed)][:_MISSED],
        lines=len(table.starts),
        records=len(table.times),
        dated=int(table.dated.sum()),
        first=int(times.min()) if len(times) else None,
        last=last if len(times) else None,
        zone=str(reader.clock.zone),
        assumptions=[*reader.assumptions(last), *(f"{text}: {count:,}" for text, count in table.doubts.texts())],
        samples=[_sampled(block, table, row) for row in _spread(len(table.times))],
    )


def _spread(count: int) -> list[int]:
    """The first few records."""
    return list(range(min(count, _FIRST_RECORDS)))


def _sampled(block: Block, table: LineTable, row: int) -> Sampled:
    layout = block.reader.layouts[int(table.layouts[row])]
    raw = np.asarray(block.data[table.record_start()[row] : table.record_end()[row]]).tobytes()
    fields = layout.fields(raw) if layout is not PLAIN else None
    time, level = int(table.times[row]), int(table.levels[row])
    return Sampled(
        text=_text(raw),
        layout=layout.name,
        time=None if time == NO_TIME else time,
        level=LEVELS[level - 1] if level else None,
        service=fields.service if fields else None,
        values=fields.values if fields else {},
    )


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
