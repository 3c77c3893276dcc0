"""How far the incidents that reasoning finds are those that happened, on nights where that is known.

    python -m benchmarks.incidents [--nights N] [--folder DIR] [--speed]

Writes nights of logs with incidents drawn from `benchmarks/nights/scenarios.yaml` (see there and
`docs/benchmarks.md`), reads and explains them, and marks the result beside two plain baselines:
fixed windows of five minutes, and sessions of one signature. What of these nights was looked at while
reasoning was written stands in `docs/benchmarks.md`. `--speed` measures a million events.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.model import UNKNOWN
from analyzer.pipeline import scan_only
from analyzer.reason.incidents import reason
from analyzer.reason.unknown import named
from benchmarks.nights.generate import Split, Truth, nights
from benchmarks.nights.million import events as million_events
from benchmarks.nights.score import Claim, Lines, Score

FIRST_SEED: dict[Split, int] = {"development": 1000, "held_out": 5000}
FIRST_CLEAN_SEED = 2000
_AT_ONCE = 20
_WINDOW = 5 * 60 * 1_000_000
_SESSION = 15 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Night:
    """The events of a night as rows, and what happened in it. `failures` are rows of failures."""

    table: pa.Table
    truths: list[Truth]
    places: list[tuple[str, int]]
    signatures: list[str]
    times: np.ndarray
    failures: list[int]


def main() -> None:
    """Print one table."""
    options = _arguments()
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        parts: tuple[tuple[Split, int], ...] = (
            ("development", options.nights), ("held_out", max(1, options.nights // 3)),
        )  # fmt: skip
        for split, count in parts:
            seeds = range(FIRST_SEED[split], FIRST_SEED[split] + count)
            _report(f"{count} nights, {split.replace('_', '-')} scenarios", Path(folder), seeds, split, catalogue)
        seeds = range(FIRST_CLEAN_SEED, FIRST_CLEAN_SEED + max(1, options.nights // 3))
        _report_clean(Path(folder), seeds, catalogue)
    if options.speed:
        _report_speed(catalogue)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=150, help="and a third as many held-out and clean ones")
    parser.add_argument("--folder", default=None, help="where to put the generated logs")
    parser.add_argument("--speed", action="store_true", help="also measure a million events")
    return parser.parse_args()


def _report(title: str, folder: Path, seeds: Sequence[int], split: Split, catalogue: Catalogue) -> None:
    finders: dict[str, Callable[[Night, Catalogue], list[Claim]]] = {
        "reasoning": reasoned, "five-minute windows": windows, "sessions of a signature": sessions,
    }  # fmt: skip
    scores = {name: Score() for name in finders}
    for night in _nights(folder, seeds, split, catalogue):
        failures = frozenset(night.places[row] for row in night.failures)
        for name, find in finders.items():
            scores[name].add(night.truths, find(night, catalogue), failures, _roots(night))
    print(f"\n{title}: {scores['reasoning'].happened} incidents")
    for name, score in scores.items():
        print(
            f"  {name:<26}found {score.claimed:>5}   F1 {score.f1:.3f}   root {score.root_accuracy:.3f}"
            f"   onset {score.onset_error:.2f} s"
        )
    _report_confidence(scores["reasoning"].sure)


def _report_confidence(sure: Sequence[tuple[float, bool]]) -> None:
    """How often the root was right, by how sure reasoning was."""
    bands: dict[float, list[tuple[float, bool]]] = defaultdict(list)
    for said, right in sure:
        bands[min(int(said * 10), 9) / 10].append((said, right))
    for band, found in sorted(bands.items()):
        said = sum(confidence for confidence, _ in found) / len(found)
        share = sum(right for _, right in found) / len(found)
        print(f"  confidence {band:.1f} to {band + 0.1:.1f}: said {said:.2f}, right {share:.2f} of {len(found)}")


def _report_clean(folder: Path, seeds: Sequence[int], catalogue: Catalogue) -> None:
    found = [len(reasoned(night, catalogue)) for night in _nights(folder, seeds, "development", catalogue, clean=True)]
    print(f"\n{len(found)} clean nights: {sum(found)} false incidents")


def _report_speed(catalogue: Catalogue) -> None:
    table = million_events(1_000_000)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    reason(table, catalogue)
    seconds, after = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"\n1,000,000 events: {seconds:.1f} s of processor time, peak {after // 1024} MB (before it {before // 1024})"
    )


def _nights(
    folder: Path, seeds: Sequence[int], split: Split, catalogue: Catalogue, clean: bool = False
) -> Iterator[Night]:
    """Nights are scanned many at once, which saves start-up, and explained one by one."""
    for first in range(0, len(seeds), _AT_ONCE):
        with tempfile.TemporaryDirectory(dir=folder) as some:
            written = list(nights(Path(some), seeds[first : first + _AT_ONCE], split, clean))
            table = scan_only([some], catalogue=catalogue)
            sources = table["source"].cast(pa.string())
            for place, truths in written:
                yield _night(table.filter(pc.starts_with(sources, f"{place}/")), truths, catalogue)


def _night(table: pa.Table, truths: list[Truth], catalogue: Catalogue) -> Night:
    signatures = named(table, catalogue, {}).table["signature"].to_pylist()
    return Night(
        table=table,
        truths=truths,
        places=_places(table),
        signatures=signatures,
        times=table["timestamp"].cast(pa.int64()).fill_null(0).to_numpy(),
        failures=[row for row, name in enumerate(signatures) if is_failure(name, catalogue)],
    )


def _places(table: pa.Table) -> list[tuple[str, int]]:
    return list(zip(table["source"].to_pylist(), table["line"].to_pylist(), strict=True))


def is_failure(name: str, catalogue: Catalogue) -> bool:
    """Whether an event of this name tells of a failure, known or not."""
    return name.startswith(f"{UNKNOWN}.") or catalogue[name].kind == "failure"


def _roots(night: Night) -> list[frozenset[str]]:
    """The signatures of the lines with which each incident began."""
    at: dict[tuple[str, int], set[str]] = defaultdict(set)
    for place, name in zip(night.places, night.signatures, strict=True):
        at[place].add(name)
    return [frozenset(name for place in truth.root for name in at[place]) for truth in night.truths]


def reasoned(night: Night, catalogue: Catalogue) -> list[Claim]:
    """The incidents of the analyzer."""
    found = reason(night.table, catalogue)
    places = _places(found.events)
    return [
        Claim(
            lines=frozenset(places[row] for row in found.rows[incident.id].tolist()),
            root=incident.root_cause.signature,
            onset=incident.start,
            confidence=incident.root_cause.confidence,
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


if __name__ == "__main__":
    main()
