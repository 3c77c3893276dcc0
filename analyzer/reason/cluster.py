"""Episodes -> incidents: which episodes are parts of one problem.

Two episodes are tied by several kinds of evidence (declared cause and effect, a shared thing,
shared requests, events that keep coming together), each with a weight; ties of enough weight join.
What is joined so far may descend from one another (see `descent`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyzer.catalogue import Catalogue
from analyzer.catalogue.vocabulary import is_identifier
from analyzer.reason.columns import NO_TIME, Codes, Events, Ints
from analyzer.reason.depth import leads_to
from analyzer.reason.descent import REACH, SECOND, SKEW, TELLING, Group, descent
from analyzer.reason.episodes import MINUTE, Entity, Episode
from analyzer.reason.worth import Places, matters

RETURN = 60 * MINUTE
"""How long a failure may be silent and still be the same incident when it comes back."""

_NEAR_LINES = 40
_ENOUGH_TO_TELL = 500

ENOUGH = 1.0
"""The weight of evidence that joins two episodes."""


@dataclass(frozen=True)
class Problem:
    """Episodes that belong together, by onset."""

    episodes: tuple[Episode, ...]

    @cached_property
    def rows(self) -> Ints:
        """Its events."""
        return np.concatenate([episode.rows for episode in self.episodes])

    @cached_property
    def start(self) -> int:
        """The first event, `NO_TIME` if no event has a time."""
        return min((e.start for e in self.episodes if e.start != NO_TIME), default=NO_TIME)

    @cached_property
    def end(self) -> int:
        """The last event."""
        return max(episode.end for episode in self.episodes)


def cluster(episodes: Sequence[Episode], events: Events, places: Places, catalogue: Catalogue) -> list[Problem]:
    """Join episodes into problems, by onset; `places` says how severe each event is (see `worth`)."""
    evidence = _Evidence(events, catalogue)
    parent = list(range(len(episodes)))

    def find(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for first, second in _returns(episodes, catalogue):
        parent[find(second)] = find(first)
    for first, second in _near_pairs(episodes):
        joined = find(first) == find(second)
        if not joined and evidence.weight(episodes[first], episodes[second]) >= ENOUGH:
            parent[find(second)] = find(first)
    members = _grouped(episodes, find)
    known = [tuple(episodes[place] for place in group) for group in members]
    groups = [Group(group, events, catalogue, matters(group, events, places)) for group in known]
    for one, other in descent(groups, events):
        parent[find(members[other][0])] = find(members[one][0])
    return [Problem(tuple(episodes[place] for place in group)) for group in _grouped(episodes, find)]


def _grouped(episodes: Sequence[Episode], find: Callable[[int], int]) -> list[list[int]]:
    """The places of episodes that are joined by now."""
    groups: dict[int, list[int]] = {}
    for place in range(len(episodes)):
        groups.setdefault(find(place), []).append(place)
    return list(groups.values())


def _returns(episodes: Sequence[Episode], catalogue: Catalogue) -> Iterable[tuple[int, int]]:
    """Severe episodes and the next ones of the very same failure: it stopped, and came back soon."""
    latest: dict[tuple[str, str, Entity], int] = {}
    for place, episode in enumerate(episodes):
        if episode.start == NO_TIME or catalogue[episode.signature].severity not in ("critical", "high"):
            continue
        before = latest.get(episode.thing)
        if before is not None and episode.start - episodes[before].end <= RETURN:
            yield before, place
        latest[episode.thing] = place


def _near_pairs(episodes: Sequence[Episode]) -> Iterable[tuple[int, int]]:
    """Pairs, the earlier onset first, close enough in time to have to do with each other; episodes
    without a time are near to all."""
    open_: list[int] = []
    for place, episode in enumerate(episodes):
        if episode.start != NO_TIME:
            open_ = [o for o in open_ if episodes[o].end == NO_TIME or episodes[o].end + REACH >= episode.start]
        yield from ((other, place) for other in open_)
        open_.append(place)
    undated = [place for place, episode in enumerate(episodes) if episode.start == NO_TIME]
    for place in undated:
        yield from ((o, place) for o in range(len(episodes)) if o not in open_ and o != place)


_TOGETHER = 0.8
"""The most that it counts if the events of two come together."""


class _Evidence:
    """Weighs what speaks for two episodes being parts of one problem."""

    def __init__(self, events: Events, catalogue: Catalogue) -> None:
        self.events = events
        self.catalogue = catalogue
        self._identifiers: dict[int, Codes] = {}
        self._times: dict[int, Ints] = {}
        self._names = [name for name in events.keys if is_identifier(name) and name != "user_id"]
        self._long = np.array([len(value) >= 6 for value in events.values], dtype=bool)

    def weight(self, first: Episode, second: Episode) -> float:
        """The sum of all evidence; stops as soon as it is enough, and before the last and dearest where that cannot
        make it enough."""
        total = 0.0
        for evidence in _KINDS:
            if total >= ENOUGH or (evidence is _come_together and total + _TOGETHER < ENOUGH):
                break
            total += evidence(self, first, second)
        return total

    def lineage(self, signature: str) -> set[str]:
        """A signature with the broader ones that it refines."""
        return {signature, *self.catalogue.ancestors(signature)}

    def made_of(self, whole: Episode, part: Episode) -> bool:
        """Whether one is a correlation that needs the other, in the same service."""
        rule = self.catalogue[whole.signature].correlation
        return (
            rule is not None
            and whole.service == part.service
            and bool(self.lineage(part.signature) & set(rule.counterpart))
        )

    def times(self, episode: Episode) -> Ints:
        """When the events of an episode came."""
        place = id(episode)
        if place not in self._times:
            self._times[place] = self.events.times[episode.rows]
        return self._times[place]

    def identifiers(self, episode: Episode) -> Codes:
        """The codes of the identifiers of an episode's first events."""
        place = id(episode)
        if place not in self._identifiers:
            rows = episode.rows[:2000]
            found = [self.events.codes_of(name, rows) for name in self._names]
            codes: Codes = np.unique(np.concatenate([np.empty(0, np.int32), *found]))
            self._identifiers[place] = codes[self._long[codes]]
        return self._identifiers[place]


def _same_failure(evidence: _Evidence, first: Episode, second: Episode) -> float:
    """The same signature, or two that refine one: one problem seen in several places."""
    if first.signature == second.signature:
        alike = first.service == second.service or set(first.entity) & set(second.entity)
        return ENOUGH if alike else 0.7
    shared = evidence.lineage(first.signature) & evidence.lineage(second.signature)
    return 0.6 if shared else 0.0


def _declared(evidence: _Evidence, first: Episode, second: Episode) -> float:
    """The catalogue declares one to bring about the other, and the order in time agrees; or one is the
    evidence of which the other is made."""
    if evidence.made_of(first, second) or evidence.made_of(second, first):
        return 0.8 if _near(first, second) else 0.0
    if leads_to(first.signature, second.signature, evidence.catalogue):
        return 0.8 if _near(first, second) else 0.4
    if not leads_to(second.signature, first.signature, evidence.catalogue):
        return 0.0
    return 0.8 if _follows(evidence.events.times[first.rows], second.start) else 0.0


def _near(first: Episode, second: Episode) -> bool:
    return NO_TIME in (first.start, second.start) or second.start - first.start <= REACH


def _follows(effects: Ints, cause: int) -> bool:
    """Whether an effect, known from before, came again right after this cause."""
    if cause == NO_TIME or effects[0] == NO_TIME:
        return True
    after = effects[np.searchsorted(effects, cause - SKEW) :]
    return len(after) > 0 and int(after[0]) - cause <= MINUTE


def _same_thing(_evidence: _Evidence, first: Episode, second: Episode) -> float:
    """Both are about the same table, module, queue ..."""
    shared = {name for name, value in first.entity if (name, value) in second.entity}
    if shared & TELLING:
        return 0.8
    return 0.3 if shared else 0.0


def _same_requests(evidence: _Evidence, first: Episode, second: Episode) -> float:
    """The same requests, sessions or rows turn up in both."""
    one, other = evidence.identifiers(first), evidence.identifiers(second)
    if not len(one) or not len(other):
        return 0.0
    share = len(np.intersect1d(one, other, assume_unique=True)) / min(len(one), len(other))
    return 1.0 if share >= 0.5 else 0.7 if share >= 0.15 else 0.0


def _come_together(evidence: _Evidence, first: Episode, second: Episode) -> float:
    """The events of the rarer one keep coming within two seconds of one of the other, far more often
    than chance would have it."""
    rare, common = sorted((evidence.times(first), evidence.times(second)), key=len)
    if len(rare) < 3 or rare[0] == NO_TIME or common[0] == NO_TIME:
        return 0.0
    share = float((_distance(rare, common) <= SKEW).mean())
    length = max(int(common[-1] - common[0]), SECOND)
    chance = min(1.0, len(common) * 2 * SKEW / length)
    return _TOGETHER if share >= 0.5 and share >= 3 * chance else 0.5 if share >= 0.5 and share >= 2 * chance else 0.0


def _stand_together(evidence: _Evidence, first: Episode, second: Episode) -> float:
    """Without times, nearness in the file tells: most of the rarer stand near one of the other."""
    if NO_TIME not in (first.start, second.start):
        return 0.0
    events = evidence.events
    places = [events.source[e.rows].astype(np.int64) << 40 | events.line[e.rows] for e in (first, second)]
    rare, common = sorted(map(np.sort, places), key=len)
    return 0.8 if float((_distance(rare, common) <= _NEAR_LINES).mean()) >= 0.5 else 0.0


def _distance(rare: Ints, common: Ints) -> Ints:
    """How far each of some of the rare ones is from the nearest of the common ones; both ascend."""
    some = rare[:: max(1, len(rare) // _ENOUGH_TO_TELL)]
    place = np.searchsorted(common, some)
    before = np.abs(some - common[np.maximum(place - 1, 0)])
    after = np.abs(common[np.minimum(place, len(common) - 1)] - some)
    nearest: Ints = np.minimum(before, after)
    return nearest


def _same_place(evidence: _Evidence, first: Episode, second: Episode) -> float:
    """The same service or file."""
    if first.service == second.service:
        return 0.3
    sources = evidence.events.source
    return 0.2 if set(sources[first.rows[:50]].tolist()) & set(sources[second.rows[:50]].tolist()) else 0.0


def _began_together(_evidence: _Evidence, first: Episode, second: Episode) -> float:
    """Onsets close to each other."""
    if NO_TIME in (first.start, second.start):
        return 0.0
    apart = abs(second.start - first.start)
    return 0.3 if apart <= 10 * SECOND else 0.2 if apart <= MINUTE else 0.1 if apart <= 5 * MINUTE else 0.0


_KINDS: tuple[Callable[[_Evidence, Episode, Episode], float], ...] = (
    _same_failure,
    _same_thing,
    _declared,
    _same_place,
    _began_together,
    _stand_together,
    _same_requests,
    _come_together,
)

__all__ = ["ENOUGH", "Problem", "cluster"]
