"""Which failure started a problem, how sure we are, and in which order the rest followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.catalogue import Catalogue
from analyzer.model import UNKNOWN, CascadeMember, Change, Role, RootCause, Signature
from analyzer.reason.cluster import Problem
from analyzer.reason.columns import NO_TIME, Events, Ints
from analyzer.reason.confidence import Grounds, confidence
from analyzer.reason.correlate import Finding
from analyzer.reason.depth import depth, leads_to, says_little
from analyzer.reason.descent import REACH, SECOND, SKEW
from analyzer.reason.episodes import MINUTE
from analyzer.reason.moments import in_words, moment
from analyzer.reason.rhythm import rhythm_of

_HEAD_START = 5 * SECOND
"""Onsets closer than this say little about what came first: layers log in any order."""


_FEW = 3
"""So few mild failures hardly set off what is severe, unless the catalogue says so: any night has some."""

_LONG_BEFORE = 5 * MINUTE
_TELLING_COUNT = 3
_TELLING_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Member:
    """All events of one signature within a problem, in time order."""

    signature: Signature
    rows: Ints
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The members of a problem in causal order, the root first, why it is the root, and on what grounds."""

    members: tuple[CascadeMember, ...]
    rows: Mapping[str, Ints]
    root: RootCause
    grounds: Grounds


def explain(
    problem: Problem,
    findings: Sequence[Finding],
    nearby: frozenset[int],
    events: Events,
    catalogue: Catalogue,
    change: Change | None,
) -> Explanation:
    """Find the root of a problem and order the rest behind it.

    `findings` are the correlations that were fulfilled within the problem: the observations behind
    them (the 201, the 404) become members of the cascade, and so do other observations that were
    made in the `nearby` sources during the problem and hardly ever else.
    """
    failures = _members(problem, events, catalogue)
    scores = {member.signature.id: _score(member, failures, catalogue) for member in failures}
    root = _best(failures, scores)
    others = [member for member in failures if member is not root]
    observed = _observed(findings, {m.signature.id for m in failures}, events, catalogue)
    cascade = [_cascade_member(root, "root", None, events)]
    for member in sorted([*others, *observed], key=lambda m: (_onset(m), m.signature.id)):
        parent = _parent(member, root, others, catalogue)
        cascade.append(_cascade_member(member, "effect", parent, events))
    telling = _telling(problem, {m.signature for m in cascade}, nearby, events, catalogue)
    cascade += [_cascade_member(member, "related", root.signature.id, events) for member in telling]
    observed += telling
    grounds = _grounds(root, failures, scores, catalogue, change)
    return Explanation(
        members=tuple(cascade),
        rows={member.signature.id: member.rows for member in (*failures, *observed)},
        root=RootCause(
            signature=root.signature.id,
            title=root.signature.title,
            category=root.signature.category,
            tags=root.signature.tags,
            confidence=confidence(grounds),
            reasons=tuple(_reasons(root, others, observed, events, catalogue, change, problem.start)),
        ),
        grounds=grounds,
    )


def onset_and_strays(problem: Problem, events: Events, catalogue: Catalogue) -> tuple[int, frozenset[str]]:
    """When the root of a problem began, and the signatures that were there long before it: nothing
    ties them to the root, so they are a matter of their own."""
    failures = _members(problem, events, catalogue)
    root = _best(failures, {member.signature.id: _score(member, failures, catalogue) for member in failures})
    strays = frozenset(
        member.signature.id
        for member in failures
        if member.start != NO_TIME
        and root.start - member.start > _LONG_BEFORE
        and not leads_to(member.signature.id, root.signature.id, catalogue)
    )
    return root.start, strays


def _best(failures: Sequence[Member], scores: Mapping[str, float]) -> Member:
    return max(failures, key=lambda member: (scores[member.signature.id], -_onset(member)))


def _members(problem: Problem, events: Events, catalogue: Catalogue) -> list[Member]:
    by_signature: dict[str, list[Ints]] = {}
    for episode in problem.episodes:
        by_signature.setdefault(episode.signature, []).append(episode.rows)
    return [_member(catalogue[name], np.concatenate(rows), events) for name, rows in by_signature.items()]


def _member(signature: Signature, rows: Ints, events: Events) -> Member:
    ordered = rows[np.lexsort((rows, events.times[rows]))]
    times = events.times[ordered]
    dated = times[times != NO_TIME]
    start, end = (int(dated[0]), int(dated[-1])) if len(dated) else (NO_TIME, NO_TIME)
    return Member(signature, ordered, start, end)


def _observed(findings: Sequence[Finding], known: set[str], events: Events, catalogue: Catalogue) -> list[Member]:
    rows = np.array(sorted({row for finding in findings for row in finding.rows}), dtype=np.int64)
    codes = events.signature[rows]
    names = [(code, events.signatures[code]) for code in np.unique(codes).tolist()]
    return [_member(catalogue[name], rows[codes == code], events) for code, name in names if name not in known]


def _telling(
    problem: Problem, known: set[str], nearby: frozenset[int], events: Events, catalogue: Catalogue
) -> list[Member]:
    """Observations made during the problem and hardly ever else, in sources beside it."""
    claims = {name for s in catalogue if s.correlation for name in s.correlation.rules}
    first, last = events.extent(nearby)
    # A problem as long as the logs proves nothing: everything happens during it.
    if problem.start == NO_TIME or problem.end - problem.start > 0.6 * (last - first):
        return []
    found = []
    for code, name in enumerate(events.signatures):
        if name in known or name in claims or name not in catalogue or catalogue[name].kind != "observation":
            continue
        rows = np.flatnonzero((events.signature == code) & np.isin(events.source, list(nearby)))
        times = events.times[rows]
        during = (times >= problem.start - SKEW) & (times <= problem.end + REACH)
        if during.sum() >= _TELLING_COUNT and during.sum() >= _TELLING_SHARE * (times != NO_TIME).sum():
            found.append(_member(catalogue[name], rows[during], events))
    return sorted(found, key=_onset)


def _onset(member: Member) -> int:
    return member.start if member.start != NO_TIME else np.iinfo(np.int64).max


def _score(member: Member, members: Sequence[Member], catalogue: Catalogue) -> float:
    """How much speaks for a member being the root."""
    signature = member.signature
    others = [other for other in members if other is not member]
    effects = sum(leads_to(signature.id, other.signature.id, catalogue) for other in others)
    early = _earliness(member, others)
    if not effects:
        early *= _closeness(member, others)
    causes = sum(leads_to(other.signature.id, signature.id, catalogue) for other in others)
    declared = (effects - causes) / len(others) if others else 0.0
    grave = any(_severe(other) and not says_little(other.signature) for other in others)
    slight = not effects and len(member.rows) <= _FEW and not _severe(member) and grave
    return 1.2 * early + 1.0 * depth(signature) + 0.8 * declared + 0.1 * bool(signature.refines) - 0.5 * slight


def _severe(member: Member) -> bool:
    return member.signature.severity in ("critical", "high")


def _earliness(member: Member, others: Sequence[Member]) -> float:
    """1 for the first of all, less the later a member came."""
    earliest = min((_onset(other) for other in others), default=_onset(member))
    lag = max(0, _onset(member) - earliest - _HEAD_START)
    return 1.0 / (1.0 + lag / (2 * MINUTE))


def _closeness(member: Member, others: Sequence[Member]) -> float:
    """Less than 1 where a member came so long before all others that, without a declared tie, it
    hardly set them off."""
    ahead = min((_onset(other) for other in others), default=_onset(member)) - _onset(member)
    return 1.0 / (1.0 + max(0, ahead - 5 * MINUTE) / (5 * MINUTE))


def _parent(member: Member, root: Member, others: Sequence[Member], catalogue: Catalogue) -> str:
    """The signature that brought a member about: by declaration, else by a tie in time, else the root."""
    name = member.signature.id
    earlier = [other for other in (root, *others) if other is not member and _onset(other) <= _onset(member) + SKEW]
    for other in earlier:
        if leads_to(other.signature.id, name, catalogue):
            return other.signature.id
    rule = member.signature.correlation
    if rule is not None:
        for other in earlier:
            if {other.signature.id, *catalogue.ancestors(other.signature.id)} & {*rule.rules, *rule.counterpart}:
                return other.signature.id
    return root.signature.id


def _cascade_member(member: Member, role: Role, parent: str | None, events: Events) -> CascadeMember:
    times, weights = events.times[member.rows], events.weights(member.rows)
    minutes, place = np.unique(times[times != NO_TIME] // MINUTE * MINUTE, return_inverse=True)
    counts = np.bincount(place, weights[times != NO_TIME], minlength=len(minutes)).astype(np.int64)
    activity = tuple(zip(minutes.tolist(), counts.tolist(), strict=True))
    return CascadeMember(
        signature=member.signature.id,
        title=member.signature.title,
        role=role,
        caused_by=parent,
        first_seen=moment(member.start),
        last_seen=moment(member.end),
        count=int(weights.sum()),
        severity=member.signature.severity,
        activity=activity,
        rhythm=rhythm_of(activity),
    )


def _grounds(
    root: Member, members: Sequence[Member], scores: Mapping[str, float], catalogue: Catalogue, change: Change | None
) -> Grounds:
    """What speaks for the root."""
    ranked = sorted(scores.values(), reverse=True)
    return Grounds(
        lead=min(1.0, ranked[0] - ranked[1]) if len(ranked) > 1 else 0.0,
        alone=len(ranked) == 1,
        first=root.start != NO_TIME and _onset(root) <= min(map(_onset, members)) + SKEW,
        declared=any(leads_to(root.signature.id, other.signature.id, catalogue) for other in members),
        change=change is not None,
        unknown=root.signature.category == UNKNOWN,
        cause=depth(root.signature),
    )


def _reasons(
    root: Member,
    others: Sequence[Member],
    observed: Sequence[Member],
    events: Events,
    catalogue: Catalogue,
    change: Change | None,
    begin: int,
) -> list[str]:
    """Why this is the root, in words for a tired reader."""
    reasons: list[str] = []
    later = sorted((m for m in (*others, *observed) if m.start != NO_TIME), key=_onset)
    if root.start != NO_TIME and later:
        lag = later[0].start - root.start
        if lag >= SECOND:
            reasons.append(f"{in_words(lag)} before the first {_called(later[0])}")
        elif all(m.start >= root.start for m in later):
            reasons.append("nothing else in the cascade came earlier")
        else:
            reasons.append(
                f"within {in_words(max(abs(lag), 1000))} of the first {_called(later[0])}, and closer to a cause"
            )
    elif not others and not observed:
        reasons.append("the only failure in this incident")
    if root.signature.category == UNKNOWN:
        reasons.append("known to no signature: it stands out by when and how often it came")
    declared = [m for m in others if leads_to(root.signature.id, m.signature.id, catalogue)]
    if declared:
        reasons.append("known to lead to " + ", ".join(_called(m) for m in declared[:3]))
    reasons += _shared_reasons(root, [*others, *observed], events)
    if change is not None and change.timestamp is not None and root.start != NO_TIME:
        onset = moment(root.start)
        if onset is not None:
            lag = round((onset - change.timestamp).total_seconds() * SECOND)
            # The incident may have begun a little before its root showed: both are told by one clock.
            lag -= root.start - begin if 0 <= root.start - begin <= lag else 0
            reasons.append(f"{in_words(lag)} after a {change.kind.replace('_', ' ')}")
    return reasons


def _shared_reasons(root: Member, others: Sequence[Member], events: Events) -> list[str]:
    reasons = []
    for name in ("relation", "constraint", "module", "migration", "column", "queue", "topic", "host"):
        theirs = {code for m in others for code in events.codes_of(name, m.rows).tolist()}
        shared = [events.values[code] for code in events.codes_of(name, root.rows).tolist() if code in theirs]
        if shared:
            reasons.append(f"same {name}: {', '.join(shared[:3])}")
            break
    for name in ("request_id", "session_id", "id", "trace_id"):
        own_ids = events.codes_of(name, root.rows)
        other_ids = events.codes_of(name, np.concatenate([root.rows[:0], *(m.rows for m in others)]))
        shared_ids = np.intersect1d(own_ids, other_ids, assume_unique=True)
        if len(shared_ids):
            reasons.append(f"same {name.replace('_', ' ')}s in {len(shared_ids)} cases")
            break
    return reasons


def _called(member: Member) -> str:
    title = member.signature.title
    return f'"{title}"' if "{" not in title else f'"{member.signature.id}"'
