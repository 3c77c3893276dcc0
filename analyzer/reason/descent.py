"""Which group of episodes set off which other: what time, kind and place together make likely.

Groups without a tie of their own (no shared request, no shared table, no declared edge) may still be
cause and effect: a database that fails, and ten seconds later every service in front of it. For each
group the most likely parent is sought among all that began before it. The odds are those of Bayes: how
much likelier is what we see if the one set off the other than if both just happened on the same night.
On a night with few failures two onsets ten seconds apart say much; among hundreds they say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import numpy as np

from analyzer.catalogue import Catalogue
from analyzer.catalogue.vocabulary import is_identifier
from analyzer.reason.columns import NO_TIME, Events, Ints
from analyzer.reason.depth import STORES, depth, leads_to, technology
from analyzer.reason.episodes import MINUTE, Episode

SECOND = 1_000_000
SKEW = 2 * SECOND
"""How far clocks of different machines may be apart."""

REACH = 15 * MINUTE
"""How long after the onset of a cause an effect may begin."""

_LEAST_ODDS = 1.5
_ALWAYS_DOUBT = 3
"""However few failures a log tells of, two of them are no more likely one problem than two."""

_OF_MILD = 0.4
"""What is not worth a word seldom sets off what is."""

_GROUND = frozenset("linux kubernetes docker systemd dns aws gcp azure nfs".split())
"""What everything else stands on."""

_TOLD_LATE = MINUTE
"""How long the ground takes to report what those who stood on it felt at once."""

_RUNNING = ("pod", "container", "deployment")
"""Entities that run a service, and bear its name."""

_SYMPTOM = 0.5
"""The greatest depth of what usually is a symptom."""

_ENOUGH_TO_TELL = 4
_ECHO = 10 * SECOND

_UNLIKELY = 0.15
_BEYOND_REACH = 0.5

_LONGEST_SPAN = 24 * 60 * MINUTE
_DELAYS = float(np.log(REACH / SKEW))
"""Delays of effects are spread evenly over orders of magnitude, from the skew of clocks to the reach."""

TELLING = frozenset(
    "relation constraint column index migration module file model topic queue exchange job bucket key "
    "certificate domain package class task volume slot consumer_group unit setting role".split()
)
"""Entities so particular that two failures about different ones hardly have to do with each other."""


@dataclass(frozen=True)
class Group:
    """Episodes that surely belong together."""

    episodes: tuple[Episode, ...]
    events: Events
    catalogue: Catalogue
    matters: bool = True
    """Whether it is worth a word on its own."""

    @cached_property
    def start(self) -> int:
        """The first event, `NO_TIME` if none has a time."""
        return min((e.start for e in self.episodes if e.start != NO_TIME), default=NO_TIME)

    @cached_property
    def end(self) -> int:
        """The last event."""
        return max(episode.end for episode in self.episodes)

    @cached_property
    def times(self) -> Ints:
        """When its events came, in order."""
        ordered: Ints = np.sort(np.concatenate([self.events.times[episode.rows] for episode in self.episodes]))
        return ordered

    @cached_property
    def interval(self) -> int:
        """The mean time between its events."""
        return (self.end - self.start) // sum(episode.count for episode in self.episodes)

    @cached_property
    def signatures(self) -> frozenset[str]:
        """What fails."""
        return frozenset(episode.signature for episode in self.episodes)

    @cached_property
    def leading(self) -> frozenset[str]:
        """What failed in its first seconds."""
        return frozenset(e.signature for e in self.episodes if e.start - self.start <= 10 * SECOND)

    @cached_property
    def technologies(self) -> frozenset[str]:
        """Of what kind of program its failures are."""
        return frozenset(map(technology, self.signatures))

    @cached_property
    def face(self) -> str:
        """The deepest of what failed in its first seconds."""
        return max(self.leading, key=lambda name: (self.depth(name), name))

    def depth(self, name: str) -> float:
        """See `analyzer.reason.depth`."""
        return depth(self.catalogue[name])

    @cached_property
    def services(self) -> frozenset[str]:
        """Where it fails."""
        return frozenset(episode.service for episode in self.episodes)

    @cached_property
    def workloads(self) -> frozenset[str]:
        """The services that its pods and containers run: what their names say before the first odd part."""
        named = (value for name in _RUNNING for value in self.entities.get(name, ()))
        parts = (takewhile(str.isalpha, value.split("-")) for value in named)
        return frozenset("-".join(part) for part in parts) - {""}

    @cached_property
    def entities(self) -> dict[str, frozenset[str]]:
        """What it is about."""
        found: dict[str, set[str]] = {}
        for episode in self.episodes:
            for name, value in episode.entity:
                found.setdefault(name, set()).add(value)
        return {name: frozenset(values) for name, values in found.items()}

    @cached_property
    def requests(self) -> frozenset[int]:
        """The codes of the request ids of its first events."""
        rows: Ints = np.concatenate([episode.rows[:500] for episode in self.episodes])
        codes = [
            code
            for name in self.events.keys
            if is_identifier(name) and name not in ("user_id", "id")
            for code in self.events.codes_of(name, rows).tolist()
        ]
        return frozenset(codes)


def descent(groups: Sequence[Group], events: Events) -> list[tuple[int, int]]:
    """Pairs (parent, child) of places in `groups`: each child with its most likely parent."""
    dated = sorted((place for place, g in enumerate(groups) if g.start != NO_TIME), key=lambda p: groups[p].start)
    if len(dated) < 2:
        return []
    times = events.times[events.times != NO_TIME]
    span = min(max(int(times.max() - times.min()), MINUTE), _LONGEST_SPAN)
    parent_of: dict[int, int] = {}
    for child in dated:
        candidates = [
            (_odds(groups[parent], groups[child], span) / (len(dated) + _ALWAYS_DOUBT), parent)
            for parent in dated
            if _may_descend(groups[child], groups[parent]) and child not in _line(parent, parent_of)
        ]
        odds, parent = max(candidates, default=(0.0, child))
        if odds >= _LEAST_ODDS:
            parent_of[child] = parent
    return [(parent, child) for child, parent in parent_of.items()]


def _may_descend(child: Group, parent: Group) -> bool:
    """Whether the times allow it: the child begins after the parent, soon or while it still goes on."""
    lag = child.start - parent.start
    return lag >= -SKEW and (lag <= REACH or child.start <= parent.end + SKEW)


def _line(place: int, parent_of: Mapping[int, int]) -> list[int]:
    """A group and all that it descends from."""
    line = [place]
    while line[-1] in parent_of:
        line.append(parent_of[line[-1]])
    return line


def _odds(parent: Group, child: Group, span: int) -> float:
    """How much likelier the two are if one set off the other."""
    return (
        _by_onset(parent, child, span)
        * _by_end(parent, child)
        * _by_rhythm(parent, child)
        * _by_kind(parent, child)
        * _by_entities(parent, child)
        * _by_requests(parent, child)
        * _by_place(parent, child)
        * (1.0 if parent.matters else _OF_MILD)
    )


def _by_place(parent: Group, child: Group) -> float:
    """The same service; or one tells of the container in which the other's runs."""
    if parent.workloads & child.services or child.workloads & parent.services:
        return 10.0
    return 2.0 if parent.services & child.services else 1.0


def _by_onset(parent: Group, child: Group, span: int) -> float:
    lag = max(0, child.start - parent.start)
    return span / (_DELAYS * (lag + SKEW)) if lag <= REACH else _BEYOND_REACH


def _by_end(parent: Group, child: Group) -> float:
    """Two that went on for minutes and stopped at the same time had one cause."""
    lengths = parent.end - parent.start, child.end - child.start
    if min(lengths) < MINUTE:
        return 1.0
    apart = abs(parent.end - child.end)
    # Ends scatter with the rhythm of the events: what comes once a minute ends within a minute.
    blur = 10 * SECOND + max(parent.interval, child.interval)
    return float(np.clip(max(lengths) / (_DELAYS * (apart + blur)), 0.5, 20.0))


def _by_rhythm(parent: Group, child: Group) -> float:
    """Whether the one keeps coming right after the other, oftener than chance would have it."""
    if min(len(parent.times), len(child.times)) < _ENOUGH_TO_TELL:
        return 1.0
    earliest = child.times[:: max(1, len(child.times) // 500)] - _ECHO
    found = np.searchsorted(parent.times, earliest) < np.searchsorted(parent.times, earliest + _ECHO + SKEW)
    begin, end = max(parent.start, child.start), min(parent.end, child.end)
    if end <= begin:
        return 1.0
    often = int(np.searchsorted(parent.times, end) - np.searchsorted(parent.times, begin))
    chance = 1 - float(np.exp(-often * (_ECHO + SKEW) / (end - begin)))
    return float(np.clip((found.mean() + 0.02) / (chance + 0.02), 0.5, 20.0))


def _by_kind(parent: Group, child: Group) -> float:
    """Effects are symptoms, or the same technology's next complaint; two causes side by side are two."""
    face = child.face
    odds = max(_by_pair(name, face, parent) for name in parent.signatures)
    symptoms = all(parent.depth(name) <= _SYMPTOM for name in parent.leading)
    late = technology(face) in _GROUND and child.start - parent.start <= _TOLD_LATE
    return max(odds, 1.5) if late and symptoms else odds


def _by_pair(one: str, other: str, parent: Group) -> float:
    if leads_to(one, other, parent.catalogue):
        return 30.0
    if one == other:
        return 3.0
    if leads_to(other, one, parent.catalogue) or technology(one) == technology(other):
        return 4.0
    if technology(other) in STORES and not parent.technologies & _GROUND:
        return _UNLIKELY
    return _by_depth(parent.depth(one), parent.depth(other))


def _by_depth(parent: float, child: float) -> float:
    if child <= _SYMPTOM:
        return 2.0
    if child < parent:
        return 0.7
    return 0.3 if child < 0.8 else _UNLIKELY


def _by_entities(parent: Group, child: Group) -> float:
    odds = 1.0
    for name in parent.entities.keys() & child.entities.keys():
        shared = bool(parent.entities[name] & child.entities[name])
        if name in TELLING:
            odds *= 20.0 if shared else 0.2
        elif shared:
            odds *= 3.0
    return max(odds, 0.1)


def _by_requests(parent: Group, child: Group) -> float:
    """Requests in common tie; many on both sides and none in common part."""
    shared = len(parent.requests & child.requests)
    if shared:
        return 10.0
    return 0.2 if min(len(parent.requests), len(child.requests)) >= 5 else 1.0
