"""How often the root that reasoning names is right, on which grounds: the numbers behind its confidence.

    python -m benchmarks.calibrate [--nights N] [--jobs N] [--folder DIR] [--dry-run]

Explains nights of the development scenarios (never held-out ones, and none of the seeds on which
`benchmarks.incidents` reports), fits how often a root was right by what spoke for it (logistic regression,
with a mild pull towards no weight at all), and writes that to `analyzer/reason/confidence.json`. What it
prints is cross-validated: each fifth of the nights is judged by weights fitted to the other four.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

import analyzer.reason
from analyzer.catalogue import Catalogue
from analyzer.reason.confidence import NAMES, WEIGHTS_FILE, Grounds, Weights
from benchmarks.nights.finders import reasoned
from benchmarks.nights.reading import Night, of_each
from benchmarks.nights.score import matched, rightly_rooted

FIRST_SEED = 40_000
_FOLDS = 5
_BANDS = 10
_PULL = 0.5
"""The precision of the prior of each weight: of some hundred incidents, a dozen wrong ones must not outweigh all."""

_PULL_OF = {"alone": 8.0}
"""Nearly all incidents of the scenarios are cascades, so that what is found alone is mostly a piece of one; in
other people's logs lone failures are common. That one difference of the nights must not decide."""

Case = tuple[Grounds, bool]
Floats = npt.NDArray[np.float64]


def main() -> None:
    """Fit, judge, write."""
    options = _arguments()
    seeds = range(FIRST_SEED, FIRST_SEED + options.nights)
    nights = list(of_each(cases, seeds, "development", jobs=options.jobs, folder=options.folder))
    _report(nights)
    fitted = fit([case for night in nights for case in night], f"development {seeds[0]} to {seeds[-1]}")
    if options.dry_run:
        print(json.dumps(fitted, indent=2))
        return
    path = Path(analyzer.reason.__path__[0]) / WEIGHTS_FILE
    path.write_text(json.dumps(fitted, indent=2) + "\n")
    print(f"written to {path}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    parser.add_argument("--folder", default=None, help="where to put the generated logs")
    parser.add_argument("--dry-run", action="store_true", help="print the weights instead of writing them")
    return parser.parse_args()


def cases(night: Night, catalogue: Catalogue) -> list[Case]:
    """The grounds of each root that reasoning named in a night, and whether it was right. The root of an
    incident that never happened is wrong."""
    claims = reasoned(night, catalogue)
    failures = frozenset(night.places[row] for row in night.failures)
    pairs = matched([truth.lines & failures for truth in night.truths], [claim.lines for claim in claims])
    right = rightly_rooted(pairs, claims, night.roots())
    return [(claim.grounds, place in right) for place, claim in enumerate(claims) if claim.grounds is not None]


def fit(found: Sequence[Case], nights: str) -> Weights:
    """The weights that fit some cases best."""
    grounds, right = _matrix(found)
    solution = _logistic(grounds, right)
    said = _shares(grounds, solution)
    bands = [right[band] for band in np.array_split(np.argsort(said), _BANDS)]
    shares = [float((band.sum() + 1) / (len(band) + 2)) for band in bands]
    return Weights(
        base=round(float(solution[0]), 3),
        weights={name: round(float(weight), 3) for name, weight in zip(NAMES, solution[1:], strict=True)},
        least=round(min(shares) / 2, 3),
        most=round(max(shares), 3),
        incidents=len(found),
        nights=nights,
    )


def _matrix(found: Sequence[Case]) -> tuple[Floats, Floats]:
    rows = [(1.0, *grounds.vector()) for grounds, _ in found]
    return np.array(rows, dtype=np.float64), np.array([right for _, right in found], dtype=np.float64)


def _logistic(grounds: Floats, right: Floats) -> Floats:
    """Maximum a posteriori by Newton's method; the base is pulled nowhere."""
    pull = np.diag([1e-6, *(_PULL_OF.get(name, _PULL) for name in NAMES)])
    solution = np.zeros(grounds.shape[1])
    for _ in range(50):
        said = _shares(grounds, solution)
        slope = grounds.T @ (right - said) - pull @ solution
        curve = grounds.T @ (grounds * (said * (1 - said))[:, None]) + pull
        step: Floats = np.asarray(np.linalg.solve(curve, slope), dtype=np.float64)
        solution = solution + step
        if np.abs(step).max() < 1e-9:
            break
    return solution


def _shares(grounds: Floats, solution: Floats) -> Floats:
    shares: Floats = 1 / (1 + np.exp(-grounds @ solution))
    return shares


def _report(nights: Sequence[Sequence[Case]]) -> None:
    """Cross-validated: what was said of nights that had no part in the fit, and how much of it was right."""
    said, right = [], []
    for fold in range(_FOLDS):
        others = [case for place, night in enumerate(nights) if place % _FOLDS != fold for case in night]
        judged = [case for night in nights[fold::_FOLDS] for case in night]
        if others and judged:
            grounds, truth = _matrix(judged)
            said.append(_shares(grounds, _logistic(*_matrix(others))))
            right.append(truth)
    all_said, all_right = np.concatenate(said), np.concatenate(right)
    print(f"{len(all_said)} incidents, {all_right.mean():.3f} of the roots right")
    for low in np.arange(10) / 10:
        band = (all_said >= low) & (all_said < low + 0.1)
        if band.any():
            print(f"  {low:.1f} to {low + 0.1:.1f}: said {all_said[band].mean():.2f}, "
                  f"right {all_right[band].mean():.2f} of {band.sum()}")  # fmt: skip


if __name__ == "__main__":
    main()
