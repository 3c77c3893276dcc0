"""What `analyze` makes of few records, which somebody has picked, and of many."""

from __future__ import annotations

from pathlib import Path

import analyzer

MILD = "2025-10-24 02:14:09 UTC [7] ERROR:  deadlock detected\n"
QUIET = "".join(f"2025-10-24 02:{minute:02d}:00 UTC [7] LOG:  statement {minute}\n" for minute in range(60))


def test_a_failure_that_somebody_pasted_is_explained_however_mild(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text(MILD)
    (incident,) = analyzer.analyze([log]).incidents
    assert incident.root_cause.signature == "postgresql.deadlock_detected"


def test_the_same_failure_once_in_a_long_log_is_none(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text(QUIET + MILD)
    assert not analyzer.analyze([log]).incidents
