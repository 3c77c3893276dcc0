"""Colours that everybody can tell apart and read."""

from __future__ import annotations

import pytest

from analyzer.model import SEVERITIES, Severity
from analyzer.report.palette import LEVEL_BANDS, SEVERITY_COLOURS, SEVERITY_INKS, SEVERITY_LETTERS


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("severity", SEVERITIES)
def test_letters_can_be_read_on_their_colour(severity: Severity) -> None:
    light, dark = sorted((luminance(SEVERITY_COLOURS[severity]), luminance(SEVERITY_INKS[severity])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_every_severity_has_a_letter_and_a_colour_of_its_own() -> None:
    assert len({SEVERITY_LETTERS[severity] for severity in SEVERITIES}) == len(SEVERITIES)
    assert len({SEVERITY_COLOURS[severity] for severity in SEVERITIES}) == len(SEVERITIES)


def test_every_level_is_in_one_band() -> None:
    levels = [level for band, _ in LEVEL_BANDS.values() for level in band]
    assert sorted(map(str, levels)) == ["None", "debug", "error", "fatal", "info", "trace", "warn"]
