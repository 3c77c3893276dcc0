"""Blocks: whole records, wherever a file is cut; nothing of it lost, nothing counted twice."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.blocks import Beginning, read_blocks
from tests.ingest.reading import blocks_of, records_in, records_of, stream_of

STACK = """\
2025-10-24 02:14:07,113 ERROR [api] could not save
java.lang.IllegalStateException: no session
\tat com.example.Orders.save(Orders.java:42)
Caused by: java.sql.SQLException: connection is closed
\tat org.postgresql.Driver.connect(Driver.java:1)
"""
POSTGRES = """\
2025-10-24 02:14:07.113 UTC [88] app@prod ERROR:  duplicate key value violates unique constraint "orders_pkey"
2025-10-24 02:14:07.113 UTC [88] app@prod DETAIL:  Key (id)=(42) already exists.
2025-10-24 02:14:07.113 UTC [88] app@prod STATEMENT:  insert into orders
\tvalues (42)
2025-10-24 02:14:08.000 UTC [88] app@prod LOG:  disconnection
"""
ISO = st.integers(0, 59).map(lambda second: f"2025-10-24 02:14:{second:02d},113 ")
CONTINUATION = st.sampled_from(
    [
        "\tat x.y.Z(Z.java:1)",
        "Caused by: Error: x",
        "",
        "  indented",
        "❌ words",
        "é" * 9,
        "}",
        "\x1b[31mred\x1b[0m",
        "\0\0",
    ]
)
RECORDS = st.lists(
    st.tuples(
        ISO,
        st.sampled_from(["INFO [api] ok", "ERROR [api] no", "WARN \x1b[33mhm\x1b[0m"]),
        st.lists(CONTINUATION, max_size=3),
    ),
    min_size=12,
    max_size=60,
)
NEWLINE = st.sampled_from(["\n", "\r\n"])


@settings(max_examples=60)
@given(RECORDS, NEWLINE, st.booleans(), st.integers(450, 3000))
def test_any_size_of_blocks_gives_the_same_records(
    parts: list[tuple[str, str, list[str]]], newline: str, ended: bool, size: int
) -> None:
    lines = [line for time, head, more in parts for line in (time + head, *more)]
    data = (newline.join(lines) + (newline if ended else "")).encode()
    whole = records_of(data)
    assert len(whole) == len(parts)
    assert records_of(data, size) == whole


@given(
    st.lists(st.sampled_from(["started", "  at x", "❌ failed", "", "}", '{"a": 1}']), min_size=1, max_size=60),
    st.integers(150, 900),
)
@settings(max_examples=60)
def test_any_size_of_blocks_gives_the_same_records_without_times(lines: list[str], size: int) -> None:
    data = ("first\n" + "\n".join(lines)).encode()
    assert records_of(data, size) == records_of(data)


@given(st.binary(max_size=3000), st.integers(64, 1000))
def test_no_line_is_lost_or_counted_twice(noise: bytes, size: int) -> None:
    data = b"2025-10-24 02:14:07 INFO begin\n" * 30 + noise
    blocks = blocks_of(data, size)
    lines = sum(bytes(block.content()).count(b"\n") for block in blocks)
    assert lines == data.count(b"\n")
    for block, following in pairwise(blocks):
        assert following.line == block.line + bytes(block.content()).count(b"\n")
        assert following.offset > block.offset


def test_a_stack_trace_stays_with_its_record() -> None:
    records = records_of((STACK * 3).encode())
    assert [record.text for record in records] == [STACK.rstrip("\n")] * 3
    assert [record.line for record in records] == [1, 6, 11]
    assert {record.level for record in records} == {"error"}


def test_detail_and_statement_of_postgresql_stay_with_their_error() -> None:
    first, second = records_of(POSTGRES.encode())
    assert (first.level, second.level) == ("error", "info")
    assert first.text.endswith("values (42)")
    assert second.line == 5


@pytest.mark.parametrize("size", range(700, 1000, 13))
def test_a_postgresql_error_is_never_parted_from_its_detail(size: int) -> None:
    assert records_of((POSTGRES * 20).encode(), size) == records_of((POSTGRES * 20).encode())


def test_carriage_returns_at_line_ends_are_no_text() -> None:
    with_cr = records_of(STACK.replace("\n", "\r\n").encode())
    assert [record.text for record in with_cr] == [record.text for record in records_of(STACK.encode())]


def test_no_final_newline() -> None:
    assert records_of(STACK.rstrip("\n").encode()) == records_of(STACK.encode())


def test_offsets_count_the_bytes_of_the_file_colours_and_all() -> None:
    lines = [f"\x1b[32m2025-10-24 02:14:{second:02d}\x1b[0m INFO ok {'x' * second}\r\n" for second in range(60)]
    data = "".join(lines).encode()
    for record in records_of(data, size=700):
        assert data[record.offset :].decode().startswith(lines[record.line - 1])


def test_a_line_longer_than_a_block_is_cut_and_flagged() -> None:
    data = b"2025-10-24 02:14:07 INFO " + b"x" * 5000 + b"\n2025-10-24 02:14:08 INFO short\n"
    blocks = blocks_of(data, size=1000)
    assert [block.cut_line for block in blocks] == [True] * 5 + [False]
    assert b"".join(bytes(block.content()) for block in blocks) == data
    assert records_of(data, size=1000)[-1].line == 2


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\n\n", b"x", b"\r\n", b"   ", b"\t\n "])
def test_next_to_nothing(data: bytes) -> None:
    blocks = blocks_of(data)
    assert sum(block.length for block in blocks) == len(data.replace(b"\r\n", b"\n"))


def test_binary_files_have_no_blocks() -> None:
    noise = random.Random(7)
    assert blocks_of(noise.randbytes(100_000)) == []
    assert blocks_of(b"\x7fELF\x02\x01\x01" + bytes(range(32)) * 100) == []


def test_some_control_characters_do_not_make_a_file_binary() -> None:
    line = b"2025-10-24 02:14:07 INFO bell \x07 tab \t backspace \x08 escape \x1b[0m and one \x01\n"
    assert len(records_of(line * 50)) == 50


def test_a_hole_of_nul_bytes_is_skipped_and_counted() -> None:
    line = b"2025-10-24 02:14:07 INFO ok\n"
    for hole in (10, 600, 5_000, 300_000):
        data = bytes(hole) + line * 40 + bytes(hole) + line * 40
        for size in (2_000, 100_000, 1 << 20):
            blocks = blocks_of(data, size)
            assert sum(block.nuls for block in blocks) == 2 * hole
            assert not any(block.cut_line for block in blocks)
            records = records_of(data, size)
            assert {record.text.encode() + b"\n" for record in records} == {line}
            assert [record.line for record in records] == list(range(1, 81))
            assert all(data[record.offset :].startswith(line) for record in records)


def test_nothing_but_nul_bytes_is_nothing() -> None:
    assert blocks_of(bytes(100_000)) == []
    assert blocks_of(bytes(100_000), size=1000) == []


def test_records_without_a_time_take_that_of_the_record_before_across_blocks() -> None:
    dated = '{"time":"2025-10-24T02:14:%02dZ","level":"info","msg":"ok"}\n'
    undated = '{"level":"info","msg":"no time"}\n' * 9
    data = "".join(dated % second + undated for second in range(60)).encode()
    for size in (1000, 5000, 1 << 20):
        records = records_of(data, size)
        assert len(records) == 600
        assert [record.time for record in records] == [
            f"2025-10-24T02:14:{second:02d}+00:00" for second in range(60) for _ in range(10)
        ]


def test_a_block_without_any_time_takes_that_of_the_block_before() -> None:
    data = b'{"time":"2025-10-24T02:14:07Z","msg":"ok"}\n' * 30 + b'{"msg":"no time"}\n' * 1000
    assert {record.time for record in records_of(data, size=2000)} == {"2025-10-24T02:14:07+00:00"}


def test_continuation_without_end_is_parted_into_records() -> None:
    data = b"2025-10-24 02:14:07 INFO begin\n" * 30 + b"ERROR: something else went wrong\n  because\n" * 4000
    records = records_of(data)
    assert len(records) > 4000
    assert records[-1].text == "ERROR: something else went wrong\n  because"
    assert records[-1].time == "2025-10-24T02:14:07+00:00"
    assert records[-1].level == "error"


def test_another_layout_after_a_long_banner() -> None:
    banner = "".join(f"| {'*' * 60} welcome {number} |\n" for number in range(8_000))
    log = "".join(f"2025-10-24 02:14:{second % 60:02d} ERROR [api] no\n" for second in range(30_000))
    records = records_of((banner + log).encode())
    assert sum(record.time is not None for record in records) == 30_000
    assert sum(record.level == "error" for record in records) == 30_000


def test_a_file_that_changes_its_layout_is_read_by_both() -> None:
    first = "".join(
        f"2025-10-24 02:{m:02d}:{s:02d},000 INFO com.example.Api - ok\n" for m in range(60) for s in range(60)
    )
    second = "".join(
        f'{{"time":"2025-10-24T03:{m:02d}:{s:02d}Z","level":"error","msg":"no"}}\n'
        for m in range(60)
        for s in range(60)
    )
    for data in (first * 2 + second, first + second * 2):
        for size in (1 << 16, 1 << 18, 1 << 23):
            records = records_of(data.encode(), size)
            assert len(records) == 3 * 3600
            assert all(record.time is not None for record in records)
            assert {(record.layout, record.level) for record in records} == {
                ("logback", "info"),
                ("slog", "error"),
            }


def test_interleaved_layouts_are_told_apart_line_by_line() -> None:
    lines = [
        "2025-10-24 02:14:07,113 - app.db - ERROR - could not save",
        "Traceback (most recent call last):",
        '  File "x.py", line 1, in <module>',
        "ValueError: no",
        'INFO:     127.0.0.1:52814 - "GET /health HTTP/1.1" 200 OK',
        '203.0.113.7 - - [24/Oct/2025:02:14:09 +0000] "GET / HTTP/1.1" 502 157',
    ]
    records = records_of(("\n".join(lines * 40) + "\n").encode())
    assert len(records) == 120
    assert [(r.layout, r.level, r.time) for r in records[:3]] == [
        ("python-logging", "error", "2025-10-24T02:14:07.113000+00:00"),
        ("uvicorn", "info", "2025-10-24T02:14:07.113000+00:00"),
        ("access-log", "error", "2025-10-24T02:14:09+00:00"),
    ]
    assert records[0].text == "\n".join(lines[:4])


def test_a_crash_among_json_lines_has_a_level_and_a_time() -> None:
    line = '{"level":30,"time":1761272047113,"msg":"ok"}\n'
    crash = "TypeError: Cannot read properties of undefined\n    at save (/app/x.js:1:2)\n"
    records = records_of((line * 50 + crash + line * 50).encode())
    (record,) = (record for record in records if record.level == "error")
    assert record.text == crash.rstrip("\n")
    assert record.time == "2025-10-24T02:14:07.113000+00:00"


def test_a_few_access_lines_in_console_output_do_not_make_it_an_access_log() -> None:
    data = ("🚀 Server started\n" * 5 + "GET /api/orders 500 3.2 ms - -\n" + "💾 saved\n" * 4) * 20
    (block,) = blocks_of(data.encode())
    assert block.reader.layout.name == "plain"
    assert {record.layout for record in records_of(data.encode())} == {"plain", "morgan"}
    assert sum(record.level == "error" for record in records_of(data.encode())) == 20


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_only_newlines_end_a_line(separator: str) -> None:
    data = f"2025-10-24 02:14:07 INFO one{separator}2025-10-24 02:14:08 INFO two\n".encode() * 20
    assert len(records_of(data)) == 20


def test_decimals_and_zones_may_differ_from_line_to_line() -> None:
    stamps = ["2025-10-24T02:14:07Z", "2025-10-24T02:14:07.113Z", "2025-10-24T04:14:07+02:00", "2025-10-24T02:14:07.5Z"]
    data = "".join(f"{stamps[0]} INFO a\n" * 5 + f"{stamp} INFO b\n" for stamp in stamps * 10)
    times = [record.time for record in records_of(data.encode())]
    assert times[5::6][:4] == [
        "2025-10-24T02:14:07+00:00",
        "2025-10-24T02:14:07.113000+00:00",
        "2025-10-24T02:14:07+00:00",
        "2025-10-24T02:14:07.500000+00:00",
    ]


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(0, 60))
def test_reading_goes_on_where_a_block_ended(records: int, cut: int) -> None:
    """However a log grows between two readings, both together give what one reading gives."""
    data = "".join(f"2025-10-24 02:14:{n % 60:02d},113 ERROR [api] no {n}\n" for n in range(records)).encode()
    first = data[: max(len(data) - cut, 0)]
    with stream_of(first) as stream:
        early = list(read_blocks(stream, beginning=Beginning(settled=False)))
    end = early[-1].end if early else 0
    assert end == first.rfind(b"\n") + 1
    with stream_of(data) as stream:
        assert stream.skip(end) == end
        beginning = Beginning(offset=end, line=1 + data[:end].count(b"\n"), head=data[:4096])
        late = list(read_blocks(stream, beginning=beginning))
    # How the layout is called may differ: one line shows less of it than many.
    found = [replace(record, layout="") for block in (*early, *late) for record in records_in(block)]
    assert found == [replace(record, layout="") for record in records_of(data)]


def test_a_last_line_without_its_end_is_left_only_where_more_may_come() -> None:
    data = b"2025-10-24 02:14:07,113 ERROR one\n2025-10-24 02:14:08,113 ERR"
    for settled, end in ((True, len(data)), (False, 34)):
        with stream_of(data) as stream:
            (block,) = read_blocks(stream, beginning=Beginning(settled=settled))
        assert block.end == end
        assert block.tail.length == end


@pytest.mark.parametrize(
    "record",
    [
        "java.io.IOException: no\n\tat a.B.c(B.java:1)\nCaused by: java.net.ConnectException: no\n\tat d.E.f(E.java:2)",
        "java.io.IOException: no\n\tat a.B.c(B.java:1)\nCaused: hudson.remoting.Closed: no\n\tat d.E.f(E.java:2)",
        "panic: no\n\ngoroutine 1 [running]:\nmain.save(0x0)\n\t/app/save.go:7 +0x1d\nmain.main()\n\t/app/main.go:3",
        "panic: no\n\ngoroutine 1 [running]:\nmain.main()\n    /app/main.go:69 +0x1af\nexit status 2",
        "[error] GenServer Cart terminating\n** (stop) :econnaborted\nLast message: {:tcp, 1}\nState: %{id: 7}",
        "pydantic_core.ValidationError: 2 validation errors for Settings\nDB_URL\n  Field required [type=missing]\n"
        "API_KEY\n  Field required [type=missing]",
        'psycopg2.errors.ForeignKeyViolation: insert violates "fk"\nDETAIL:  Key (user_id)=(5) is not present.\n',
        'PG::UndefinedTable: ERROR:  relation "orders" does not exist\nLINE 1: SELECT 1 FROM orders\n'
        "                      ^\n: SELECT 1 FROM orders",
        "npm ERR! code EACCES\nnpm ERR! syscall mkdir\nnpm ERR! path /usr/lib/node_modules",
        'npm ERR! Linux 3.13.0\nnpm ERR! argv "node" "npm" "start"\nnpm ERR! node v4.2.4\nnpm ERR! npm  v2.14.12\n'
        "npm ERR! code ELIFECYCLE\nnpm ERR! shop@0.1.2 start: `node app.js`\nnpm ERR! Exit status 1",
        "PHP Fatal error:  Uncaught Exception: no in /a.php:3\nStack trace:\n#0 /b.php(7): save()\n#1 {main}\n  thrown",
        "requests.exceptions.ConnectionError: HTTPConnectionPool(host='api', port=80): Max retries exceeded "
        "with url: / (Caused by \nNewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f>: no'))",
        "HTTPSConnectionPool(host='api', port=443): Max retries exceeded with url: /\n"
        'Caused by NameResolutionError("<urllib3.connection.HTTPSConnection object at 0x7f>: no route")',
        "╷\n│ Error: no such image\n│\n│   with cloud_instance.web,\n│   on main.tf line 3\n│\n╵",
        "│ Error: no such image\n│\n│   with cloud_instance.web,\n╵",
    ],
    ids=[
        "java",
        "jenkins",
        "go",
        "go-with-blanks",
        "elixir",
        "pydantic",
        "psycopg",
        "rails",
        "npm",
        "npm-2",
        "php",
        "urllib3-cut",
        "urllib3-cause-below",
        "terraform",
        "terraform-without-top",
    ],
)
def test_undated_lines_that_belong_to_an_error_stay_with_it(record: str) -> None:
    texts = [r.text.rstrip() for r in records_of(f"starting\n{record}\nended\n".encode())]
    assert texts == ["starting", record.rstrip(), "ended"]


def test_each_box_is_a_record() -> None:
    boxes = ["╷\n│ Error: one\n│\n╵", "╷\n│ Error: two\n│\n╵"]
    assert [r.text for r in records_of(("\n".join(boxes) + "\n").encode())] == boxes


def test_each_row_of_text_that_is_indented_as_a_whole_is_a_record() -> None:
    data = "  Warning  Failed   kubelet  Error: no\n    because of this\n  Normal   BackOff  kubelet  Back-off\n"
    assert [r.text for r in records_of(data.encode())] == [
        "  Warning  Failed   kubelet  Error: no\n    because of this",
        "  Normal   BackOff  kubelet  Back-off",
    ]


def test_counts_are_plain_numbers() -> None:
    """A database takes others for blobs."""
    for content in (b"one\ntwo\n", b"one\ntwo"):
        (block,) = blocks_of(content)
        assert (type(block.line_count()), block.line_count()) == (int, 2)
        assert type(block.next_line) is int
