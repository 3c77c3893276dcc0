"""Lines in envelopes: what is inside is read as if it stood alone, and the envelope adds what it knows.

Each case is a file: lines as a platform writes them, a divider, and the records they hold.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from analyzer.ingest.envelopes.choose import ENVELOPES, EXAMPLES, choose_envelopes
from analyzer.ingest.lines import LineReader
from analyzer.ingest.timestamps import Clock
from analyzer.ingest.windows import PADDING
from tests.ingest.reading import Record, records_of

SEVERAL_IN_A_LINE = {"syslog-octets", "json-array", "json-concat", "gcp-array", "cloudwatch-array"}
CASES = sorted((Path(__file__).parent / "envelopes").glob("*.txt"))


def _case(path: Path) -> tuple[bytes, list[dict[str, Any]]]:
    log, _, expected = path.read_text(encoding="utf-8").partition("=== expected\n")
    return log.encode(), yaml.safe_load(expected)


def _told(record: Record, expected: dict[str, Any]) -> dict[str, Any]:
    """What a record says of what is expected of it."""
    told: dict[str, Any] = {name: getattr(record, name) for name in expected}
    if "time" in told and record.time is not None:
        told["time"] = record.time.removesuffix("+00:00")
    if "origin" in told:
        told["origin"] = {name: record.origin.get(name) for name in expected["origin"]}
    if "text" in told:
        told["text"] = told["text"].rstrip("\n")
        expected["text"] = expected["text"].rstrip("\n")
    return told


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_records_in_envelopes(path: Path) -> None:
    log, expected = _case(path)
    records = records_of(log)
    assert [_told(record, wanted) for record, wanted in zip(records, expected, strict=True)] == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_offsets_point_to_the_line_of_the_file(path: Path) -> None:
    log, _ = _case(path)
    lines = log.split(b"\n")
    for record in records_of(log):
        assert log[: record.offset].count(b"\n") == record.line - 1
        assert path.stem in SEVERAL_IN_A_LINE or log[record.offset :].startswith(lines[record.line - 1])


def test_a_binary_field_of_the_journals_export_is_read() -> None:
    message = b'Traceback (most recent call last):\n  File "x.py", line 1\n\n' + b"x" * 200 + b"\nKeyError: 'a'"
    entry = b"__CURSOR=s=%d\n__REALTIME_TIMESTAMP=1761272047113456\n_HOSTNAME=web-1\nMESSAGE\n"
    size = len(message).to_bytes(8, "little")
    data = b"".join(entry % n + size + message + b"\n_PID=7\nSYSLOG_IDENTIFIER=api\n\n" for n in range(3))
    records = records_of(data)
    assert [record.line for record in records] == [1, 13, 25]
    assert {record.text.encode() for record in records} == {b"api[7]: " + message}
    assert {record.time for record in records} == {"2025-10-24T02:14:07.113456+00:00"}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_readers_can_be_handed_to_another_process(path: Path) -> None:
    log, _ = _case(path)
    data = np.frombuffer(log + bytes(PADDING), dtype=np.uint8)
    reader = LineReader(log.split(b"\n"), Clock())
    sent = pickle.loads(pickle.dumps(reader))
    here, there = reader.read(data, len(log)), sent.read(data, len(log))
    assert here.times.tolist() == there.times.tolist()
    records = range(len(here.first_line))
    assert [here.origin_of(record) for record in records] == [there.origin_of(record) for record in records]


@pytest.mark.parametrize("name", ["docker", "kubernetes", "kubectl", "syslog", "pretty-json", "syslog-octets"])
def test_any_size_of_blocks_gives_the_same_records(name: str) -> None:
    log, _ = _case(Path(__file__).parent / "envelopes" / f"{name}.txt")
    log = log.rstrip(b"\n") if name == "syslog-octets" else log
    whole = records_of(log * 40)
    for size in (15_000, 20_011, 30_000):
        assert records_of(log * 40, size) == whole


def test_offsets_of_octet_counted_messages_are_those_of_their_counts() -> None:
    log, _ = _case(Path(__file__).parent / "envelopes" / "syslog-octets.txt")
    for record in records_of(log):
        assert log[record.offset :].split(b" ", 1)[1].startswith(b"<")


def test_a_list_on_one_line_larger_than_a_block_is_read_object_by_object() -> None:
    entry = '{{"time":"2025-10-24T02:14:07.{0:03d}Z","level":"error","msg":"lost {0}","rows":[{{"a":1}},{{"b":2}}]}}'
    log = ("[" + ", ".join(entry.format(n) for n in range(900)) + "]").encode()
    for size in (1 << 14, 1 << 15, 1 << 23):
        records = records_of(log, size)
        assert [record.text for record in records] == [entry.format(n) for n in range(900)]
        assert all(log[record.offset :].startswith(record.text.encode()) for record in records)
        assert {record.line for record in records} == {1}


def test_torn_objects_of_a_list_are_raw_text() -> None:
    whole = '{"time":"2025-10-24T02:14:07Z","level":"error","msg":"lost"}'
    records = records_of(f"[{whole},{whole},{whole[:-9]}".encode())
    assert [record.text for record in records] == [whole, whole, whole[:-9]]


def test_numbers_in_text_are_no_control_characters() -> None:
    line = "Oct 24 02:14:07 web-1 app[51]: closed ticket #012, see #011 and #0123\n"
    assert {record.text for record in records_of(line.encode() * 4)} == {line.rstrip().partition("web-1 ")[2]}


def test_names_in_brackets_are_no_envelope_where_nothing_shows_that_a_program_put_them_there() -> None:
    log = "[Auth] user 7 signed in\n[Orders] order 42 saved\n[Auth] user 8 signed in\n" * 4
    assert {record.origin.get("service") for record in records_of(log.encode())} == {None}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_an_envelope_is_in_it(name: str) -> None:
    chosen = choose_envelopes([EXAMPLES[name].encode()] * 5, Clock())
    assert [envelope.name for envelope in chosen.envelopes][:1] == [name]


def test_every_envelope_has_an_example() -> None:
    assert {envelope.name for envelope in ENVELOPES} <= EXAMPLES.keys()


def test_a_line_of_syslog_without_a_program_is_continued_by_nobody_else() -> None:
    log = """\
Jun 19 04:08:57 combo cups: cupsd startup succeeded
Jun 19 04:09:11 combo syslogd 1.4.1: restart.
Jun 19 04:09:12 combo cups: cupsd shutdown succeeded
"""
    assert [record.line for record in records_of(log.encode() * 4)] == list(range(1, 13))


def test_an_object_that_a_text_ends_with_is_part_of_its_record() -> None:
    head = "[2025-10-24T02:14:0{},113][INFO ][index.indexing.slowlog.index] [es-1] [logs-1] took[1ms], source[\n"
    body = "{\n" + "".join(f'  "field_{n}": {n},\n' for n in range(12)) + '  "last": true\n}]\n'
    records = records_of("".join(head.format(n) + body for n in range(3)).encode())
    assert [record.line for record in records] == [1, 17, 33]
    assert [record.time for record in records] == [f"2025-10-24T02:14:0{n}.113000+00:00" for n in range(3)]


def test_text_between_objects_in_brackets_or_on_one_line_is_kept() -> None:
    body = "{\n" + "".join(f'  "field_{n}": {n},\n' for n in range(30)) + '  "last": true\n}\n'
    text = "[worker] could not save\n"
    compact = '{"level": "error", "msg": "torn"}\n'
    records = records_of((body + text + body + compact + body).encode())
    assert [record.text.strip() for record in records if record.line in (34, 68)] == [text.strip(), compact.strip()]


def test_labels_of_docker_that_are_no_json_are_no_labels() -> None:
    line = b'{"log":"2025-10-24 02:14:07 x\\n","stream":"stdout","attrs":{a},"time":"2025-10-24T02:14:07.113456789Z"}\n'
    assert [(record.text, record.origin) for record in records_of(line * 3)] == [
        ("2025-10-24 02:14:07 x", {"stream": "stdout"})
    ] * 3


def test_processes_of_one_program_are_learned_from_together() -> None:
    lines = [
        f"Oct 24 02:14:{n:02d} web-1 {who}: could not save {n}".encode()
        for n in range(60)
        for who in (f"sshd[{n}]", "api[7]")
    ]
    assert len(set(choose_envelopes(lines, Clock()).groups)) == 2
