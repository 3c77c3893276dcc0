"""Telling people what a run found: what matters, once, and again where telling failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzer.errors import StoreError
from analyzer.night import Night
from analyzer.notify import NotifySettings, channel_of, compose, send
from analyzer.report.clean import one_line
from analyzer.store.notices import note, told
from analyzer.store.store import Store

_LOOK_BACK = timedelta(days=2)
"""What could not be sent, or had to wait for the end of quiet hours, is sent within so long."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where something is told, when, and how."""

    url: str
    now: datetime
    pause: Callable[[float], None]
    see: str

    @property
    def name(self) -> str:
        """What it is called where its address would give a secret away."""
        return channel_of(self.url)


def announce(
    store: Store,
    rules: Sequence[NotifySettings],
    now: datetime,
    pause: Callable[[float], None] = time.sleep,
    see: str = "",
) -> list[str]:
    """Send what the rules ask for and nobody has been told yet, of the last nights. `see` is what `analyzer show`
    has to be told to find their incidents.

    Nothing that goes wrong stops anything: it is returned in words, and tried again in the next run.
    """
    trouble: list[str] = []
    nights = [store.night(totals.date) for totals in store.nights() if totals.end >= now - _LOOK_BACK]
    for number, rule in enumerate(rules):
        for url in rule.urls:
            for night in nights:
                try:
                    said = _tell(store, night, rule, Channel(url, now, pause, see))
                except StoreError as error:
                    said = [str(error)]
                trouble += [f"notify[{number}]: {channel_of(url)}: {each}" for each in said]
    return trouble


def _tell(store: Store, night: Night, rule: NotifySettings, channel: Channel) -> list[str]:
    """Tell one channel of one night; what went wrong."""
    known = told(store.database, channel.name, night.date)
    due = [
        incident
        for incident in (*night.analysis.incidents, *night.resolved)
        if rule.wants(night, incident)
        and (incident.id, incident.status) not in known
        and rule.may_send(incident, channel.now, store.calendar.zone)
    ]
    failed = []
    for message in compose(night, due, rule.digest, channel.see):
        reason = send(channel.url, message, channel.pause)
        note(store.database, channel.name, night.date, message.incidents, channel.now, reason)
        if reason is not None:
            failed.append(f"{one_line(message.title, 80)}: {reason}")
    return failed
