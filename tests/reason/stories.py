"""Events and catalogues for reasoning tests, written the way a person would tell them.

A story is a text table: time, service, signature, then keys.

    10:00:00  api       app.saved     id=order-1001
    10:00:02  api       app.missing   id=order-1001
"""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from analyzer.catalogue import Catalogue
from analyzer.model import EVENTS_SCHEMA, Correlation, Kind, Severity, Signature


def events(story: str, folder: str = "logs") -> pa.Table:
    """The events table of a story; a `-` for the time means that none is known."""
    rows = []
    for number, line in enumerate(filter(None, map(str.strip, story.splitlines())), start=1):
        clock, service, signature, *keys = line.split()
        rows.append(
            {
                "timestamp": None if clock == "-" else at(clock),
                "source": f"{folder}/{service}.log",
                "line": number,
                "offset": number * 100,
                "signature": signature,
                "severity": "high",
                "level": "error",
                "service": service,
                "keys": [tuple(key.split("=", 1)) for key in keys],
                "text": line,
            }
        )
    return pa.Table.from_pylist(rows, schema=EVENTS_SCHEMA)


def at(clock: str) -> datetime:
    """A time on the day of all stories."""
    return datetime.fromisoformat(f"2025-10-24T{clock}").replace(tzinfo=UTC)


def signature(
    name: str,
    kind: Kind = "failure",
    severity: Severity = "high",
    category: str = "programming_error",
    leads_to: tuple[str, ...] = (),
    refines: str | None = None,
    correlation: Correlation | None = None,
    captures: str = "",
) -> Signature:
    """A signature with what reasoning looks at; `captures` names the groups of its pattern."""
    pattern = name + "".join(rf" (?P<{capture}>\w+)" for capture in captures.split())
    return Signature(
        id=name,
        title=name,
        kind=kind,
        category=category,
        severity=severity,
        match=() if correlation else (pattern,),
        correlation=correlation,
        leads_to=leads_to,
        refines=refines,
    )


def catalogue(*signatures: Signature) -> Catalogue:
    """A catalogue of just these."""
    return Catalogue(signatures)
