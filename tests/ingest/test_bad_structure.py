"""Bad inputs 69 to 74: what writers do to the structure of a log, and what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer import analyze
from analyzer.catalogue import Catalogue
from analyzer.model import Analysis, Signature
from analyzer.reason.templates import MAX_TEMPLATES, OTHER
from tests.ingest.reading import records_of

SHOP = Catalogue(
    (
        Signature(
            id="shop.order_lost",
            title="Order lost",
            category="data_loss",
            severity="high",
            match=(r"order (?P<id>\S+) was lost",),
        ),
    )
)
LINE = "2025-10-24 02:14:07,113 ERROR [api] order A1 was lost\n"
TRACE = """\
Traceback (most recent call last):
  File "/app/{0}.py", line 1, in run
    {0}()
ValueError: {0}
""".splitlines()


def _analysis(folder: Path, **files: str) -> Analysis:
    for name, text in files.items():
        (folder / f"{name}.log").write_text(text, encoding="utf-8")
    return analyze([folder], catalogue=SHOP)


def test_69_traces_of_processes_are_kept_apart() -> None:
    head = "Oct 24 02:14:07 web-1 worker[{}]: {}"
    pairs = [(pid, line.format(name)) for line in TRACE for pid, name in ((51, "one"), (52, "two"))]
    log = "".join(head.format(pid, line) + "\n" for pid, line in pairs)
    records = records_of((log + head.format(51, "done") + "\n").encode())
    assert [record.line for record in records] == [1, 2, 9]
    assert [record.text for record in records[:2]] == [
        f"worker[{pid}]: " + "\n".join(TRACE).format(name) for pid, name in ((51, "one"), (52, "two"))
    ]


def test_69_details_of_postgresql_go_to_the_error_of_their_process() -> None:
    log = """\
2025-10-24 02:14:07.113 UTC [88] app@prod ERROR:  duplicate key value violates unique constraint "orders_pkey"
2025-10-24 02:14:07.113 UTC [91] app@prod LOG:  connection authorized: user=app
2025-10-24 02:14:07.113 UTC [88] app@prod DETAIL:  Key (id)=(42) already exists.
2025-10-24 02:14:07.114 UTC [92] app@prod ERROR:  relation "carts" does not exist at character 15
2025-10-24 02:14:07.114 UTC [88] app@prod STATEMENT:  insert into orders
\tvalues (42)
2025-10-24 02:14:07.115 UTC [92] app@prod STATEMENT:  select * from carts
"""
    first, second, third = records_of(log.encode())
    lines = log.splitlines()
    assert first.text.splitlines() == [lines[0], lines[2], lines[4], lines[5]]
    assert second.text == lines[1]
    assert third.text.splitlines() == [lines[3], lines[6]]
    assert [first.line, second.line, third.line] == [1, 2, 4]


THREADS = """\
[2025-10-24 02:14:06,113] [main] INFO start
[2025-10-24 02:14:07,113] [t-1] ERROR java.lang.IllegalStateException: no order
[2025-10-24 02:14:07,113] [t-2] ERROR java.lang.NullPointerException: x
[2025-10-24 02:14:07,113] [t-1] ERROR \tat com.example.Orders.save(Orders.java:42)
[2025-10-24 02:14:07,113] [t-2] ERROR \tat com.example.Carts.save(Carts.java:1)
[2025-10-24 02:14:07,114] [t-1] ERROR \tat com.example.Main.main(Main.java:3)
[2025-10-24 02:14:07,114] [t-1] ERROR Caused by: java.io.IOException: gone
[2025-10-24 02:14:07,114] [t-2] ERROR \tat com.example.Main.main(Main.java:3)
[2025-10-24 02:14:07,114] [t-2] ERROR could not go on
[2025-10-24 02:14:08,113] [main] INFO go on
"""


@pytest.mark.parametrize("repeats", [1, 60])
def test_69_traces_of_threads_whose_lines_all_have_times_are_kept_apart(repeats: int) -> None:
    records = records_of((THREADS * repeats).encode(), 1 << 13)
    assert len(records) == 5 * repeats
    lines = THREADS.splitlines()
    assert [record.text.splitlines() for record in records[:5]] == [
        [lines[0]],
        [lines[1], lines[3], lines[5], lines[6]],
        [lines[2], lines[4], lines[7]],
        [lines[8]],
        [lines[9]],
    ]
    assert [record.line for record in records[:5]] == [1, 2, 3, 9, 10]


def test_a_traceback_whose_lines_all_have_times_is_one_record() -> None:
    head = "2025-10-24 02:14:07,113 - app - ERROR - "
    traceback = [line.format("x") for line in TRACE]
    chained = [*traceback, "", "During handling of the above exception, another exception occurred:", "", *traceback]
    log = "".join(head + line + "\n" for line in ("cannot save", *chained, "giving up"))
    quiet = "2025-10-24 02:14:09,113 - app - INFO - request\n"
    records = records_of((quiet * 3 + log + quiet).encode())
    assert [record.line for record in records] == [1, 2, 3, 4, 16, 17]
    assert records[3].text.count("ValueError: x") == 2


def test_errors_that_follow_each_other_are_no_trace() -> None:
    log = "2025-10-24 02:14:07,113 ERROR api: could not save order (timeout in orders.py:42)\n" * 20
    assert len(records_of(log.encode())) == 20


@pytest.mark.parametrize("size", [2_000, 3_001, 4_999])
def test_69_in_blocks_of_any_size(size: int) -> None:
    head = "2025-10-24 02:14:{0:02d}.113 UTC [{1}] app@prod {2}:  {3}\n"
    log = "".join(
        head.format(n % 60, 88, "ERROR", "no")
        + head.format(n % 60, 91, "LOG", "ok")
        + head.format(n % 60, 88, "DETAIL", "because")
        for n in range(100)
    ).encode()
    assert records_of(log, size) == records_of(log)
    assert len(records_of(log)) == 200


def test_70_a_trace_that_began_in_another_file_is_flagged(tmp_path: Path) -> None:
    analysis = _analysis(tmp_path, app="\tat com.example.Orders.save(Orders.java:42)\n" + LINE * 3, whole=LINE * 3)
    reasons = {source.path: [skip.reason for skip in source.skipped] for source in analysis.sources}
    flagged = [path for path, told in reasons.items() if any("continue a record" in reason for reason in told)]
    assert flagged == [str(tmp_path / "app.log")]


def test_71_torn_json_is_raw_text(tmp_path: Path) -> None:
    whole = '{"time":"2025-10-24T02:14:07Z","level":"error","msg":"order A1 was lost"}\n'
    analysis = _analysis(tmp_path, app=whole * 20 + whole[:-3] + "\n" + whole)
    assert analysis.events["line"].to_pylist() == list(range(1, 23))
    assert analysis.events["text"][20].as_py() == whole[:-3]


@pytest.mark.parametrize("depth", [500, 100_000])
def test_72_deep_json_has_a_limit(tmp_path: Path, depth: int) -> None:
    deep = '{"a":' * depth + "1" + "}" * depth
    entry = '{"insertId":"1","timestamp":"2025-10-24T02:14:07Z","severity":"ERROR","jsonPayload":' + deep + "}\n"
    plain = json.dumps({"time": "2025-10-24T02:14:07Z", "level": "error", "msg": "order A1 was lost"}) + "\n"
    analysis = _analysis(tmp_path, app=plain * 5 + deep + "\n" + plain, gcp=entry * 3)
    assert analysis.events["line"].to_pylist() == [1, 2, 3, 4, 5, 7]
    assert analysis.totals.records >= 7


def test_73_repeats_are_counted_and_sampled(tmp_path: Path) -> None:
    """Ten million of them differ from one million, some blocks of them, in nothing but the time they take."""
    (tmp_path / "app.log").write_bytes(b"2025-10-24 02:14:07 ERROR nobody knows\n" * 1_000_000)
    analysis = analyze([tmp_path], catalogue=SHOP)
    (template,) = analysis.unknown
    assert template.count == 1_000_000
    assert template.example.count("nobody knows") == 1


def test_74_an_explosion_of_templates_is_capped(tmp_path: Path) -> None:
    words = [f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(17_000)]
    log = "".join(
        f"2025-10-24 02:14:07,113 ERROR [api] {word} broke the {word[::-1]} thing {word}x\n" for word in words
    )
    analysis = _analysis(tmp_path, app=log)
    assert len(analysis.unknown) <= MAX_TEMPLATES + 1
    counts = {template.template: template.count for template in analysis.unknown}
    assert counts[OTHER] > 10_000
    assert sum(counts.values()) == 17_000


def test_entries_of_mysqls_slow_log_without_a_time_of_their_own_are_records() -> None:
    entry = "# User@Host: app[app] @ web-1 [10.0.0.7]  Id: {0}\n# Query_time: 3.2  Lock_time: 0.0\nselect sleep({0});\n"
    log = "# Time: 2025-10-24T02:14:07.113456Z\n" + entry.format(1) + entry.format(2)
    records = records_of((log * 4).encode())
    assert [record.line for record in records[:3]] == [1, 5, 8]
    assert {record.time for record in records} == {"2025-10-24T02:14:07.113456+00:00"}
    assert {record.level for record in records} == {"warn"}


def test_what_an_application_prints_between_the_lines_of_an_access_log_is_its_own() -> None:
    access = '203.0.113.7 - - [24/Oct/2025:02:14:07 +0000] "GET / HTTP/1.1" 200 157 "-" "curl/8"\n'
    crash = "worker 3 died, trying to respawn\n" + "\n".join(line.format("x") for line in TRACE) + "\n"
    records = records_of((access * 3 + crash + access * 3).encode())
    assert [record.line for record in records] == [1, 2, 3, 4, 5, 9, 10, 11]
    assert records[4].text.endswith("ValueError: x")
    assert records[4].level == "error"
    assert {record.time for record in records} == {"2025-10-24T02:14:07+00:00"}
