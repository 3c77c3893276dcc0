"""An analysis as the JSON of the public contract, and back again.

The shape is fixed by `schema_version` and written down in `docs/report.schema.json`. What a program
may rely on is only what stands there: activity, rhythm, context lines and volume are for our own pictures
and do not travel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args

from analyzer.errors import InputError
from analyzer.model import (
    EVENTS_SCHEMA,
    SCHEMA_VERSION,
    SEVERITIES,
    VOLUME_SCHEMA,
    Analysis,
    CascadeMember,
    Change,
    Evidence,
    FilledStep,
    Fix,
    Incident,
    Role,
    RootCause,
    Skipped,
    Source,
    Status,
    Totals,
    UnknownTemplate,
)

T = TypeVar("T")

_STATUSES: tuple[Status, ...] = get_args(Status)
_ROLES: tuple[Role, ...] = get_args(Role)
_TOTALS = ("bytes", "lines", "records", "events", "incidents", "unknown")


def format_time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC; fractions of a second only where there are any."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def analysis_to_dict(analysis: Analysis) -> dict[str, Any]:
    """The analysis as plain values, ready for `json.dumps`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "analyzer_version": analysis.analyzer_version,
        "generated_at": format_time(analysis.generated_at),
        "period": {"start": format_time(analysis.start), "end": format_time(analysis.end)},
        "totals": {name: getattr(analysis.totals, name) for name in _TOTALS},
        "sources": [_source_to_dict(source) for source in analysis.sources],
        "incidents": [incident_to_dict(incident) for incident in analysis.incidents],
        "unknown": [_unknown_to_dict(template) for template in analysis.unknown],
    }


def incident_to_dict(incident: Incident) -> dict[str, Any]:
    """One incident as it stands in the contract's list of incidents."""
    return {
        "id": incident.id,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "start": format_time(incident.start),
        "end": format_time(incident.end),
        "duration_seconds": incident.duration_seconds,
        "event_count": incident.event_count,
        "root_cause": _root_cause_to_dict(incident.root_cause),
        "cascade": [_member_to_dict(member) for member in incident.cascade],
        "services": list(incident.services),
        "entities": {name: list(values) for name, values in incident.entities.items()},
        "change": _change_to_dict(incident.change),
        "fixes": [_fix_to_dict(fix) for fix in incident.fixes],
        "evidence": [_evidence_to_dict(evidence) for evidence in incident.evidence],
    }


def _source_to_dict(source: Source) -> dict[str, Any]:
    return {
        "path": source.path,
        "layout": source.layout,
        "compression": source.compression,
        "encoding": source.encoding,
        "bytes": source.bytes,
        "lines": source.lines,
        "records": source.records,
        "timestamped_records": source.timestamped_records,
        "first_timestamp": format_time(source.first_timestamp),
        "last_timestamp": format_time(source.last_timestamp),
        "skipped": [{"reason": skip.reason, "count": skip.count, "sample": skip.sample} for skip in source.skipped],
    }


def _root_cause_to_dict(root: RootCause) -> dict[str, Any]:
    return {
        "signature": root.signature,
        "title": root.title,
        "category": root.category,
        "tags": list(root.tags),
        "confidence": root.confidence,
        "reasons": list(root.reasons),
    }


def _member_to_dict(member: CascadeMember) -> dict[str, Any]:
    return {
        "signature": member.signature,
        "title": member.title,
        "role": member.role,
        "caused_by": member.caused_by,
        "first_seen": format_time(member.first_seen),
        "last_seen": format_time(member.last_seen),
        "count": member.count,
    }


def _change_to_dict(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {"timestamp": format_time(change.timestamp), "kind": change.kind, "text": change.text}


def _fix_to_dict(fix: Fix) -> dict[str, Any]:
    return {
        "signature": fix.signature,
        "title": fix.title,
        "cause": fix.cause,
        "steps": [{"text": step.text, "command": step.command} for step in fix.steps],
        "verify": list(fix.verify),
        "prevent": list(fix.prevent),
        "references": list(fix.references),
    }


def _evidence_to_dict(evidence: Evidence) -> dict[str, Any]:
    return {
        "source": evidence.source,
        "line": evidence.line,
        "timestamp": format_time(evidence.timestamp),
        "signature": evidence.signature,
        "text": evidence.text,
    }


def _unknown_to_dict(template: UnknownTemplate) -> dict[str, Any]:
    return {
        "id": template.id,
        "template": template.template,
        "level": template.level,
        "count": template.count,
        "first_seen": format_time(template.first_seen),
        "last_seen": format_time(template.last_seen),
        "sources": list(template.sources),
        "example": template.example,
    }


# --- and back ------------------------------------------------------------------------------------


class _Reader:
    """One JSON object with its key path, so that every complaint names its place."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, Mapping):
            raise InputError(f"{path or 'report'}: expected an object, found {_kind(value)}")
        self._value = value
        self._path = path

    def path(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def raw(self, key: str) -> object:
        if key not in self._value:
            raise InputError(f"{self.path(key)}: missing")
        return self._value[key]

    def text(self, key: str) -> str:
        return _expect(self.raw(key), str, self.path(key))

    def text_or_none(self, key: str) -> str | None:
        return None if self.raw(key) is None else self.text(key)

    def integer(self, key: str) -> int:
        return _expect(self.raw(key), int, self.path(key))

    def number(self, key: str) -> float:
        value = self.raw(key)
        return float(value) if type(value) is int else _expect(value, float, self.path(key))

    def one_of(self, key: str, allowed: tuple[T, ...]) -> T:
        text = self.text(key)
        for value in allowed:
            if value == text:
                return value
        raise InputError(f"{self.path(key)}: expected one of {', '.join(map(str, allowed))}, not {text!r}")

    def time(self, key: str) -> datetime | None:
        text = self.text_or_none(key)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise InputError(f"{self.path(key)}: not a time: {text!r}") from None
        if moment.tzinfo is None:
            raise InputError(f"{self.path(key)}: a time without its zone: {text!r}")
        return moment.astimezone(UTC)

    def object(self, key: str) -> _Reader:
        return _Reader(self.raw(key), self.path(key))

    def texts(self, key: str) -> tuple[str, ...]:
        items = _expect(self.raw(key), list, self.path(key))
        return tuple(_expect(item, str, f"{self.path(key)}[{i}]") for i, item in enumerate(items))

    def objects(self, key: str, read: Callable[[_Reader], T]) -> tuple[T, ...]:
        items = _expect(self.raw(key), list, self.path(key))
        return tuple(read(_Reader(item, f"{self.path(key)}[{i}]")) for i, item in enumerate(items))

    def names(self) -> tuple[str, ...]:
        return tuple(self._value)


def _expect(value: object, kind: type[T], path: str) -> T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"{path}: expected {_NAMES[kind]}, found {_kind(value)}")
    return value


_NAMES: Mapping[type, str] = {
    str: "text", int: "a whole number", float: "a number", list: "a list", dict: "an object", bool: "true or false",
}  # fmt: skip


def _kind(value: object) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


def analysis_from_dict(data: object) -> Analysis:
    """The analysis behind a report in JSON; what the contract does not carry stays empty.

    Raises `InputError` with the path of the key at which the report departs from the contract.
    """
    report = _Reader(data, "")
    version = report.integer("schema_version")
    if version != SCHEMA_VERSION:
        raise InputError(f"schema_version: this program reads version {SCHEMA_VERSION}, not {version}")
    period = report.object("period")
    incidents = list(report.objects("incidents", _read_incident))
    totals = report.object("totals")
    generated_at = report.time("generated_at")
    if generated_at is None:
        raise InputError("generated_at: expected a time, found null")
    return Analysis(
        incidents=incidents,
        events=EVENTS_SCHEMA.empty_table(),
        unknown=list(report.objects("unknown", _read_unknown)),
        sources=list(report.objects("sources", _read_source)),
        volume=VOLUME_SCHEMA.empty_table(),
        changes=list(dict.fromkeys(incident.change for incident in incidents if incident.change)),
        totals=Totals(**{name: totals.integer(name) for name in _TOTALS}),
        start=period.time("start"),
        end=period.time("end"),
        generated_at=generated_at,
        analyzer_version=report.text("analyzer_version"),
    )


def _read_incident(item: _Reader) -> Incident:
    entities = item.object("entities")
    return Incident(
        id=item.text("id"),
        title=item.text("title"),
        status=item.one_of("status", _STATUSES),
        severity=item.one_of("severity", SEVERITIES),
        start=item.time("start"),
        end=item.time("end"),
        event_count=item.integer("event_count"),
        root_cause=_read_root_cause(item.object("root_cause")),
        cascade=item.objects("cascade", _read_member),
        services=item.texts("services"),
        entities={name: entities.texts(name) for name in entities.names()},
        change=None if item.raw("change") is None else _read_change(item.object("change")),
        fixes=item.objects("fixes", _read_fix),
        evidence=item.objects("evidence", _read_evidence),
    )


def _read_root_cause(item: _Reader) -> RootCause:
    return RootCause(
        signature=item.text("signature"),
        title=item.text("title"),
        category=item.text("category"),
        tags=item.texts("tags"),
        confidence=item.number("confidence"),
        reasons=item.texts("reasons"),
    )


def _read_member(item: _Reader) -> CascadeMember:
    return CascadeMember(
        signature=item.text("signature"),
        title=item.text("title"),
        role=item.one_of("role", _ROLES),
        caused_by=item.text_or_none("caused_by"),
        first_seen=item.time("first_seen"),
        last_seen=item.time("last_seen"),
        count=item.integer("count"),
    )


def _read_change(item: _Reader) -> Change:
    return Change(timestamp=item.time("timestamp"), kind=item.text("kind"), text=item.text("text"))


def _read_fix(item: _Reader) -> Fix:
    return Fix(
        signature=item.text("signature"),
        title=item.text("title"),
        cause=item.text("cause"),
        steps=item.objects("steps", _read_step),
        verify=item.texts("verify"),
        prevent=item.texts("prevent"),
        references=item.texts("references"),
    )


def _read_step(item: _Reader) -> FilledStep:
    return FilledStep(text=item.text("text"), command=item.text_or_none("command"))


def _read_evidence(item: _Reader) -> Evidence:
    return Evidence(
        source=item.text("source"),
        line=item.integer("line"),
        timestamp=item.time("timestamp"),
        signature=item.text("signature"),
        text=item.text("text"),
    )


def _read_source(item: _Reader) -> Source:
    return Source(
        path=item.text("path"),
        layout=item.text_or_none("layout"),
        compression=item.text_or_none("compression"),
        encoding=item.text_or_none("encoding"),
        bytes=item.integer("bytes"),
        lines=item.integer("lines"),
        records=item.integer("records"),
        timestamped_records=item.integer("timestamped_records"),
        first_timestamp=item.time("first_timestamp"),
        last_timestamp=item.time("last_timestamp"),
        skipped=item.objects("skipped", _read_skipped),
    )


def _read_skipped(item: _Reader) -> Skipped:
    return Skipped(reason=item.text("reason"), count=item.integer("count"), sample=item.text_or_none("sample"))


def _read_unknown(item: _Reader) -> UnknownTemplate:
    return UnknownTemplate(
        id=item.text("id"),
        template=item.text("template"),
        level=item.text_or_none("level"),
        count=item.integer("count"),
        first_seen=item.time("first_seen"),
        last_seen=item.time("last_seen"),
        sources=item.texts("sources"),
        example=item.text("example"),
    )
