"""The vectorised tools do what the plain ones of `bytes` do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.windows import PADDING, find_byte, gather

TEXTS = st.binary(max_size=200).map(lambda text: text.replace(b"\0", b"x"))


def _block(text: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(text + bytes(PADDING), dtype=np.uint8)


@given(TEXTS, st.sampled_from(b' ":[x'), st.data())
def test_find_byte_finds_what_bytes_find_finds(text: bytes, byte: int, data: st.DataObject) -> None:
    at = data.draw(st.lists(st.integers(0, len(text)), max_size=8))
    found = find_byte(_block(text), np.array(at, dtype=np.int64), byte, limit=256)
    assert found.tolist() == [text.find(byte, start) for start in at]


@given(TEXTS, st.integers(1, 40), st.integers(0, 100))
def test_find_byte_looks_no_further_than_its_limit_rounded_up_to_a_word(text: bytes, limit: int, start: int) -> None:
    start = min(start, len(text))
    (found,) = find_byte(_block(text), np.array([start]), ord("x"), limit).tolist()
    true = text.find(b"x", start)
    reach = -(-limit // 8) * 8
    assert found == (true if true < start + reach else -1)


@given(TEXTS, st.integers(1, 32), st.data())
def test_gather_takes_the_bytes_at_each_place(text: bytes, width: int, data: st.DataObject) -> None:
    at = data.draw(st.lists(st.integers(0, len(text)), max_size=8))
    window = gather(_block(text), np.array(at, dtype=np.int64), width)
    padded = text + bytes(PADDING)
    assert [row.tobytes()[:width] for row in window] == [padded[start : start + width] for start in at]
