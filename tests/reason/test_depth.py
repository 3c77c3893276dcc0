"""How close to a cause a failure is, and which ones say no more than that something was raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import analyze
from analyzer.catalogue import load_catalogue
from analyzer.reason.depth import says_little


@pytest.mark.parametrize(
    ("name", "little"),
    [
        ("node.unhandled_error_event", True),
        ("ruby.activerecord_statement_invalid", True),
        ("redis.connection_refused", False),
        ("postgresql.not_null_violation", False),
    ],
)
def test_what_says_little(name: str, little: bool) -> None:
    assert says_little(load_catalogue()[name]) is little


@pytest.mark.parametrize(
    ("text", "root"),
    [
        (
            "events.js:85\n      throw er; // Unhandled 'error' event\n            ^\n"
            "Error: Redis connection to 10.0.0.5:6379 failed - connect ECONNREFUSED\n",
            "redis.connection_refused",
        ),
        (
            "ActiveRecord::NotNullViolation app/services/save_order.rb:54\n"
            "ActiveRecord::NotNullViolation - PG::NotNullViolation: "
            'ERROR: null value in column "state" of relation "orders" violates not-null constraint\n',
            "postgresql.not_null_violation",
        ),
    ],
)
def test_what_says_little_does_not_stand_above_the_cause(text: str, root: str, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(text)
    assert analyze([log]).incidents[0].root_cause.signature == root
