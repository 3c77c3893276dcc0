"""Events over time -> episodes: stretches in which one signature hits one thing in one service."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analyzer.catalogue.vocabulary import is_entity
from analyzer.reason.columns import NO_TIME, Events, Ints
from analyzer.reason.fingerprint import stable

MINUTE = 60_000_000
SHORTEST_GAP = 12 * MINUTE
LONGEST_GAP = 120 * MINUTE
_RHYTHM = 8
"""How many times its usual interval a signature must be silent for its episode to end."""

Entity = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of events of one signature about one entity in one service. `rows` are in time
    order; `start` and `end` are microseconds, `NO_TIME` where no event has a time."""

    signature: str
    service: str
    entity: Entity
    rows: Ints = field(repr=False)
    start: int
    end: int

    @property
    def thing(self) -> tuple[str, str, Entity]:
        """What fails, where, and about what."""
        return self.signature, self.service, self.entity

    @property
    def count(self) -> int:
        """How many events it has."""
        return len(self.rows)


def episodes(events: Events, only: npt.NDArray[np.bool_], by_entity: bool = True) -> list[Episode]:
    """The episodes of the chosen events, by onset; without `by_entity`, by signature and service."""
    entities, entity_of = _entities(events) if by_entity else ([()], np.zeros(len(events), dtype=np.int64))
    rows = np.flatnonzero(only)
    order = np.lexsort((events.times[rows], events.service[rows], entity_of[rows], events.signature[rows]))
    rows = rows[order]
    found: list[Episode] = []
    groups = np.stack((events.signature[rows], entity_of[rows], events.service[rows]))
    borders = np.flatnonzero((groups[:, 1:] != groups[:, :-1]).any(axis=0)) + 1
    for group in np.split(rows, borders) if len(rows) else ():
        for stretch in _stretches(group, events.times[group]):
            times = events.times[stretch]
            found.append(
                Episode(
                    signature=events.signatures[events.signature[stretch[0]]],
                    service=events.services[events.service[stretch[0]]],
                    entity=entities[entity_of[stretch[0]]],
                    rows=stretch,
                    start=int(times[0]),
                    end=int(times[-1]),
                )
            )
    return sorted(found, key=lambda episode: (episode.start == NO_TIME, episode.start, episode.signature))


def _stretches(rows: Ints, times: Ints) -> list[Ints]:
    """Split where the silence is longer than the signature's own rhythm explains; events without a
    time stay together."""
    undated = rows[times == NO_TIME]
    dated, moments = rows[times != NO_TIME], times[times != NO_TIME]
    stretches = [undated] if len(undated) else []
    if len(dated):
        intervals = np.diff(moments)
        usual = float(np.median(intervals)) if len(intervals) else 0.0
        gap = min(max(_RHYTHM * usual, SHORTEST_GAP), LONGEST_GAP)
        stretches += np.split(dated, np.flatnonzero(intervals > gap) + 1)
    return stretches


def _entities(events: Events) -> tuple[list[Entity], npt.NDArray[np.int64]]:
    """The distinct entities, and which one each event is about (0: none)."""
    combined = np.zeros(len(events), dtype=np.int64)
    entities: list[Entity] = [()]
    places: dict[tuple[int, str, str], int] = {}
    for name in sorted(filter(is_entity, events.keys)):
        rows, codes = events.keys[name]
        # One number per pair of what is known so far and this value, so that numbers are sorted, not pairs.
        pairs, inverse = np.unique(combined[rows] * len(events.values) + codes, return_inverse=True)
        place_of = []
        for before, code in (divmod(pair, len(events.values)) for pair in pairs.tolist()):
            key = (before, name, stable(events.values[code]))
            if key not in places:
                places[key] = len(entities)
                entities.append((*entities[before], key[1:]))
            place_of.append(places[key])
        combined[rows] = np.array(place_of, dtype=np.int64)[inverse] if place_of else combined[rows]
    return entities, combined
