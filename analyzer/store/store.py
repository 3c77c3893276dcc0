"""The store as others see it: nights, incidents, events."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import Connection, Row, func, select

from analyzer import __version__
from analyzer.errors import InputError, StoreError
from analyzer.model import (
    EVENTS_SCHEMA,
    LEVELS,
    SEVERITIES,
    VOLUME_SCHEMA,
    Analysis,
    Incident,
    KnownProblem,
    Source,
    Totals,
    UnknownTemplate,
)
from analyzer.night import Completeness, IncidentState, KnownIncident, Night, NightTotals, Note
from analyzer.reason.columns import NO_TIME
from analyzer.reason.lifecycle import problem_id
from analyzer.store import schema
from analyzer.store.calendar import Calendar
from analyzer.store.database import Database, default_url, read_settings
from analyzer.store.documents import changes_from_json, incident_from_json, source_from_json, time_of
from analyzer.store.history import problems_before
from analyzer.store.unknown import unknown_of

_WEEK = 7
_STATES: tuple[IncidentState, ...] = get_args(IncidentState)
_FAR_MORE = 5
_FAR_MORE_AT_LEAST = 20
"""A muted incident wakes when a night has so many times the events that it had when it was muted, and
at least so many more."""


def open_store(url: str | None = None) -> Store:
    """The store at an SQLAlchemy URL, by default the one in the user's data folder.

    Raises `InputError` where there is none, `StoreError` where it cannot be used.
    """
    return Store(Database(url or default_url()))


class Store:
    """Reads what the nightly runs wrote; any number of readers may do so while one run writes."""

    def __init__(self, database: Database) -> None:
        """`database` holds the tables of this version."""
        self.database = database
        with database.read() as connection:
            self.settings: Mapping[str, str] = read_settings(connection)

    @property
    def calendar(self) -> Calendar:
        """When the nights of this store end."""
        zone, ends = self.settings.get("timezone", "UTC"), self.settings.get("night_ends", "06:00")
        return Calendar(ZoneInfo(zone), time.fromisoformat(ends))

    @property
    def events_folder(self) -> Path:
        """Where the Parquet files of events lie."""
        return Path(self.settings.get("events_folder", self.database.folder))

    def event_files(self, nights: Iterable[date] | None = None) -> list[Path]:
        """The Parquet files that belong to some nights, or all; no others in the folder count."""
        files = schema.event_files
        query = select(files.c.path).order_by(files.c.night, files.c.path)
        if nights is not None:
            query = query.where(files.c.night.in_([night.isoformat() for night in nights]))
        with self.database.read() as connection:
            return [self.events_folder / path for path in connection.scalars(query)]

    def nights(self) -> list[NightTotals]:
        """Every night that has data, oldest first."""
        with self.database.read() as connection:
            return [_totals(row) for row in connection.execute(select(schema.nights).order_by(schema.nights.c.night))]

    def night(self, night: date | None = None) -> Night:
        """One night in full, by default the last. Raises `InputError` where the store has no such night."""
        with self.database.read() as connection:
            row = _night_row(connection, night)
            if row is None:
                raise InputError(f"{self.database.name}: {f'has no night {night}' if night else 'has no nights yet'}")
            return _read_night(connection, row)

    def incidents(self) -> list[KnownIncident]:
        """Every problem that any night has seen: those that are open first, worst and latest first."""
        with self.database.read() as connection:
            known = _known_incidents(connection)
        known.sort(key=lambda incident: incident.last_seen, reverse=True)
        known.sort(key=lambda incident: (_STATES.index(incident.state), SEVERITIES.index(incident.severity)))
        return known

    def incident(self, incident_id: str, night: date | None = None) -> tuple[KnownIncident, Incident]:
        """The problem whose id begins with a text (or to which the incident of that id belongs), and
        how one night saw it, by default the last that did.

        Raises `InputError` where there is not exactly one.
        """
        table = schema.incidents
        with self.database.read() as connection:
            problem = connection.scalar(select(table.c.problem).where(table.c.id == incident_id).limit(1))
            known = _the_one(problem or incident_id, self.incidents())
            query = select(table).where(table.c.problem == known.id, table.c.status != "resolved")
            if problem is not None and problem != incident_id:
                query = query.where(table.c.id == incident_id)
            if night is not None:
                query = query.where(table.c.night == night.isoformat())
            row = connection.execute(query.order_by(table.c.night.desc(), table.c.id).limit(1)).one_or_none()
        if row is None:
            raise InputError(
                f"the night {night} has not seen incident {known.id}"
                if night
                else f"the nights that saw incident {known.id} are no longer kept"
            )
        return known, _incident(row)


def _incident(row: Row[Any]) -> Incident:
    """An incident as it stands in a night: as reasoning told it, under its lasting id."""
    return replace(incident_from_json(row.document), id=row.id, status=row.status)


def _the_one(incident_id: str, known: Sequence[KnownIncident]) -> KnownIncident:
    fitting = [incident for incident in known if incident.id.startswith(incident_id)]
    exact = [incident for incident in fitting if incident.id == incident_id]
    if len(exact or fitting) == 1:
        return (exact or fitting)[0]
    if fitting:
        raise InputError(f"{incident_id!r} fits several incidents: {', '.join(i.id for i in fitting)}")
    some = ", ".join(incident.id for incident in known[:10]) or "none"
    raise InputError(f"no incident {incident_id!r} in the store; it has: {some}")


def _night_row(connection: Connection, night: date | None) -> Row[Any] | None:
    table = schema.nights
    query = select(table).order_by(table.c.night.desc()).limit(1)
    if night is not None:
        query = query.where(table.c.night == night.isoformat())
    return connection.execute(query).one_or_none()


def _totals(row: Row[Any]) -> NightTotals:
    start, end = time_of(row.start_time), time_of(row.end_time)
    if start is None or end is None:
        raise StoreError(f"the night {row.night} has no bounds: the store is damaged; restore it from a backup")
    counts = ("bytes", "lines", "records", "errors", "events", "new", "regressed", "ongoing", "resolved", "unknown")
    return NightTotals(
        date=date.fromisoformat(row.night),
        start=start,
        end=end,
        unknown_new=row.unknown_new,
        **{name: getattr(row, name) for name in counts},
    )


def _read_night(connection: Connection, row: Row[Any]) -> Night:
    totals = _totals(row)
    sources = _sources(connection, row.night)
    unknown, unknown_new = unknown_of(connection, row.night)
    seen, resolved = _incidents_of(connection, row.night)
    problems = [problem_id(incident) for incident in (*seen, *resolved)]
    known = _known_incidents(connection, problems)
    muted = {incident.id for incident in known if incident.state == "muted"}
    earlier = _earlier(connection, totals.date)
    return Night(
        totals=totals,
        analysis=_analysis(totals, seen, unknown, sources, row, _volume(connection, row.night)),
        resolved=resolved,
        muted=frozenset(incident.id for incident in seen if problem_id(incident) in muted),
        unknown_new=unknown_new,
        earlier=earlier,
        trends={incident.id: incident.events for incident in known},
        completeness=_completeness(connection, totals, sources, earlier),
    )


def _analysis(
    totals: NightTotals,
    incidents: list[Incident],
    unknown: list[UnknownTemplate],
    sources: list[Source],
    row: Row[Any],
    volume: pa.Table,
) -> Analysis:
    times = [t for source in sources for t in (source.first_timestamp, source.last_timestamp) if t is not None]
    return Analysis(
        incidents=incidents,
        events=EVENTS_SCHEMA.empty_table(),
        unknown=unknown,
        sources=sources,
        volume=volume,
        changes=changes_from_json(row.changes),
        totals=Totals(
            bytes=totals.bytes,
            lines=totals.lines,
            records=totals.records,
            events=totals.events,
            incidents=totals.incidents,
            unknown=totals.unknown,
        ),
        start=min(times, default=None),
        end=max(times, default=None),
        generated_at=datetime.now(UTC),
        analyzer_version=__version__,
    )


def _sources(connection: Connection, night: str) -> list[Source]:
    table = schema.night_sources
    rows = connection.execute(select(table).where(table.c.night == night).order_by(table.c.path))
    return [
        replace(
            source_from_json(row.document),
            bytes=row.bytes,
            lines=row.lines,
            records=row.records,
            timestamped_records=row.dated,
            first_timestamp=time_of(row.first_time),
            last_timestamp=time_of(row.last_time),
        )
        for row in rows
    ]


def _volume(connection: Connection, night: str) -> pa.Table:
    """Records per minute and level; the store does not keep them by source, so none is named."""
    table = schema.volume
    query = select(table).where(table.c.night == night).order_by(table.c.minute, table.c.level)
    rows = connection.execute(query).all()
    return pa.table(
        [
            pa.array([None if r.minute == NO_TIME else r.minute for r in rows], VOLUME_SCHEMA.field("minute").type),
            pa.array([""] * len(rows), pa.string()),
            pa.array([LEVELS[r.level - 1] if r.level else None for r in rows], pa.string()),
            pa.array([r.records for r in rows], pa.int64()),
        ],
        schema=VOLUME_SCHEMA,
    )


def _incidents_of(connection: Connection, night: str) -> tuple[list[Incident], list[Incident]]:
    """What a night saw, and what it saw no more; worst and newest first."""
    table = schema.incidents
    query = select(table).where(table.c.night == night).order_by(table.c.start_time.desc(), table.c.id)
    rows = connection.execute(query).all()
    found = [_incident(row) for row in rows]
    found.sort(key=lambda incident: SEVERITIES.index(incident.severity))
    return [i for i in found if i.status != "resolved"], [i for i in found if i.status == "resolved"]


def _earlier(connection: Connection, night: date) -> tuple[NightTotals, ...]:
    table = schema.nights
    first = date.fromordinal(night.toordinal() - _WEEK)
    query = (
        select(table)
        .where(table.c.night < night.isoformat(), table.c.night >= first.isoformat())
        .order_by(table.c.night)
    )
    return tuple(map(_totals, connection.execute(query)))


def _completeness(
    connection: Connection, totals: NightTotals, sources: Sequence[Source], earlier: Sequence[NightTotals]
) -> Completeness:
    run = connection.execute(select(schema.runs).order_by(schema.runs.c.started.desc()).limit(1)).one_or_none()
    last_run = time_of(run.started) if run is not None else None
    table = schema.night_sources
    told = {source.path for source in sources}
    before = earlier[-1].date.isoformat() if earlier and (totals.date - earlier[-1].date).days == 1 else ""
    silent = connection.scalars(select(table.c.path).where(table.c.night == before)).all()
    firsts = [s.first_timestamp for s in sources if s.first_timestamp is not None]
    lasts = [s.last_timestamp for s in sources if s.last_timestamp is not None]
    newest = connection.scalar(select(func.max(schema.nights.c.night))) == totals.date.isoformat()
    return Completeness(
        over=last_run is not None and last_run >= totals.end,
        first_record=min(firsts, default=None),
        last_record=max(lasts, default=None),
        last_run=last_run,
        missing=json.loads(run.trouble) if run is not None and newest else {},
        silent={path: "delivered the night before, but nothing in this one" for path in silent if path not in told},
    )


def _known_incidents(connection: Connection, problems: Iterable[str] | None = None) -> list[KnownIncident]:
    """All problems, or some, with the nights that saw them and what people did."""
    known = problems_before(connection, "~")  # behind every night
    wanted = list(known) if problems is None else [name for name in dict.fromkeys(problems) if name in known]
    sightings: dict[str, list[Any]] = defaultdict(list)
    table = schema.incidents
    query = select(table.c.problem, table.c.night, table.c.severity, table.c.event_count).order_by(table.c.night)
    for row in connection.execute(query.where(table.c.status != "resolved")):
        sightings[row.problem].append(row)
    actions: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(select(schema.actions).order_by(schema.actions.c.at)):
        actions[row.incident].append(row)
    return [_known(known[name], sightings[name], actions[name]) for name in wanted]


def _known(problem: KnownProblem, sightings: Sequence[Row[Any]], actions: Sequence[Row[Any]]) -> KnownIncident:
    events: Counter[date] = Counter()
    for row in sightings:
        events[date.fromisoformat(row.night)] += row.event_count
    return KnownIncident(
        id=problem.id,
        title=problem.title,
        severity=problem.severity,
        state=_state(problem, sightings, actions),
        status=problem.status,
        first_seen=problem.first_seen,
        last_seen=problem.last_seen,
        occurrences=problem.occurrences,
        events=dict(events),
        notes=tuple(Note(at=time_of(a.at) or problem.last_seen, action=a.action, text=a.text) for a in actions),
    )


def _state(problem: KnownProblem, sightings: Sequence[Row[Any]], actions: Sequence[Row[Any]]) -> IncidentState:
    """What holds for a problem now. A muted one that has escalated since is open again."""
    muted = next((a for a in reversed(actions) if a.action in ("mute", "wake", "resolve")), None)
    if muted is not None and muted.action == "mute":
        since = [row for row in sightings if row.night >= muted.night]
        if not any(_escalated(row, muted) for row in since):
            return "muted"
    return "resolved" if problem.status == "resolved" else "open"


def _escalated(sighting: Row[Any], muted: Row[Any]) -> bool:
    """Whether a problem is more severe than when it was muted, or has far more events in a night."""
    worse = SEVERITIES.index(sighting.severity) < SEVERITIES.index(muted.severity)
    return worse or sighting.event_count >= max(_FAR_MORE * muted.event_count, muted.event_count + _FAR_MORE_AT_LEAST)
