"""Patterns that take for ever are known by their looks; harmless ones are left alone."""

from __future__ import annotations

import pytest

from analyzer.catalogue.dialect import UnsupportedPattern
from analyzer.catalogue.explosion import explodes


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$", r"(?:a*)*b", r"(\w+\s*)+x", r"(?:\s*\w+)+x", r"(a|b+)+", r"((x+)){2,}", r"(?:foo|a+)*bar",
        r"error (?:[a-z]+_?)+$", r"(?P<id>(?:\d+)*)", r"(?=(a+)+)x", r"(?:a{2,}){20}",
    ],
)  # fmt: skip
def test_exploding(pattern: str) -> None:
    assert explodes(pattern.encode())


@pytest.mark.parametrize(
    "pattern",
    [
        r"a+b+", r"(?:\w+,)+", r"(?:\d+\.)+\d+", r"(?:a{1,3})+", r"(?:ab?)+", r"[a-z]+(?:_[a-z]+)*", r"(?:a+){2}",
        r"(?>a+)+", r"(?:\n[^\n]*){0,40}", r"(?:x|y)*", r"",
    ],
)  # fmt: skip
def test_harmless(pattern: str) -> None:
    assert not explodes(pattern.encode())


@pytest.mark.parametrize("pattern", [r"\p{L}+", "(", r"a{2,1}"])
def test_outside_the_dialect(pattern: str) -> None:
    with pytest.raises(UnsupportedPattern):
        explodes(pattern.encode())
