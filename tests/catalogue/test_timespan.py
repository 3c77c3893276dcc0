"""Durations in the notation of the Sigma specification."""

from __future__ import annotations

import pytest

from analyzer.catalogue.timespan import parse_timespan


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400), ("0s", 0)])
def test_timespans(text: str, seconds: int) -> None:
    assert parse_timespan(text) == seconds * 1_000_000


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5M", "1.5h", "5m\n"])
def test_no_timespans(text: str) -> None:
    with pytest.raises(ValueError, match="is not a timespan"):
        parse_timespan(text)
