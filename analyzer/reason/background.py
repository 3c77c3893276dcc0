"""Mild failures that belong to a system's ordinary life: there from the first minutes of its logs to the last,
at one pace. Only where they come much faster than they always do, something happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from analyzer.model import SEVERITIES
from analyzer.reason.columns import NO_TIME, Events, Ints
from analyzer.reason.episodes import MINUTE
from analyzer.reason.worth import Places

_WINDOW = 10 * MINUTE
_FEWEST_WINDOWS = 6
"""Logs shorter than that many windows cannot tell what is ordinary."""

_FEWEST = 12
_NEARLY_ALL = 0.7
"""The share of windows in which something is found that goes on all the time."""

_TOGETHER = 10
_FASTER = 8
"""So many events in a row, so many times as fast as usual, are no longer background."""

_HIGH = SEVERITIES.index("high")


def background(
    events: Events, failing: npt.NDArray[np.bool_], places: Places, spans: Mapping[str, tuple[int, int]]
) -> npt.NDArray[np.bool_]:
    """Which failures are background. None are, where something severe goes on as long: they may be its effects."""
    found = np.zeros(len(events), dtype=bool)
    rows = np.flatnonzero(failing & (events.times != NO_TIME))
    logs = _Logs(events, spans)
    for group in _groups(rows, events):
        calm = _calm(events.times[group], *logs.span_of(group))
        if (places[group[calm]] <= _HIGH).any():
            return np.zeros(len(events), dtype=bool)
        found[group[calm]] = True
    return found


def _groups(rows: Ints, events: Events) -> Iterator[Ints]:
    """The failures of one signature in one service each, in the order of time."""
    rows = rows[np.lexsort((events.times[rows], events.service[rows], events.signature[rows]))]
    same = (np.diff(events.signature[rows]) == 0) & (np.diff(events.service[rows]) == 0)
    for group in np.split(rows, np.flatnonzero(~same) + 1):
        if len(group) >= _FEWEST:
            yield group


def _calm(times: Ints, begin: int, end: int) -> npt.NDArray[np.bool_]:
    """Which of the events of one kind come at the pace at which they come all the time; none if there is none."""
    counts = np.bincount((np.clip(times, begin, end) - begin) // _WINDOW, minlength=(end - begin) // _WINDOW + 1)
    steady = (
        len(counts) > _FEWEST_WINDOWS and (counts > 0).mean() >= _NEARLY_ALL and counts[:2].any() and counts[-2:].any()
    )
    if not steady:
        return np.zeros(len(times), dtype=bool)
    pace = _WINDOW / max(float(np.median(counts)), 1.0)
    quick = times[_TOGETHER - 1 :] - times[: 1 - _TOGETHER] < (_TOGETHER - 1) * pace / _FASTER
    near = np.convolve(quick, np.ones(_TOGETHER, dtype=np.int64)) > 0
    calm: npt.NDArray[np.bool_] = ~near
    return calm


class _Logs:
    """From when to when each log goes."""

    def __init__(self, events: Events, spans: Mapping[str, tuple[int, int]]) -> None:
        self._events = events
        self._whole = (NO_TIME, NO_TIME)
        dated = events.times[events.times != NO_TIME]
        if len(dated):
            self._whole = int(dated.min()), int(dated.max())
        self._spans = [spans.get(source, self._whole) for source in events.sources]

    def span_of(self, rows: Ints) -> tuple[int, int]:
        """The span of the logs in which some events stand."""
        found = [self._spans[code] for code in np.unique(self._events.source[rows]).tolist()]
        return min(begin for begin, _ in found), max(end for _, end in found)
