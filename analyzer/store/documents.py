"""The things that people name (incidents, changes, remarks) as JSON documents in the store, whole.

Unlike the public JSON these carry everything, down to activity per minute and context lines.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from analyzer.model import Change, Incident, KnownProblem, Source
from analyzer.reason.columns import NO_TIME
from analyzer.reason.moments import moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INCIDENT: TypeAdapter[Incident] = TypeAdapter(Incident)
_PROBLEM: TypeAdapter[KnownProblem] = TypeAdapter(KnownProblem)
_SOURCE: TypeAdapter[Source] = TypeAdapter(Source)
_CHANGES: TypeAdapter[list[Change]] = TypeAdapter(list[Change])


def incident_to_json(incident: Incident) -> str:
    """An incident, whole."""
    return _text(_INCIDENT, incident)


def incident_from_json(document: str) -> Incident:
    """The incident of a document."""
    return _INCIDENT.validate_json(document)


def problem_to_json(problem: KnownProblem) -> str:
    """What is known of a problem, whole."""
    return _text(_PROBLEM, problem)


def problem_from_json(document: str) -> KnownProblem:
    """The problem of a document."""
    return _PROBLEM.validate_json(document)


def source_to_json(source: Source) -> str:
    """What was read of a source, whole."""
    return _text(_SOURCE, source)


def source_from_json(document: str) -> Source:
    """The source of a document."""
    return _SOURCE.validate_json(document)


def changes_to_json(changes: list[Change]) -> str:
    """Deploys, restarts and the like, in order."""
    return _text(_CHANGES, changes)


def changes_from_json(document: str) -> list[Change]:
    """The changes of a document."""
    return _CHANGES.validate_json(document)


def micros(time: datetime | None) -> int | None:
    """Microseconds since 1970 of an aware datetime."""
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1)


def time_of(value: int | None) -> datetime | None:
    """The datetime of a column of microseconds."""
    return moment(NO_TIME if value is None else value)


def _text(adapter: TypeAdapter[Any], value: object) -> str:
    # Log text may hold what is no character (a lone surrogate): it is spelled out.
    return adapter.dump_json(value).decode("utf-8", "replace")
