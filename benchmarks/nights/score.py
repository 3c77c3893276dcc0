"""How far the incidents found are the incidents that happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from analyzer.reason.confidence import Grounds
from benchmarks.nights.generate import Truth

Lines = frozenset[tuple[str, int]]
ALIKE = 0.5
"""The Jaccard similarity from which on a found incident is one that happened."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An incident as somebody found it: the failing records, the signature of its root, its onset,
    and how sure it is of the root."""

    lines: Lines
    root: str | None = None
    onset: datetime | None = None
    confidence: float | None = None
    grounds: Grounds | None = None


@dataclass(slots=True)
class Score:
    """Counts over many nights. `onsets` are errors in seconds; `sure` are pairs of confidence and truth, where
    the root of an incident that never happened is wrong."""

    happened: int = 0
    claimed: int = 0
    right: int = 0
    roots: int = 0
    onsets: list[float] = field(default_factory=list)
    sure: list[tuple[float, bool]] = field(default_factory=list)

    def take_in(self, other: Score) -> None:
        """Add up what was counted over other nights."""
        self.happened += other.happened
        self.claimed += other.claimed
        self.right += other.right
        self.roots += other.roots
        self.onsets += other.onsets
        self.sure += other.sure

    def add(
        self, truths: Sequence[Truth], claims: Sequence[Claim], failures: Lines, roots: Sequence[frozenset[str]]
    ) -> list[tuple[Truth, Claim]]:
        """Mark one night. Only lines recognised as `failures` count: what nobody recognises,
        nobody can group; an incident of which none is recognised is missed. `roots` are the signatures
        of the lines with which each incident began."""
        pairs = matched([truth.lines & failures for truth in truths], [claim.lines for claim in claims])
        self.happened += len(truths)
        self.claimed += len(claims)
        self.right += len(pairs)
        right = rightly_rooted(pairs, claims, roots)
        self.roots += len(right)
        self.sure += [(claim.confidence or 0.0, place in right) for place, claim in enumerate(claims)]
        for one, other in pairs:
            truth, claim = truths[one], claims[other]
            if claim.onset is not None:
                self.onsets.append(abs((claim.onset - truth.onset).total_seconds()))
        return [(truths[one], claims[other]) for one, other in pairs]

    @property
    def f1(self) -> float:
        """Of incidents."""
        return 2 * self.right / (self.happened + self.claimed) if self.happened + self.claimed else 1.0

    @property
    def root_accuracy(self) -> float:
        """Of all incidents that happened, the share found with the right root."""
        return self.roots / self.happened if self.happened else 1.0

    @property
    def onset_error(self) -> float:
        """The median in seconds."""
        return median(self.onsets) if self.onsets else float("nan")


def rightly_rooted(
    pairs: Sequence[tuple[int, int]], claims: Sequence[Claim], roots: Sequence[frozenset[str]]
) -> set[int]:
    """The places of the claims that name the root of the incident that they match."""
    return {other for one, other in pairs if claims[other].root in roots[one]}


def matched(truths: Sequence[Lines], claims: Sequence[Lines]) -> list[tuple[int, int]]:
    """Pairs of truth and claim that are alike, each used once, the most alike first."""
    alike = [
        (jaccard(truth, claim), one, other) for one, truth in enumerate(truths) for other, claim in enumerate(claims)
    ]
    pairs: list[tuple[int, int]] = []
    for likeness, one, other in sorted(alike, reverse=True):
        if likeness >= ALIKE and not any(one == o or other == c for o, c in pairs):
            pairs.append((one, other))
    return sorted(pairs)


def jaccard(one: Lines, other: Lines) -> float:
    """The share of lines in both among those in either."""
    return len(one & other) / len(one | other) if one or other else 0.0
