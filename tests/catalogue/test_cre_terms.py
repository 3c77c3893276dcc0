"""Durations as Go writes them."""

from __future__ import annotations

import pytest

from analyzer.catalogue.cre_terms import duration


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("30s", 30_000_000),
        ("1m30s", 90_000_000),
        ("500ms", 500_000),
        ("1.5h", 5_400_000_000),
        ("-10s", -10_000_000),
        ("+5us", 5),
        ("1h0m0.25s", 3_600_250_000),
        ("0", 0),
    ],
)
def test_durations(text: str, micros: int) -> None:
    assert duration(text) == micros


@pytest.mark.parametrize("text", ["", "5", "5 s", "s", "1d", "-", "1m 30s", "five"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        duration(text)
