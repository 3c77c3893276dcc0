"""Rules over time: from events of some signatures to events of a correlation signature.

Types, group-by and timespan are those of the Sigma correlation specification; `absence` and
`contradiction` are ours (see `analyzer.model.Correlation`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.catalogue import Catalogue
from analyzer.catalogue.timespan import parse_timespan
from analyzer.catalogue.vocabulary import is_identifier
from analyzer.model import Correlation, CorrelationType, Signature
from analyzer.reason.columns import NO_TIME, Events, Ints

ANY_IDENTIFIER = "id"
SERVICE = "service"
_OF_MANY_THINGS = frozenset({"user_id", "span_id"})
"""Identifiers of what has or does many things, so that sharing one proves nothing."""

_MOST_SHOWN = 1000
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


def correlate(events: Events, catalogue: Catalogue, ends: Mapping[str, int] | None = None) -> list[Finding]:
    """Every finding of every correlation of the catalogue, in the order of their rows' times.

    `ends` says up to which moment each source was read; without it, its last event is taken. Events
    may lie in the table in any order: they are put in the order of time first.
    """
    known = dict(ends or {})
    last = [known.get(source, _last_event(events, code)) for code, source in enumerate(events.sources)]
    findings: list[Finding] = []
    for signature in catalogue:
        if signature.correlation is not None:
            findings += _evaluate(signature, signature.correlation, events, catalogue, last)
    return sorted(findings, key=lambda finding: (events.times[finding.row], finding.row))


def _last_event(events: Events, source: int) -> int:
    return int(events.times[events.source == source].max(initial=NO_TIME))


def _evaluate(
    signature: Signature, rule: Correlation, events: Events, catalogue: Catalogue, ends: Sequence[int]
) -> list[Finding]:
    span = parse_timespan(rule.timespan)
    first = events.rows_of(_with_descendants(rule.rules, catalogue))
    first = first[events.times[first] != NO_TIME]
    if not len(first):
        return []
    second = events.rows_of(_with_descendants(rule.counterpart, catalogue))
    second = second[events.times[second] != NO_TIME]
    groups = _Groups(events, rule, catalogue, ends)
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

    def __init__(self, events: Events, rule: Correlation, catalogue: Catalogue, ends: Sequence[int]) -> None:
        self.events = events
        self.rule = rule
        self.catalogue = catalogue
        self.ends = ends
        self._lineage: dict[int, str] = {}

    @cached_property
    def times(self) -> list[int]:
        """The time of each row in microseconds."""
        found: list[int] = self.events.times.tolist()
        return found

    @cached_property
    def removals(self) -> frozenset[int]:
        """The rows that tell of something deleted."""
        codes = [code for code, value in enumerate(self.events.values) if value in _REMOVALS]
        return frozenset(np.flatnonzero(np.isin(self.events.dense("method"), codes)).tolist() if codes else ())

    def by_key(self, rows: Ints, among: set[int] | None = None) -> dict[int, list[int]]:
        """Rows in time order under each of their keys, which are given as numbers (`name_of`)."""
        keys, rows = self._keyed(rows)
        if among is not None:
            chosen = np.isin(keys, list(among))
            keys, rows = keys[chosen], rows[chosen]
        order = np.argsort(keys, kind="stable")
        keys, ordered = keys[order], rows[order].tolist()
        begins = np.flatnonzero(np.diff(keys, prepend=-1)) if len(keys) else keys
        ends = [*begins[1:].tolist(), len(ordered)]
        named = zip(keys[begins].tolist(), begins.tolist(), ends, strict=False)
        return {key: ordered[begin:end] for key, begin, end in named}

    def keys_of(self, rows: Ints) -> set[int]:
        """The keys that occur among some rows."""
        return set(np.unique(self._keyed(rows)[0]).tolist())

    def name_of(self, key: int, row: int) -> Key:
        """A key in words; `row` is any row that has it."""
        if self.rule.group_by == (ANY_IDENTIFIER,):
            return (self.events.values[key],)
        return tuple(
            self.events.services[self.events.service[row]] if name == SERVICE else self.events.value(name, row) or ""
            for name in self.rule.group_by
        )

    def _keyed(self, rows: Ints) -> tuple[Ints, Ints]:
        """Each row with its key: once for named keys, once per identifier for `id`, rows in time order."""
        if self.rule.group_by == (ANY_IDENTIFIER,):
            return self._identified(rows)
        keys = np.zeros(len(rows), dtype=np.int64)
        for name in self.rule.group_by:
            codes = (self.events.service if name == SERVICE else self.events.dense(name))[rows]
            rows, keys, codes = rows[codes >= 0], keys[codes >= 0], codes[codes >= 0]
            keys = keys * (max(len(self.events.values), len(self.events.services)) + 1) + codes
        return keys, rows

    def _identified(self, rows: Ints) -> tuple[Ints, Ints]:
        singular = _singular(self.events.values)
        keys, found = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for name in self.events.keys:
            if is_identifier(name) and name not in _OF_MANY_THINGS:
                codes = self.events.dense(name)[rows]
                chosen = (codes >= 0) & singular[codes]
                keys.append(codes[chosen].astype(np.int64))
                found.append(rows[chosen])
        all_keys, all_rows = np.concatenate(keys), np.concatenate(found)
        order = np.argsort(self.events.times[all_rows], kind="stable")
        return all_keys[order], all_rows[order]

    def rule_of(self, row: int) -> str:
        """The name in `rules` for which a row stands: its own, or that of a signature it refines."""
        code = int(self.events.signature[row])
        if code not in self._lineage:
            name = self.events.signatures[code]
            lineage = (name, *self.catalogue.ancestors(name))
            self._lineage[code] = next((member for member in lineage if member in self.rule.rules), name)
        return self._lineage[code]


def _singular(values: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Whether an identifier names one thing beyond doubt, so that two events that share its value
    speak of the same thing: short ones and mere words name many."""
    if not values:
        return np.ones(1, dtype=bool)
    texts = pa.array(values, pa.string())
    long = pc.greater_equal(pc.utf8_length(texts), 6)
    found: npt.NDArray[np.bool_] = pc.and_(long, pc.match_substring_regex(texts, r"\d")).to_numpy(zero_copy_only=False)
    return found


def _event_count(groups: _Groups, first: Ints, _second: Ints, span: int) -> Found:
    least = groups.rule.condition.gte if groups.rule.condition else 1
    for key, rows in groups.by_key(first).items():
        yield from _windows(groups, key, rows, span, rows, lambda window: window.total() >= least)


def _value_count(groups: _Groups, first: Ints, _second: Ints, span: int) -> Found:
    condition = groups.rule.condition
    if condition is None or condition.field is None:
        return
    codes = groups.events.dense(condition.field)
    for key, rows in groups.by_key(first[codes[first] >= 0]).items():
        yield from _windows(groups, key, rows, span, codes[rows].tolist(), lambda window: len(window) >= condition.gte)


def _windows(
    groups: _Groups,
    key: int,
    rows: list[int],
    span: int,
    labels: Sequence[Hashable],
    enough: Callable[[Counter[Hashable]], bool],
) -> Found:
    """One finding for each stretch of time in which the labels of a sliding window fulfil the condition."""
    start, until = 0, NO_TIME
    window: Counter[Hashable] = Counter()
    for place, row in enumerate(rows):
        window[labels[place]] += 1
        while groups.times[row] - groups.times[rows[start]] > span:
            window[labels[start]] -= 1
            if not window[labels[start]]:
                del window[labels[start]]
            start += 1
        if groups.times[row] > until and enough(window):
            yield row, groups.name_of(key, row), tuple(rows[max(start, place + 1 - _MOST_SHOWN) : place + 1])
            until = groups.times[row] + span


def _temporal(groups: _Groups, first: Ints, _second: Ints, span: int) -> Found:
    wanted = set(groups.rule.rules)
    for key, rows in groups.by_key(first).items():
        names = [groups.rule_of(row) for row in rows]
        if wanted <= set(names):
            yield from _windows(groups, key, rows, span, names, lambda window: wanted <= window.keys())


def _temporal_ordered(groups: _Groups, first: Ints, _second: Ints, span: int) -> Found:
    order = groups.rule.rules
    for key, rows in groups.by_key(first).items():
        partial: list[int] = []
        for row in rows:
            if partial and groups.times[row] - groups.times[partial[0]] > span:
                partial = []
            if groups.rule_of(row) == order[len(partial)]:
                partial.append(row)
            elif groups.rule_of(row) == order[0]:
                partial = [row]
            if len(partial) == len(order):
                yield row, groups.name_of(key, row), tuple(partial)
                partial = []


def _absence(groups: _Groups, first: Ints, second: Ints, span: int) -> Found:
    followers = groups.by_key(second)
    times = groups.events.times
    heard = np.unique(groups.events.source[second]).tolist()
    for key, rows in groups.by_key(first).items():
        answers = times[followers.get(key, [])]
        for row in rows:
            moment = groups.times[row]
            # Where the answers are written the log may simply end before this one: that proves nothing.
            if moment + span > max(groups.ends[source] for source in heard or [groups.events.source[row]]):
                continue
            place = int(np.searchsorted(answers, moment))
            if place == len(answers) or answers[place] - moment > span:
                yield row, groups.name_of(key, row), (row,)


def _contradiction(groups: _Groups, first: Ints, second: Ints, span: int) -> Found:
    """One finding per key whose claim of success is contradicted within the timespan: at the moment
    the contradiction was complete, with all claims and all evidence of that key."""
    both = groups.keys_of(first) & groups.keys_of(second)
    evidence = groups.by_key(second, both)
    for key, claims in groups.by_key(first, both).items():
        if groups.rule.condition is not None:
            yield from _outnumbered(groups, key, claims, evidence[key], span)
            continue
        pairs = _conflicts(groups, claims, evidence[key], span)
        if pairs:
            rows = tuple(sorted({row for pair in pairs for row in pair}, key=groups.times.__getitem__))
            yield max(pairs[0], key=groups.times.__getitem__), groups.name_of(key, rows[0]), rows


def _outnumbered(groups: _Groups, key: int, claims: list[int], against: list[int], span: int) -> Found:
    """One finding for each stretch in which there is evidence enough, and a claim amid it."""
    said = groups.events.times[claims]

    def claimed(begin: int, end: int) -> list[int]:
        return claims[int(np.searchsorted(said, begin)) : int(np.searchsorted(said, end, side="right"))]

    least = groups.rule.condition.gte if groups.rule.condition else 1
    enough = _windows(groups, key, against, span, against, lambda window: window.total() >= least)
    for row, name, rows in enough:
        if amid := claimed(groups.times[rows[0]], groups.times[row]):
            yield row, name, tuple(sorted({*rows, *amid}, key=groups.times.__getitem__))


def _conflicts(groups: _Groups, claims: list[int], against: list[int], span: int) -> list[tuple[int, int]]:
    """Pairs of a claim and evidence against it, the earliest evidence first; where the claim has to come
    first, a later one takes back the evidence before it."""
    times = [groups.times[claim] for claim in claims[:_MOST_SHOWN]]
    removal = min((t for t, c in zip(times, claims, strict=False) if c in groups.removals), default=None)
    conflicts: list[tuple[int, int]] = []
    for row in against:
        moment = groups.times[row]
        if groups.rule.claim_first and times[-1] > moment:
            continue
        if (removal is not None and removal <= moment) or len(conflicts) > _MOST_SHOWN:
            break  # what was deleted may well be missing
        conflicts += [
            (claim, row)
            for claim, time in zip(claims, times, strict=False)
            if abs(time - moment) <= span and not (time > moment and _recovered(groups, claim, row))
        ]
    return conflicts


def _recovered(groups: _Groups, claim: int, failure: int) -> bool:
    """Whether the claim, made later, is the successful retry of what had failed: it speaks of the same
    kind of thing."""
    model = _bare(groups.events.value("model", claim))
    failed = (groups.events.value(name, failure) for name in ("relation", "model", "resource"))
    return bool(model) and model in map(_bare, failed)


def _bare(name: str | None) -> str:
    return (name or "").lower().rstrip("s")


_EVALUATORS: Mapping[CorrelationType, Callable[[_Groups, Ints, Ints, int], Found]] = {
    "event_count": _event_count,
    "value_count": _value_count,
    "temporal": _temporal,
    "temporal_ordered": _temporal_ordered,
    "absence": _absence,
    "contradiction": _contradiction,
}
