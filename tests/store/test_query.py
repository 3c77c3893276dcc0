"""Conditions as people of Python and of SQL write them."""

from __future__ import annotations

import pytest

from analyzer.errors import InputError
from analyzer.store.query import condition


@pytest.mark.parametrize(
    ("sql", "python"),
    [
        ("severity = 'critical'", 'severity == "critical"'),
        (
            "severity='critical' AND NOT service IN ('api', 'web')",
            'severity == "critical" and not service in ("api", "web")',
        ),
        ("service NOT IN ('api')", 'service not in ("api",)'),
        ("level IS NULL OR line <> 3", "level is None or line != 3"),
        ("level IS NOT NULL", "level is not None"),
        ("line >= 3 AND line <= 9", "line >= 3 and line <= 9"),
        ("text = 'a = b AND NULL'", 'text == "a = b AND NULL"'),
        (r"text = 'it\'s = 1'", r'text == "it\'s = 1"'),
    ],
)
def test_sql_means_what_its_like_in_python_means(sql: str, python: str) -> None:
    assert condition(sql).equals(condition(python))


@pytest.mark.parametrize(
    "text", ["severity", "severity = critical", "__import__('os')", "a b", "severity in 'x' in 'y'", ""]
)
def test_what_is_no_condition_is_refused_with_the_condition_in_words(text: str) -> None:
    with pytest.raises(InputError, match="--where"):
        condition(text)
