"""The whole of reasoning: an events table in, explained incidents out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.catalogue import Catalogue
from analyzer.match.scan import Window
from analyzer.model import EVENTS_SCHEMA, SEVERITIES, CascadeMember, Change, Incident
from analyzer.reason.background import background
from analyzer.reason.cause import onset_and_strays
from analyzer.reason.changes import changes, described
from analyzer.reason.cluster import Problem, cluster
from analyzer.reason.columns import Events, Ints, columns
from analyzer.reason.confidence import Grounds
from analyzer.reason.correlate import Finding, correlate
from analyzer.reason.episodes import Episode, episodes
from analyzer.reason.impact import Volume
from analyzer.reason.portrait import Night, how_many, portrait
from analyzer.reason.rhythm import rhythm_of
from analyzer.reason.rules import evaluate_rules
from analyzer.reason.unknown import named, without_unused
from analyzer.reason.worth import matters, picked, severities

_MOST_EPISODES = 1500


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Incidents, worst and newest first; the events with those of correlations added; all changes;
    and for each incident, by its id, the rows of its failures in those events and the grounds for its root."""

    incidents: list[Incident]
    events: pa.Table
    changes: list[Change]
    rows: Mapping[str, Ints]
    grounds: Mapping[str, Grounds]


def reason(
    table: pa.Table,
    catalogue: Catalogue,
    span: Window | None = None,
    volume: pa.Table | None = None,
    spans: Mapping[str, tuple[int, int]] | None = None,
    families: Mapping[str, str] | None = None,
    excerpt: int | None = None,
) -> Reasoning:
    """Explain the events of a run.

    With a `span`, only problems with events inside it are told, and only those events are counted;
    the events around it are there to explain them. `volume` (records per minute) tells how much more
    fails than before; `spans` the first and last time that each source has: what it says nothing of,
    is not missed. `families` names the template of a masked text, where other nights tell more of them.
    Where somebody has picked each of the records, `excerpt` is how many those are: then failures are told, too,
    that are worth nobody's sleep when they come alone.
    """
    span, spans = span or Window(), spans or {}
    unknown = named(evaluate_rules(table, catalogue), catalogue, spans, families)
    table, catalogue = unknown.table, unknown.catalogue
    events = columns(table)
    findings = correlate(events, catalogue, {source: end for source, (_, end) in spans.items()})
    first = table.num_rows
    if findings:
        rows = np.array([finding.row for finding in findings])
        events = events.with_copies(rows, [finding.signature for finding in findings])
        table = pa.concat_tables([table, _as_events(findings, table, catalogue)])
    night = Night(
        table,
        events,
        changes(events, catalogue),
        dict(enumerate(findings, first)),
        Volume.of(volume, events),
        catalogue,
        severities(events, table, catalogue, unknown.places),
        spans,
    )
    problems = [problem for problem in _problems(night, excerpt) if _touches(problem, events, span)]
    portraits = [portrait(problem, night) for problem in problems]
    incidents = _distinct([_counted_within(span, told, why.rows, events) for told, why in portraits])
    own = {incident.id: problem.rows for incident, problem in zip(incidents, problems, strict=True)}
    shown, numbered = without_unused(table, unknown, own)
    return Reasoning(
        incidents=_ranked(incidents),
        events=shown,
        changes=[described(change, table) for change in night.changes],
        rows=numbered,
        grounds={incident.id: why.grounds for incident, (_, why) in zip(incidents, portraits, strict=True)},
    )


def _problems(night: Night, excerpt: int | None) -> list[Problem]:
    """What went wrong and is worth telling."""
    events, catalogue, places = night.events, night.catalogue, night.places
    failures = [code for code, name in enumerate(events.signatures) if _is_failure(name, catalogue)]
    serious = places < SEVERITIES.index("info")
    # Whoever brings rules of his own wants to hear of each that fires.
    rules = {signature.id for signature in catalogue if signature.rule is not None}
    asked_for = np.isin(events.signature, [code for code, name in enumerate(events.signatures) if name in rules])
    if excerpt is not None:
        asked_for |= picked(events, night.table, places, excerpt)
    failing = np.isin(events.signature, failures) & (serious | asked_for)
    failing &= ~background(events, failing & ~asked_for, places, night.spans)
    clusters = cluster(_episodes(events, failing), events, places, catalogue)
    parts = [part for whole in clusters for part in _parted(whole, events, catalogue)]
    return [part for part in parts if asked_for[part.rows].any() or matters(part.episodes, events, places)]


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


def _touches(problem: Problem, events: Events, span: Window) -> bool:
    return any(bool(span.covers(events.times[episode.rows]).any()) for episode in problem.episodes)


def _counted_within(span: Window, incident: Incident, rows: Mapping[str, Ints], events: Events) -> Incident:
    """The incident with nothing counted but what lies in the span; `rows` by signature."""
    inside = {name: mine[span.covers(events.times[mine])] for name, mine in rows.items()}
    if all(len(inside[name]) == len(mine) for name, mine in rows.items()):
        return incident

    def within(member: CascadeMember) -> CascadeMember:
        activity = tuple(pair for pair in member.activity if span.since <= pair[0] <= span.until)
        count = int(events.weights(inside[member.signature]).sum())
        return replace(member, count=count, activity=activity, rhythm=rhythm_of(activity))

    cascade = tuple(map(within, incident.cascade))
    return replace(incident, event_count=how_many(np.concatenate(list(inside.values())), events), cascade=cascade)


def _distinct(incidents: Sequence[Incident]) -> list[Incident]:
    """Ids made unique within a run, by onset: the same problem in two places or at two times far apart."""
    taken: Counter[str] = Counter()
    result = list(incidents)
    for place in sorted(range(len(incidents)), key=lambda place: _onset(incidents[place])):
        name = incidents[place].id
        taken[name] += 1
        if taken[name] > 1:
            result[place] = replace(incidents[place], id=f"{name}-{taken[name]}")
    return result


def _onset(incident: Incident) -> float:
    return incident.start.timestamp() if incident.start else float("inf")


def _ranked(incidents: Sequence[Incident]) -> list[Incident]:
    """Worst first; of equal severity the newest first."""
    newest = sorted(incidents, key=_onset, reverse=True)
    return sorted(newest, key=lambda incident: SEVERITIES.index(incident.severity))
