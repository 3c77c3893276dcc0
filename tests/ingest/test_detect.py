"""How the layouts of a file are found: by a header, by the place on which lines agree, among other lines."""

from __future__ import annotations

import pytest

from analyzer.ingest.detect import detect_layout, in_order, is_head
from tests.ingest.reading import records_of

W3C = """\
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2025-10-24 02:14:00
#Fields: date time s-ip cs-method cs-uri-stem c-ip sc-status sc-win32-status time-taken
2025-10-24 02:14:07 10.0.0.1 GET /api/orders 203.0.113.7 500 0 812
2025-10-24 02:14:08 10.0.0.1 GET /health 203.0.113.7 200 0 3
2025-10-24 02:14:09 10.0.0.1 POST /api/orders 203.0.113.7 404 2 9
"""


def test_a_header_of_fields_says_where_the_status_stands() -> None:
    records = [record for record in records_of(W3C.encode()) if record.layout == "w3c" and record.time]
    assert [(record.time, record.level) for record in records] == [
        ("2025-10-24T02:14:07+00:00", "error"),
        ("2025-10-24T02:14:08+00:00", "info"),
        ("2025-10-24T02:14:09+00:00", "warn"),
    ]


def test_a_place_on_which_the_lines_agree_holds_their_time() -> None:
    lines = "".join(f"pod-{n} (us-east) @ 2025-10-24T02:14:{n:02d}Z >> {'x' * n}\n" for n in range(10, 60))
    records = records_of(lines.encode())
    assert [record.time for record in records] == [f"2025-10-24T02:14:{n:02d}+00:00" for n in range(10, 60)]


def test_a_few_lines_with_a_full_date_among_others_have_their_time() -> None:
    json = '{"level":"info","time":"2025-10-24T02:14:07.113Z","msg":"ok"}\n'
    stray = "2025-10-24 02:15:00 ERROR [x] boom\n  at foo\n"
    records = records_of((json * 50 + stray + json * 3).encode())
    (record,) = (record for record in records if record.level == "error")
    assert (record.time, record.text) == ("2025-10-24T02:15:00+00:00", stray.rstrip("\n"))


def test_a_level_on_the_second_line_is_that_of_the_record() -> None:
    head = "Oct 24, 2025 2:14:0{} AM org.apache.catalina.startup.Catalina start\n"
    text = head.format(7) + "SEVERE: Failed\n\tat x.Y.z(Y.java:1)\n" + head.format(8) + "INFO: started\n"
    records = records_of((text * 5).encode())
    assert len(records) == 10
    assert [record.level for record in records[:2]] == ["error", "info"]


def test_levels_aligned_to_the_right_begin_records() -> None:
    text = " INFO 2025-10-24 02:14:07,113 ok\nERROR 2025-10-24 02:14:08,113 no\n    at x.Y\n"
    text += " WARN 2025-10-24 02:14:09,113 hm\n"
    assert [record.level for record in records_of((text * 5).encode())[:3]] == ["info", "error", "warn"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"2025-10-24 x", True),
        (b"", False),
        (b"   ", False),
        (b"\tat x.Y.z(Y.java:1)", False),
        (b"    at save (/app/x.js:1:2)", False),
        (b" INFO 2025-10-24", True),
        ("\u2a2f x".encode(), True),
        (" \u2a2f Error: x".encode(), True),
        (b" GET /api 500 in 12ms", True),
    ],
)
def test_what_may_begin_a_record(line: bytes, expected: bool) -> None:
    assert is_head(line) is expected


def test_dates_that_jump_are_no_times_of_a_log() -> None:
    days = [17, 3, 25, 9, 28, 1, 14, 6]
    assert not in_order([b"2025-10-%02d 10:00:00" % day for day in days])
    assert in_order([b"2025-10-%02d 10:00:00" % day for day in sorted(days)])


def test_a_rare_shape_is_found_among_many_alike() -> None:
    lines = [b"GET /api 200 1.1 ms - 12"] * 390 + [b"2025-10-24 02:14:07,113 - app.db - ERROR - no"] * 10
    assert detect_layout(lines, least=1)[0].name == "morgan"
    rest = detect_layout(lines, least=1)[2]
    assert detect_layout(rest, least=3)[0].name == "python-logging"
