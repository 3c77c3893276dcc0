"""Rules over time: from events of some signatures to events of a correlation signature.

Types, group-by and timespan are those of the Sigma correlation specification; `absence` and
`contradiction` are ours (see `analyzer.model.Correlation`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analyzer.catalogue import Catalogue
from analyzer.catalogue.timespan import parse_timespan
from analyzer.model import Correlation, CorrelationType, Signature
from analyzer.reason.columns import NO_TIME, Events, Ints

ANY_IDENTIFIER = "id"
_REMOVALS = frozenset({"DELETE"})
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One time a correlation was fulfilled: at `row` (the event that completed it), for `key`, by
    all of `rows`."""

    signature: str
    row: int
    key: Key
    rows: tuple[int, ...]


def correlate(events: Events, catalogue: Catalogue) -> list[Finding]:
    """Every finding of every correlation of the catalogue, in the order of their rows' times."""
    identifiers = events.identifiers()
    findings: list[Finding] = []
    for signature in catalogue:
        if signature.correlation is not None:
            findings += _evaluate(signature, signature.correlation, events, catalogue, identifiers)
    return sorted(findings, key=lambda finding: (events.times[finding.row], finding.row))


def _evaluate(
    signature: Signature,
    rule: Correlation,
    events: Events,
    catalogue: Catalogue,
    identifiers: Mapping[int, list[tuple[str, str]]],
) -> list[Finding]:
    span = parse_timespan(rule.timespan)
    first = events.rows_of(_with_descendants(rule.rules, catalogue))
    first = first[events.times[first] != NO_TIME]
    if not len(first):
        return []
    second = events.rows_of(_with_descendants(rule.counterpart, catalogue))
    second = second[events.times[second] != NO_TIME]
    groups = _Groups(events, rule, identifiers, catalogue)
    return [
        Finding(signature.id, row, key, rows) for row, key, rows in _EVALUATORS[rule.type](groups, first, second, span)
    ]


def _with_descendants(names: Iterable[str], catalogue: Catalogue) -> set[str]:
    """The named signatures and all that refine them."""
    wanted = set(names)
    return wanted | {s.id for s in catalogue if wanted & set(catalogue.ancestors(s.id))}


Found = Iterable[tuple[int, Key, tuple[int, ...]]]


class _Groups:
    """Splits rows by the keys of a rule's group-by."""

    def __init__(
        self,
        events: Events,
        rule: Correlation,
        identifiers: Mapping[int, list[tuple[str, str]]],
        catalogue: Catalogue,
    ) -> None:
        self.events = events
        self.rule = rule
        self.catalogue = catalogue
        self._identifiers = identifiers
        self.end = int(events.times.max(initial=NO_TIME))

    def keys(self, row: int) -> list[Key]:
        """The keys under which a row counts: one for named keys, one per value for `id`."""
        if not self.rule.group_by:
            return [()]
        if self.rule.group_by == (ANY_IDENTIFIER,):
            return [(value,) for name, value in self._identifiers.get(row, ()) if _singular(name, value)]
        own = self.events.keys_of(row)
        values = tuple(own.get(name, "") for name in self.rule.group_by)
        return [values] if all(values) else []

    def by_key(self, rows: Ints) -> dict[Key, list[int]]:
        """Rows in time order under each of their keys."""
        groups: dict[Key, list[int]] = defaultdict(list)
        for row in rows.tolist():
            for key in self.keys(row):
                groups[key].append(row)
        return groups

    def time(self, row: int) -> int:
        """The time of a row in microseconds."""
        return int(self.events.times[row])

    def name(self, row: int) -> str:
        """The signature of a row."""
        return self.events.signature_of(row)


def _singular(name: str, value: str) -> bool:
    """Whether an identifier names one thing beyond doubt, so that two events that share its value
    speak of the same thing: users and traces have many things, short numbers name many."""
    if name in ("user_id", "span_id"):
        return False
    return len(value) >= 6 and any(map(str.isdigit, value))


def _event_count(groups: _Groups, first: Ints, _second: Ints, span: int) -> Found:
    least = groups.rule.condition.gte if groups.rule.condition else 1
    for key, rows in groups.by_key(first).items():
        yield from _windows(groups, key, rows, span, lambda window: len(window) >= least)


def _value_count(groups: _Groups, first: Ints, _second: Ints, span: int) -> Found:
    condition = groups.rule.condition
    if condition is None or condition.field is None:
        return
    for key, rows in groups.by_key(first).items():
        values = {row: groups.events.keys_of(row).get(condition.field) for row in rows}

        def enough(window: list[int], values: Mapping[int, str | None] = values) -> bool:
            return len({values[row] for row in window} - {None}) >= condition.gte

        yield from _windows(groups, key, rows, span, enough)


def _windows(groups: _Groups, key: Key, rows: list[int], span: int, enough: Callable[[list[int]], bool]) -> Found:
    """One finding for each stretch of time in which a sliding window fulfils the condition."""
    start, until = 0, NO_TIME
    for place, row in enumerate(rows):
        while groups.time(row) - groups.time(rows[start]) > span:
            start += 1
        window = rows[start : place + 1]
        if groups.time(row) > until and enough(window):
            yield row, key, tuple(window)
            until = groups.time(row) + span


def _temporal(groups: _Groups, first: Ints, _second: Ints, span: int) -> Found:
    wanted = set(groups.rule.rules)
    for key, rows in groups.by_key(first).items():
        yield from _windows(groups, key, rows, span, lambda window: wanted <= {_rule_of(groups, row) for row in window})


def _temporal_ordered(groups: _Groups, first: Ints, _second: Ints, span: int) -> Found:
    order = groups.rule.rules
    for key, rows in groups.by_key(first).items():
        partial: list[int] = []
        for row in rows:
            if partial and groups.time(row) - groups.time(partial[0]) > span:
                partial = []
            if _rule_of(groups, row) == order[len(partial)]:
                partial.append(row)
            elif _rule_of(groups, row) == order[0]:
                partial = [row]
            if len(partial) == len(order):
                yield row, key, tuple(partial)
                partial = []


def _rule_of(groups: _Groups, row: int) -> str:
    """The name in `rules` for which a row stands: its own, or that of a signature it refines."""
    name = groups.name(row)
    lineage = (name, *groups.catalogue.ancestors(name))
    return next((member for member in lineage if member in groups.rule.rules), name)


def _absence(groups: _Groups, first: Ints, second: Ints, span: int) -> Found:
    followers = groups.by_key(second)
    for key, rows in groups.by_key(first).items():
        answers = np.array([groups.time(row) for row in followers.get(key, ())], dtype=np.int64)
        for row in rows:
            moment = groups.time(row)
            # The log may simply end before the answer: that proves nothing.
            if moment + span > groups.end:
                continue
            place = int(np.searchsorted(answers, moment))
            if place == len(answers) or answers[place] - moment > span:
                yield row, key, (row,)


def _contradiction(groups: _Groups, first: Ints, second: Ints, span: int) -> Found:
    """One finding per key whose claim of success is contradicted within the timespan: at the moment
    the contradiction was complete, with all claims and all evidence of that key."""
    evidence = groups.by_key(second)
    for key, claims in groups.by_key(first).items():
        against = evidence.get(key, [])
        pairs = _conflicts(groups, claims, against, span)
        if pairs:
            rows = tuple(sorted({row for pair in pairs for row in pair}, key=groups.time))
            yield max(pairs[0], key=groups.time), key, rows


def _conflicts(groups: _Groups, claims: list[int], against: list[int], span: int) -> list[tuple[int, int]]:
    """Pairs of a claim and evidence against it, the earliest evidence first."""
    removed = [groups.time(row) for row in claims if groups.events.keys_of(row).get("method") in _REMOVALS]
    conflicts = []
    for row in against:
        moment = groups.time(row)
        if any(time <= moment for time in removed):
            break  # what was deleted may well be missing
        conflicts += [
            (claim, row)
            for claim in claims
            if abs(groups.time(claim) - moment) <= span and not _recovered(groups, claim, row)
        ]
    return conflicts


def _recovered(groups: _Groups, claim: int, failure: int) -> bool:
    """Whether the claim is the successful retry of what had failed: it comes later and speaks of
    the same kind of thing."""
    if groups.time(claim) <= groups.time(failure):
        return False
    model = groups.events.keys_of(claim).get("model", "").lower().rstrip("s")
    failed = groups.events.keys_of(failure)
    return bool(model) and model in {
        failed.get(name, "").lower().rstrip("s") for name in ("relation", "model", "resource")
    }


_EVALUATORS: Mapping[CorrelationType, Callable[[_Groups, Ints, Ints, int], Found]] = {
    "event_count": _event_count,
    "value_count": _value_count,
    "temporal": _temporal,
    "temporal_ordered": _temporal_ordered,
    "absence": _absence,
    "contradiction": _contradiction,
}
