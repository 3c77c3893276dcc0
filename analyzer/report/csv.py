"""The incidents as CSV, one per row, harmless to open in a spreadsheet."""

from __future__ import annotations

import csv
import io

from analyzer.contract import format_time
from analyzer.model import Analysis, Incident
from analyzer.report.clean import visible

COLUMNS = (
    "id", "title", "status", "severity", "start", "end", "duration_seconds", "event_count",
    "root_signature", "root_title", "category", "confidence", "services", "entities",
    "change_timestamp", "change_kind", "change", "first_fix", "evidence",
)  # fmt: skip

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render(analysis: Analysis) -> str:
    """A header and a row for each incident, worst first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(value) for value in _row(incident)] for incident in analysis.incidents)
    return text.getvalue()


def _row(incident: Incident) -> tuple[str | float | None, ...]:
    root, change = incident.root_cause, incident.change
    steps = [step.text for fix in incident.fixes for step in fix.steps]
    return (
        incident.id,
        incident.title,
        incident.status,
        incident.severity,
        format_time(incident.start),
        format_time(incident.end),
        incident.duration_seconds,
        incident.event_count,
        root.signature,
        root.title,
        root.category,
        root.confidence,
        " ".join(incident.services),
        "; ".join(f"{name}={', '.join(values[:5])}" for name, values in incident.entities.items()),
        format_time(change.timestamp) if change else None,
        change.kind if change else None,
        change.text if change else None,
        steps[0] if steps else None,
        " ".join(f"{proof.source}:{proof.line}" for proof in incident.evidence),
    )


def cell(value: str | float | None) -> str | float | None:
    """A spreadsheet runs a cell that begins like a formula; an apostrophe makes it text."""
    if not isinstance(value, str):
        return value
    guarded = "'" + value if value.startswith(_FORMULA_STARTS) else value
    return visible(guarded)
