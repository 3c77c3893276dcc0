"""Terminal escapes disappear, whatever they are and however they got into the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.ansi import has_ansi, strip_ansi

RAW = {
    "colour": b"\x1b[31m500\x1b[0m",
    "true colour": b"\x1b[38;2;255;0;0m500\x1b[m",
    "bold, reset by tput": b"\x1b[1m500\x1b(B\x1b[m",
    "cursor": b"\x1b[2K\x1b[1G500",
    "private mode": b"\x1b[?25l500\x1b[?25h",
    "title": b"\x1b]0;build 7\x07500",
    "link": b"\x1b]8;;https://example.com\x1b\\500\x1b]8;;\x1b\\",
    "device control": b"\x1bP1$r0m\x1b\\500",
    "reset": b"\x1bc500",
    "saved cursor": b"\x1b7500\x1b8",
}
ESCAPED = {
    "JSON": rb"\u001b[31m500\u001b[39m",
    "JSON, upper case": rb"\u001B[31m500\u001B[39m",
    "JSON in JSON": rb"\\u001b[31m500\\u001b[39m",
    "JSON in JSON in JSON": rb"\\\\u001b[31m500\\\\u001b[39m",
    "hexadecimal": rb"\x1b[31m500\x1b[0m",
    "octal": rb"\033[31m500\033[0m",
    "link": rb"\u001b]8;;https://example.com\u0007500\u001b]8;;\u0007",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**RAW, **ESCAPED}.items()])
def test_escapes_are_stripped(text: bytes) -> None:
    assert has_ansi(text, len(text))
    assert strip_ansi(b"GET / " + text + b" 3 ms") == b"GET / 500 3 ms"


@pytest.mark.parametrize(
    "text",
    [b"", b"plain", rb"C:\x1beta\u001bar", rb"C:\033\logs", b"[31m no escape before it", b"\xc2\x9b31m", rb"\u001b"],
)
def test_what_is_no_escape_stays(text: bytes) -> None:
    assert not has_ansi(text, len(text))
    assert strip_ansi(text) == text


def test_an_unfinished_escape_loses_its_control_character_only() -> None:
    assert strip_ansi(b"a\x1b\xe2\x9c\x96") == b"a\xe2\x9c\x96"
    assert strip_ansi(b"a\x1b") == b"a"


def test_an_escape_does_not_reach_over_the_end_of_a_line() -> None:
    assert strip_ansi(b"\x1b]0;title\nERROR\x07").count(b"\n") == 1


PIECES = st.lists(
    st.sampled_from(
        [*RAW.values(), *ESCAPED.values(), b"\n", b"\\", b"\x1b", b"[", b"word", b'"', b"\r\n", b"m", b"u001b"]
    )
).map(b"".join)


@given(PIECES)
def test_no_escape_character_is_left_and_no_newline_lost(text: bytes) -> None:
    stripped = strip_ansi(text)
    assert b"\x1b" not in stripped
    assert stripped.count(b"\n") == text.count(b"\n")
    assert len(stripped) <= len(text)


@given(PIECES)
def test_stripping_lines_is_stripping_the_whole(text: bytes) -> None:
    assert b"\n".join(map(strip_ansi, text.split(b"\n"))) == strip_ansi(text)


def test_many_harmless_backslashes_do_not_hide_an_escape() -> None:
    text = rb"C:\temp\new " * 2000
    assert not has_ansi(text, len(text))
    assert strip_ansi(text + rb"\u001b[31mred") == text + b"red"
