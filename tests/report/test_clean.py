"""Nothing that a terminal obeys or a screen hides survives."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.clean import one_line, visible
from tests.make_analysis import ESCAPES


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("a\x00b\x7fc", "a␀b␡c"),
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("half \ud83d", "half <U+D83D>"),
        ("c1 \x9b31m", "c1 <U+009B>31m"),
        ("line\u2028break", "line<U+2028>break"),
        ("filler\u3164", "filler<U+3164>"),
        ("progress\rdone", "progress␍done"),
        ("windows\r\nlines\tstay", "windows\nlines\tstay"),
        ("Grüße 日本語 ✅ ⚠️ é", "Grüße 日本語 ✅ ⚠️ é"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_nothing_hidden_is_left(text: str) -> None:
    left = visible(text).replace("\n", "").replace("\t", "")
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in left)
    left.encode("utf-8")


def test_visible_text_is_left_alone_the_second_time() -> None:
    assert visible(visible(ESCAPES)) == visible(ESCAPES)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(None, "a b c d"), (7, "a b c d"), (6, "a b c…"), (5, "a b…"), (1, "…")],
)
def test_one_line(limit: int | None, expected: str) -> None:
    assert one_line(" a\n  b\tc d ", limit) == expected
