"""Records cut out of documents, held against the functions that look into each document as a whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.envelopes.cut import Entry, records_of
from analyzer.ingest.envelopes.documents import DOCUMENTS, Documents
from analyzer.ingest.logical import lines_from
from analyzer.ingest.timestamps import Clock

CASES = Path(__file__).parent / "envelopes"
CUT = [kind for kind in DOCUMENTS if kind.cutter is not None]
KEYS = {
    "docker": ("log", "stream", "kubernetes", "time", "@timestamp", "x"),
    "journald": (
        "MESSAGE", "_HOSTNAME", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_PID", "_TRANSPORT", "PRIORITY",
        "_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP",
    ),
    "gcp": (
        "textPayload", "jsonPayload", "protoPayload", "resource", "logName", "insertId", "severity", "timestamp",
        "receiveTimestamp", "trace", "spanId",
    ),
}  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["stdout", "stderr", "6", "3", "ERROR", "2025-10-24T02:14:07Z", "1761272047113456", "a\\n\n", "\ud800"]
    ),
)
SIMPLE = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.integers(0, 300), max_size=3)
)
LABELS = st.sampled_from(["pod_name", "container_name", "service_name", "labels", "host", "tag", "a\tb"])
VALUES = st.one_of(
    TEXTS,
    SIMPLE,
    st.dictionaries(LABELS, st.one_of(SIMPLE, st.dictionaries(LABELS, SIMPLE, max_size=3)), max_size=4),
)


def whole(kind: Documents, line: bytes) -> Entry | None:
    """The record of a document by the function that says what there is in it."""
    document = json.loads(line)
    return next(kind.entries(document)) if kind.recognise(document) else None


def assert_same(cut: Entry, expected: Entry | None) -> None:
    assert expected is not None
    (time,) = records_of([expected], np.arange(1), Clock()).times.tolist()
    assert (cut.time, cut.level, cut.fields, cut.own, cut.shown) == (
        time, expected.level, expected.fields, expected.own, expected.shown,
    )  # fmt: skip
    assert cut.text == expected.text or json.loads(cut.text) == json.loads(expected.text)


def cut_all(kind: Documents, lines: list[bytes]) -> list[Entry | None]:
    """The records that are cut out of lines, each with everything in one place."""
    assert kind.cutter is not None
    cut = kind.cutter.cut(lines, Clock())
    found: list[Entry | None] = [None] * len(lines)
    for row, (parent, text) in enumerate(zip(cut.parents.tolist(), cut.texts.to_pylist(), strict=True)):
        common = cut.entries[cut.codes[row]]
        own = kind.cutter.own_of(cut.own[row].as_py()) if cut.own is not None else {}
        found[parent] = Entry(text, int(cut.times[row]), common.level, common.fields, own, common.shown)
    return found


def cut_from(kind: Documents, line: bytes) -> Entry | None:
    """The record that is cut out of one line."""
    return cut_all(kind, [line])[0]


@pytest.mark.parametrize("kind", CUT, ids=lambda kind: kind.name)
@settings(max_examples=150)
@given(data=st.data())
def test_what_is_cut_out_is_what_the_whole_document_says(kind: Documents, data: st.DataObject) -> None:
    document = data.draw(st.dictionaries(st.sampled_from(KEYS[kind.name]), VALUES, max_size=8))
    form: dict[str, Any] = data.draw(
        st.sampled_from([{}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}])
    )
    line = json.dumps(document, **form).encode("utf-8", "surrogatepass")
    cut = cut_from(kind, line)
    if cut is not None:
        assert_same(cut, whole(kind, line))


@pytest.mark.parametrize(("name", "file"), [("journald", "journald-json"), ("gcp", "gcp")])
def test_usual_documents_are_cut(name: str, file: str) -> None:
    kind = next(kind for kind in CUT if kind.name == name)
    log = (CASES / f"{file}.txt").read_bytes().partition(b"=== expected")[0]
    cut = [(cut_from(kind, line), whole(kind, line)) for line in log.splitlines()]
    known = [(entry, expected) for entry, expected in cut if entry is not None]
    assert len(known) >= 3
    for entry, expected in known:
        assert_same(entry, expected)


@pytest.mark.parametrize(
    "line",
    [
        b'{"insertId":"a","textPayload":"x","logName":"l","labels":{"x":NaN}}',
        b'{"insertId":"a","textPayload":"\\ud800","logName":"l"}',
        b'{"insertId":"a","textPayload":"x","logName":"l","x":"\xff"}',
        b'{"insertId":"a","textPayload":"x","logName":"l","trace":null}',
        b'{"insertId":"a","textPayload":"x","logName":"l","timestamp":1761272047}',
        b'{"insertId":"a","textPayload":null,"jsonPayload":{"a":1},"logName":"l"}',
        b'{"insertId":"a","jsonPayload":{"a":\n1},"logName":"l"}',
        b'{"textPayload":"x","insertId":"a"}',
        b"[" * 100_000,
        b"{",
        b"",
    ],
)
def test_what_is_unusual_is_not_cut(line: bytes) -> None:
    (gcp,) = (kind for kind in CUT if kind.name == "gcp")
    assert cut_from(gcp, line) is None


def test_a_time_of_thousands_of_digits_is_no_time() -> None:
    (journald,) = (kind for kind in CUT if kind.name == "journald")
    line = b'{"MESSAGE":"x","_HOSTNAME":"h","__REALTIME_TIMESTAMP":"%s"}' % (b"1" * 5000)
    assert cut_from(journald, line) is None


def test_of_keys_that_come_twice_the_last_counts() -> None:
    (gcp,) = (kind for kind in CUT if kind.name == "gcp")
    line = b'{"logName":"l","textPayload":"one","severity":"INFO","textPayload":"two","severity":"ERROR"}'
    cut = cut_from(gcp, line)
    assert cut is not None
    assert cut.text == b"two"
    assert_same(cut, whole(gcp, line))


def said_by(kind: Documents, lines: list[bytes]) -> list[tuple[object, ...]]:
    """All that is known of the records in lines."""
    found = kind.unwrap(lines_from(lines), Clock())
    wrapping = found.wrapping
    assert wrapping is not None
    assert found.raw is not None
    content = found.data.tobytes()
    texts = [content[head:end] for head, end in zip(found.heads.tolist(), found.ends.tolist(), strict=True)]
    origins = [wrapping.fields[origin] for origin in wrapping.origins.tolist()]
    stated = zip(found.raw.tolist(), texts, wrapping.times.tolist(), wrapping.levels.tolist(), origins, strict=True)
    return list(stated)


@pytest.mark.parametrize("kind", CUT, ids=lambda kind: kind.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_usual_and_unusual_documents_of_a_block_stay_in_order(kind: Documents, data: st.DataObject) -> None:
    examples = [
        line
        for file in ("docker", "journald-json", "gcp")
        for line in (CASES / f"{file}.txt").read_bytes().partition(b"=== expected")[0].splitlines()
    ]
    odd = st.sampled_from(
        [b"", b"{", b"no document", b"[1]", b'{"a":1}{"b":2}', b'{"log":"\\ud800","stream":"stdout"}', b"{\xff}"]
    )
    lines = data.draw(st.lists(st.one_of(st.sampled_from(examples), odd), min_size=1, max_size=12))
    one_by_one = [said for line in lines for said in said_by(kind, [line])]
    together = said_by(kind, lines)
    assert [said[1:] for said in together] == [said[1:] for said in one_by_one]
    assert [said[0] for said in together] == list(range(len(lines)))
    slow = said_by(replace(kind, cutter=None), lines)
    assert [said[2:] for said in together] == [said[2:] for said in slow]
