"""What was told to whom, so that nothing is told twice and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select

from analyzer.model import Incident
from analyzer.store import schema
from analyzer.store.database import Database
from analyzer.store.documents import micros


def told(database: Database, channel: str, night: date) -> frozenset[tuple[str, str]]:
    """The incidents of a night, with their status, that a channel was told of."""
    table = schema.notices
    query = select(table.c.incident, table.c.status).where(
        table.c.channel == channel, table.c.night == night.isoformat(), table.c.sent.is_not(None)
    )
    with database.read() as connection:
        return frozenset((row.incident, row.status) for row in connection.execute(query))


def note(
    database: Database, channel: str, night: date, incidents: Iterable[Incident], at: datetime, trouble: str | None
) -> None:
    """Take down that a channel was told of some incidents, or with which `trouble` that failed."""
    table = schema.notices
    insert = database.insert(table).values(
        [
            {
                "channel": channel,
                "night": night.isoformat(),
                "incident": incident.id,
                "status": incident.status,
                "sent": micros(at) if trouble is None else None,
                "failures": int(trouble is not None),
                "trouble": trouble or "",
            }
            for incident in incidents
        ]
    )
    changed = {
        "sent": insert.excluded.sent,
        "failures": table.c.failures + insert.excluded.failures,
        "trouble": insert.excluded.trouble,
    }
    with database.begin() as connection:
        connection.execute(insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed))
