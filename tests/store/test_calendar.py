from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.store.calendar import Calendar

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]


def micros(text: str) -> int:
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        ("2025-10-24T05:59:59+00:00", "2025-10-24"),
        ("2025-10-24T06:00:00+00:00", "2025-10-25"),
        ("2025-10-23T06:00:00+00:00", "2025-10-24"),
    ],
)
def test_a_night_ends_at_its_hour_and_bears_the_date_of_that_morning(moment: str, night: str) -> None:
    assert Calendar(ZoneInfo("UTC"), time(6)).night_of(micros(moment)) == date.fromisoformat(night)


def test_the_hour_is_local_and_nights_of_a_change_of_clocks_are_longer_or_shorter() -> None:
    calendar = Calendar(ZoneInfo("Europe/Berlin"), time(6))
    hours = [
        (end - start) // 3_600_000_000 for start, end in map(calendar.window, [date(2025, 10, 26), date(2025, 3, 30)])
    ]
    assert hours == [25, 23]


@given(
    zone=st.sampled_from(ZONES),
    ends=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    seconds=st.lists(st.integers(900_000_000, 2_500_000_000), min_size=1, max_size=30),
    spread=st.integers(1, 200_000),
)
def test_every_moment_lies_in_the_window_of_its_night(zone: str, ends: time, seconds: list[int], spread: int) -> None:
    calendar = Calendar(ZoneInfo(zone), ends)
    times = np.array([s * 1_000_000 for each in seconds for s in (each, each + spread)])
    for moment, night in zip(times.tolist(), calendar.nights_of(times).tolist(), strict=True):
        start, end = calendar.window(date.fromordinal(night))
        assert start <= moment < end
        assert calendar.night_of(moment) == date.fromordinal(night)
