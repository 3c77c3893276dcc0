"""How sure a choice of a root is, by weights that were fitted to nights whose roots are known."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from analyzer.reason.confidence import NAMES, Grounds, confidence, weights
from benchmarks.calibrate import fit
from benchmarks.incidents import FIRST_CLEAN_SEED, FIRST_SEED

PLAIN = Grounds(lead=0.5, alone=0, first=1, declared=1, change=0, unknown=0, cause=0.7)


def test_the_weights_are_data_of_nights_that_no_figure_is_reported_on() -> None:
    fitted = weights()
    assert set(fitted["weights"]) == set(NAMES)
    assert fitted["incidents"] >= 200
    assert "held" not in fitted["nights"]
    seeds = [int(seed) for seed in re.findall(r"\d+", fitted["nights"])]
    reported = [*FIRST_SEED.values(), FIRST_CLEAN_SEED]
    assert seeds
    assert all(not first <= seed < first + 1000 for seed in seeds for first in reported)


def test_confidence_stays_within_what_was_seen() -> None:
    fitted = weights()
    for extreme in (0.0, 1.0):
        said = confidence(Grounds(*[extreme] * len(NAMES)))
        assert 0 < round(fitted["least"], 2) <= said <= round(fitted["most"], 2) < 1


def test_a_greater_lead_makes_no_less_sure() -> None:
    said = [confidence(replace(PLAIN, lead=lead)) for lead in (0.0, 0.5, 1.0)]
    assert said == sorted(said)


@pytest.mark.parametrize(("right_if_first", "right_if_not"), [(0.9, 0.4), (0.7, 0.2)])
def test_the_fit_finds_the_shares_that_it_is_shown(right_if_first: float, right_if_not: float) -> None:
    dice = np.random.default_rng(3)
    first = dice.random(4000) < 0.5
    right = dice.random(4000) < np.where(first, right_if_first, right_if_not)
    cases = [(replace(PLAIN, first=float(f)), bool(r)) for f, r in zip(first, right, strict=True)]
    fitted = fit(cases, "made up")
    share = {
        f: 1 / (1 + np.exp(-fitted["base"] - sum(fitted["weights"][n] * v for n, v in zip(NAMES, g, strict=True))))
        for f in (0.0, 1.0)
        for g in [replace(PLAIN, first=f).vector()]
    }
    assert share[1.0] == pytest.approx(right_if_first, abs=0.04)
    assert share[0.0] == pytest.approx(right_if_not, abs=0.04)
