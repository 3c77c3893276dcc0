"""Telling people what a run found: what matters, once, and again where telling failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from analyzer.errors import StoreError
from analyzer.night import Night
from analyzer.notify import NotifySettings, channel_of, compose, send
from analyzer.report.clean import one_line
from analyzer.store.notices import note, told
from analyzer.store.store import Store

_LOOK_BACK = timedelta(days=2)
"""What could not be sent, or had to wait for the end of quiet hours, is sent within so long."""


def announce(
    store: Store, rules: Sequence[NotifySettings], now: datetime, pause: Callable[[float], None] = time.sleep
) -> list[str]:
    """Send what the rules ask for and nobody has been told yet, of the last nights.

    Nothing that goes wrong stops anything: it is returned in words, and tried again in the next run.
    """
    trouble: list[str] = []
    nights = [store.night(totals.date) for totals in store.nights() if totals.end >= now - _LOOK_BACK]
    for number, rule in enumerate(rules):
        for url in rule.urls:
            for night in nights:
                try:
                    said = _tell(store, night, rule, url, now, pause)
                except StoreError as error:
                    said = [str(error)]
                trouble += [f"notify[{number}]: {channel_of(url)}: {each}" for each in said]
    return trouble


def _tell(
    store: Store, night: Night, rule: NotifySettings, url: str, now: datetime, pause: Callable[[float], None]
) -> list[str]:
    """Tell one channel of one night; what went wrong."""
    channel = channel_of(url)
    known = told(store.database, channel, night.date)
    due = [
        incident
        for incident in (*night.analysis.incidents, *night.resolved)
        if rule.wants(night, incident)
        and (incident.id, incident.status) not in known
        and rule.may_send(incident, now, store.calendar.zone)
    ]
    failed = []
    for message in compose(night, due, rule.digest):
        reason = send(url, message, pause)
        note(store.database, channel, night.date, message.incidents, now, reason)
        if reason is not None:
            failed.append(f"{one_line(message.title, 80)}: {reason}")
    return failed
