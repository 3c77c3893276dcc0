"""Records that no signature recognised: which of them count, and how many stand for all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.match.unmatched import thinned, unmatched
from tests.ingest.reading import blocks_of

TRACE = """\
2025-10-24 02:14:{second:02d} {level} giving up on batch
Traceback (most recent call last):
  File "batch.py", line 3, in run
"""


@given(st.lists(st.integers(0, 4), max_size=200), st.integers(1, 20))
def test_of_each_code_at_most_so_many_stand_for_all(codes: list[int], most: int) -> None:
    places, records = thinned(np.array(codes, dtype=np.int32), most)
    for code in set(codes):
        mine = [place for place, each in enumerate(codes) if each == code]
        kept = [place for place in places.tolist() if codes[place] == code]
        assert kept[0] == mine[0]
        assert len(kept) == min(len(mine), most)
        standing_for = [int(n) for place, n in zip(places.tolist(), records, strict=True) if codes[place] == code]
        assert sum(standing_for) == len(mine)
    assert places.tolist() == sorted(places.tolist())


@pytest.mark.parametrize(("level", "counts"), [("ERROR", True), ("WARN", True), ("INFO", False), ("DEBUG", False)])
def test_a_stack_trace_counts_though_it_is_written_as_a_warning(level: str, counts: bool) -> None:
    quiet = "".join(f"2025-10-24 02:13:{second:02d} INFO tick\n" for second in range(20))
    text = quiet + "".join(TRACE.format(second=second, level=level) for second in range(9))
    (block,) = blocks_of(text.encode())
    table = block.read()
    found = unmatched(table, block.reader.layouts, np.ones(len(table.levels), dtype=bool), True)
    assert len(found) == (9 if counts else 0)


def test_what_a_pair_says_names_the_failure_though_it_is_quoted() -> None:
    lines = [
        'time=2025-10-24T02:14:01Z level=error service=themes msg="swatch 12 has no parent hue"',
        'time=2025-10-24T02:14:02Z level=error service=themes request_id=ab12 msg="swatch 13 has no parent hue"',
        "time=2025-10-24T02:14:03Z level=error service=themes err=EOF",
    ]
    (block,) = blocks_of("\n".join(lines).encode() + b"\n")
    table = block.read()
    found = unmatched(table, block.reader.layouts, np.ones(len(table.levels), dtype=bool), True)
    assert [name.removeprefix("unknown:") for name in found.names.to_pylist()] == [
        "swatch <*> has no parent hue",
        "EOF",
    ]
