"""What the times of lines leave open, told by the platform that passed them on.

A container writes the local time of somewhere, often without a zone or even a date, and its platform notes
beside each line when that was. Both name the same moment, but for the moment that the line was on its way. So
they differ by the zone of the container, which is some quarters of an hour (or by days, where there is no date).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzer.ingest.timestamps import NO_TIME, Micros

Flags = npt.NDArray[np.bool_]
_QUARTER = 15 * 60 * 1_000_000
_FARTHEST_ZONE = 14 * 60 * 60 * 1_000_000
_LONGEST_WAY = 30 * 1_000_000
"""Microseconds within which a line is on its way from the program to its platform."""
_MOSTLY = 0.8


def agrees(inner: Micros, outer: Micros, dated: Flags) -> bool:
    """Whether the times of lines and those of their platform are mostly those of the same moments.

    `dated` says which of the inner times have a whole date, so that nothing but a zone can part them.
    """
    both = (inner != NO_TIME) & (outer != NO_TIME)
    fits = _shifts(inner[both], outer[both], dated[both])[1]
    return bool(len(fits)) and int(fits.sum()) >= _MOSTLY * len(fits)


def told_by_platform(inner: Micros, outer: Micros, dated: Flags) -> Micros:
    """The inner times, moved to when the platform says that they were; those that it was late with are moved as
    far as the ones before them."""
    both = np.flatnonzero((inner != NO_TIME) & (outer != NO_TIME))
    shifts, fits = _shifts(inner[both], outer[both], dated[both])
    if not fits.any():
        return inner
    last = np.maximum.accumulate(np.where(fits, np.arange(len(both)), int(np.argmax(fits))))
    times = inner.copy()
    times[both] += shifts[last]
    return times


def _shifts(inner: Micros, outer: Micros, dated: Flags) -> tuple[Micros, Flags]:
    """By how many quarters of an hour times differ, in microseconds, and where that is all there is to it."""
    apart = outer - inner
    shifts = (apart + _QUARTER // 2) // _QUARTER * _QUARTER
    fits: Flags = (np.abs(apart - shifts) <= _LONGEST_WAY) & (~dated | (np.abs(shifts) <= _FARTHEST_ZONE))
    return shifts, fits


__all__ = ["agrees", "told_by_platform"]
