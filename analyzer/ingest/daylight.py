"""Naive local times around the two nights a year in which clocks are set: which hour is meant.

When clocks go back, an hour of local times is passed through twice. Times are first read as those of the
first pass; where a file then steps back in it, what follows is of the second pass. When clocks go forward an
hour does not exist; a time in it was written by a clock that had not been set, and is read as such.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analyzer.ingest.timestamps import NO_TIME, Micros

_MICROS = 1_000_000
_STEP_BACK = 900 * _MICROS
"""By how much a file has to step back for the second pass to begin; threads step back by seconds."""


def tell_passes(times: Micros, naive: npt.NDArray[np.bool_], zone: tzinfo) -> tuple[Micros, int]:
    """The times with those of a second pass put right; how many are in an hour that is passed twice."""
    local = naive & (times != NO_TIME)
    if zone is UTC or not local.any():
        return times, 0
    told, count = times, 0
    for end, delta in _passed_twice(zone, _year(int(times[local].min())), _year(int(times[local].max()))):
        rows = np.flatnonzero(local & (times >= end - delta) & (times < end))
        if len(rows):
            told = told.copy() if told is times else told
            told[_second_pass(times, rows, delta)] += delta
            count += len(rows)
    return told, count


def _second_pass(times: Micros, rows: npt.NDArray[np.int64], delta: int) -> npt.NDArray[np.int64]:
    """Which of the rows inside the hour are of the second pass."""
    inside = times[rows]
    back = np.flatnonzero(np.maximum.accumulate(inside)[:-1] - inside[1:] > _STEP_BACK)
    if len(back):
        return rows[int(back[0]) + 1 :]
    # No step back: the only pass that was logged is the one that what follows joins without a gap.
    following = times[rows[-1] + 1 :]
    following = following[following != NO_TIME]
    joins = len(following) > 0 and following[0] - (inside[-1] + delta) < delta // 6
    begins = rows[0] == 0 or inside[0] - times[rows[0] - 1] > delta // 6
    return rows if joins and begins else rows[:0]


def _year(micros: int) -> int:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).year


def _passed_twice(zone: tzinfo, first: int, last: int) -> list[tuple[int, int]]:
    """For each time that clocks go back in these years: the moment at which they do, and by how much."""
    return [found for year in range(first, last + 1) for found in _of_year(zone, year)]


@lru_cache(maxsize=256)
def _of_year(zone: tzinfo, year: int) -> tuple[tuple[int, int], ...]:
    start = datetime(year, 1, 1, tzinfo=UTC)
    days = [start + timedelta(days=day) for day in range(367)]
    return tuple(
        (int(moment.timestamp()) * _MICROS, int(-change / timedelta(microseconds=1)))
        for before, after in pairwise(days)
        if (change := _offset(zone, after) - _offset(zone, before)) < timedelta(0)
        for moment in [_change_between(zone, before, after)]
    )


def _change_between(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The moment between two others at which the offset of a zone changes, to the second."""
    old = _offset(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)
