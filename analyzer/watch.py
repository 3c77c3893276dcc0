"""Following logs as they grow: what is new goes into the store, what it means is told at once.

Each round is a nightly run in small: it reads what the sources have gained, whatever was rotated
meanwhile, and, where that holds events, explains the night anew: as often as leaves time to read. So a
restart goes on where reading stopped, and whoever looks at the store sees what the one who watches sees.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from analyzer.catalogue import Catalogue
from analyzer.errors import InputError, StoreBusyError
from analyzer.model import SEVERITIES, Incident
from analyzer.nightly import NightlyOptions, run_nightly
from analyzer.nightly.increment import Increment
from analyzer.store import open_store

Turn = Literal["opened", "escalated", "closed"]

ROUND = 0.5
"""Seconds from the end of one round to the beginning of the next; twice as many where nothing is new."""

QUIET = timedelta(minutes=10)
"""An incident without another event for so long, by the clock of the logs, is told as closed."""

_SELDOM = 10.0
"""Seconds after which records without any event are explained, too: something that did not come may be missed."""

_LONGEST = 600.0
"""Seconds after which the log of runs says anew that someone watches, whatever has come."""

_FAR_MORE = 10
_NIGHTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class News:
    """A turn that an incident took."""

    turn: Turn
    incident: Incident


@dataclass(frozen=True, slots=True)
class Round:
    """What one round brought: how much was read, what changed, and sources in trouble. `settled` tells that
    all that was read so far is explained."""

    records: int
    news: tuple[News, ...]
    trouble: dict[str, str] = field(default_factory=dict)
    settled: bool = True


def watch(
    options: NightlyOptions,
    catalogue: Catalogue,
    stop: threading.Event,
    every: float = ROUND,
    pace: Pace | None = None,
) -> Iterator[Round]:
    """Follow the sources of `options` until `stop` is set; one round after the other.

    Incidents that the store knows when watching begins are no news. While another run writes to the
    store, watching waits. Raises `StoreError` where the store cannot be written.
    """
    teller: _Teller | None = None
    told: dict[str, str] = {}
    pace = pace or Pace()
    while not stop.is_set():
        now = datetime.now(UTC)
        try:
            if teller is None:
                teller = _Teller(_open_incidents(options.store, now))
            outcome = run_nightly(replace(options, now=now), catalogue, pace.due)
        except StoreBusyError:
            stop.wait(every)
            continue
        news: list[News] = []
        if outcome.explained:
            news = teller.news(_open_incidents(options.store, now))
            options = replace(options, instead_of=now)
            pace.done()
        fresh = {path: why for path, why in outcome.trouble.items() if told.get(path) != why}
        told = dict(outcome.trouble)
        yield Round(outcome.records, tuple(news), fresh, pace.settled)
        stop.wait(every if outcome.records else 2 * every)


class Pace:
    """When to explain what was read: at once where there are events, but no more than half of the time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds."""
        self._clock = clock
        self._events = self._records = 0
        self._began = self._ended = float("-inf")
        self.hurry = False
        """Set where nobody waits for what is still to be read."""

    @property
    def settled(self) -> bool:
        """Whether all that was read is explained."""
        return not self._records

    def due(self, increment: Increment) -> bool:
        """Whether to explain now, with what a round has read; if so, that begins."""
        self._events += increment.events
        self._records += increment.records
        now = self._clock()
        rested = now - self._ended
        took = self._ended - self._began if self._ended > self._began else 0.0
        enough = took if self._events else max(_SELDOM, 10 * took) if self._records else _LONGEST
        if rested >= enough or (self.hurry and self._records):
            self._began = now
            return True
        return False

    def done(self) -> None:
        """Note that all that was read is explained."""
        self._ended = self._clock()
        self._events = self._records = 0


def _open_incidents(url: str, now: datetime) -> tuple[datetime | None, list[Incident]]:
    """The end of the logs, and the incidents of the nights near it."""
    try:
        store = open_store(url)
    except InputError:  # not made yet
        return None, []
    nights = [store.night(totals.date) for totals in store.nights()[-2:] if totals.end >= now - _NIGHTS]
    nights = nights or [store.night(totals.date) for totals in store.nights()[-1:]]
    ends = [night.completeness.last_record for night in nights if night.completeness.last_record is not None]
    incidents = {i.id: i for night in nights for i in night.analysis.incidents if i.id not in night.muted}
    return max(ends, default=None), list(incidents.values())


class _Teller:
    """Knows what was told of each incident, so that only turns are news."""

    def __init__(self, beginning: tuple[datetime | None, Sequence[Incident]]) -> None:
        self._open: dict[str, Incident] = {}
        self._closed: dict[str, Incident] = {}
        self.news(beginning)

    def news(self, state: tuple[datetime | None, Sequence[Incident]]) -> list[News]:
        """The turns since the last time, those that opened first."""
        end, incidents = state
        turns: list[News] = []
        for incident in sorted(incidents, key=lambda each: SEVERITIES.index(each.severity)):
            quiet = end is not None and incident.end is not None and end - incident.end > QUIET
            before = self._open.get(incident.id)
            if before is None and not quiet and not _same(self._closed.get(incident.id), incident):
                turns.append(News("opened", incident))
                self._open[incident.id] = incident
            elif before is not None and _worse(incident, before):
                turns.append(News("escalated", incident))
                self._open[incident.id] = incident
            if quiet:
                if self._open.pop(incident.id, None) is not None:
                    turns.append(News("closed", incident))
                self._closed[incident.id] = incident
        return turns


def _same(before: Incident | None, incident: Incident) -> bool:
    """Whether a closed incident is as it was."""
    return before is not None and before.event_count == incident.event_count


def _worse(incident: Incident, before: Incident) -> bool:
    """Whether an incident is more severe than when it was told, or has far more events."""
    more_severe = SEVERITIES.index(incident.severity) < SEVERITIES.index(before.severity)
    return more_severe or incident.event_count >= _FAR_MORE * before.event_count
