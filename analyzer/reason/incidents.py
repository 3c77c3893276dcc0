"""The whole of reasoning: an events table in, explained incidents out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.catalogue import Catalogue
from analyzer.catalogue.lint import captures_of
from analyzer.catalogue.vocabulary import is_entity
from analyzer.match.scan import Window
from analyzer.model import (
    EVENTS_SCHEMA,
    SEVERITIES,
    CascadeMember,
    Change,
    Evidence,
    Fix,
    Incident,
    RootCause,
    Severity,
)
from analyzer.reason.advice import fill_title, fix_for, variants_of
from analyzer.reason.cause import Explanation, explain, onset_and_strays
from analyzer.reason.changes import Seen, changes, described, just_before
from analyzer.reason.cluster import Problem, cluster
from analyzer.reason.columns import NO_TIME, Events, Ints, columns
from analyzer.reason.correlate import Finding, correlate
from analyzer.reason.episodes import MINUTE, Episode, episodes
from analyzer.reason.fingerprint import fingerprint, is_lasting
from analyzer.reason.moments import moment

_LEAST_EVENTS: Mapping[Severity, int] = {"critical": 1, "high": 1, "medium": 4, "low": 20, "info": 1 << 62}
"""How many events of a severity or worse, within `_BURST`, make a problem worth waking anybody. Mild
failures drip all night in any healthy system; only their bursts mean something."""

_BURST = 10 * MINUTE

_MOST_EPISODES = 1500
_MOST_EVIDENCE = 10
_MOST_VALUES = 10


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Incidents, worst and newest first; the events with those of correlations added; all changes."""

    incidents: list[Incident]
    events: pa.Table
    changes: list[Change]


def reason(table: pa.Table, catalogue: Catalogue, span: Window | None = None) -> Reasoning:
    """Explain the events of a run.

    With a `span`, only problems with events inside it are told, and only those events are counted;
    the events around it are there to explain them.
    """
    span = span or Window()
    findings = correlate(columns(table), catalogue)
    table = pa.concat_tables([table, _as_events(findings, table, catalogue)]) if findings else table
    events = columns(table)
    seen = changes(events, catalogue)
    failure = np.isin(
        events.signature, [code for code, name in enumerate(events.signatures) if _is_failure(name, catalogue)]
    )
    clusters = cluster(_episodes(events, failure), events, catalogue)
    problems = [
        part
        for whole in clusters
        for part in _parted(whole, events, catalogue)
        if _touches(part, events, span) and _matters(part, events, catalogue)
    ]
    incidents = [
        _counted_within(span, *_incident(problem, findings, seen, events, table, catalogue), events)
        for problem in problems
    ]
    return Reasoning(
        incidents=_ranked(_distinct(incidents)),
        events=table,
        changes=[described(change, table) for change in seen],
    )


def _is_failure(name: str, catalogue: Catalogue) -> bool:
    return name in catalogue and catalogue[name].kind == "failure"


def _episodes(events: Events, only: npt.NDArray[np.bool_]) -> list[Episode]:
    """Episodes by entity, or by service alone where entities are so many that they say nothing."""
    found = episodes(events, only)
    return found if len(found) <= _MOST_EPISODES else episodes(events, only, by_entity=False)


def _as_events(findings: Sequence[Finding], table: pa.Table, catalogue: Catalogue) -> pa.Table:
    """The findings of correlations as events, at the record that completed each."""
    rows = table.take([finding.row for finding in findings])
    names = [finding.signature for finding in findings]
    rows = rows.set_column(
        rows.schema.get_field_index("signature"), EVENTS_SCHEMA.field("signature"),
        pa.array(names, pa.string()).dictionary_encode(),
    )  # fmt: skip
    severities = pa.array([catalogue[name].severity for name in names], pa.string())
    return rows.set_column(rows.schema.get_field_index("severity"), EVENTS_SCHEMA.field("severity"), severities)


def _parted(problem: Problem, events: Events, catalogue: Catalogue) -> list[Problem]:
    """A problem, and apart from it what went on long before its root began."""
    _, strays = onset_and_strays(problem, events, catalogue)
    if not strays:
        return [problem]
    apart = Problem(tuple(episode for episode in problem.episodes if episode.signature in strays))
    rest = Problem(tuple(episode for episode in problem.episodes if episode.signature not in strays))
    return [*_parted(apart, events, catalogue), rest]


def _matters(problem: Problem, events: Events, catalogue: Catalogue) -> bool:
    """Whether a problem is worth an incident: severe, or thick enough for its severity."""
    rows = np.empty(0, dtype=np.int64)
    for severity in SEVERITIES:
        mine = [e.rows for e in problem.episodes if catalogue[e.signature].severity == severity]
        if mine:
            rows = np.concatenate([rows, *mine])
            if _thickest(events.times[rows]) >= _LEAST_EVENTS[severity]:
                return True
    return False


def _touches(problem: Problem, events: Events, span: Window) -> bool:
    return any(bool(span.covers(events.times[episode.rows]).any()) for episode in problem.episodes)


def _counted_within(span: Window, incident: Incident, rows: Mapping[str, Ints], events: Events) -> Incident:
    """The incident with nothing counted but what lies in the span; `rows` by signature."""
    inside = {name: mine[span.covers(events.times[mine])] for name, mine in rows.items()}
    if all(len(inside[name]) == len(mine) for name, mine in rows.items()):
        return incident
    cascade = tuple(
        replace(
            member,
            count=len(inside[member.signature]),
            activity=tuple(pair for pair in member.activity if span.since <= pair[0] <= span.until),
        )
        for member in incident.cascade
    )
    records = np.unique(_records(np.concatenate(list(inside.values())), events))
    return replace(incident, event_count=len(records), cascade=cascade)


def _thickest(times: Ints) -> int:
    """The most events within any stretch of `_BURST`; events without a time count as one burst."""
    dated = np.sort(times[times != NO_TIME])
    ahead = np.searchsorted(dated, dated + _BURST, side="right") - np.arange(len(dated))
    return int(max(ahead.max(initial=0), len(times) - len(dated)))


def _incident(
    problem: Problem,
    findings: Sequence[Finding],
    seen: Sequence[Seen],
    events: Events,
    table: pa.Table,
    catalogue: Catalogue,
) -> tuple[Incident, Mapping[str, Ints]]:
    """The incident that a problem is, and the rows of its members by signature."""
    own = _findings_within(problem, findings)
    sources = {int(code) for episode in problem.episodes for code in np.unique(events.source[episode.rows])}
    nearby = _nearby(sources, events)
    onset, _ = onset_and_strays(problem, events, catalogue)
    change = just_before(seen, onset, sources, nearby)
    shown_change = described(change, table) if change is not None else None
    explanation = explain(problem, own, nearby, events, catalogue, shown_change)
    failures = [m.signature for m in explanation.members if _is_failure(m.signature, catalogue)]
    rows = np.concatenate([explanation.rows[name] for name in failures])
    # What was lost in silence is the headline: the last contradiction says it most plainly.
    silent = [name for name in failures if catalogue[name].correlation is not None]
    headline = silent[-1] if silent else explanation.root.signature
    captures = _usual(explanation.rows[headline], headline, events, catalogue)
    entities = _entities(rows, events)
    incident = Incident(
        id=_fingerprint(explanation, events),
        title=fill_title(catalogue[headline].title, captures),
        status="new",
        severity=_severity(problem, catalogue),
        start=moment(problem.start),
        end=moment(problem.end),
        event_count=len(np.unique(_records(np.concatenate(list(explanation.rows.values())), events))),
        root_cause=_filled_root(explanation, events, catalogue),
        cascade=_filled_cascade(explanation, events, catalogue),
        services=_services(rows, events),
        entities=entities,
        change=shown_change,
        fixes=_fixes(explanation, failures, events, catalogue, entities),
        evidence=_evidence(explanation, table),
    )
    return incident, explanation.rows


def _findings_within(problem: Problem, findings: Sequence[Finding]) -> list[Finding]:
    """The findings whose events are part of a problem."""
    mine = {episode.signature for episode in problem.episodes}
    return [f for f in findings if f.signature in mine]


def _nearby(sources: set[int], events: Events) -> frozenset[int]:
    """Sources in the folders of the given ones: logs of the same system lie together."""
    folders = {os.path.dirname(events.sources[code]) for code in sources}
    return frozenset(code for code, path in enumerate(events.sources) if os.path.dirname(path) in folders)


def _severity(problem: Problem, catalogue: Catalogue) -> Severity:
    """The worst severity of which there are events enough."""
    present = {catalogue[episode.signature].severity for episode in problem.episodes}
    return min(present, key=SEVERITIES.index)


def _usual(rows: Ints, name: str, events: Events, catalogue: Catalogue) -> Mapping[str, str]:
    variants = variants_of(rows, events, sorted(_captures(name, catalogue)))
    return variants[0] if variants else {}


def _captures(name: str, catalogue: Catalogue) -> frozenset[str]:
    signature = catalogue[name]
    if signature.correlation is None:
        return captures_of(signature)
    return frozenset().union(
        *(captures_of(catalogue[n]) for n in (*signature.correlation.rules, *signature.correlation.counterpart))
    )


def _filled_root(explanation: Explanation, events: Events, catalogue: Catalogue) -> RootCause:
    root = explanation.root
    captures = _usual(explanation.rows[root.signature], root.signature, events, catalogue)
    return replace(root, title=fill_title(root.title, captures))


def _filled_cascade(explanation: Explanation, events: Events, catalogue: Catalogue) -> tuple[CascadeMember, ...]:
    return tuple(
        replace(
            member,
            title=fill_title(
                member.title, _usual(explanation.rows[member.signature], member.signature, events, catalogue)
            ),
        )
        for member in explanation.members
    )


def _entities(rows: Ints, events: Events) -> dict[str, tuple[str, ...]]:
    """What the incident is about: for each kind of thing its names, most frequent first."""
    found = {}
    for name in sorted(filter(is_entity, events.keys)):
        values = events.values_of(name, rows)
        if values:
            found[name] = tuple(value for value, _ in values.most_common(_MOST_VALUES))
    return found


def _services(rows: Ints, events: Events) -> tuple[str, ...]:
    codes, counts = np.unique(events.service[rows], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple(events.services[code] for code in codes[order] if code >= 0)


def _records(rows: Ints, events: Events) -> Ints:
    """One number per record, so that a record with two signatures counts once."""
    numbers: Ints = events.source[rows].astype(np.int64) << 40 | events.line[rows]
    return numbers


def _fixes(
    explanation: Explanation,
    failures: Sequence[str],
    events: Events,
    catalogue: Catalogue,
    entities: Mapping[str, tuple[str, ...]],
) -> tuple[Fix, ...]:
    """The root's fix first, then what cleans up after the effects."""
    known = {name: values[0] for name, values in entities.items()}
    fixes = []
    for name in failures:
        variants = variants_of(explanation.rows[name], events, sorted(_captures(name, catalogue)))
        filled = [
            {**{k: v for k, v in known.items() if k not in captures}, **captures} for captures in variants or [{}]
        ]
        if catalogue[name].fix:
            fixes.append(fix_for(catalogue[name], filled))
    return tuple(fixes)


def _evidence(explanation: Explanation, table: pa.Table) -> tuple[Evidence, ...]:
    """The first record of each member, two of the root."""
    chosen: list[tuple[str, int]] = []
    for place, member in enumerate(explanation.members):
        rows = explanation.rows[member.signature][: 2 if place == 0 else 1]
        chosen += [(member.signature, int(row)) for row in rows]
    picked = table.take([row for _, row in chosen[:_MOST_EVIDENCE]]).to_pylist()
    return tuple(
        Evidence(
            source=record["source"], line=record["line"], timestamp=record["timestamp"],
            signature=name, text=record["text"], offset=record["offset"],
        )
        for (name, _), record in zip(chosen, picked, strict=False)
    )  # fmt: skip


def _fingerprint(explanation: Explanation, events: Events) -> str:
    rows = explanation.rows[explanation.root.signature]
    values = {name: events.values_of(name, rows) for name in filter(is_lasting, events.keys)}
    return fingerprint(
        explanation.root.signature, {name: found.most_common(1)[0][0] for name, found in values.items() if found}
    )


def _distinct(incidents: Sequence[Incident]) -> list[Incident]:
    """Ids made unique within a run: the same problem in two places or at two times far apart."""
    taken: Counter[str] = Counter()
    result = []
    for incident in sorted(incidents, key=_onset):
        taken[incident.id] += 1
        number = taken[incident.id]
        result.append(incident if number == 1 else replace(incident, id=f"{incident.id}-{number}"))
    return result


def _onset(incident: Incident) -> float:
    return incident.start.timestamp() if incident.start else float("inf")


def _ranked(incidents: Sequence[Incident]) -> list[Incident]:
    """Worst first; of equal severity the newest first."""
    newest = sorted(incidents, key=_onset, reverse=True)
    return sorted(newest, key=lambda incident: SEVERITIES.index(incident.severity))
