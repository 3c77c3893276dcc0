"""Canonical text: every wrapping undone, nothing else touched."""

from __future__ import annotations

import pytest

from analyzer.match.canonical import canonical
from tests.match.wrapping import WRAPPINGS


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(rb'{"msg":"relation \"orders\" is gone"}', b'{"msg":"relation "orders" is gone"}', id="JSON"),
        pytest.param(rb'{"log":"{\"msg\":\"a \\\"b\\\"\"}"}', b'{"log":"{"msg":"a "b""}"}', id="JSON in JSON"),
        pytest.param(rb'{"msg":"a\nb\tc"}', b'{"msg":"a\nb\tc"}', id="control characters"),
        pytest.param(rb'{"msg":"a\r\nb"}', b'{"msg":"a\nb"}', id="CRLF inside JSON"),
        pytest.param(rb'{"msg":"caf\u00e9 \u2014"}', '{"msg":"café —"}'.encode(), id="unicode"),
        pytest.param(rb'{"msg":"\ud83d\ude80"}', '{"msg":"🚀"}'.encode(), id="surrogates"),
        pytest.param(rb'{"msg":"\\ud83d\\ude80"}', '{"msg":"🚀"}'.encode(), id="surrogates, escaped twice"),
        pytest.param(rb'{"msg":"\u003cnil\u003e \u0026"}', b'{"msg":"<nil> &"}', id="HTML-safe"),
        pytest.param(rb'{"url":"\/api\/x"}', b'{"url":"/api/x"}', id="slashes"),
        pytest.param(rb'{"msg":"it\u0027s"}', b'{"msg":"it\'s"}', id="apostrophe"),
        pytest.param(rb'{"msg":"\u0041"}', rb'{"msg":"\u0041"}', id="what no program escapes stays"),
        pytest.param(rb'{"msg":"\ud83d alone"}', rb'{"msg":"\ud83d alone"}', id="half a pair stays"),
        pytest.param("relation “orders” isn’t there".encode(), b'relation "orders" isn\'t there', id="curly quotes"),
        pytest.param(rb'{"msg":"\u201corders\u201d"}', b'{"msg":""orders""}', id="curly quotes, escaped"),
        pytest.param("waits… — x".encode(), "waits… — x".encode(), id="other punctuation stays"),
        pytest.param(rb"C:\new\table\r", rb"C:\new\table\r", id="Windows path"),
        pytest.param(rb"it\'s", rb"it\'s", id="without a double quote nothing is quoted"),
        pytest.param(b"2025-10-24T02:14:07.404Z up", b"0000-00-00T00:00:00.000Z up", id="its own time"),
        pytest.param(b"[24/Oct/2025:02:14:07 +0000] up", b"[00/Oct/0000:00:00:00 +0000] up", id="time of access logs"),
        pytest.param(
            b'{"time":"2025-10-24 02:14:07,404","n":9}', b'{"time":"0000-00-00 00:00:00,000","n":9}', id="JSON time"
        ),
        pytest.param(b"ERROR: [2025-10-24 02:14:07] 9", b"ERROR: [0000-00-00 00:00:00] 9", id="time behind a level"),
        pytest.param(b"expires 2025-10-24 02:14:07", b"expires 2025-10-24 02:14:07", id="a date in a sentence"),
        pytest.param(b"\x1b[31m500\x1b[0m", b"500", id="colours"),
        pytest.param(rb'{"m":"\u001b[31m500\u001b[0m"}', b'{"m":"500"}', id="colours in JSON"),
        pytest.param(b"a\r\nb\r", b"a\nb", id="CRLF"),
        pytest.param(b"50\r100", b"50\r100", id="a lone carriage return"),
        pytest.param(b"\xff\xfe \x00", b"\xff\xfe \x00", id="bytes that are no text"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_canonical(record: bytes, expected: bytes) -> None:
    assert canonical(record) == expected


TEXT = (
    'insert or update on table "sessions" violates "sessions_user_id_fkey" /api/<x> & it\'s né\n  at save (a/b.js:1:2)'
)


@pytest.mark.parametrize("name", [name for name in WRAPPINGS if name != "in_coloured_json"])
def test_every_wrapping_is_undone(name: str) -> None:
    assert TEXT.encode() in canonical(WRAPPINGS[name](TEXT).encode())
