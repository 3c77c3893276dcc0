"""Records that are spread over several lines by their format: XML elements, and blocks of `Key: value` lines.

Each becomes one logical line, whose layout then says where its time and level stand. What stands between
the blocks stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from analyzer.ingest.locate import line_array
from analyzer.ingest.logical import Lines
from analyzer.ingest.timeformats import Clock, match_timestamp
from analyzer.ingest.windows import Offsets

Flags = npt.NDArray[np.bool_]
_OPENS = re.compile(rb"\s*<((?i:log4j:event|log4net:event|event|record|logentry|entry|msg))(?=[\s>])")
_KEY = re.compile(rb"(?P<key>[A-Z][\w /\[\]-]{0,30}?)[ \t]*:(?:\s|$)")
_TIME_KEY = rb"(?i:time|date|start-date|timestamp|date/time|timecreated|timegenerated|time ?of ?event)[ \t]*: *"
_TIME_LINE = re.compile(_TIME_KEY)
_FIRST_KEYS = (b"API", b"Log Name", b"Start-Date", b"Index", b"TimeCreated", b"TimeGenerated")
_FEWEST_KEYS = 0.5
_FEWEST_TAGS = 0.3
_LONGEST = 1 << 16
"""Bytes after which a block counts as ended: what goes on for longer is none."""


@dataclass(frozen=True)
class Elements:
    """XML of which each element of some name is a record, spread over lines."""

    tag: str
    name: str = "xml"

    @classmethod
    def learn(cls, lines: Sequence[bytes]) -> Elements | None:
        """The envelope of a sample, if its lines are such."""
        if sum(line.lstrip()[:1] == b"<" for line in lines) < _FEWEST_TAGS * len(lines):
            return None
        found = [(match[1], line) for line in lines if (match := _OPENS.match(line))]
        names = Counter(tag for tag, line in found if b"</" + tag + b">" not in line and not line.endswith(b"/>"))
        for tag, _ in names.most_common():
            if any(line.rstrip().endswith(b"</" + tag + b">") for line in lines):
                return cls(tag.decode("ascii"))
        return None

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        return sum(line.lstrip()[:1] == b"<" for line in lines) / len(lines) if lines else 0.0

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002
        """See `Envelope`."""
        return []

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:  # noqa: ARG002
        """See `Envelope`."""
        opens = np.flatnonzero(_flags(lines, rf"^\s*<{re.escape(self.tag)}[\s>]"))
        closes = np.flatnonzero(_flags(lines, rf"</{re.escape(self.tag)}>"))
        following = np.append(opens[1:], len(lines))
        closed = np.append(closes, len(lines))[np.searchsorted(closes, opens)]
        return _held(lines, opens, np.minimum(closed, following - 1))


@dataclass(frozen=True)
class KeyBlocks:
    """Blocks of lines that begin with a key and a colon, one of which holds the time; `key` begins each."""

    key: str
    name: str = "blocks"

    @classmethod
    def learn(cls, lines: Sequence[bytes]) -> KeyBlocks | None:
        """The envelope of a sample, if its lines are such."""
        keyed = [(line, match) for line in lines if (match := _TIME_LINE.match(line))]
        times = sum(match_timestamp(line[match.end() :]) is not None for line, match in keyed)
        if not times:
            return None
        keys = [match["key"] for line in lines if (match := _KEY.match(line))]
        indented = sum(line[:1].isspace() for line in lines)
        if len(keys) + indented < _FEWEST_KEYS * len(lines):
            return None
        first = next((key for key in _FIRST_KEYS if key in keys), keys[0])
        # A single block of unknown kind may be anything.
        fits = times > 1 or first in _FIRST_KEYS
        return cls(first.decode("ascii")) if fits and times <= keys.count(first) <= 2 * times + 1 else None

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        return sum(line[:1].isspace() or _KEY.match(line) is not None for line in lines) / len(lines) if lines else 0.0

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002
        """See `Envelope`."""
        return []

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:  # noqa: ARG002
        """See `Envelope`. A block ends where the next one begins, or where a line of capitals says something
        else behind a blank line."""
        opens = np.flatnonzero(_flags(lines, rf"^{re.escape(self.key)}[ \t]*:"))
        times = np.flatnonzero(_flags(lines, "^" + _TIME_KEY.decode()))
        following = np.append(opens[1:], len(lines))
        dated = np.append(times, len(lines))[np.searchsorted(times, opens)] < following
        blank = lines.ends <= lines.starts
        others = _flags(lines, r"^[A-Z]{4,}(?: \d|: )") & np.append(False, blank[:-1])
        other = np.flatnonzero(others)
        ended = np.append(other, len(lines))[np.searchsorted(other, opens + 1)]
        last = np.minimum(following, ended)[dated] - 1
        filled = np.maximum.accumulate(np.where(blank, 0, np.arange(len(lines))))
        return _held(lines, opens[dated], filled[last])


def _flags(lines: Lines, pattern: str) -> Flags:
    array = line_array(lines.data, lines.starts, lines.ends)
    flags: Flags = pc.match_substring_regex(array, pattern).to_numpy(zero_copy_only=False)
    return flags


def _held(lines: Lines, first: Offsets, last: Offsets) -> Lines:
    """The lines, those from each first to its last one made one."""
    fit = (lines.ends[last] - lines.starts[first] <= _LONGEST) if len(first) else np.zeros(0, dtype=bool)
    first, last = first[fit], last[fit]
    inside = np.zeros(len(lines) + 1, dtype=np.int64)
    np.add.at(inside, first + 1, 1)
    np.add.at(inside, last + 1, -1)
    kept = np.flatnonzero(np.cumsum(inside)[:-1] == 0)
    ends = lines.ends.copy()
    ends[first] = lines.ends[last]
    wrapping = lines.wrapping.take(kept) if lines.wrapping is not None else None
    starts = lines.starts[kept]
    return Lines(lines.data, starts, ends[kept], starts, lines.raw_lines()[kept], wrapping=wrapping)


__all__ = ["Elements", "KeyBlocks"]
