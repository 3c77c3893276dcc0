"""How the layouts of a file are found: by a header, by the place on which lines agree, among other lines."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from analyzer.ingest.detect import detect_layout, in_order, is_head
from analyzer.ingest.envelopes.choose import choose_envelopes
from analyzer.ingest.timestamps import Clock
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


def test_a_header_that_comes_again_belongs_to_no_request() -> None:
    requests = [record for record in records_of((W3C + W3C).encode()) if record.text.startswith("2025-")]
    assert len(requests) == 6
    assert not any("\n" in record.text for record in requests)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("Mon Jun 8 12:08:44 2020", "Mon Apr 12 15:19:22 2021"),
        ("2025/1/9 1:05:07", "2025/1/10 1:05:08"),
        ("2025-10-24 02:14:07.11", "2025-10-24 02:14:07.113"),
        ('"2025-10-24 02:14:07"\t', '"2025-10-24 02:14:08"\t'),
    ],
)
def test_times_of_other_widths_begin_records(narrow: str, wide: str) -> None:
    few = [narrow] * 3 + [wide], [wide] * 3 + [narrow]
    for times in few:
        lines = [f"{time} [pid 27245] CONNECT: client {n}\n" for n, time in enumerate(times)]
        assert [record.line for record in records_of("".join(lines).encode())] == [1, 2, 3, 4]


def test_text_indented_behind_times_of_any_width_goes_on() -> None:
    times = ["2025-05-28T14:34:54.352826475Z", "2025-05-28T14:34:54.35282831Z", "2025-05-28T14:34:54.3528302Z"]
    lines = f"{times[0]} Login error: Error\n{times[1]}     at Query.run (a.js:1:2)\n{times[2]}     at b (a.js:1:2)\n"
    assert [record.line for record in records_of((lines * 5).encode())] == [1, 4, 7, 10, 13]


def test_dates_that_one_program_speaks_of_are_not_those_of_its_records() -> None:
    ftp = "Jun 17 07:07:0{0} combo ftpd[2950{0}]: connection from 203.0.113.7 () at Fri Jun 17 07:07:0{0} 2005\n"
    other = "Jun 17 07:07:0{0} combo sshd[193{0}]: authentication failure; rhost=203.0.113.7\n"
    lines = "".join(ftp.format(n) + other.format(n) for n in range(9))
    assert len({record.time and record.time[:4] for record in records_of(lines.encode())}) == 1


def test_a_zone_that_other_lines_lack_is_read() -> None:
    line = "[2025-10-24 02:14:07.113{}][shop::orders][ERROR] could not save\n"
    records = records_of((line.format("") * 3 + line.format("-0700")).encode())
    assert [record.time and record.time[:16] for record in records] == ["2025-10-24T02:14"] * 3 + ["2025-10-24T09:14"]


def test_ids_of_rules_are_no_times() -> None:
    line = "<134>1 2025-10-24T02:14:0{}-05:00 fw filterlog 72237 - - 146,,,1535324496,igb1.12,match,block,in,4\n"
    for count in (2, 8):
        records = records_of("".join(line.format(n) for n in range(count)).encode())
        assert [record.time for record in records] == [f"2025-10-24T07:14:0{n}+00:00" for n in range(count)]


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


@pytest.mark.parametrize(
    ("line", "time", "level"),
    [
        (
            "<W>2025-10-24 02:14:07.818 1 => <4:user(-1)> Rejected connection",
            "2025-10-24T02:14:07.818000+00:00",
            "warn",
        ),
        ("L 10/24/2025 - 02:14:07: Bad Rcon: 12", "2025-10-24T02:14:07+00:00", "info"),
        ("78017 00cff -- none -- - 2025-10-24T02:14:07+00:00 WARN (4): login", "2025-10-24T02:14:07+00:00", "warn"),
        ("[28325:00010-37355] 24-10-2025 02:14:07   smtp: ok", "2025-10-24T02:14:07+00:00", "info"),
        ("worker::INFO::2025-10-24 02:14:07,101::main::71::ok", "2025-10-24T02:14:07.101000+00:00", "info"),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_a_line_or_two_show_their_time_behind_a_tag(line: str, time: str, level: str, count: int) -> None:
    assert {(record.time, record.level) for record in records_of((line + "\n").encode() * count)} == {(time, level)}


def test_a_date_within_a_sentence_is_no_time_of_a_single_line() -> None:
    (record,) = records_of(b"the certificate of the api will expire at 2025-10-24 02:14:07, renew it\n")
    assert record.time is None


def test_a_number_is_no_time_from_its_middle_on() -> None:
    records = records_of(b"id 251761272047 saved\nid 251761272048 saved\nid 251761272049 saved\n" * 4)
    assert {record.time for record in records} == {None}


def test_a_date_is_no_time_from_its_month_on() -> None:
    records = records_of(b"2025-10-24 02:14:00,113 ERROR [api] no 0\n2025-10-24 02:14:01,")
    assert {(record.time or "")[:4] for record in records} == {"2025"}


def test_a_zone_that_something_stands_right_behind_counts() -> None:
    (record,) = records_of(b"[2025-10-24 02:14:07 +0200].535 35 WARNING [-] Invalid HTTP request received.\n")
    assert (record.time, record.level) == ("2025-10-24T00:14:07+00:00", "warn")


def test_each_of_a_few_lines_of_different_formats_has_its_time() -> None:
    log = (
        "Oct 24 02:14:07 web-1 sshd[7]: session opened\n"
        "<134>Oct 24 02:14:08 filterlog: 9,,,1000000103,em0,match,block\n"
        '203.0.113.7 - - [24/Oct/2025:02:14:09 +0000] "GET / HTTP/1.1" 502 157\n'
        "2025-10-24T02:14:10Z  info  transport: closing\n"
        'INFO:     10.0.49.54:40460 - "GET /log HTTP/1.1" 200 OK\n'
    )
    found = [
        (record.time or "")[11:19] for record in records_of(log.encode(), modified=datetime(2025, 12, 1, tzinfo=UTC))
    ]
    assert found == ["02:14:07", "02:14:08", "02:14:09", "02:14:10", "02:14:10"]


def test_a_level_in_words_says_more_than_one_in_numbers() -> None:
    line = '{"timestamp":"2025-10-24 02:14:07.113","message":"no such user","levelName":"ERROR","level":4}\n'
    assert {record.level for record in records_of(line.encode() * 4)} == {"error"}


def test_keys_in_other_letters_and_deeper_down_hold_the_time() -> None:
    line = '{"Source":"EventLog","LogEntry":{"EventSource":"api","Time":"2025-10-24T02:14:07.113Z","Level":"Error"}}\n'
    assert {record.time for record in records_of(line.encode() * 4)} == {"2025-10-24T02:14:07.113000+00:00"}


def test_lines_without_a_time_that_begin_with_a_tag_or_a_level_stand_for_themselves() -> None:
    log = (
        "Welcome to the builder\nstarting agents\n"
        "[2025-10-24T02:14:07.113Z] > git checkout\n[Pipeline] sh\n"
        "[2025-10-24T02:14:08.113Z] error: could not build\ndetails of the error\n  indented details\n"
        "[Pipeline] }\nERROR: script returned exit code 1\n"
        "[2025-10-24T02:14:09.113Z] Archiving artifacts\n"
    )
    records = records_of(log.encode())
    assert [record.line for record in records] == [1, 2, 3, 4, 5, 8, 9, 10]
    assert [record.level for record in records][-2] == "error"


def test_a_level_right_below_every_time_is_that_of_the_time_above() -> None:
    log = "".join(f"2025-10-24 02:14:0{n} orders.Saver save\nWARNING: order {n} is late\n" for n in range(8))
    assert len(records_of(log.encode())) == 8


def test_a_trace_at_the_beginning_of_a_file_is_not_torn() -> None:
    log = '  File "x.py", line 1, in save\n    raise err\nexample.OrderError: closed\nin=7\n'
    assert [record.line for record in records_of((log + "2025-10-24 02:14:07 INFO ok\n" * 4).encode())][:2] == [1, 5]


def test_what_a_runtime_says_of_its_end_is_no_part_of_the_line_before() -> None:
    log = (
        "2025-10-24T02:14:07.113Z  INFO shop::orders: listening\n" * 3
        + "thread 'main' panicked at src/orders.rs:88:9:\ncalled `Option::unwrap()` on a `None` value\n"
        + "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n"
    )
    records = records_of(log.encode())
    assert [record.line for record in records] == [1, 2, 3, 4]
    assert records[-1].level == "error"


def test_json_without_a_time_or_a_level_belongs_to_the_line_above() -> None:
    log = '[2025-10-24 02:14:07] local.ERROR: request failed \n{"error":"timed out"}\n\n' * 5
    assert [record.line for record in records_of(log.encode())] == [1, 4, 7, 10, 13]


def test_json_that_states_a_level_stands_for_itself_among_text() -> None:
    log = '[2025-10-24 02:14:07] local.INFO: request\n{"level":"error","msg":"timed out"}\n' * 5
    assert len(records_of(log.encode())) == 10


def test_a_time_alone_above_the_same_time_of_day_is_that_of_the_line_below() -> None:
    log = "".join(f"2025-10-24T02:14:{n:02}.113Z\n02:14:{n:02}.113 [main] WARN o.e.Orders - slow\n" for n in range(10))
    records = records_of(log.encode())
    assert [record.line for record in records] == list(range(1, 21, 2))
    assert {record.level for record in records} == {"warn"}
    assert records[3].time == "2025-10-24T02:14:03.113000+00:00"


def test_a_time_alone_above_another_time_does_not_swallow_that_line() -> None:
    log = "".join(f"2025-10-24 02:14:{n:02} INFO save\n" for n in range(10))
    records = records_of(f"Fri Oct 24 02:10:00 UTC 2025\n{log}".encode())
    assert len(records) == 11


def test_a_few_dated_lines_among_lines_of_a_format_without_times_have_their_time() -> None:
    log = "[67329.555s][warning][os,thread] Failed to start thread\n" * 2
    log += "[2025-10-24T02:14:07,113][ERROR][o.e.b.Node] [es-1] fatal error\n"
    record = records_of(log.encode())[-1]
    assert (record.time, record.level) == ("2025-10-24T02:14:07.113000+00:00", "error")


def test_words_between_the_lines_of_a_development_server_are_their_own() -> None:
    log = (
        '[24/Oct/2025 02:14:07] "GET / HTTP/1.1" 200 2215\n'
        "[24/Oct/2025 02:14:07,938] - Broken pipe from ('127.0.0.1', 57453)\n"
        "Internal Server Error: /orders\n"
        'Traceback (most recent call last):\n  File "x.py", line 1, in save\n    save()\nOrderError: closed\n'
        '[24/Oct/2025 02:14:08] "GET /orders HTTP/1.1" 500 145\n'
    )
    records = records_of(log.encode())
    assert [record.line for record in records] == [1, 2, 3, 8]
    assert [record.level for record in records][2:] == ["error", "error"]


def test_a_banner_above_logfmt_is_no_record_of_it() -> None:
    log = "Scanner 1.0\n[1/3] Starting scan\n" + 'time="2025-10-24T02:14:07Z" level=info msg="found"\n' * 4
    assert [record.line for record in records_of(log.encode())] == [1, 2, 3, 4, 5, 6]


def test_jenkins_names_steps_without_complaint() -> None:
    log = "[2025-10-24T02:14:07.113Z] > git checkout\n[Pipeline] timeout\n" * 3
    assert {record.level for record in records_of(log.encode())} == {"info"}


def test_a_line_that_names_its_program_and_level_stands_for_itself() -> None:
    log = (
        "2025-10-24 02:14:07.113 UTC [40] app@prod FATAL:  the database system is starting up\n"
        "psql: FATAL:  the database system is starting up\n"
        "2025-10-24 02:14:08.113 UTC [39] LOG:  invalid primary checkpoint record\n"
        "details: a part of it\n"
    )
    assert [(record.line, record.level) for record in records_of(log.encode())] == [
        (1, "fatal"),
        (2, "fatal"),
        (3, "info"),
    ]


def test_a_header_of_flow_columns_says_where_the_time_stands() -> None:
    log = (
        "version vpc-id interface-id srcaddr dstaddr protocol start end action log-status\n"
        "3 vpc-0a eni-0a 10.0.0.7 10.0.0.8 6 1761272047 1761272107 REJECT OK\n"
        "3 vpc-0a eni-0a 10.0.0.7 10.0.0.9 6 1761272048 1761272108 ACCEPT OK\n"
    )
    assert [(record.time, record.level) for record in records_of(log.encode()) if record.time] == [
        ("2025-10-24T02:14:07+00:00", "warn"),
        ("2025-10-24T02:14:08+00:00", "info"),
    ]


def test_a_level_below_a_time_stays_there_among_lines_that_begin_with_levels() -> None:
    build = "[INFO] Running war on http://localhost:9090/\n[INFO] create webapp\n" * 4
    server = "Oct 24, 2025 4:00:05 PM org.example.Server start\nWARNING: slow start\n"
    records = records_of((build + server * 3).encode())
    assert [record.line for record in records][7:] == [8, 9, 11, 13]
    assert records[-1].level == "warn"


@pytest.mark.parametrize(("word", "level"), [("严重", "error"), ("정보", "info"), ("警告", "warn"), ("GRAVE", "error")])
def test_levels_that_java_translates(word: str, level: str) -> None:
    log = f"Oct 24, 2025 4:00:05 PM org.example.Server start\n{word}: 42\n" * 4
    assert {record.level for record in records_of(log.encode())} == {level}


def test_requests_among_what_python_logs_without_a_time_have_theirs() -> None:
    log = (
        "ERROR:app:could not save\n"
        'INFO:werkzeug:127.0.0.1 - - [24/Oct/2025 02:14:07] "GET / HTTP/1.1" 500 -\n'
        "WARNING:app.limits:slow down\n"
    )
    assert [record.time for record in records_of(log.encode())][1] == "2025-10-24T02:14:07+00:00"


def test_what_node_says_first_of_its_end_is_an_error() -> None:
    log = "node:internal/process/promises:288\n    trigger(err);\n    ^\n\n[Error: no such file] {\n  errno: -2\n}\n"
    records = records_of(log.encode())
    assert [(record.line, record.level) for record in records] == [(1, "error")]


def test_a_time_behind_a_long_name_in_brackets_is_found_in_few_lines() -> None:
    log = (
        "[INF] [Microsoft.EntityFrameworkCore.Database.Command] 2025-10-24T10:14:07.117+08:00 Executed DbCommand\n"
        "      SELECT 1\n"
        "[WRN] [Microsoft.EntityFrameworkCore.Query] 2025-10-24T10:14:08.117+08:00 slow\n"
    )
    records = records_of(log.encode())
    assert [record.time for record in records] == [f"2025-10-24T02:14:0{n}.117000+00:00" for n in (7, 8)]


def test_two_times_behind_tags_are_enough_for_a_few_lines() -> None:
    log = (
        "[INFO] listening on 127.0.0.1:9042\n"
        "[STDERR] 2025-10-24T02:14:07.113Z DEBUG configuration found\n"
        "[STDERR] 2025-10-24T02:14:08.113Z ERROR configuration not read\n"
    )
    assert [record.time for record in records_of(log.encode())][1:] == [
        "2025-10-24T02:14:07.113000+00:00",
        "2025-10-24T02:14:08.113000+00:00",
    ]


def test_the_native_trace_of_a_full_heap_belongs_to_the_error() -> None:
    log = (
        "<--- Last few GCs --->\n[42:0x7f] 412031 ms: Mark-Compact 4045.3 (4145.8) -> 4044.1 (4146.1) MB\n"
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"
        "----- Native stack trace -----\n 1: 0xb7a940 node::Abort() [node]\n16: 0xf4b1ec AES_cbc_encrypt [node]\n"
    )
    assert [record.line for record in records_of(log.encode())] == [1, 2, 3]


def test_long_lines_are_not_remembered_for_long() -> None:
    lines = [b'{"level":"info","n":%d,"events":[{"message":"%s"}]}' % (number, b"x" * 40_000) for number in range(10)]
    for line in lines:
        choose_envelopes([line], Clock())
        detect_layout([line])
    del line
    references = sys.getrefcount(lines[0])
    assert references == 2  # the list, and the question itself


def test_a_goroutine_is_not_more_than_the_log_above_it() -> None:
    lines = ["INFO[0000] Listening on :8080", "DEBU[0001] Looking for work", "panic: no work"]
    for at in range(20):
        lines += ["", f"goroutine {at} [running]:", "main.work(0x1)", "\t/src/work.go:12 +0x1d"]
    first, second, *_ = records_of("\n".join(lines).encode())
    assert (first.layout, first.level) == ("logrus-console", "info")
    assert (second.layout, second.level) == ("logrus-console", "debug")


def test_a_dash_is_no_level_of_a_line_without_a_time() -> None:
    text = b"7:M 24 Oct 2025 02:14:07.113 * Ready to accept connections\n"
    lines = [b"cache-1     | " + text] * 3 + [b"shop-api-1  | db:5432 is unavailable yet - waiting for it to start\n"]
    assert [record.level for record in records_of(b"".join(lines))] == ["info"] * 4


def test_many_services_padded_to_one_column() -> None:
    """More services than a short paste has lines for are still services, each with records of its own."""
    services = ["api-1", "auth-1", "auth-worker-1", "gateway-1", "sync-1", "sync-worker-1"]
    text = "".join(f"{name:14} | {what}\n" for what in ("starting", "db:5432 is open") for name in services)
    wrapped = choose_envelopes(text.encode().splitlines(), Clock())
    assert wrapped.name == "compose"
    assert len(records_of(text.encode())) == 2 * len(services)
    ragged = "".join(f"{name} | {what}\n" for what in ("starting", "db:5432 is open") for name in services)
    assert choose_envelopes(ragged.encode().splitlines(), Clock()).name == ""


@pytest.mark.parametrize(("line", "level"), [("Call Trace:", "info"), ("Trace: deep", "trace")])
def test_a_call_trace_is_no_level(line: str, level: str) -> None:
    head = "Oct 24 02:14:07 web-1 kernel: [577035.822650] "
    record, *_ = records_of(f"{head}{line}\n{head}CPU: 3 PID: 1\n".encode())
    assert record.level == level
