"""A block of bytes -> a table of its lines and records: where each starts, when, and how bad.

This is the hot path: every line of every input passes through `LineReader.read`, so everything is
done for all lines of a block at once. A file is read by the rules of the layout that most of its
lines have; lines that these rules do not explain are offered to the other layouts met in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.ingest.detect import detect_layout, explains, is_head
from analyzer.ingest.layout import PLAIN, Understood
from analyzer.ingest.layout_reader import Codes, Flags, LayoutReader, indented, stands_alone
from analyzer.ingest.levels import infer_levels
from analyzer.ingest.locate import line_array
from analyzer.ingest.timestamps import NO_TIME, Clock, Micros
from analyzer.ingest.windows import PADDING, Bytes, Offsets

LONGEST_RECORD = 1 << 16
"""Bytes after which lines without a timestamp stop counting as the continuation of the record before
them: no stack trace is that long, but output of another shape may be."""

SAMPLE_LINES = 400
_MOST_LAYOUTS = 6
_FEWEST_LINES = 3
_SMALLEST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class LineTable:
    """The lines and records of a block.

    `starts` and `ends` are the offsets of all lines (without their newline). `first_line` holds,
    for each record, the index of the line that begins it; `times` (microseconds, `NO_TIME`),
    `levels` (codes) and `layouts` (places in the reader's `layouts`) are those of records. Lines
    before the first record belong to it.
    """

    starts: Offsets
    ends: Offsets
    first_line: npt.NDArray[np.int64]
    times: Micros
    levels: Codes
    layouts: Codes
    dated: Flags
    """Which records carry a timestamp of their own; the others inherit one."""

    def record_start(self) -> Offsets:
        """The offset at which each record begins."""
        return self.starts[self.first_line]

    def record_end(self) -> Offsets:
        """The offset just past each record, without its final newline."""
        last_line = np.append(self.first_line[1:], len(self.starts)) - 1
        ends: Offsets = self.ends[last_line]
        return ends


class LineReader:
    """Reads the lines of one file, or of a part of it that is alike; learned from a sample."""

    def __init__(self, lines: Sequence[bytes], clock: Clock, before: LineReader | None = None) -> None:
        """`lines` is a sample of the file; `clock` says what its timestamps leave open.

        `before` has read the file so far; its layouts may well come again.
        """
        self.clock = clock
        learned = _learn(lines, clock)
        known = {reader.layout.name for reader in learned}
        earlier = before._readers if before is not None else ()  # noqa: SLF001 (one of its own kind)
        more = [reader for reader in earlier if reader.layout.name not in known and reader.layout is not PLAIN]
        self._readers: tuple[LayoutReader, ...] = (*learned, *more)[:_MOST_LAYOUTS]
        self.layouts = tuple(reader.layout for reader in self._readers)
        self.layout = self.layouts[0]
        """The layout of most lines."""
        self.has_time = any(reader.has_time for reader in self._readers)
        self.assumes_year = any(reader.assumes_year for reader in self._readers)
        self.assumes_zone = any(reader.assumes_zone for reader in self._readers)

    def share_understood(self, lines: Sequence[bytes]) -> float:
        """The share of lines that may begin a record of which some layout of this reader says more."""
        heads = [line for line in lines if is_head(line)]
        understood = sum(any(explains(layout, line) for layout in self.layouts) for line in heads)
        return understood / len(heads) if heads else 1.0

    def read(self, data: Bytes, length: int, before: int = NO_TIME) -> LineTable:
        """The lines of `data[:length]`; `data` must extend `PADDING` bytes further.

        `before` is the last time before this block, for records that come before its first one.
        """
        starts, ends = _lines(data, length)
        times, begins, layouts = self._shapes(data, starts, ends)
        first_line = _with_first(np.flatnonzero(begins)) if len(starts) else np.empty(0, dtype=np.int64)
        own = times[first_line]
        return LineTable(
            starts=starts,
            ends=ends,
            first_line=first_line,
            times=_inherit(own, before),
            levels=self._levels(data, starts[first_line], ends[first_line], layouts[first_line], own != NO_TIME),
            layouts=layouts[first_line],
            dated=own != NO_TIME,
        )

    def _shapes(self, data: Bytes, starts: Offsets, ends: Offsets) -> tuple[Micros, Flags, Codes]:
        """The time of each line, whether it begins a record, and the layout it is of."""
        main, *others = self._readers
        times = main.times(data, starts, ends)
        begins = main.begins(data, starts, ends, times)
        layouts = np.zeros(len(starts), dtype=np.int8)
        for place, reader in enumerate(others, start=1):
            rows = np.flatnonzero((times == NO_TIME) & (layouts == 0) & (ends > starts) & ~indented(data, starts))
            if not len(rows):
                break
            some_starts, some_ends = starts[rows], ends[rows]
            some_times = reader.times(data, some_starts, some_ends)
            claimed = reader.claims(data, some_starts, some_ends, some_times)
            mine = rows[claimed]
            times[mine], layouts[mine] = some_times[claimed], place
            begins[mine] = reader.begins(data, some_starts[claimed], some_ends[claimed], some_times[claimed])
        if main.layout.style == "text" and main.has_time:
            _part_long_records(data, starts, ends, begins)
        return times, begins, layouts

    def _levels(self, data: Bytes, starts: Offsets, ends: Offsets, layouts: Codes, dated: Flags) -> Codes:
        """The level code of each record, from its first line: stated, or judged by the words of a
        line that is of no layout (a crash among JSON lines)."""
        main, *others = self._readers
        levels: Codes = main.levels(data, starts, ends)
        for place, reader in enumerate(others, start=1):
            rows = np.flatnonzero(layouts == place)
            if len(rows):
                levels[rows] = reader.levels(data, starts[rows], ends[rows])
        strays = np.flatnonzero((levels == 0) & ~dated & (layouts == 0))
        if len(strays):
            levels[strays] = infer_levels(line_array(data, starts[strays], ends[strays]))
        return levels


def _learn(lines: Sequence[bytes], clock: Clock) -> list[LayoutReader]:
    """The reader of the layout that most lines have, then those of the layouts among the rest."""
    layout, understood, rest = detect_layout(lines)
    if not _dated(understood) and len(understood) < len(rest):
        # A few access lines in console output do not make it an access log.
        layout, understood, rest = PLAIN, [], list(lines)
    readers = [LayoutReader(layout, understood, clock)]
    least = max(_FEWEST_LINES, int(_SMALLEST_SHARE * len(lines)))
    while len(readers) < _MOST_LAYOUTS and len(rest) >= least:
        another, understood, rest = detect_layout(rest, least, dated=readers[0].has_time)
        # Without a timestamp or a head of its own, a line may as well be the continuation of another.
        if another is PLAIN or (another.has_timestamp and not _dated(understood)):
            break
        readers.append(LayoutReader(another, understood, clock))
    return readers


def _dated(understood: Sequence[Understood]) -> bool:
    return any("timestamp" in spans for _, spans in understood)


def _lines(data: Bytes, length: int) -> tuple[Offsets, Offsets]:
    """Where each line of a block starts and ends."""
    ends = np.flatnonzero(data[:length] == 10)
    if length and data[length - 1] != 10:
        ends = np.append(ends, length)
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1] + 1
    return starts, ends


def _part_long_records(data: Bytes, starts: Offsets, ends: Offsets, begins: Flags) -> None:
    """Let the lines of overlong records begin records of their own, so that each is looked at."""
    if begins.all():
        return
    firsts = _with_first(np.flatnonzero(begins))
    lasts = np.append(firsts[1:], len(starts)) - 1
    long = ends[lasts] - starts[firsts] > LONGEST_RECORD
    for first, last in zip(firsts[long].tolist(), lasts[long].tolist(), strict=True):
        part = slice(first + 1, last + 1)
        begins[part] = stands_alone(data, starts[part], ends[part])


def _with_first(lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The lines that begin records, with the first line of the block, which begins one in any case."""
    return lines if len(lines) and lines[0] == 0 else np.concatenate(([0], lines))


def _inherit(times: Micros, before: int) -> Micros:
    """Records without a timestamp take that of the record before them."""
    missing = times == NO_TIME
    if not missing.any():
        return times
    index = np.where(missing, -1, np.arange(len(times)))
    np.maximum.accumulate(index, out=index)
    return np.where(index < 0, before, times[index])


__all__ = ["LONGEST_RECORD", "PADDING", "LineReader", "LineTable"]
