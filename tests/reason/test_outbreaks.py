"""What is unusual of a failure that nobody knows: by its own past."""

from __future__ import annotations

import numpy as np

from analyzer.reason.columns import NO_TIME
from analyzer.reason.outbreaks import CHRONIC, FLASH, NOVEL, OUTBREAK, judge

SECOND = 1_000_000
HOUR = 3600 * SECOND


def kinds(*times: float, begin: float = 0) -> list[int]:
    """What records at these seconds are, in logs from `begin` on."""
    moments = np.array(sorted(int(t * SECOND) for t in times), dtype=np.int64)
    return [int(kind) for kind in judge(moments, int(begin * SECOND))]


def every(seconds: float, start: float, end: float) -> list[float]:
    """Times at a steady pace."""
    return [float(time) for time in np.arange(start, end, seconds)]


def test_many_at_once_after_hours_of_silence_are_an_outbreak() -> None:
    assert kinds(*every(10, 7200, 7500)) == [OUTBREAK] * 30


def test_many_within_seconds_and_never_again_are_a_flash() -> None:
    assert kinds(*every(0.5, 7200, 7210)) == [FLASH] * 20


def test_one_or_two_for_the_first_time_are_novel() -> None:
    assert kinds(7200, 7230) == [NOVEL, NOVEL]


def test_nothing_is_novel_where_the_log_has_only_just_begun() -> None:
    assert kinds(30, 60) == [CHRONIC, CHRONIC]


def test_what_goes_on_all_night_at_one_pace_is_chronic() -> None:
    for pace in (20, 60, 300, 1500):
        assert set(kinds(*every(pace, 7, 6 * 3600))) == {CHRONIC}, pace


def test_what_comes_back_far_oftener_later_was_only_the_first_of_many() -> None:
    assert set(kinds(*every(3600, 1800, 20 * 3600))) == {CHRONIC}


def test_a_steady_drip_that_becomes_a_flood_is_an_outbreak_from_there_on() -> None:
    drip, flood = every(300, 0, 4 * 3600), every(2, 4 * 3600, 4 * 3600 + 900)
    found = kinds(*drip, *flood)
    assert set(found[: len(drip) - 4]) == {CHRONIC}
    assert set(found[len(drip) :]) == {OUTBREAK}


def test_a_log_that_begins_with_a_flood_which_ends_tells_of_an_outbreak() -> None:
    assert set(kinds(*every(5, 1, 600))) == {OUTBREAK}


def test_records_without_a_time_have_no_past() -> None:
    times = np.full(50, NO_TIME)
    assert judge(times, 0).tolist() == [CHRONIC] * 50


def test_an_outbreak_amid_a_drip_begins_and_ends_where_the_pace_changes() -> None:
    drip, burst = every(150, 0, 18000), every(1, 9010, 9130)
    times = sorted([*drip, *burst])
    outbreak = [time for time, kind in zip(times, kinds(*times), strict=True) if kind == OUTBREAK]
    assert 9000 <= outbreak[0] <= 9010
    assert 9129 <= outbreak[-1] <= 9500
