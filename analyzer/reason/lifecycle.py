"""New, ongoing, regressed, resolved: what tonight's incidents mean beside what is known already.

Pure functions from values to values. Where known problems are kept is somebody else's matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analyzer.model import Incident, KnownProblem, Status
from analyzer.reason.fingerprint import is_lasting, stable

SHORTEST_SILENCE = timedelta(hours=1)
"""However quick its rhythm, a problem is not gone before it was silent for longer than this."""

LONGEST_RHYTHM = timedelta(days=8)
"""What comes back after a longer silence was gone: weekly jobs have the slowest rhythm."""

_TOLERANCE = 1.1
_REMEMBERED = 10


@dataclass(frozen=True, slots=True)
class Lives:
    """Tonight's incidents with their status, in the order given; all known problems as they are now;
    and of those the ones that tonight's silence resolved."""

    incidents: list[Incident]
    known: list[KnownProblem]
    resolved: list[KnownProblem]


def update(known: Iterable[KnownProblem], incidents: Sequence[Incident], until: datetime) -> Lives:
    """Take tonight's incidents into what is known.

    `until` is the time up to which the logs were read: their last timestamp, not the clock on the
    wall, for where a log simply ends nothing is gone. An incident is *new* if no known problem is
    like it, *regressed* if one is that had been resolved, else *ongoing*. A known problem without an
    incident is *resolved* once it is silent for longer than its rhythm explains (`patience`).

    An incident takes the id of the known problem of which it shows only a part; several incidents
    of one night may be occurrences of one problem (`problem_id`), and share its status.
    """
    problems = {problem.id: problem for problem in known}
    before = dict(problems)
    told: dict[int, Incident] = {}
    for place in sorted(range(len(incidents)), key=lambda place: incidents[place].start or until):
        incident = _recognised(incidents[place], before)
        name = problem_id(incident)
        problems[name] = _seen_again(before.get(name), problems.get(name), incident, until)
        told[place] = incident
    seen = {problem_id(incident) for incident in told.values()}
    resolved = [
        replace(problem, status="resolved", resolved_at=until)
        for name, problem in problems.items()
        if name not in seen and problem.status != "resolved" and until - problem.last_seen > patience(problem)
    ]
    problems |= {problem.id: problem for problem in resolved}
    return Lives(
        incidents=[
            replace(told[place], status=problems[problem_id(told[place])].status) for place in range(len(incidents))
        ],
        known=list(problems.values()),
        resolved=resolved,
    )


def problem_id(incident: Incident) -> str:
    """The id of the problem of which an incident is an occurrence: `7c1e9a` of `7c1e9a-2`."""
    return incident.id.partition("-")[0]


def patience(problem: KnownProblem) -> timedelta:
    """How long a silence the rhythm of a problem explains: its longest silence of late, and a little."""
    longest = timedelta(seconds=max(problem.silences, default=0.0))
    return longest * _TOLERANCE + SHORTEST_SILENCE


def resolve(problem: KnownProblem, at: datetime) -> KnownProblem:
    """A problem as its user declares it: solved. It is regressed if it is seen after that moment."""
    return replace(problem, status="resolved", resolved_at=at, silences=())


def _seen_again(
    before: KnownProblem | None, now: KnownProblem | None, incident: Incident, until: datetime
) -> KnownProblem:
    """A problem with one more occurrence: `before` as it was before tonight, `now` with tonight's
    earlier occurrences."""
    start, end = incident.start or until, incident.end or until
    if now is None:
        return KnownProblem(
            id=problem_id(incident),
            title=incident.title,
            severity=incident.severity,
            status="new",
            first_seen=start,
            last_seen=end,
            event_count=incident.event_count,
            root=incident.root_cause.signature,
            signatures=_signatures(incident),
            entities=dict(incident.entities),
        )
    status = _status(before, now, end)
    silence = start - now.last_seen
    rhythmic = timedelta() < silence <= LONGEST_RHYTHM
    return replace(
        now,
        title=incident.title,
        severity=incident.severity,
        status=status,
        first_seen=min(now.first_seen, start),
        last_seen=max(now.last_seen, end),
        occurrences=now.occurrences + 1,
        event_count=now.event_count + incident.event_count,
        silences=(*now.silences, silence.total_seconds())[-_REMEMBERED:] if rhythmic else now.silences,
        signatures=tuple(dict.fromkeys((*now.signatures, *_signatures(incident)))),
        entities=_merged(now.entities, incident.entities),
        resolved_at=now.resolved_at if status == "resolved" else None,
    )


def _status(before: KnownProblem | None, now: KnownProblem, end: datetime) -> Status:
    """The status of a problem that was seen (again) until `end`."""
    if before is None:
        return "new"
    if now.resolved_at is not None and end <= now.resolved_at:
        return "resolved"  # a record that was read late: it tells of the time before
    return "regressed" if "resolved" in (before.status, now.status) else "ongoing"


def _recognised(incident: Incident, known: Mapping[str, KnownProblem]) -> Incident:
    """An incident under the id of the one known problem of which it shows a part."""
    if problem_id(incident) in known:
        return incident
    whole = [problem for problem in known.values() if _shows_part_of(incident, problem)]
    return replace(incident, id=whole[0].id) if len(whole) == 1 else incident


def _shows_part_of(incident: Incident, problem: KnownProblem) -> bool:
    """Whether all that an incident shows belonged to a problem before, about the same things: its
    root stayed out of sight this time, or hit other things more often."""
    shown, belonged = set(_signatures(incident)), set(problem.signatures)
    if not shown <= belonged:
        return False
    named = [name for name in incident.entities if is_lasting(name)]
    alike = [
        bool(set(map(stable, incident.entities[name])) & set(map(stable, problem.entities.get(name, ()))))
        for name in named
    ]
    # Without a thing by name, a lone symptom may come from anywhere.
    return all(alike) if named else len(shown) > 1


def _signatures(incident: Incident) -> tuple[str, ...]:
    return tuple(member.signature for member in incident.cascade if member.role != "related")


def _merged(one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    names = dict.fromkeys((*one, *other))
    return {name: tuple(dict.fromkeys((*one.get(name, ()), *other.get(name, ()))))[:50] for name in names}
