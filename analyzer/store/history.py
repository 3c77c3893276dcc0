"""The life of problems over the nights, told anew from the first night that has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select, update

from analyzer.model import Change, Incident, KnownProblem
from analyzer.reason.lifecycle import problem_id, resolve
from analyzer.reason.lifecycle import update as take_in
from analyzer.store import schema
from analyzer.store.database import Database
from analyzer.store.documents import (
    changes_to_json,
    incident_from_json,
    incident_to_json,
    micros,
    problem_from_json,
    problem_to_json,
    time_of,
)
from analyzer.store.unknown import unknown_of
from analyzer.store.writing import upsert

Problems = dict[str, KnownProblem]


@dataclass(frozen=True, slots=True)
class Explained:
    """What reasoning made of one night's events."""

    night: date
    incidents: list[Incident]
    changes: list[Change]


def tell_history(connection: Connection, database: Database, explained: Sequence[Explained]) -> list[date]:
    """Save what was made of some nights, and tell the life of all problems anew from the first of
    them on; the nights that were told."""
    if not explained:
        return []
    fresh = {each.night.isoformat(): each for each in explained}
    first = min(fresh)
    nights = connection.execute(
        select(schema.nights).where(schema.nights.c.night >= first).order_by(schema.nights.c.night)
    ).all()
    told = {row.night: _told_incidents(connection, row.night, fresh) for row in nights}
    known = problems_before(connection, first)
    until = _until_before(connection, first) or datetime.min.replace(tzinfo=UTC)
    for table in (schema.problems, schema.incidents):
        connection.execute(delete(table).where(table.c.night >= first))
    for row in nights:
        until = _last_record(connection, row.night) or until
        known = _tell_night(connection, database, row.night, known, told[row.night], until)
        if row.night in fresh:
            text = changes_to_json(fresh[row.night].changes)
            connection.execute(
                update(schema.nights).where(schema.nights.c.night == row.night).values(changes=text, pending=False)
            )
    return [date.fromisoformat(row.night) for row in nights]


def problems_before(connection: Connection, night: str) -> Problems:
    """What was known of each problem when a night began."""
    table = schema.problems
    latest = (
        select(table.c.id, func.max(table.c.night).label("night"))
        .where(table.c.night < night)
        .group_by(table.c.id)
        .subquery()
    )
    query = select(table.c.document).join(latest, and_(table.c.id == latest.c.id, table.c.night == latest.c.night))
    known = map(problem_from_json, connection.scalars(query.order_by(table.c.id)))
    return {problem.id: problem for problem in known}


def _told_incidents(connection: Connection, night: str, fresh: Mapping[str, Explained]) -> list[Incident]:
    """The incidents of a night as reasoning told them."""
    if night in fresh:
        return fresh[night].incidents
    table = schema.incidents
    query = select(table.c.document).where(table.c.night == night, table.c.status != "resolved").order_by(table.c.id)
    return [incident_from_json(document) for document in connection.scalars(query)]


def _tell_night(
    connection: Connection,
    database: Database,
    night: str,
    known: Problems,
    incidents: Sequence[Incident],
    until: datetime,
) -> Problems:
    """Take one night into what is known, and write down what changed."""
    before = _decided(connection, known, night)
    lives = take_in(before.values(), incidents, until)
    after = {problem.id: problem for problem in lives.known}
    after = _decided(connection, after, night, at=night)
    changed = [p for name, p in sorted(after.items()) if p != known.get(name)]
    rows = [{"night": night, "id": problem.id, "document": problem_to_json(problem)} for problem in changed]
    upsert(connection, database, schema.problems, rows)
    seen = [_row(night, told, raw) for told, raw in zip(_distinct(lives.incidents), incidents, strict=True)]
    gone = [row for problem in lives.resolved if (row := _last_row(connection, problem.id, night)) is not None]
    upsert(connection, database, schema.incidents, [*seen, *gone])
    _count(connection, night, seen, gone, until)
    return after


def _distinct(incidents: Sequence[Incident]) -> list[Incident]:
    """Incidents whose ids differ: two may have been recognised as the same problem."""
    taken: set[str] = set()
    result = []
    for incident in incidents:
        name, number = incident.id, 2
        while name in taken:
            name, number = f"{problem_id(incident)}-{number}", number + 1
        taken.add(name)
        result.append(replace(incident, id=name))
    return result


def _row(night: str, told: Incident, raw: Incident) -> dict[str, Any]:
    return {
        "night": night,
        "id": told.id,
        "problem": problem_id(told),
        # A record that was read late may tell of a problem that is resolved by now: then it was there.
        "status": "ongoing" if told.status == "resolved" else told.status,
        "severity": told.severity,
        "title": told.title,
        "start_time": micros(told.start),
        "end_time": micros(told.end),
        "event_count": told.event_count,
        "document": incident_to_json(raw),
    }


def _last_row(connection: Connection, problem: str, night: str) -> dict[str, Any] | None:
    """A problem's last incident before a night as a row of that night: resolved."""
    table = schema.incidents
    query = select(table).where(table.c.problem == problem, table.c.night < night, table.c.status != "resolved")
    found = connection.execute(query.order_by(table.c.night.desc(), table.c.id).limit(1)).mappings().first()
    return {**found, "night": night, "id": problem, "status": "resolved"} if found is not None else None


def _count(
    connection: Connection, night: str, seen: Sequence[Mapping[str, Any]], gone: Sequence[object], until: datetime
) -> None:
    statuses = [row["status"] for row in seen]
    unknown, unknown_new = unknown_of(connection, night)
    counts = {status: statuses.count(status) for status in ("new", "regressed", "ongoing")}
    connection.execute(
        update(schema.nights)
        .where(schema.nights.c.night == night)
        .values(resolved=len(gone), unknown=len(unknown), unknown_new=len(unknown_new), until=micros(until), **counts)
    )


def _decided(connection: Connection, known: Problems, night: str, at: str | None = None) -> Problems:
    """What is known after what people decided until a night (`at`: in that night, of what was silent since)."""
    table = schema.actions
    query = select(table).where(table.c.action == "resolve").order_by(table.c.at)
    rows: Iterable[Row[Any]] = connection.execute(
        query.where(table.c.night == at) if at else query.where(table.c.night <= night)
    )
    decided = dict(known)
    for row in rows:
        problem, moment = decided.get(row.incident), time_of(row.until)
        if problem is not None and moment is not None and problem.last_seen <= moment and problem.status != "resolved":
            decided[problem.id] = resolve(problem, moment)
    return decided


def _last_record(connection: Connection, night: str) -> datetime | None:
    table = schema.night_sources
    return time_of(connection.scalar(select(func.max(table.c.last_time)).where(table.c.night == night)))


def _until_before(connection: Connection, night: str) -> datetime | None:
    return time_of(connection.scalar(select(func.max(schema.nights.c.until)).where(schema.nights.c.night < night)))
