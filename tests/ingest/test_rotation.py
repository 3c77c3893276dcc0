"""Rotated logs: which files belong together, and which of them is older."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.discover import Input
from analyzer.ingest.rotation import in_time_order, part_of, parts_together

# Parts of one log each, the oldest first, as the usual programs name them.
SETS: dict[str, list[str]] = {
    "logrotate": ["app.log.10.gz", "app.log.2.gz", "app.log.1", "app.log"],
    "logrotate with dates": ["app.log-20251023.gz", "app.log-20251024.gz", "app.log"],
    "logrotate with seconds": ["app.log-1761185647.gz", "app.log-1761272047", "app.log"],
    "without an ending": ["syslog.2.gz", "syslog.1", "syslog"],
    "by day": ["app-2025-10-23.log.gz", "app-2025-10-24.log.gz", "app.log"],
    "by day, only dated": ["catalina.2025-10-23.log", "catalina.2025-10-24.log"],
    "Python, by day": ["app.log.2025-10-23", "app.log.2025-10-24", "app.log"],
    "Python, by hour": ["app.log.2025-10-24_09", "app.log.2025-10-24_10", "app.log"],
    "logback": ["app.2025-10-23.log.zip", "app.2025-10-24.1.log", "app.2025-10-24.0.log", "app.log"],
    "log4j": ["app.2.log.gz", "app.1.log", "app.log"],
    "lumberjack": ["app-2025-10-23T02-14-07.113.log.gz", "app-2025-10-24T02-14-07.113.log", "app.log"],
    "Kubernetes": ["0.log.20251023-021407.gz", "0.log.20251024-021407", "0.log"],
    "Docker": ["3f2a-json.log.2", "3f2a-json.log.1", "3f2a-json.log"],
}


@pytest.mark.parametrize("name", SETS)
def test_parts_of_a_log_are_put_in_order(name: str) -> None:
    paths = [f"/var/log/{part}" for part in SETS[name]]
    shuffled = random.Random(name).sample(paths, len(paths))
    assert parts_together(shuffled, str) == [paths]
    assert parts_together([f"a.tar.gz!x/{part}" for part in shuffled for part in [part.rpartition("/")[2]]], str) == [
        [f"a.tar.gz!x/{part}" for part in SETS[name]]
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("app.log", "api.log"),
        ("a/app.log", "b/app.log.1"),
        ("worker-1.log", "worker-2.log"),
        ("app.log", "app.err"),
        ("app-out.log", "app-error.log"),
        ("10.0.0.1.log", "10.0.0.2.txt"),
        ("a.zip!app.log", "b.zip!app.log.1"),
    ],
)
def test_different_logs(one: str, other: str) -> None:
    assert part_of(one).log != part_of(other).log


def test_what_a_name_says_of_the_time() -> None:
    assert part_of("app-2025-10-24.log.gz").written == datetime(2025, 10, 24, tzinfo=UTC)
    assert part_of("app.log-20251024-0214").written == datetime(2025, 10, 24, 2, 14, tzinfo=UTC)
    assert part_of("app-2025-13-41.log").written is None


def test_a_packed_part_comes_after_the_same_one_unpacked() -> None:
    assert parts_together(["app.log.1.gz", "app.log.1"], str) == [["app.log.1", "app.log.1.gz"]]


def test_logs_stay_where_their_first_part_was() -> None:
    paths = ["b.log", "a.log", "b.log.1"]
    assert parts_together(paths, str) == [["b.log.1", "b.log"], ["a.log"]]


def test_what_the_parts_say_themselves_is_believed_before_their_numbers() -> None:
    upwards = {Input("app.1.log"): 100, Input("app.2.log"): 200, Input("app.log"): 50}
    (parts,) = in_time_order(upwards, upwards.get)
    assert [part.path for part in parts] == ["app.log", "app.1.log", "app.2.log"]


def test_a_part_without_a_time_leaves_it_to_the_names() -> None:
    times = {Input("app.log.1"): 100, Input("app.log"): None}
    (parts,) = in_time_order(times, times.get)
    assert [part.path for part in parts] == ["app.log.1", "app.log"]


@given(st.text(max_size=30))
def test_any_name_is_understood_somehow(name: str) -> None:
    part_of(name)
