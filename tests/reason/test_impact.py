"""Whom a problem hit, and how much more fails than before."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from analyzer.model import VOLUME_SCHEMA, Impact, Rates
from analyzer.reason.incidents import reason
from tests.reason.stories import at, catalogue, events, signature

FAILED = signature("db.column_missing", captures="relation")
DEPLOY = signature("change.deploy", kind="change", severity="info", category="change")
STORY = """
    09:59:00  api  change.deploy
    10:00:01  api  db.column_missing  relation=orders user_id=7 request_id=req-1001 endpoint=/api/orders
    10:01:02  api  db.column_missing  relation=orders user_id=7 request_id=req-1002 endpoint=/api/orders
    10:02:03  api  db.column_missing  relation=orders user_id=8 request_id=req-1003 endpoint=/api/cart
"""


def volume(source: str, errors: dict[int, int]) -> pa.Table:
    """Ten records a minute around ten o'clock, of which some are errors."""
    rows = [
        {"minute": at("10:00:00") + timedelta(minutes=m), "source": source, "level": level, "records": count}
        for m in range(-10, 10)
        for level, count in (("info", 10 - errors.get(m, 0)), ("error", errors.get(m, 0)))
        if count
    ]
    return pa.Table.from_pylist(rows, schema=VOLUME_SCHEMA)


def impact(story: str = STORY, table: pa.Table | None = None) -> Impact:
    """The impact of the one incident of a story."""
    (incident,) = reason(events(story), catalogue(DEPLOY, FAILED), volume=table).incidents
    return incident.impact


def test_distinct_users_requests_and_endpoints_are_counted() -> None:
    hit = impact()
    assert (hit.users, hit.requests, hit.sessions) == (2, 3, 0)
    assert hit.endpoints == ("/api/orders", "/api/cart")


def test_the_share_of_errors_is_set_against_the_time_before() -> None:
    assert impact(table=volume("logs/api.log", {0: 5, 1: 5, 2: 5})).error_share == Rates(before=0.0, after=0.5)
    assert impact(table=volume("logs/other.log", {0: 5})).error_share is None
    assert impact().error_share is None


def test_a_share_that_was_no_smaller_before_tells_of_something_else() -> None:
    before = dict.fromkeys(range(-10, 0), 8)
    assert impact(table=volume("logs/api.log", {**before, 0: 5, 1: 5, 2: 5})).error_share is None


def test_failures_a_minute_before_and_after_the_change() -> None:
    assert impact().around_change == Rates(before=0.0, after=0.2)
    assert impact(STORY.replace("09:59:00", "10:05:00")).around_change is None
