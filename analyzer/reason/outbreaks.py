"""When a failure that no signature knows means something: by its own past in the logs.

Healthy systems complain, too, and some say the same harmless error every minute. So what counts is what
is unusual: far more within minutes than all the time before would let one expect (an *outbreak*, or a
*flash* if it is over within seconds), or a first time at all (*novel*). What goes on as it always did is
*chronic*.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzer.reason.columns import NO_TIME, Ints
from analyzer.reason.episodes import LONGEST_GAP, MINUTE, SHORTEST_GAP

CHRONIC, NOVEL, FLASH, OUTBREAK = range(4)

WINDOW = 10 * MINUTE
LEAST = 6
"""How many records within `WINDOW` are an outbreak, if hardly any are to be expected."""

_TIMES = 6.0
"""How many times what was to be expected is an outbreak."""

_PRIOR_RECORDS, _PRIOR_TIME = 3.0, 15 * MINUTE
"""What is to be expected of logs of which nothing was seen yet: so many records in such a time."""

_LISTENED = 10 * MINUTE
"""How long a log must have gone on without a failure for it to be novel."""

_STEADY = 3 * WINDOW
"""How long something must last for its pace to be told."""

_OFTEN_AGAIN = 3
"""What comes back so many times as often later on was only the beginning of what goes on all the time."""

_FLASH = MINUTE // 2
_RHYTHM = 8


def judge(times: Ints, begin: int) -> npt.NDArray[np.int8]:
    """What each record of one kind in one service is, by their times in ascending order; `begin` is
    when its logs begin. Records without a time are chronic: nothing is known of their past."""
    kinds = np.zeros(len(times), dtype=np.int8)
    dated = np.flatnonzero(times != NO_TIME)
    if not len(dated):
        return kinds
    moments = times[dated]
    found = np.zeros(len(moments), dtype=np.int8)
    end = int(np.flatnonzero(np.diff(moments, append=np.iinfo(np.int64).max) > SHORTEST_GAP)[0]) + 1
    if moments[0] - begin >= _LISTENED and len(moments) - end < _OFTEN_AGAIN * end:
        found[:end] = NOVEL
    ahead = np.searchsorted(moments, moments + WINDOW) - np.arange(len(moments))
    elapsed = np.maximum(moments - begin, 0) + _PRIOR_TIME
    expected = (np.arange(len(moments)) + _PRIOR_RECORDS) * (WINDOW / elapsed)
    unusual = np.flatnonzero(ahead >= np.maximum(LEAST, _TIMES * expected))
    place = 0
    for start in unusual.tolist():
        if start < place:
            continue
        if moments[start] - begin < _LISTENED and _is_steady(moments[start : _end_of_stretch(moments, start)]):
            place = int(np.searchsorted(moments, begin + _LISTENED))
        else:
            first, place = _outbreak(moments, start, float(elapsed[start]) / (start + _PRIOR_RECORDS))
            found[first:place] = OUTBREAK if moments[place - 1] - moments[first] >= _FLASH else FLASH
    kinds[dated] = found
    return kinds


def _is_steady(moments: Ints) -> bool:
    """Whether what was there from the beginning goes on at that pace: then there may never have been less."""
    lasts = int(moments[-1] - moments[0])
    if lasts < _STEADY:
        return False
    counts = np.bincount((moments - moments[0]) // WINDOW)[: lasts // WINDOW]
    return bool(counts[0] < 3 * np.median(counts))


def _outbreak(moments: Ints, start: int, pace: float) -> tuple[int, int]:
    """The first record of an outbreak and the place behind its last one; `pace` is the usual time between two
    before it. Where there was a pace before, what comes at that pace has no part in it."""
    end = _end_of_stretch(moments, start)
    if start < LEAST or end - start < LEAST:
        return _first_of_stretch(moments, start), end
    quick = np.flatnonzero(moments[start + LEAST - 1 : end] - moments[start : end - LEAST + 1] < LEAST * pace / 2)
    if not len(quick):
        return _first_of_stretch(moments, start), end
    first, last = start + int(quick[0]), start + int(quick[-1]) + LEAST - 1
    while moments[first + 1] - moments[first] > pace / 2:
        first += 1
    while moments[last] - moments[last - 1] > pace / 2:
        last -= 1
    return first, last + 1


def _end_of_stretch(moments: Ints, start: int) -> int:
    """The place behind the last record that follows without a longer silence than its rhythm explains."""
    intervals = np.diff(moments[start:])
    usual = float(np.median(intervals[:100])) if len(intervals) else 0.0
    gap = min(max(_RHYTHM * usual, SHORTEST_GAP), LONGEST_GAP)
    silent = np.flatnonzero(intervals > gap)
    return start + int(silent[0]) + 1 if len(silent) else len(moments)


def _first_of_stretch(moments: Ints, start: int) -> int:
    """The first record shortly before an outbreak, if what went before that was silence: it grew."""
    first = int(np.searchsorted(moments, moments[start] - WINDOW))
    quiet = first == 0 or moments[first] - moments[first - 1] > SHORTEST_GAP
    return first if quiet else start
