"""How far the incidents that reasoning finds are those that happened, on nights where that is known.

    python -m benchmarks.incidents [--nights N] [--jobs N] [--folder DIR] [--speed]

Writes nights of logs with incidents drawn from `benchmarks/nights/scenarios.yaml` (see there and
`docs/benchmarks.md`), reads and explains them, and marks the result beside two plain baselines:
fixed windows of five minutes, and sessions of one signature. What of these nights was looked at while
reasoning was written stands in `docs/benchmarks.md`. `--speed` measures a million events.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections import defaultdict
from collections.abc import Sequence

from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.reason.incidents import reason
from benchmarks.nights.finders import FINDERS, reasoned
from benchmarks.nights.generate import Split
from benchmarks.nights.million import events as million_events
from benchmarks.nights.reading import Night, of_each
from benchmarks.nights.score import Score

FIRST_SEED: dict[Split, int] = {"development": 20_000, "held_out": 25_000}
FIRST_CLEAN_SEED = 22_000


def main() -> None:
    """Print one table."""
    options = _arguments()
    third = max(1, options.nights // 3)
    parts: tuple[tuple[Split, int], ...] = (("development", options.nights), ("held_out", third))
    for split, count in parts:
        _report(split, count, options)
    seeds = range(FIRST_CLEAN_SEED, FIRST_CLEAN_SEED + third)
    found = list(of_each(_how_many, seeds, "development", jobs=options.jobs, folder=options.folder, clean=True))
    print(f"\n{third} clean nights: {sum(found)} false incidents")
    if options.speed:
        _report_speed(load_catalogue())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=150, help="and a third as many held-out and clean ones")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    parser.add_argument("--folder", default=None, help="where to put the generated logs")
    parser.add_argument("--speed", action="store_true", help="also measure a million events")
    return parser.parse_args()


def _report(split: Split, count: int, options: argparse.Namespace) -> None:
    seeds = range(FIRST_SEED[split], FIRST_SEED[split] + count)
    scores = {name: Score() for name in FINDERS}
    for marked in of_each(_marked, seeds, split, jobs=options.jobs, folder=options.folder):
        for name, score in marked.items():
            scores[name].take_in(score)
    print(f"\n{count} nights, {split.replace('_', '-')} scenarios: {scores['reasoning'].happened} incidents")
    for name, score in scores.items():
        print(
            f"  {name:<26}found {score.claimed:>5}   F1 {score.f1:.3f}   root {score.root_accuracy:.3f}"
            f"   onset {score.onset_error:.2f} s"
        )
    _report_confidence(scores["reasoning"].sure)


def _marked(night: Night, catalogue: Catalogue) -> dict[str, Score]:
    """The score of each finder for one night."""
    failures, roots = frozenset(night.places[row] for row in night.failures), night.roots()
    scores = {name: Score() for name in FINDERS}
    for name, find in FINDERS.items():
        scores[name].add(night.truths, find(night, catalogue), failures, roots)
    return scores


def _how_many(night: Night, catalogue: Catalogue) -> int:
    return len(reasoned(night, catalogue))


def _report_confidence(sure: Sequence[tuple[float, bool]]) -> None:
    """How often the root was right, by how sure reasoning was."""
    bands: dict[float, list[tuple[float, bool]]] = defaultdict(list)
    for said, right in sure:
        bands[min(int(said * 10), 9) / 10].append((said, right))
    for band, found in sorted(bands.items()):
        said = sum(confidence for confidence, _ in found) / len(found)
        share = sum(right for _, right in found) / len(found)
        print(f"  confidence {band:.1f} to {band + 0.1:.1f}: said {said:.2f}, right {share:.2f} of {len(found)}")


def _report_speed(catalogue: Catalogue) -> None:
    table = million_events(1_000_000)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    reason(table, catalogue)
    seconds, after = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"\n1,000,000 events: {seconds:.1f} s of processor time, peak {after // 1024} MB (before it {before // 1024})"
    )


if __name__ == "__main__":
    main()
