"""Times that leave something open, inside envelopes whose times do not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.platform_clock import agrees, told_by_platform
from analyzer.ingest.timestamps import NO_TIME

SECOND = 1_000_000
QUARTER = 15 * 60 * SECOND
START = 1_761_272_047 * SECOND


@given(
    quarters=st.integers(-56, 56),
    steps=st.lists(st.integers(0, 3600 * SECOND), min_size=1, max_size=50),
    delays=st.lists(st.integers(0, 20 * SECOND), min_size=50, max_size=50),
)
def test_times_are_moved_by_the_zone_of_the_container(quarters: int, steps: list[int], delays: list[int]) -> None:
    truth = START + np.cumsum(np.array(steps, dtype=np.int64))
    outer = truth + np.array(delays[: len(truth)], dtype=np.int64)
    inner = truth + quarters * QUARTER
    dated = np.ones(len(truth), dtype=bool)
    assert agrees(inner, outer, dated)
    assert (told_by_platform(inner, outer, dated) == truth).all()


@given(days=st.integers(-4000, 4000))
def test_only_what_lacks_a_date_is_moved_by_days(days: int) -> None:
    outer = np.array([START])
    inner = outer + days * 24 * 4 * QUARTER
    assert agrees(inner, outer, np.array([False]))
    assert agrees(inner, outer, np.array([True])) == (days == 0)


def test_times_of_other_things_are_left_as_they_are() -> None:
    outer = START + np.arange(10) * 60 * SECOND
    inner = START - np.arange(10) * 977 * SECOND
    assert not agrees(inner, outer, np.ones(10, dtype=bool))


def test_what_has_no_time_has_none_afterwards() -> None:
    inner, outer = np.array([NO_TIME, START + QUARTER]), np.array([START, START])
    assert told_by_platform(inner, outer, np.array([True, True])).tolist() == [NO_TIME, START]
