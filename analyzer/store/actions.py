"""What people do with problems: note, resolve, mute, and wake what they muted."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import func, select

from analyzer.model import SEVERITIES
from analyzer.night import KnownIncident
from analyzer.reason.lifecycle import resolve
from analyzer.store import schema
from analyzer.store.documents import micros, problem_to_json
from analyzer.store.history import problems_before
from analyzer.store.store import Store
from analyzer.store.writing import upsert

Action = Literal["note", "resolve", "mute", "wake"]


def act(store: Store, incident_id: str, action: Action, text: str, now: datetime) -> KnownIncident:
    """Write down what someone does with the problem whose id begins with a text; the problem after that.

    A problem that is resolved counts as regressed if it is seen in what the logs say from now on. A
    muted one wakes when it becomes more severe or far more frequent than it was lately. Raises
    `InputError` where there is not exactly one such problem.
    """
    known, _ = store.incident(incident_id)
    nights, table = schema.nights, schema.incidents
    with store.database.begin() as connection:
        last = connection.execute(select(func.max(nights.c.night), func.max(nights.c.until))).one()
        latest = select(func.max(table.c.night)).where(table.c.problem == known.id, table.c.status != "resolved")
        sightings = connection.execute(
            select(table.c.severity, table.c.event_count).where(
                table.c.problem == known.id, table.c.status != "resolved", table.c.night == latest.scalar_subquery()
            )
        ).all()
        row = {
            "incident": known.id,
            "at": micros(now),
            "action": action,
            "night": last[0],
            "until": last[1],
            "text": text,
            "severity": min((row.severity for row in sightings), key=SEVERITIES.index),
            "event_count": sum(row.event_count for row in sightings),
        }
        upsert(connection, store.database, schema.actions, [row])
        if action == "resolve":
            problem = problems_before(connection, "~")[known.id]
            if problem.status != "resolved":
                resolved = resolve(problem, max(problem.last_seen, known.last_seen))
                document = problem_to_json(resolved)
                upsert(
                    connection,
                    store.database,
                    schema.problems,
                    [{"night": last[0], "id": known.id, "document": document}],
                )
    return store.incident(known.id)[0]
