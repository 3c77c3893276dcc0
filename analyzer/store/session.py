"""A run's hold on the store: everything that only the one run that holds the lock may do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, delete, exists, func, select, update

from analyzer import __version__
from analyzer.errors import InputError
from analyzer.model import Incident
from analyzer.store import schema
from analyzer.store.calendar import Calendar
from analyzer.store.database import Database, read_settings
from analyzer.store.documents import incident_from_json, micros
from analyzer.store.events import read_events, remove, sweep
from analyzer.store.history import Explained, tell_history
from analyzer.store.store import Store
from analyzer.store.streams import Streams, read_streams
from analyzer.store.unknown import families_until
from analyzer.store.writing import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """What is settled when a store is made and stays as it is."""

    timezone: str = "UTC"
    night_ends: str = "06:00"
    events_folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What the log of runs says of a run that is done; `trouble`: what each source could not give;
    `instead_of`: when the run began whose place it takes."""

    started: datetime
    finished: datetime
    bytes: int
    records: int
    trouble: Mapping[str, str]
    instead_of: datetime | None = None


class Session:
    """An open store in which this run alone may write."""

    def __init__(self, database: Database) -> None:
        """`database` is locked."""
        self.database = database
        self.store = Store(database)
        self.folder = self.store.events_folder
        self.calendar: Calendar = self.store.calendar
        with database.read() as connection:
            self.streams: Streams = read_streams(connection)
            self.files = {row.path: row.state for row in connection.execute(select(schema.files))}
            belonging = set(connection.scalars(select(schema.event_files.c.path)))
        with database.told():
            sweep(self.folder, belonging)

    def forget_files(self, paths: Sequence[str]) -> None:
        """Forget files that are gone."""
        with self.database.begin() as connection:
            for path in paths:
                connection.execute(delete(schema.files).where(schema.files.c.path == path))

    def pending(self) -> list[date]:
        """The nights that got something which is not explained yet, oldest first."""
        query = select(schema.nights.c.night).where(schema.nights.c.pending).order_by(schema.nights.c.night)
        with self.database.read() as connection:
            return [date.fromisoformat(night) for night in connection.scalars(query)]

    def is_dated(self, night: date) -> bool:
        """Whether any record of a night has a time of its own."""
        table = schema.night_sources
        query = select(func.sum(table.c.dated)).where(table.c.night == night.isoformat())
        with self.database.read() as connection:
            return bool(connection.scalar(query))

    def disturb(self, nights: Sequence[date]) -> None:
        """Have some nights explained anew, those of them that exist."""
        table = schema.nights
        with self.database.begin() as connection:
            names = [night.isoformat() for night in nights]
            connection.execute(update(table).where(table.c.night.in_(names)).values(pending=True))

    def add_empty_nights(self, nights: Sequence[date]) -> None:
        """Make nights in which nothing was logged known as such."""
        rows = []
        for night in nights:
            start, end = self.calendar.window(night)
            rows.append({"night": night.isoformat(), "start_time": start, "end_time": end, "pending": True})
        with self.database.begin() as connection:
            upsert(connection, self.database, schema.nights, rows)

    def events_between(self, start: int, end: int) -> pa.Table:
        """The events of the nights that touch a span (microseconds), as far as the span has files."""
        table = schema.event_files
        near = (table.c.last_time.is_(None)) | ((table.c.last_time >= start) & (table.c.first_time < end))
        nights = [self.calendar.night_of(moment).isoformat() for moment in (start, end - 1)]
        query = select(table.c.path).where(near, table.c.night >= nights[0], table.c.night <= nights[1])
        with self.database.read() as connection:
            return read_events(self.folder / path for path in connection.scalars(query.order_by(table.c.path)))

    def spans_between(self, start: int, end: int) -> dict[str, tuple[int, int]]:
        """The first and last time within a span (microseconds) up to which each source was read."""
        table = schema.night_sources
        first, last = func.min(table.c.first_time), func.max(table.c.last_time)
        nights = [self.calendar.night_of(moment).isoformat() for moment in (start, end - 1)]
        query = select(table.c.path, first, last).where(table.c.night >= nights[0], table.c.night <= nights[1])
        with self.database.read() as connection:
            rows = connection.execute(query.group_by(table.c.path).having(last >= start, first < end)).all()
        return {path: (max(begun, start), min(ended, end)) for path, begun, ended in rows}

    def families(self, night: date) -> dict[str, str]:
        """The template of each masked text of an unknown failure, by all nights up to this one."""
        with self.database.read() as connection:
            return families_until(connection, night.isoformat())

    def earlier_incidents(self, night: date) -> list[Incident]:
        """The incidents of a night as they were told before."""
        table = schema.incidents
        query = select(table.c.document).where(table.c.night == night.isoformat(), table.c.status != "resolved")
        with self.database.read() as connection:
            return [incident_from_json(document) for document in connection.scalars(query)]

    def conclude(self, explained: Sequence[Explained], record: RunRecord, keep_days: int | None) -> list[date]:
        """Save what was made of some nights, tell the history anew, drop what is older than `keep_days`
        and log the run, all in one transaction. Returns the nights whose story may have changed."""
        with self.database.begin() as connection:
            told = tell_history(connection, self.database, explained)
            dropped = _drop_old(connection, keep_days) if keep_days is not None else []
            connection.execute(delete(schema.runs).where(schema.runs.c.started == micros(record.instead_of)))
            upsert(connection, self.database, schema.runs, [_run_row(record, told)])
        with self.database.told():
            remove(self.folder, dropped)
        return told


def _run_row(record: RunRecord, told: Sequence[date]) -> dict[str, Any]:
    return {
        "started": micros(record.started),
        "finished": micros(record.finished),
        "version": __version__,
        "bytes": record.bytes,
        "records": record.records,
        "nights": json.dumps([night.isoformat() for night in told]),
        "trouble": json.dumps(dict(record.trouble)),
    }


@contextmanager
def open_session(url: str, wanted: StoreSettings) -> Iterator[Session]:
    """Open the store at an SQLAlchemy URL for writing; make it where there is none.

    Raises `StoreBusyError` where another run is writing, `InputError` where the store was made with
    other settings, `StoreError` where it cannot be used.
    """
    database = Database(url, create=True)
    with database.lock():
        _settle(database, wanted)
        yield Session(database)


def _settle(database: Database, wanted: StoreSettings) -> None:
    """Write down the settings of a new store; make sure that they are those of an old one."""
    folder = (wanted.events_folder or database.folder).absolute()
    chosen = {"timezone": wanted.timezone, "night_ends": wanted.night_ends, "events_folder": str(folder)}
    with database.begin() as connection:
        settled = read_settings(connection)
        if not settled:
            upsert(connection, database, schema.settings, [{"name": n, "value": v} for n, v in chosen.items()])
    for name, value in chosen.items():
        if settled and settled.get(name) != value:
            raise InputError(
                f"{database.name}: was made with {name} = {settled.get(name)!r}, not {value!r}: what it holds is "
                "divided accordingly; set it back, or begin a new store with --store"
            )


def _drop_old(connection: Connection, keep_days: int) -> list[str]:
    """Drop the nights that are over and done with; the event files that no longer belong."""
    newest = connection.scalar(select(func.max(schema.nights.c.night)))
    if newest is None:
        return []
    first = (date.fromisoformat(newest) - timedelta(days=keep_days - 1)).isoformat()
    files = schema.event_files
    dropped = list(connection.scalars(select(files.c.path).where(files.c.night < first)))
    by_night = (schema.volume, schema.night_sources, schema.shapes, schema.incidents, schema.notices, schema.nights)
    for table in (files, *by_night):
        connection.execute(delete(table).where(table.c.night < first))
    # What is known of a problem stays: one that comes back after a year is no new one.
    older, newer = schema.problems, schema.problems.alias()
    superseded = exists().where(newer.c.id == older.c.id, newer.c.night > older.c.night, newer.c.night < first)
    connection.execute(delete(older).where(older.c.night < first, superseded))
    known_files = select(schema.files.c.path)
    gone = schema.streams.c.path.not_in(known_files)
    connection.execute(delete(schema.streams).where(schema.streams.c.last_night < first, gone))
    return dropped
