"""Bursts, steady drips and failures that come and go are told apart; what is none of them is not named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import Rhythm
from analyzer.reason.rhythm import rhythm_of

MINUTE = 60_000_000
BEGIN = 1_761_272_040_000_000 // MINUTE * MINUTE


def _activity(counts: dict[int, int]) -> list[tuple[int, int]]:
    return [(BEGIN + minute * MINUTE, count) for minute, count in counts.items()]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param({0: 40, 1: 900, 2: 30}, "burst", id="three minutes"),
        pytest.param({0: 500, 1: 400, 40: 3}, "burst", id="a straggler changes nothing"),
        pytest.param(dict.fromkeys(range(30), 2), "steady", id="every minute"),
        pytest.param(dict.fromkeys(range(0, 120, 5), 1), "steady", id="every five minutes"),
        pytest.param(dict.fromkeys(range(0, 600, 60), 1), "steady", id="every hour"),
        pytest.param(
            {start + minute: 20 for start in (0, 60, 130) for minute in range(4)}, "on and off", id="three times"
        ),
        pytest.param({0: 20, 1: 20, 60: 20, 61: 20}, None, id="coming back once is no rhythm"),
        pytest.param({0: 1, 3: 1, 4: 9, 30: 1, 33: 40, 39: 2}, None, id="neither"),
        pytest.param({0: 5}, None, id="too few"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_rhythm(counts: dict[int, int], expected: Rhythm | None) -> None:
    assert rhythm_of(_activity(counts)) == expected


@given(st.dictionaries(st.integers(0, 2000), st.integers(1, 50), max_size=40), st.integers(0, 10_000))
def test_the_hour_of_the_day_does_not_matter(counts: dict[int, int], later: int) -> None:
    counts = dict(sorted(counts.items()))
    assert rhythm_of(_activity(counts)) == rhythm_of(_activity({minute + later: n for minute, n in counts.items()}))
