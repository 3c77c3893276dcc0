"""What lint makes of single patterns."""

from __future__ import annotations

from dataclasses import replace

import regex

from analyzer.catalogue import load_catalogue
from analyzer.catalogue.lint import captures_of
from tests.reason.stories import signature


def test_the_captures_are_those_that_the_compiled_patterns_name() -> None:
    for each in load_catalogue():
        named = {name for pattern in each.match for name in regex.compile(pattern.encode()).groupindex}
        assert named <= captures_of(each)
        assert captures_of(each) - named <= {"method", "endpoint", "status", "id", "sqlstate"}


def test_a_parenthesis_that_is_text_names_no_capture() -> None:
    odd = replace(signature("db.text"), match=(r"one \(?P<no> two \\\(?P<nor> three \\(?P<real>x)",))
    assert captures_of(odd) == {"real"}
