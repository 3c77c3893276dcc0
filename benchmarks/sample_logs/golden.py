"""The golden file of a scenario: what a senior engineer would write after reading its logs.

Nothing is typed in that can be counted. The records carry the truth (their signature ids); the text
patterns below are a second opinion, and the generator stops when the two disagree.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.sample_logs.common import Night, Record

# A record shows a signature when this is found in its text (a record may span lines; JSON may escape quotes).
TEXTS: Mapping[str, str] = {
    "node.undefined_property": r"Cannot read properties of undefined",
    "node.module_resolved_undefined": r"Cannot read properties of undefined[\s\S]*Path attempted: \.\./",
    "app.save_failed": r"Failed to save (emotion|session|message)",
    "app.memory_fallback": r"in memory only",
    "app.empty_result": r'\b0 emotions persisted|"emotionCount":0\b|\bmeetings=0\b',
    "postgresql.foreign_key_violation": r"violates foreign key constraint",
    "app.record_not_found": r"Session not found: ",
    "redis.connection_refused": r"ECONNREFUSED 127\.0\.0\.1:6379",
    "postgresql.not_null_violation": r"violates not-null constraint",
    "sqlalchemy.integrity_error": r"sqlalchemy\.exc\.IntegrityError",
    "supabase.column_not_in_schema_cache": r"Could not find the '\w+' column of '\w+' in the schema cache",
    "app.session_state_missing": r"not found in state",
    "app.database_not_initialized": r"Database not initialized",
    "node.commonjs_in_esm": r"\bmodule is not defined\b",
    "node.esm_in_commonjs": r"Unexpected token 'export'",
    "sequelize.migration_failed": r"Command failed: npx sequelize-cli",
    "postgresql.undefined_column": r'column \\?"\w+\\?" of relation \\?"\w+\\?" does not exist',
    "postgresql.fk_cannot_be_implemented": r"foreign key constraint .* cannot be implemented",
    "postgresql.undefined_table": r'(?<!of )relation \\?"\w+\\?" does not exist',
    "app.login_failed": r"Login (error|failed): ",
    "http.write_accepted": r"POST /api/sessions/create(?: HTTP/1\.1\")? 201\b",
    "http.not_found": r'GET /\S+(?: HTTP/1\.1")? 404\b',
    "http.server_error": r'(?:HTTP/1\.1"|/[\w/-]+) (?:\x1b\[31m)?500\b',
}
# Healthy traffic shows these too; the golden file counts the incident's own records and notes the rest.
ORDINARY = frozenset({"http.write_accepted", "http.not_found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What the analyzer must find. ``correlated`` holds counts of things that no single record shows."""

    severity: str
    root: str
    root_text: str
    cascade: tuple[str, ...]
    entities: Mapping[str, tuple[str, ...]]
    change: str | None
    fix_mentions: tuple[str, ...]
    also: tuple[str, ...] = ()
    correlated: Mapping[str, int] = field(default_factory=dict)


def golden_file(night: Night, summary: str, incidents: list[Incident]) -> str:
    """The text of ``expected.yaml``; raises when records, texts and claims do not agree."""
    check_clean(night, {signature for incident in incidents for signature in counted(incident)})
    lines = [
        "# Written by benchmarks/sample_logs; do not edit. Counts are records, not lines.",
        "summary: >-",
    ]
    lines += [f"  {line}" for line in summary.strip().splitlines()]
    if not incidents:
        return "\n".join([*lines, "period: null", "incidents: []", ""])
    start, end = span(night, incidents[0])
    lines += [f"period: {{start: {stamp(start)}, end: {stamp(end)}}}", "incidents:"]
    for incident in incidents:
        lines += incident_lines(night, incident)
    return "\n".join([*lines, ""])


def counted(incident: Incident) -> list[str]:
    """Signatures that single records show, cascade first."""
    names = (*incident.cascade, *incident.also)
    return [name for name in dict.fromkeys(names) if name not in incident.correlated]


def span(night: Night, incident: Incident) -> tuple[datetime, datetime]:
    """First and last record of the incident."""
    times = [record.at for name in counted(incident) for record in night.showing(name)]
    return min(times), max(times)


def incident_lines(night: Night, incident: Incident) -> list[str]:
    """One entry of ``incidents``."""
    first = night.showing(incident.root)[0]
    assert incident.root_text in first.text, (night.scenario, incident.root_text, first.text)
    start, end = span(night, incident)
    return [
        f"  - severity: {incident.severity}",
        f"    root: {incident.root}",
        f"    root_text: {quoted(incident.root_text)}",
        f"    onset: {stamp(first.at)}  # {first.stream}",
        f"    period: {{start: {stamp(start)}, end: {stamp(end)}}}",
        "    cascade:  # root first, then each effect in causal order",
        *(f"      - {name}" for name in incident.cascade),
        "    entities:",
        *(f"      {kind}: [{', '.join(map(quoted, names))}]" for kind, names in incident.entities.items()),
        change_line(night, incident, first),
        "    counts:",
        *(count_line(night, name) for name in counted(incident)),
        *(f"      {name}: {count}  # sequences" for name, count in incident.correlated.items()),
        "    fix_mentions:",
        *(f"      - {quoted(text)}" for text in incident.fix_mentions),
    ]


def change_line(night: Night, incident: Incident, onset: Record) -> str:
    """The change just before the onset, found in the logs by its text."""
    if incident.change is None:
        return "    change: null"
    before = [r for r in night.records if r.at <= onset.at and incident.change in r.text]
    assert before, (night.scenario, incident.change)
    change = max(before, key=lambda record: record.at)
    return f"    change: {quoted(incident.change)}  # {stamp(change.at)}, {change.stream}"


def count_line(night: Night, signature: str) -> str:
    """One exact count, with the files it comes from."""
    own = night.showing(signature)
    everywhere = night.matching(TEXTS[signature])
    assert own, (night.scenario, signature)
    assert {r.sequence for r in own} <= {r.sequence for r in everywhere}, (night.scenario, signature)
    assert signature in ORDINARY or len(own) == len(everywhere), (
        night.scenario,
        signature,
        len(own),
        len(everywhere),
    )
    files = ", ".join(f"{stream} {n}" for stream, n in sorted(Counter(record.stream for record in own).items()))
    rest = f"; healthy traffic has {len(everywhere) - len(own)} more" if len(everywhere) > len(own) else ""
    return f"      {signature}: {len(own)}  # {files}{rest}"


def check_clean(night: Night, expected: set[str]) -> None:
    """No record may show a failure of which the golden file does not speak."""
    for signature, text in TEXTS.items():
        if signature not in expected | ORDINARY:
            stray = night.matching(text)
            assert not stray, (night.scenario, signature, stray[0].text)


def quoted(text: str) -> str:
    """A YAML string; JSON's double quotes are valid YAML."""
    return json.dumps(text, ensure_ascii=False)


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, cut to the millisecond that most formats print."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
