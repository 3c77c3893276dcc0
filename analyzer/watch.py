"""Following logs as they grow: what is new goes into the store, what it means is told at once.

Each round is a nightly run in small: it reads what the sources have gained, whatever was rotated
meanwhile, and explains the night anew. So a restart goes on where reading stopped, and whoever looks
at the store sees what the one who watches sees.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from analyzer.catalogue import Catalogue
from analyzer.errors import InputError, StoreBusyError
from analyzer.model import SEVERITIES, Incident
from analyzer.nightly import NightlyOptions, run_nightly
from analyzer.store import open_store

Turn = Literal["opened", "escalated", "closed"]

ROUND = 1.0
"""Seconds from the end of one round to the beginning of the next."""

QUIET = timedelta(minutes=10)
"""An incident without another event for so long, by the clock of the logs, is told as closed."""

_FAR_MORE = 10
_NIGHTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class News:
    """A turn that an incident took."""

    turn: Turn
    incident: Incident


@dataclass(frozen=True, slots=True)
class Round:
    """What one round brought: how much was read, what changed, and sources in trouble."""

    records: int
    news: tuple[News, ...]
    trouble: dict[str, str] = field(default_factory=dict)


def watch(
    options: NightlyOptions, catalogue: Catalogue, stop: threading.Event, every: float = ROUND
) -> Iterator[Round]:
    """Follow the sources of `options` until `stop` is set; one round after the other.

    Incidents that the store knows when watching begins are no news. While another run writes to the
    store, watching waits. Raises `StoreError` where the store cannot be written.
    """
    teller: _Teller | None = None
    told: dict[str, str] = {}
    while not stop.is_set():
        now = datetime.now(UTC)
        try:
            if teller is None:
                teller = _Teller(_open_incidents(options.store, now))
            outcome = run_nightly(replace(options, now=now), catalogue)
        except StoreBusyError:
            stop.wait(every)
            continue
        news = teller.news(_open_incidents(options.store, now)) if outcome.records or teller.waits else []
        fresh = {path: why for path, why in outcome.trouble.items() if told.get(path) != why}
        told = dict(outcome.trouble)
        yield Round(outcome.records, tuple(news), fresh)
        stop.wait(every)


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

    @property
    def waits(self) -> bool:
        """Whether any incident may still close."""
        return bool(self._open)

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
