"""What is worth an incident, and what programs take lightly."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyzer.reason.incidents import reason
from tests.reason.stories import catalogue, events, signature

REFUSED = signature("node.connection_refused", severity="high", category="connection")
DISK = signature("kafka.disk_full", severity="critical", category="storage")
ALL = catalogue(DISK, REFUSED)


def incidents(story: str, level: str, text: str = "it failed") -> int:
    """How many incidents a story is, all of it written at one level in the same words."""
    table = events(story)
    for name, value in (("level", level), ("text", text)):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array([value] * table.num_rows))
    return len(reason(table, ALL).incidents)


def test_one_severe_error_is_an_incident_but_one_warning_is_not() -> None:
    once = "10:00:00  api  node.connection_refused"
    assert incidents(once, "error") == 1
    assert incidents(once, "warn") == 0


def test_many_warnings_are() -> None:
    assert incidents("\n".join(f"10:00:{n:02d}  api  node.connection_refused" for n in range(6)), "warn") == 1


def test_retries_that_were_announced_and_then_stopped_are_none() -> None:
    story = "\n".join(f"10:00:{n:02d}  api  node.connection_refused" for n in (1, 3, 7, 15, 31))
    assert incidents(story, "error", "connect refused, retrying (attempt 2 of 9)") == 0


def test_a_critical_failure_counts_at_any_level() -> None:
    assert incidents("10:00:00  kafka  kafka.disk_full", "warn") == 1


@pytest.mark.parametrize(
    "text",
    [
        "Exception while exporting Span batch: HTTPConnectionPool(host='jaeger-collector', port=14268): refused",
        "failed to export spans: lookup opentelemetrycollector on 10.96.0.10:53: no such host",
        "Dropped 17 spans due to UnknownHostException(zipkin)",
    ],
)
def test_telemetry_that_nobody_collects_wakes_nobody(text: str) -> None:
    many = "\n".join(f"10:00:{n:02d}  api  node.connection_refused" for n in range(60))
    assert incidents(many, "error", text) == 0
    assert incidents(many, "error", "order 17: connection refused") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("connect ECONNREFUSED 10.0.0.5:5432", 1),
        ("2025-10-24 10:00:00 INFO connect ECONNREFUSED 10.0.0.5:5432", 0),
        ('{"level":30,"msg":"connect ECONNREFUSED 10.0.0.5:5432"}', 0),
        ("I1024 10:00:00.000000 1 client.go:7] connect ECONNREFUSED 10.0.0.5:5432", 0),
        ("10:00:00 [I] connect ECONNREFUSED 10.0.0.5:5432", 0),
    ],
)
def test_what_nobody_called_information_is_not_taken_lightly(text: str, expected: int) -> None:
    assert incidents("10:00:00  api  node.connection_refused", "info", text) == expected


def test_of_an_excerpt_every_failure_is_told() -> None:
    table = events("10:00:00  api  redis.slow\n10:00:01  api  app.deployed")
    mild = catalogue(signature("redis.slow", severity="low"), signature("app.deployed", severity="info", kind="change"))
    assert not reason(table, mild).incidents
    (incident,) = reason(table, mild, excerpt=2).incidents
    assert incident.root_cause.signature == "redis.slow"


@pytest.mark.parametrize(("level", "records", "expected"), [("warn", 6, 0), ("warn", 2, 1), ("error", 6, 1)])
def test_a_mild_warning_amid_other_lines_is_not_what_an_excerpt_is_about(
    level: str, records: int, expected: int
) -> None:
    text = f"10:00:00 {level.upper()} the pool is slow"
    table = events("10:00:00  api  redis.slow")
    table = table.set_column(table.schema.get_field_index("level"), "level", pa.array([level]).dictionary_encode())
    table = table.set_column(table.schema.get_field_index("text"), "text", pa.array([text]))
    mild = catalogue(signature("redis.slow", severity="low"))
    assert len(reason(table, mild, excerpt=records).incidents) == expected
