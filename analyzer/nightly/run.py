"""One nightly run from the sources to the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from analyzer.catalogue import Catalogue
from analyzer.errors import InputError
from analyzer.ingest.discover import STANDARD_INPUT
from analyzer.night import NightTotals
from analyzer.nightly.explain import explain, longest_absence
from analyzer.nightly.increment import Increment
from analyzer.reading import Options
from analyzer.store.documents import micros
from analyzer.store.session import RunRecord, Session, StoreSettings, open_session

_ALIVE = timedelta(days=8)
"""A store whose last night is no longer ago is in use: a night without any logs is worth telling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightlyOptions:
    """What a nightly run is to do. Nights more than `keep_days` before the last one are dropped, None
    keeps all. `now` is the clock; tests set it. `instead_of` is when a run began whose place this one
    takes in the log of runs."""

    sources: tuple[str, ...]
    store: str
    settings: StoreSettings = field(default_factory=StoreSettings)
    keep_days: int | None = None
    reading: Options = field(default_factory=Options)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    instead_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did. `night` is the one that its report is about, None while there is none;
    `trouble` names each source that could not be read (in full), and why. `events` counts the new
    records of which something is to be explained, and `explained` tells whether that was done."""

    night: date | None
    nights: list[date]
    bytes: int
    records: int
    trouble: Mapping[str, str]
    events: int = 0
    explained: bool = True


def run_nightly(
    options: NightlyOptions, catalogue: Catalogue, explains: Callable[[Increment], bool] = lambda _: True
) -> Outcome:
    """Read what is new, explain the nights it belongs to, and save it all.

    `explains` is asked when all is read and saved; what it puts off, a later run explains. Raises
    `StoreBusyError` where another run is at work, `StoreError` where the store cannot be written; it is
    intact then, and the next run does what this one could not.
    """
    if STANDARD_INPUT in options.sources:
        raise InputError("standard input cannot be read again: analyzer scan - is for that")
    with open_session(options.store, options.settings) as session:
        increment = Increment(session, options.reading, options.now)
        increment.read(options.sources, catalogue)
        if not explains(increment):
            return _unexplained(increment)
        _tell_quiet_nights(session, options.now)
        pending = _with_neighbours(session, catalogue)
        explained = [explain(session, night, catalogue, options.reading.redact) for night in pending]
        record = RunRecord(
            started=options.now,
            finished=datetime.now(UTC),
            bytes=increment.bytes,
            records=increment.records,
            trouble=increment.trouble,
            instead_of=options.instead_of,
        )
        told = session.conclude(explained, record, options.keep_days)
        known = session.store.nights()
        kept = {totals.date for totals in known}
        return Outcome(
            night=_reported(session, known, options.now),
            nights=[night for night in told if night in kept],
            bytes=increment.bytes,
            records=increment.records,
            trouble=increment.trouble,
            events=increment.events,
        )


def _unexplained(increment: Increment) -> Outcome:
    return Outcome(
        night=None, nights=[], bytes=increment.bytes, records=increment.records, trouble=increment.trouble,
        events=increment.events, explained=False,
    )  # fmt: skip


def _with_neighbours(session: Session, catalogue: Catalogue) -> list[date]:
    """The nights to explain: those that got something, and those that this may throw a new light on.
    What a night ends with explains the next; what it begins with may be what the one before missed."""
    pending = session.pending()
    near = {night + timedelta(days=1) for night in pending}
    if longest_absence(catalogue):
        near |= {night - timedelta(days=1) for night in pending}
    session.disturb(sorted(near - set(pending)))
    return session.pending()


def _reported(session: Session, known: Sequence[NightTotals], now: datetime) -> date | None:
    """The night to report: the last one that is over, or while there is none, the last. A night is
    passed over if all that it has is records without a time: they are in it for want of a better one."""
    told = [totals for totals in known if not totals.records or session.is_dated(totals.date)] or known
    over = [totals.date for totals in told if totals.end <= now]
    return max(over or (totals.date for totals in told), default=None)


def _tell_quiet_nights(session: Session, now: datetime) -> None:
    """Add the nights since the last one in which nothing at all was logged, where that is not long ago."""
    known = session.store.nights()
    if not known or now - known[-1].end > _ALIVE:
        return
    quiet, night = [], known[-1].date + timedelta(days=1)
    while session.calendar.window(night)[1] <= (micros(now) or 0):
        quiet.append(night)
        night += timedelta(days=1)
    session.add_empty_nights(quiet)
