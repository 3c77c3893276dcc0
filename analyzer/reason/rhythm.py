"""How a failure comes: in one burst, in a steady drip, or on and off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyzer.model import Rhythm
from analyzer.reason.episodes import SHORTEST_GAP

_FEWEST = 6
"""Fewer events than that have no rhythm."""

_BURST = 5
"""Minutes in which nearly all events of a burst lie."""

_NEARLY_ALL = 0.9
_FEWEST_RETURNS = 2
_REGULAR = 0.6
"""The most that the silences of a steady drip may vary: their standard deviation as a share of their mean."""

_MINUTE = 60_000_000


def rhythm_of(activity: Sequence[tuple[int, int]]) -> Rhythm | None:
    """The rhythm of events counted per minute: (minute as epoch microseconds, count) in time order.

    None where there are too few events, or no such pattern: then it is better not named.
    """
    minutes = np.array([minute for minute, _ in activity], dtype=np.int64) // _MINUTE
    counts = np.array([count for _, count in activity], dtype=np.int64)
    if counts.sum() < _FEWEST:
        return None
    silences = np.diff(minutes)
    shortest_pause = max(SHORTEST_GAP // _MINUTE, 3 * float(np.median(silences)) if len(silences) else 0.0)
    if (silences > shortest_pause).sum() >= _FEWEST_RETURNS:
        return "on and off"
    within = np.searchsorted(minutes, minutes + _BURST)
    total = np.concatenate(([0], np.cumsum(counts)))
    if (total[within] - total[: len(minutes)]).max() >= _NEARLY_ALL * counts.sum():
        return "burst"
    spread = counts.max() < counts.sum() / 2
    return "steady" if spread and silences.std() <= _REGULAR * silences.mean() else None
