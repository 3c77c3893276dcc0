"""Durations as the Sigma specification writes them: a number and one of s, m, h, d."""

from __future__ import annotations

import re

_UNITS = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def parse_timespan(text: str) -> int:
    """`30s`, `5m`, `2h`, `1d` -> microseconds. Raises ValueError on anything else."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise ValueError(f"{text!r} is not a timespan")
    return int(match[1]) * _UNITS[match[2]]
