"""`analyzer show`: one incident in full."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from analyzer.commands.output import Status, emit, look_of_output
from analyzer.contract import analysis_from_dict, incident_to_dict
from analyzer.errors import InputError
from analyzer.model import Analysis, Incident
from analyzer.report import markdown, text
from analyzer.store import open_store

Format = Literal["text", "json", "markdown"]


def show(incident_id: str, report: str | None, store: str | None, form: Format) -> Status:
    """Print the incident whose id begins with `incident_id`: that of a JSON report, else of the store."""
    if report is not None and store is not None:
        raise InputError("--from and --store both say where the incident is: name one of them")
    incident = _stored(incident_id, store) if report is None else find_incident(incident_id, read_report(report))
    match form:
        case "text":
            look = look_of_output()
            emit(text.render_incident(incident, width=look.width, colour=look.colour))
        case "markdown":
            emit(markdown.render_incident(incident))
        case "json":
            emit(json.dumps(incident_to_dict(incident), indent=2) + "\n")
    return Status.DONE


def _stored(incident_id: str, store: str | None) -> Incident:
    try:
        return open_store(store).incident(incident_id)[1]
    except InputError as error:
        if store is not None:
            raise
        raise InputError(
            f"{error}; or name a report by scan: analyzer show {incident_id} --from report.json"
        ) from error


def read_report(path: str) -> Analysis:
    """The analysis in a file that `scan --format json` wrote; `-` is standard input."""
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return analysis_from_dict(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON document: {error}") from error
    except InputError as error:
        raise InputError(f"{path}: not a report of this program: {error}") from error


def find_incident(incident_id: str, analysis: Analysis) -> Incident:
    """The one incident whose id begins with the given text."""
    found = [incident for incident in analysis.incidents if incident.id.startswith(incident_id)]
    exact = [incident for incident in found if incident.id == incident_id]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        raise InputError(f"{incident_id!r} fits several incidents: {', '.join(incident.id for incident in found)}")
    known = ", ".join(incident.id for incident in analysis.incidents[:10]) or "none"
    raise InputError(f"no incident {incident_id!r} in this report; it has: {known}")
