"""What a night means: reasoning over all that the store has of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from analyzer.catalogue import Catalogue
from analyzer.catalogue.timespan import parse_timespan
from analyzer.match.scan import Window
from analyzer.model import Evidence, Incident
from analyzer.pipeline import with_context
from analyzer.reason.incidents import reason
from analyzer.store.documents import micros
from analyzer.store.history import Explained
from analyzer.store.session import Session

OVERLAP = 60 * 60 * 1_000_000
"""How far beyond a night's bounds events are looked at, to explain those within (microseconds)."""


def explain(session: Session, night: date, catalogue: Catalogue, redact: bool) -> Explained:
    """What all events of a night mean, in the light of those just before and after it."""
    start, end = session.calendar.window(night)
    looked_at = start - OVERLAP, end + longest_absence(catalogue)
    table, spans = session.events_between(*looked_at), session.spans_between(*looked_at)
    found = reason(table, catalogue, Window(start, end - 1), spans=spans, families=session.families(night))
    before = {e: e for incident in session.earlier_incidents(night) for e in incident.evidence if e.before or e.after}
    incidents = with_context(_with_known_context(found.incidents, before.values()), redact)
    changes = [c for c in found.changes if c.timestamp is not None and start <= (micros(c.timestamp) or 0) < end]
    return Explained(night, incidents, changes)


def _with_known_context(incidents: Iterable[Incident], known: Iterable[Evidence]) -> Iterable[Incident]:
    """The incidents with the lines around evidence that were kept when its file was still there."""
    kept = {(e.source, e.offset, e.signature): e for e in known}

    def around(evidence: Evidence) -> Evidence:
        before = kept.get((evidence.source, evidence.offset, evidence.signature))
        return replace(evidence, before=before.before, after=before.after) if before is not None else evidence

    for incident in incidents:
        yield replace(incident, evidence=tuple(map(around, incident.evidence)))


def longest_absence(catalogue: Catalogue) -> int:
    """How long after a night something may fail to come that the night has to be blamed for."""
    rules = (signature.correlation for signature in catalogue)
    return max(
        (parse_timespan(rule.timespan) for rule in rules if rule is not None and rule.type == "absence"), default=0
    )
