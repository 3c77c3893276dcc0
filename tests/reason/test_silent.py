"""Success that was none: what the built-in rules make of lines as programs write them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from analyzer.pipeline import analyze

QUIET = "INFO web: served request {n}"


def written(folder: Path, *parts: tuple[str, int, int, str]) -> Path:
    """A log of an hour, and in it so many lines from a time on, every so many seconds."""
    begin = datetime.fromisoformat("2025-10-24T02:00:00")
    said = [(begin + timedelta(seconds=36 * n), QUIET.format(n=n)) for n in range(100)]
    for clock, count, every, text in parts:
        start = datetime.fromisoformat(f"2025-10-24T{clock}")
        said += [(start + timedelta(seconds=every * n), text.replace("#", str(4711 + n))) for n in range(count)]
    path = folder / "web.log"
    path.write_text("".join(f"{moment:%Y-%m-%d %H:%M:%S} {text}\n" for moment, text in sorted(said)))
    return path


def signatures(path: Path) -> set[str]:
    """All that is said to be part of an incident."""
    return {member.signature for incident in analyze([path]).incidents for member in incident.cascade}


DONE = "INFO worker: job # completed in 3 ms"
FAILED = "ERROR worker: job # failed: template is broken"


def test_a_job_that_was_done_and_then_failed(tmp_path: Path) -> None:
    path = written(tmp_path, ("02:10:00", 3, 60, DONE), ("02:10:05", 3, 60, FAILED))
    assert "app.job_failed_after_success" in signatures(path)


def test_a_job_that_failed_and_was_done_at_the_second_try_is_well(tmp_path: Path) -> None:
    path = written(tmp_path, ("02:10:00", 3, 60, DONE), ("02:10:05", 3, 60, FAILED), ("02:10:09", 3, 60, DONE))
    assert "app.job_failed_after_success" not in signatures(path)


ADDED = "INFO == 20251024000000_add_tax_rate_to_orders: migrated (0.018s)"
MISSING = 'ERROR web: column "tax_rate" of relation "orders" does not exist'


def test_a_migration_that_is_done_and_left_no_column(tmp_path: Path) -> None:
    path = written(tmp_path, ("02:10:00", 1, 1, ADDED), ("02:12:00", 5, 20, MISSING))
    assert "app.migration_left_no_column" in signatures(path)


def test_a_migration_that_repairs_what_was_missing_is_well(tmp_path: Path) -> None:
    path = written(tmp_path, ("02:12:00", 5, 20, MISSING), ("02:20:00", 1, 1, ADDED))
    assert "app.migration_left_no_column" not in signatures(path)


GREEN = "INFO web: GET /healthz 200 1 ms"
BROKEN = "ERROR web: GET /api/orders/# 500 12 ms"


def test_a_health_check_that_is_green_while_requests_fail(tmp_path: Path) -> None:
    path = written(tmp_path, ("02:00:00", 60, 60, GREEN), ("02:20:00", 60, 4, BROKEN))
    assert "http.healthy_while_failing" in signatures(path)


def test_a_few_failed_requests_beside_a_green_health_check_are_ordinary(tmp_path: Path) -> None:
    path = written(tmp_path, ("02:00:00", 60, 60, GREEN), ("02:20:00", 6, 100, BROKEN))
    assert "http.healthy_while_failing" not in signatures(path)
