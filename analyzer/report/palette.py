"""Colours and letters for severities and levels: Okabe-Ito, safe for colour-blind eyes, everywhere the same."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.model import Severity

SEVERITY_COLOURS: Mapping[Severity, str] = {
    "critical": "#D55E00",
    "high": "#E69F00",
    "medium": "#0072B2",
    "low": "#56B4E9",
    "info": "#999999",
}

SEVERITY_INKS: Mapping[Severity, str] = {
    "critical": "#000000",
    "high": "#000000",
    "medium": "#FFFFFF",
    "low": "#000000",
    "info": "#000000",
}
"""The colour of a letter that stands on the colour of its severity, at a contrast of 4.5 or better."""

SEVERITY_LETTERS: Mapping[Severity, str] = {
    "critical": "C",
    "high": "H",
    "medium": "M",
    "low": "L",
    "info": "I",
}

GREY, AMBER, RED = "#9AA0A6", "#E69F00", "#D55E00"

LEVEL_BANDS: Mapping[str, tuple[frozenset[str | None], str]] = {
    "other": (frozenset({"trace", "debug", "info", None}), GREY),
    "warnings": (frozenset({"warn"}), AMBER),
    "errors": (frozenset({"error", "fatal"}), RED),
}
"""How levels are stacked in the picture, from the bottom up."""
