"""An incident as the report shows it: a problem with its explanation, names, advice and proof."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from analyzer.catalogue import Catalogue
from analyzer.catalogue.lint import captures_of
from analyzer.catalogue.vocabulary import is_entity
from analyzer.model import SEVERITIES, CascadeMember, Evidence, Fix, Incident, RootCause, Severity
from analyzer.reason.advice import fill_title, fix_for, variants_of, without_repetition
from analyzer.reason.cause import Explanation, explain, onset_and_strays
from analyzer.reason.changes import Seen, described, just_before
from analyzer.reason.cluster import Problem
from analyzer.reason.columns import Events, Ints
from analyzer.reason.correlate import Finding
from analyzer.reason.fingerprint import fingerprint, is_lasting
from analyzer.reason.impact import Volume, impact
from analyzer.reason.moments import moment
from analyzer.reason.worth import Places

_MOST_EVIDENCE = 10
_MOST_VALUES = 10


@dataclass(frozen=True, slots=True)
class Night:
    """All that is known of the logs in which the problems were found. `findings` are the correlations
    by the row of the event that each became, `places` say how severe each event is, `spans` from when to when
    each source goes."""

    table: pa.Table
    events: Events
    changes: Sequence[Seen]
    findings: Mapping[int, Finding]
    volume: Volume
    catalogue: Catalogue
    places: Places
    spans: Mapping[str, tuple[int, int]]


def portrait(problem: Problem, night: Night) -> tuple[Incident, Explanation]:
    """The incident that a problem is, and its explanation, of which it is made."""
    events, catalogue = night.events, night.catalogue
    own = [night.findings[row] for row in problem.rows.tolist() if row in night.findings]
    sources = {int(code) for episode in problem.episodes for code in np.unique(events.source[episode.rows])}
    nearby = _nearby(sources, events)
    onset, _ = onset_and_strays(problem, events, catalogue)
    change = just_before(night.changes, onset, sources, nearby)
    shown_change = described(change, night.table) if change is not None else None
    explanation = explain(problem, own, nearby, events, catalogue, shown_change)
    failures = [m.signature for m in explanation.members if catalogue[m.signature].kind == "failure"]
    rows = np.concatenate([explanation.rows[name] for name in failures])
    all_rows = np.concatenate(list(explanation.rows.values()))
    # What was lost in silence is the headline: the last contradiction says it most plainly.
    silent = [n for n in failures if catalogue[n].correlation is not None and catalogue[n].severity == "critical"]
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
        event_count=how_many(all_rows, events),
        root_cause=_filled_root(explanation, events, catalogue),
        cascade=_filled_cascade(explanation, events, catalogue),
        services=_services(rows, events),
        entities=entities,
        change=shown_change,
        fixes=_fixes(explanation, failures, events, catalogue, entities),
        evidence=_evidence(explanation, night.table),
        impact=impact(all_rows, sources, change.micros if change is not None else None, events, night.volume),
    )
    return incident, explanation


def _nearby(sources: set[int], events: Events) -> frozenset[int]:
    """Sources in the folders of the given ones: logs of the same system lie together."""
    folders = {os.path.dirname(events.sources[code]) for code in sources}
    return frozenset(code for code, path in enumerate(events.sources) if os.path.dirname(path) in folders)


def _severity(problem: Problem, catalogue: Catalogue) -> Severity:
    """The worst severity among its failures."""
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


def how_many(rows: Ints, events: Events) -> int:
    """How many records some events come from: one with two signatures counts once."""
    _, places = np.unique(events.source[rows].astype(np.int64) << 40 | events.line[rows], return_index=True)
    return int(events.weights(rows[places]).sum())


def _fixes(
    explanation: Explanation,
    failures: Sequence[str],
    events: Events,
    catalogue: Catalogue,
    entities: Mapping[str, tuple[str, ...]],
) -> tuple[Fix, ...]:
    """The root's fix first, then what cleans up after the effects; nothing is said twice."""
    known = {name: values[0] for name, values in entities.items()}
    fixes = []
    for name in failures:
        variants = variants_of(explanation.rows[name], events, sorted(_captures(name, catalogue)))
        filled = [
            {**{k: v for k, v in known.items() if k not in captures}, **captures} for captures in variants or [{}]
        ]
        if catalogue[name].fix:
            fixes.append(fix_for(catalogue[name], filled))
    return without_repetition(fixes)


def _evidence(explanation: Explanation, table: pa.Table) -> tuple[Evidence, ...]:
    """The first record of each member, two of the root."""
    chosen: list[tuple[str, int]] = []
    for place, member in enumerate(explanation.members):
        rows = explanation.rows[member.signature][: 2 if place == 0 else 1]
        chosen += [(member.signature, int(row)) for row in rows]
    # Not `take`, which brings all the text of a table in several pieces together first.
    picked = pa.concat_tables([table.slice(row, 1) for _, row in chosen[:_MOST_EVIDENCE]]).to_pylist()
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
