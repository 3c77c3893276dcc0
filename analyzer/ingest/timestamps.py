"""Many timestamps at once: the times of all lines of a block -> int64 microseconds UTC.

`TimestampReader` gathers a fixed-width window per line, replaces the digits of seconds and fraction
by zeros, parses each *distinct* remainder (one per minute, usually) with `parse_timestamp`, and adds
seconds and fraction by arithmetic on the digits. So every format is fast, and none is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from analyzer.ingest.timeformats import TIMESTAMP, Clock, DateOrder, lacks, match_timestamp, never_was, parse_timestamp
from analyzer.ingest.windows import gather

Micros = npt.NDArray[np.int64]
NO_TIME = np.iinfo(np.int64).min
"""Stands for "no timestamp" in arrays of microseconds."""

_CACHE_LIMIT = 100_000
_SHAPED = bytes.maketrans(b"123456789ABCDEFGHIJKLMNOPQRSTUVWXYZbcdefghijklmnopqrstuvwxyz", b"0" * 9 + b"a" * 51)
_HEX = np.full(256, 255, dtype=np.uint8)
_HEX[list(b"0123456789abcdef")] = range(16)
_HEX[list(b"ABCDEF")] = range(10, 16)


def moment_text(micros: int | None) -> str:
    """Microseconds since 1970 as people write them, in UTC; a dash for none."""
    if micros is None:
        return "-"
    moment = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
    return moment.isoformat(sep=" ", timespec="milliseconds")[:-6] + " UTC"


def shape_of(text: bytes) -> bytes:
    """The shape of a timestamp: its text with all digits and letters made alike."""
    return text.translate(_SHAPED)


class TimestampReader:
    """Reads timestamps of one shape (all of the same width) from many places of a block at once."""

    def __init__(self, example: bytes, clock: Clock, behind: bytes = b" ") -> None:
        """Learn the shape from `example`, a timestamp that `parse_timestamp` understands.

        `behind` is the byte that usually follows; others that could go on with a timestamp (a
        fraction, a zone) tell that one of another shape stands there.
        """
        found = match_timestamp(example)
        if found is None:
            raise ValueError(f"no timestamp: {example!r}")
        match = found[1]
        self.width = match.end()
        self._clock = clock
        self._columns = _counted_columns(match)
        self._second = _second_of(match)
        self._fixed = [(at, code) for at, code in enumerate(example[: self.width]) if not chr(code).isalnum()]
        self._goes_on = np.zeros(256, dtype=bool)
        self._goes_on[[code for code in b"0123456789.,:+-Z" if code not in behind]] = True
        self._cache: dict[bytes, int] = {}
        self.skipped: set[int] = set()
        """The minutes met, as microseconds, that do not exist in the clock's zone."""

    def read(self, data: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> Micros:
        """Microseconds of the timestamps that begin at the offsets `at`; `NO_TIME` where none of
        this shape stands there."""
        window = gather(data, at, self.width)
        valid = ~self._goes_on[data[np.minimum(at + self.width, len(data) - 1)]]
        for column, code in self._fixed:
            valid &= window[:, column] == code
        counted = np.zeros(len(at), dtype=np.int64)
        if self._second is not None:
            seconds = _number(window, *self._second)
            valid &= seconds <= 60
            # A leap second counts as the second before it.
            counted -= np.where(seconds == 60, 1_000_000_000, 0)
        for column, weight, base in self._columns:
            digit = _HEX[window[:, column]]
            valid &= digit < base
            if weight:
                counted += digit.astype(np.int64) * weight
            window[:, column] = 48
        window[:, self.width :] = 0
        rows = np.flatnonzero(valid)
        times = np.full(len(at), NO_TIME, dtype=np.int64)
        if len(rows):
            remainder = self._base(window if len(rows) == len(at) else window[rows])
            times[rows] = np.where(remainder == NO_TIME, NO_TIME, remainder + counted[rows] // 1000)
        return times

    def _base(self, window: npt.NDArray[np.uint8]) -> Micros:
        """The parsed remainder of each row; neighbouring rows that are equal are parsed once."""
        words = window.view(np.uint64)
        changed = np.ones(len(words), dtype=bool)
        changed[1:] = (words[1:] != words[:-1]).any(axis=1)
        starts = np.flatnonzero(changed)
        bases = np.fromiter((self._lookup(window[row].tobytes()) for row in starts), dtype=np.int64, count=len(starts))
        return np.repeat(bases, np.diff(np.append(starts, len(words))))

    def _lookup(self, remainder: bytes) -> int:
        known = self._cache.get(remainder)
        if known is None:
            if len(self._cache) > _CACHE_LIMIT:
                self._cache.clear()
            parsed = parse_timestamp(remainder[: self.width], self._clock) if self._fills(remainder) else None
            known = self._cache[remainder] = NO_TIME if parsed is None else parsed
            if parsed is not None and never_was(remainder[: self.width], self._clock):
                self.skipped.add(parsed)
        return known

    def _fills(self, remainder: bytes) -> bool:
        """Whether a timestamp is as wide as the window: `...:07.` is a part of one."""
        found = match_timestamp(remainder[: self.width])
        return found is not None and found[1].end() == self.width


def _second_of(match: re.Match[bytes]) -> tuple[int, int] | None:
    """Where the seconds stand, as the bounds of one or two digits."""
    return match.span("second") if match.groupdict().get("second") else None


def _number(window: npt.NDArray[np.uint8], start: int, end: int) -> npt.NDArray[np.uint8]:
    """The number that one or two digits make; some number above 60 where they are none."""
    digits = [window[:, column] - np.uint8(48) for column in range(start, end)]  # wraps around below "0"
    valid = np.logical_and.reduce([digit < 10 for digit in digits])
    value = digits[0] if len(digits) == 1 else digits[0] * np.uint8(10) + digits[1]
    return np.where(valid, value, np.uint8(255))


def _counted_columns(match: re.Match[bytes]) -> Sequence[tuple[int, int, int]]:
    """Columns whose digits are added by arithmetic, each with its weight in nanoseconds and its base."""
    columns: list[tuple[int, int, int]] = []
    groups = match.groupdict()
    if groups.get("tai"):
        columns += [(match.end("tai") - 1 - place, 16**place * 10**9, 16) for place in range(2)]
        columns += [(match.end("nanos") - 1 - place, 16**place, 16) for place in range(8)]
    elif groups.get("epoch"):
        unit = 10 ** (19 - len(groups["epoch"]))
        last = match.end("epoch") - 1
        # The last minute or so of an epoch number: as many digits as make up 100 seconds.
        columns += [(last - place, unit * 10**place, 10) for place in range(2 + len(groups["epoch"]) - 10)]
    elif groups.get("second"):
        start, end = match.span("second")
        columns += [(column, 10 ** (8 + end - column), 10) for column in range(start, end)]
    if groups.get("fraction"):
        start, end = match.span("fraction")
        counts = not groups.get("epoch") or len(groups["epoch"]) == 10
        columns += [(column, 10 ** (8 - column + start) if counts else 0, 10) for column in range(start, end)]
    return columns


__all__ = [
    "NO_TIME",
    "TIMESTAMP",
    "Clock",
    "DateOrder",
    "Micros",
    "TimestampReader",
    "lacks",
    "parse_timestamp",
    "shape_of",
]
