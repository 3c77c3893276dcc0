"""The zone and the year of a host, as its programs say them in their messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from analyzer.ingest.localtime import settle_clock
from analyzer.ingest.timeformats import Clock
from tests.ingest.reading import records_of

NOW = datetime(2025, 11, 1, tzinfo=UTC)
DOCKER = 'Oct 24 10:14:07 node-1 dockerd[912]: time="2024-10-24T10:14:07.113+08:00" level=error msg="no space"'
BESIDE = "Oct 24 10:14:08 node-1 systemd[1]: orders.service: Failed"


def test_a_message_with_the_same_wall_clock_tells_zone_and_year_of_all_lines() -> None:
    records = records_of(f"{DOCKER}\n{BESIDE}\n".encode(), modified=NOW)
    assert [record.time for record in records] == ["2024-10-24T02:14:07.113000+00:00", "2024-10-24T02:14:08+00:00"]


def test_a_zone_that_was_given_is_not_doubted() -> None:
    clock = Clock(zone=ZoneInfo("Europe/Berlin"), latest=NOW)
    assert settle_clock([DOCKER.encode()] * 5, clock).zone == clock.zone


def test_a_message_in_utc_tells_the_zone_where_all_agree() -> None:
    lines = [line.encode() for line in (
        'Oct 24 04:14:07 node-1 api[9]: time="2025-10-24T02:14:07Z" level=info msg="a"',
        'Oct 24 04:15:07 node-1 api[9]: time="2025-10-24T02:15:07Z" level=info msg="b"',
        'Oct 24 04:16:09 node-1 api[9]: time="2025-10-24T02:16:08Z" level=info msg="c"',
    )]  # fmt: skip
    assert settle_clock(lines, Clock(latest=NOW)).zone == timezone(timedelta(hours=2))
    assert settle_clock(lines[:2], Clock(latest=NOW)).zone is UTC


def test_times_of_something_else_tell_nothing() -> None:
    clock = Clock(latest=NOW)
    told = b'Oct 24 02:14:07 web-1 api[9]: token refused time="2025-10-24T01:57:31+02:00"'
    expiry = b"Oct 24 02:14:07 web-1 api[9]: valid until 2025-10-24T03:14:07Z"
    assert settle_clock([told, expiry] * 3, clock) == clock


def test_new_years_eve_is_no_year_apart() -> None:
    line = b'Jan  1 01:30:00 node-1 dockerd[9]: time="2025-01-01T01:30:00+02:00" level=info msg="a"'
    settled = settle_clock([line], Clock(latest=NOW))
    assert settled.zone == timezone(timedelta(hours=2))
    assert settled.latest < datetime(2025, 8, 1, tzinfo=UTC)


def test_asterisk_says_the_year_in_its_security_events() -> None:
    line = '[Oct 24 02:14:0{}] SECURITY[77]: x.c:1: SecurityEvent="FailedACL",EventTV="2024-10-24T02:14:0{}.192+0000"'
    records = records_of("".join(line.format(n, n) + "\n" for n in range(4)).encode())
    assert [record.time and record.time[:19] for record in records] == [f"2024-10-24T02:14:0{n}" for n in range(4)]
