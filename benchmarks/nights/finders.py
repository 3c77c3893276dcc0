"""Who says what happened in a night: the analyzer, and two plain baselines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from analyzer.catalogue import Catalogue
from analyzer.reason.incidents import reason
from benchmarks.nights.reading import Night, places_of
from benchmarks.nights.score import Claim, Lines

_WINDOW = 5 * 60 * 1_000_000
_SESSION = 15 * 60 * 1_000_000


def reasoned(night: Night, catalogue: Catalogue) -> list[Claim]:
    """The incidents of the analyzer."""
    found = reason(night.table, catalogue)
    places = places_of(found.events)
    return [
        Claim(
            lines=frozenset(places[row] for row in found.rows[incident.id].tolist()),
            root=incident.root_cause.signature,
            onset=incident.start,
            confidence=incident.root_cause.confidence,
            grounds=found.grounds[incident.id],
        )
        for incident in found.incidents
    ]


def windows(night: Night, _catalogue: Catalogue) -> list[Claim]:
    """The first baseline: all failures of five minutes are an incident, the first of them its root."""
    found: dict[int, list[int]] = defaultdict(list)
    for row in night.failures:
        found[int(night.times[row]) // _WINDOW].append(row)
    return [_claim(night, rows) for rows in found.values()]


def sessions(night: Night, _catalogue: Catalogue) -> list[Claim]:
    """The second baseline: failures of one signature less than fifteen minutes apart are an incident."""
    of_signature: dict[str, list[int]] = defaultdict(list)
    for row in sorted(night.failures, key=lambda row: int(night.times[row])):
        of_signature[night.signatures[row]].append(row)
    claims = []
    for rows in of_signature.values():
        gaps = np.flatnonzero(np.diff(night.times[rows]) > _SESSION) + 1
        claims += [_claim(night, part.tolist()) for part in np.split(np.array(rows), gaps)]
    return claims


def _claim(night: Night, rows: Sequence[int]) -> Claim:
    first = min(rows, key=lambda row: int(night.times[row]))
    lines: Lines = frozenset(night.places[row] for row in rows)
    onset = datetime.fromtimestamp(int(night.times[first]) / 1e6, UTC)
    return Claim(lines=lines, root=night.signatures[first], onset=onset)


FINDERS: Mapping[str, Callable[[Night, Catalogue], list[Claim]]] = {
    "reasoning": reasoned, "five-minute windows": windows, "sessions of a signature": sessions,
}  # fmt: skip
