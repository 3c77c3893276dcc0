"""What the layouts of a block say of its lines, and what else tells where a record begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.ingest.continuation import Codes, Flags, stands_alone
from analyzer.ingest.logical import Codes as Groups
from analyzer.ingest.logical import Lines, Wrapping
from analyzer.ingest.timestamps import NO_TIME, Micros
from analyzer.ingest.windows import Bytes, Offsets

LONGEST_RECORD = 1 << 16
"""Bytes after which lines without a timestamp stop counting as the continuation of the record before
them: no stack trace is that long, but output of another shape may be."""
_LONGEST_PAUSE = 1_000_000
"""Microseconds after which a line no longer continues the one before it, by the times of their envelopes."""
_DAY = 24 * 60 * 60_000_000
_SAME_TIME = 2_000_000


@dataclass(frozen=True, slots=True)
class Marks:
    """What the layouts say of lines: when, whether a record begins, the place of the layout, whether a line is
    loose, which is to say of no layout at all, and whether a loose line may have words that tell more of it."""

    times: Micros
    begins: Flags
    layouts: Codes
    loose: Flags
    telling: Flags

    def take(self, rows: Offsets) -> Marks:
        """The same of some lines."""
        return Marks(self.times[rows], self.begins[rows], self.layouts[rows], self.loose[rows], self.telling[rows])


def begins_inside(lines: Lines, wrapping: Wrapping, marks: Marks, grouped: Offsets) -> Flags:
    """Which lines inside envelopes begin a record.

    A line without a time of its own goes on with the record before it only where that one has
    such a time, and was written just before by the same writer.
    """
    dated = (marks.begins & ~marks.loose & (marks.times != NO_TIME))[grouped]
    head = np.maximum.accumulate(np.where(dated, np.arange(len(lines)), -1))
    groups, stamps = wrapping.groups[grouped], wrapping.times[grouped]
    same = (head >= 0) & (groups == groups[np.maximum(head, 0)])
    pause = np.zeros(len(lines), dtype=bool)
    pause[1:] = (stamps[1:] != NO_TIME) & (stamps[:-1] != NO_TIME) & (stamps[1:] - stamps[:-1] > _LONGEST_PAUSE)
    alone = stands_alone(lines.data, lines.starts, lines.ends, marks.telling)[grouped]
    begins = np.empty_like(marks.begins)
    begins[grouped] = marks.begins[grouped] | (marks.loose[grouped] & alone & (~same | pause))
    return begins


def goes_on_below(times: Micros, heads: Flags) -> Flags:
    """Which lines but the first go on with the line right above, of whose record that holds the head only: those
    without a time, and those with the same time of day, which an export has put above each line of a program."""
    apart = (times[1:] - times[:-1] + _SAME_TIME) % _DAY
    flags: Flags = heads[:-1] & ~heads[1:] & ((times[1:] == NO_TIME) | (apart <= 2 * _SAME_TIME))
    return flags


def with_blank_lines(groups: Groups | None, lines: Lines, raw: Lines) -> Groups | None:
    """The groups of lines; a blank one outside all envelopes is of the writer of the line before it."""
    if groups is None or not len(lines):
        return groups
    blank = (raw.starts == raw.ends)[lines.raw_lines()] & (lines.starts == lines.ends)
    if not blank.any():
        return groups
    written: Groups = groups[np.maximum.accumulate(np.where(blank, 0, np.arange(len(lines))))]
    return written


def part_long_records(data: Bytes, starts: Offsets, ends: Offsets, begins: Flags, telling: Flags) -> None:
    """Let the lines of overlong records begin records of their own, so that each is looked at."""
    if begins.all():
        return
    firsts = _with_first(np.flatnonzero(begins))
    lasts = np.append(firsts[1:], len(starts)) - 1
    long = ends[lasts] - starts[firsts] > LONGEST_RECORD
    for first, last in zip(firsts[long].tolist(), lasts[long].tolist(), strict=True):
        part = slice(first + 1, last + 1)
        begins[part] = stands_alone(data, starts[part], ends[part], telling[part])


def _with_first(lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The lines that begin records, with the first line of the block, which begins one in any case."""
    return lines if len(lines) and lines[0] == 0 else np.concatenate(([0], lines))


__all__ = ["LONGEST_RECORD", "Marks", "begins_inside", "goes_on_below", "part_long_records", "with_blank_lines"]
