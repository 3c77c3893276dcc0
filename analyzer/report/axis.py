"""The time axis of the picture: what it spans, how finely, and which empty stretches it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from analyzer.model import Analysis

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_BUCKETS = tuple(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440))
_COLUMNS = 240
"""About as many columns as a screen shows apart from each other."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The moment of a number of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def milliseconds(micros: int) -> float:
    """Milliseconds since 1970: what plotly takes on an axis of dates."""
    return micros / 1000


def tick_distance(length: int) -> int:
    """A round distance that gives about ten ticks."""
    return next((width for width in _BUCKETS if length <= width * 12), _BUCKETS[-1])


@dataclass(frozen=True, slots=True)
class Axis:
    """Microseconds from `start` to `end`, without the `breaks`; counts go into columns of `bucket`."""

    start: int
    end: int
    bucket: int
    breaks: tuple[tuple[int, int], ...] = ()

    @property
    def length(self) -> int:
        """The microseconds that are shown."""
        return self.end - self.start - sum(end - start for start, end in self.breaks)

    def fraction(self, micros: int) -> float:
        """Where a moment stands between the left edge (0) and the right edge (1)."""
        hidden = sum(min(end, micros) - start for start, end in self.breaks if start < micros)
        return (micros - self.start - hidden) / self.length

    def bucketed(self, activity: Iterable[tuple[int, int]], bucket: int | None = None) -> Iterator[tuple[int, int]]:
        """Counts per minute as counts per bucket, in time order."""
        width = bucket or self.bucket
        columns: dict[int, int] = {}
        for minute, count in activity:
            column = minute - minute % width
            columns[column] = columns.get(column, 0) + count
        yield from sorted(columns.items())


def day(micros: int, axis: Axis) -> str:
    """The date of a moment, with its year where the axis shows more than one."""
    one_year = from_micros(axis.start).year == from_micros(axis.end).year
    return f"{from_micros(micros):{'%b %d' if one_year else '%Y-%m-%d'}}"


def time_axis(analysis: Analysis) -> Axis | None:
    """The axis for everything in the analysis that has a time; None where nothing has."""
    moments = _moments(analysis)
    if not len(moments):
        return None
    start, end = int(moments[0]), int(moments[-1]) + MINUTE
    gaps = _empty_stretches(moments)
    shown = end - start - sum(right - left for left, right in gaps)
    margin = shown // 50
    breaks = tuple((left + margin, right - margin) for left, right in gaps if right - left > 4 * margin)
    bucket = next((width for width in _BUCKETS if shown <= width * _COLUMNS), _BUCKETS[-1])
    return Axis(start - margin, end + margin, bucket, breaks)


def _moments(analysis: Analysis) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Every minute in which anything is known to have happened, ascending."""
    volume = analysis.volume["minute"].combine_chunks().cast(pa.int64()).drop_null()
    named = [
        moment
        for incident in analysis.incidents
        for moment in (incident.start, incident.end, *(member.first_seen for member in incident.cascade))
    ]
    named += [change.timestamp for change in analysis.changes]
    active = [pair[0] for each in analysis.incidents for member in each.cascade for pair in member.activity]
    known = [to_micros(moment) for moment in named if moment is not None]
    everything = np.concatenate([volume.to_numpy(), np.array(known + active, np.int64)])
    return np.unique(everything // MINUTE * MINUTE)


def _empty_stretches(moments: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[tuple[int, int]]:
    """Stretches so long and empty that they would press everything else into a hairline.

    A gap is one when it is longer than an hour, than the longest stretch with logs, and than a
    quarter of all time with logs: a pause within a night stays, the days between two nights go.
    """
    steps = np.diff(moments)
    edges = np.flatnonzero(steps > HOUR)
    if not len(edges):
        return []
    firsts = moments[np.concatenate([[0], edges + 1])]
    lasts = moments[np.concatenate([edges, [len(moments) - 1]])]
    stretches = lasts - firsts
    least = max(HOUR, int(stretches.max()), int(stretches.sum()) // 4)
    return [(int(moments[edge]) + MINUTE, int(moments[edge + 1])) for edge in edges if steps[edge] > least]
