"""Blocks hold text and nothing else; where each line began in the file is remembered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.clean import Text, clean
from analyzer.ingest.windows import PADDING


def _clean(raw: bytes, at_end: bool = False) -> Text:
    return clean(bytearray(raw + b"x" * PADDING), len(raw), at_end)


def _content(text: Text) -> bytes:
    return bytes(text.data[: text.length])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"one\r\ntwo\r\n", b"one\ntwo\n"),
        (b"lone\rreturn\n", b"lone\rreturn\n"),
        (b"a\0\0\0b\n", b"ab\n"),
        (b"\x1b[32mINFO\x1b[0m: x\r\n", b"INFO: x\n"),
        (b"end\r\x1b[0m\n", b"end\n"),
        (b"\x0b \x0c \xe2\x80\xa8 stay\n", b"\x0b \x0c \xe2\x80\xa8 stay\n"),
        (b"last\r", b"last\r"),
    ],
)
def test_clean(raw: bytes, expected: bytes) -> None:
    assert _content(_clean(raw)) == expected


def test_a_carriage_return_at_the_end_of_the_file_goes_too() -> None:
    assert _content(_clean(b"last\r", at_end=True)) == b"last"


def test_clean_text_is_not_copied() -> None:
    raw = bytearray(b"one\ntwo\n" + b"x" * PADDING)
    text = clean(raw, 8)
    raw[0:1] = b"O"
    assert _content(text) == b"One\ntwo\n"
    assert text.origins is None


@pytest.mark.parametrize("raw", [b"plain\n", b"\x1b[1mbold\n"])
def test_zeros_follow(raw: bytes) -> None:
    text = _clean(raw)
    assert bytes(text.data[text.length : text.length + PADDING]) == bytes(PADDING)


def test_nul_bytes_are_counted() -> None:
    assert _clean(b"a\0\0\0b\n\0").nuls == 4
    assert _clean(b"\x1b[1mbold\n").nuls == 0


def test_lines_are_found_behind_the_hole_before_them() -> None:
    text = _clean(b"one\n\0\0\0two\n\0three")
    assert text.origins is not None
    assert text.origins.tolist() == [0, 7, 12]


LINES = st.lists(
    st.lists(st.sampled_from([b"word", b"\x1b[31m", rb"\u001b[0m", b"\0", b"\r", b" "])).map(b"".join)
).map(b"\n".join)


@given(LINES)
def test_the_origin_of_each_line_is_where_it_stands_in_the_file(raw: bytes) -> None:
    text = _clean(raw)
    lines = _content(text).split(b"\n")
    if text.origins is None:
        assert _content(text) == raw
        return
    starts = np.cumsum([0, *(len(line) + 1 for line in raw.split(b"\n"))])[:-1]
    assert len(text.origins) == len(lines) == len(starts)
    holes = [len(line) - len(line.lstrip(b"\0")) for line in raw.split(b"\n")]
    assert text.origins.tolist() == [start + hole for start, hole in zip(starts.tolist(), holes, strict=True)]
