"""Whom a problem hit, and how much more fails than before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.model import Impact, Rates
from analyzer.reason.columns import NO_TIME, Events, Ints
from analyzer.reason.episodes import MINUTE

_AROUND = 15 * MINUTE
"""How long before and after a change failures are counted."""

_SHORTEST = 5 * MINUTE
_LONGEST = 6 * 60 * MINUTE
_MOST_ENDPOINTS = 5


@dataclass(frozen=True, slots=True)
class Volume:
    """Records per minute and source, and how many of them are errors, as columns."""

    minute: Ints
    source: npt.NDArray[np.int64]
    records: Ints
    errors: Ints

    @classmethod
    def of(cls, table: pa.Table | None, events: Events) -> Volume:
        """The columns of a volume table; records without a time are left out."""
        if table is None or not table.num_rows:
            nothing = np.empty(0, dtype=np.int64)
            return cls(nothing, nothing, nothing, nothing)
        dated = table.filter(pc.is_valid(table["minute"]))
        codes = {source: code for code, source in enumerate(events.sources)}
        counts = dated["records"].to_numpy()
        error = pc.is_in(dated["level"], pa.array(["error", "fatal"])).to_numpy()
        return cls(
            minute=dated["minute"].cast(pa.int64()).to_numpy(),
            source=np.array([codes.get(source, -1) for source in dated["source"].to_pylist()], dtype=np.int64),
            records=counts,
            errors=np.where(error, counts, 0),
        )

    def within(self, sources: set[int], start: int, end: int) -> tuple[int, int]:
        """Records and errors of some sources in the minutes that a stretch of time touches."""
        inside = np.isin(self.source, list(sources)) & (self.minute > start - MINUTE) & (self.minute < end)
        return int(self.records[inside].sum()), int(self.errors[inside].sum())


def impact(rows: Ints, sources: set[int], change: int | None, events: Events, volume: Volume) -> Impact:
    """What the events of a problem, seen in some sources, say about its reach; `change` is when the
    change before it happened."""
    return Impact(
        users=_distinct(("user_id",), rows, events),
        sessions=_distinct(("session_id",), rows, events),
        requests=_distinct(("request_id", "trace_id"), rows, events),
        things=_distinct(("id",), rows, events),
        endpoints=tuple(value for value, _ in events.values_of("endpoint", rows).most_common(_MOST_ENDPOINTS)),
        error_share=_error_share(events.times[rows], sources, volume),
        around_change=_around(change, events.times[rows]),
    )


def _distinct(names: tuple[str, ...], rows: Ints, events: Events) -> int:
    """How many different values the first of some keys has that occurs at all."""
    return next((count for name in names if (count := len(events.codes_of(name, rows)))), 0)


def _error_share(times: Ints, sources: set[int], volume: Volume) -> Rates | None:
    """The share of error records while the problem lasted, and in as long a stretch before it; None where that
    was no smaller: then it tells of other problems, or this one is in records that are no errors."""
    dated = times[times != NO_TIME]
    if not len(dated):
        return None
    start = int(dated.min()) // MINUTE * MINUTE
    end = int(dated.max()) // MINUTE * MINUTE + MINUTE
    length = min(max(end - start, _SHORTEST), _LONGEST)
    before, errors_before = volume.within(sources, start - length, start)
    during, errors_during = volume.within(sources, start, end)
    if not before or not during or errors_before * during >= errors_during * before:
        return None
    return Rates(before=errors_before / before, after=errors_during / during)


def _around(change: int | None, times: Ints) -> Rates | None:
    """Failures of the problem per minute before and after a change."""
    if change is None:
        return None
    per_minute = _AROUND / MINUTE
    before = ((times >= change - _AROUND) & (times < change)).sum()
    after = ((times >= change) & (times < change + _AROUND)).sum()
    return Rates(before=float(before / per_minute), after=float(after / per_minute))
