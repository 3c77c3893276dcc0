"""Level words, letters, numbers: one at a time and many at once, with the same result."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.levels import LevelKind, infer_levels, level_kind, level_of, levels_at
from analyzer.ingest.windows import PADDING
from analyzer.model import LEVEL_CODES

WORDS = {
    "trace": "TRACE VERBOSE FINE FINER FINEST silly trc",
    "debug": "DEBUG debug DBG config DEBUG1",
    "info": "INFO Information INF info NOTICE note LOG",
    "warn": "WARN Warning WRN warn",
    "error": "ERROR err ERR Severe",
    "fatal": "FATAL CRITICAL crit PANIC alert EMERG emergency ftl",
}
TABLE = [(word, level) for level, words in WORDS.items() for word in words.split()]
BEHIND = st.sampled_from([b" ", b":", b"]", b"\t", b'"', b"|", b"\n", b""])


@pytest.mark.parametrize(("word", "level"), TABLE)
def test_words(word: str, level: str) -> None:
    assert level_of(word.encode(), level_kind(word.encode(), "level")) == LEVEL_CODES[level]


@pytest.mark.parametrize(
    ("word", "group", "level"),
    [
        ("E", "level", "error"),
        ("W", "level", "warn"),
        ("30", "level", "info"),
        ("60", "level", "fatal"),
        ("200", "status", "info"),
        ("404", "status", "warn"),
        ("503", "status", "error"),
        ("11", "priority", "error"),
        ("134", "priority", "info"),
        ("0", "priority", "fatal"),
    ],
)
def test_letters_numbers_statuses_priorities(word: str, group: str, level: str) -> None:
    assert level_of(word.encode(), level_kind(word.encode(), group)) == LEVEL_CODES[level]


@pytest.mark.parametrize("word", ["", "foo", "er", "in", "x9", "E77OR"])
def test_no_level(word: str) -> None:
    assert level_of(word.encode(), "word") == 0


@given(
    st.lists(st.tuples(st.one_of(st.sampled_from([w for w, _ in TABLE]), st.text("abcdeinorw", max_size=6)), BEHIND))
)
def test_many_words_at_once_are_what_they_are_alone(words: list[tuple[str, bytes]]) -> None:
    _agree("word", [(word.encode(), behind or b".") for word, behind in words])


@given(
    st.sampled_from(["letter", "number", "status"]),
    st.lists(st.tuples(st.sampled_from([b"E", b"30", b"404", b"x", b"7", b"I"]), BEHIND)),
)
def test_letters_and_numbers_at_once(kind: LevelKind, words: list[tuple[bytes, bytes]]) -> None:
    _agree(kind, words)


@given(st.lists(st.tuples(st.integers(0, 191).map(lambda number: b"%d" % number), st.just(b">"))))
def test_priorities_at_once(words: list[tuple[bytes, bytes]]) -> None:
    _agree("priority", words)


def _agree(kind: LevelKind, words: list[tuple[bytes, bytes]]) -> None:
    text, at = b"", []
    for word, behind in words:
        at.append(len(text))
        text += word + behind
    codes = levels_at(np.frombuffer(text + bytes(PADDING), np.uint8), np.array(at, dtype=np.int64), kind)
    assert codes.tolist() == [level_of(word, kind) for word, _ in words]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("Error: relation does not exist", "error"),
        ("TypeError: x is not a function", "error"),
        ("java.lang.NullPointerException", "error"),
        ("❌ Failed to save emotion", "error"),
        ("connect ECONNREFUSED: connection refused", "error"),
        ("⚠️ retrying", "warn"),
        ("Warning: deprecated", "warn"),
        ("finished with 0 errors", "info"),
        ("done, errors=0", "info"),
        ("GC(0) Pause Young (Allocation Failure) 273M->17M(989M) 13.344ms", "info"),
        ("Allocation failure: out of memory", "error"),
        ("Heap address: 0x00000000c0000000, size: 1024 MB, Compressed Oops mode: 32-bit", "info"),
        ('{"error":null}', "info"),
        ("2025-10-24T02:14:07.416145Z     warn    Epoch 0 terminated with an error", "warn"),
        ('sent {"sendWhen":"immediate","timeout":10000}', "info"),
        ("Server listening on 3000", "info"),
        ("terror and errorless", "info"),
        ("100% tests passed, 0 tests failed out of 12", "info"),
        ("12 tests passed, 0 errors, 2 failed", "error"),
        ("invalid frames: 0 CAN error frames: 0", "info"),
        ("| Fatal errors | 0 |", "info"),
        ('{"ok":true,"errors":0,"retried":1}', "info"),
        ("err: <nil>, error: <nil>", "info"),
        ("error: none", "info"),
        ("error: None of the brokers answered", "error"),
        ("error: 0x80070005 (access)", "error"),
        ("3 files imported, 1 failed", "error"),
        ("a non-fatal condition, ignored errors", "info"),
        ("tests/test_net.py::test_connection_refused PASSED [ 7%]", "info"),
        ("test net::reports::error when refused ... ok", "info"),
        ("validation PASSED, yet the insert failed: duplicate key", "error"),
        ("connecting ... ok, error: relation users does not exist", "error"),
        ("  ✓ should fail when the mail is missing (5 ms)", "info"),
        ("  ✕ should fail when the mail is missing, Error", "error"),
        ("fix(auth): a token that timed out is an error", "info"),
        ("fixing: connection timed out", "error"),
        ("commit 8f3a2b1: handle error of the cache", "info"),
        ("  * Fixed a failure of the second build", "info"),
        ("* connect to 10.0.0.1 port 443 failed: Connection refused", "error"),
        ("# how many errors before it fails", "info"),
        ("Successfully tagged shop/api:failed-login", "info"),
        ("200 GET /static/error.css (127.0.0.1) 1.21ms", "info"),
        ("Created pod: error-page-7d9f-abcde", "info"),
        ("connecting...failed", "error"),
        ("the import has failed.", "error"),
        ("api.service: Main process exited, code=exited, status=1/FAILURE", "error"),
        ("api.service: Main process exited, code=exited, status=0/SUCCESS", "info"),
        ("kernel: Oops: 0000 [#1] SMP", "error"),
        ("11:40:21 UTC - mysqld got signal 11 ;", "error"),
        ("mysqld got signal 15, shutting down", "info"),
        ("npm failed - error", "error"),
        (r"[D:\work\shop] started", "info"),
        ("[D: cache] started", "debug"),
    ],
)
def test_levels_inferred_from_words(line: str, level: str) -> None:
    assert infer_levels(pa.array([line.encode()])).tolist() == [LEVEL_CODES[level]]


def test_no_lines_no_levels() -> None:
    assert infer_levels(pa.array([], pa.binary())).tolist() == []
