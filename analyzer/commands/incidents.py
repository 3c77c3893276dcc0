"""`analyzer incidents`: look at what the nights found, and decide about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

from analyzer.commands.output import Status, emit, look_of_output
from analyzer.contract import format_time, incident_to_dict
from analyzer.errors import InputError
from analyzer.night import IncidentState, KnownIncident
from analyzer.report import text, words
from analyzer.report.clean import one_line
from analyzer.store import open_store
from analyzer.store.actions import Action, act

Format = Literal["text", "json"]


def list_incidents(url: str | None, state: IncidentState | None, form: Format) -> Status:
    """List the problems of all nights, those that are open first."""
    known = [incident for incident in open_store(url).incidents() if state in (None, incident.state)]
    if form == "json":
        emit(json.dumps([_to_dict(incident) for incident in known], indent=2) + "\n")
    else:
        emit("".join(map(_line, known)) or "no incidents\n")
    return Status.DONE


def show_incident(url: str | None, incident_id: str, form: Format) -> Status:
    """One incident in full, as the last night that saw it told it, with its history."""
    known, incident = open_store(url).incident(incident_id)
    if form == "json":
        emit(json.dumps({**incident_to_dict(incident), "history": _to_dict(known)}, indent=2) + "\n")
    else:
        look = look_of_output()
        emit(text.render_incident(incident, width=look.width, colour=look.colour) + _history(known))
    return Status.DONE


def decide(url: str | None, incident_id: str, action: Action, said: str, form: Format) -> Status:
    """Note, resolve, mute or wake an incident, and show how it stands then."""
    if action == "note" and not said.strip():
        raise InputError("a note needs a text: analyzer incidents note ID 'what I found'")
    known = act(open_store(url), incident_id, action, said, datetime.now(UTC))
    emit(json.dumps(_to_dict(known), indent=2) + "\n" if form == "json" else _line(known))
    return Status.DONE


def _line(known: KnownIncident) -> str:
    nights = words.counted(len(known.events), "night")
    head = f"{known.id:8}  {known.state:8}  {known.severity:8}  {known.last_seen:%Y-%m-%d %H:%M}"
    return f"{head}  {nights:>9}  {one_line(known.title, 100)}\n"


def _history(known: KnownIncident) -> str:
    times = "once" if known.occurrences == 1 else f"{known.occurrences:,} times"
    lines = [f"\nState    {known.state}; seen {times} since {known.first_seen:%Y-%m-%d %H:%M} UTC\n"]
    lines += [
        f"         {night}  {words.counted(events, 'event')}\n" for night, events in sorted(known.events.items())[-14:]
    ]
    lines += [f"{note.action:8} {note.at:%Y-%m-%d %H:%M} UTC  {one_line(note.text, 300)}\n" for note in known.notes]
    return "".join(lines)


def _to_dict(known: KnownIncident) -> dict[str, Any]:
    return {
        "id": known.id,
        "title": known.title,
        "severity": known.severity,
        "state": known.state,
        "status": known.status,
        "first_seen": format_time(known.first_seen),
        "last_seen": format_time(known.last_seen),
        "occurrences": known.occurrences,
        "nights": {night.isoformat(): events for night, events in sorted(known.events.items())},
        "notes": [{"at": format_time(note.at), "action": note.action, "text": note.text} for note in known.notes],
    }
