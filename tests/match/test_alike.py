"""Records that count as saying the same have the same canonical text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from analyzer.match.alike import alike
from analyzer.match.canonical import canonical

_TIMES = st.sampled_from(
    [
        "2025-10-24T02:14:07.404Z ",
        "2025-11-30 12:00:59,001 ",
        "[24/Oct/2025:02:14:07 +0000] ",
        "Oct  4 02:14:07 ",
        "Oct 24 02:14:07 ",
        "ERROR: [2025-10-24 02:14:07] ",
        '{"time":"2025-10-24 02:14:07.9","msg":"',
        "\x1b[31m2025-10-24 02:14:07 ",
        "",
    ]
)
_WORDS = st.sampled_from(["order 7", "order 8", "2025-10-24 02:14:07", '\\"a\\"', "é", "\n  at f (x.js:1:2)"])
_RECORDS = st.lists(
    st.tuples(_TIMES, _WORDS, _WORDS).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=40), max_size=20
)


def _alike(records: list[bytes], kinds: list[int] | None = None) -> tuple[list[int], list[int]]:
    first, like = alike(pa.array(records, pa.binary()), np.array(kinds or [0] * len(records), dtype=np.int64))
    return first.tolist(), like.tolist()


@given(_RECORDS)
def test_records_that_are_alike_have_the_same_canonical_text(records: list[bytes]) -> None:
    first, like = _alike(records)
    assert [canonical(records[first[place]]) for place in like] == [canonical(record) for record in records]


def test_records_may_differ_in_the_time_with_which_they_begin() -> None:
    records = [b"2025-10-24 02:14:07 order 7 failed", b"2025-10-24 02:15:59 order 7 failed", b"order 7 failed"]
    first, like = _alike(records)
    assert len(first) == 2
    assert like[0] == like[1] != like[2]


def test_records_of_different_kinds_are_never_alike() -> None:
    first, like = _alike([b"order 7 failed"] * 3, kinds=[0, 1 << 8, 0])
    assert sorted(first) == [0, 1]
    assert like[0] == like[2] != like[1]


def test_a_part_of_an_array_is_read_from_where_it_begins() -> None:
    records = pa.array([b"unlike", b"2025-10-24 02:14:07 x", b"2025-10-24 02:14:08 x"], pa.binary())[1:]
    assert len(alike(records, np.zeros(2, dtype=np.int64))[0]) == 1
