"""Which records of a block say the same: in a storm one thing is said again and again, later and later.

Such records are looked at once. They may differ in the digits of the time with which they begin,
which canonical text does not tell apart either.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.match.canonical import LEADING_TIME

Ints = npt.NDArray[np.int64]
_TIME = f"^(?P<time>{LEADING_TIME})"
_ZERO, _NINE = b"09"


def alike(records: pa.Array, kinds: Ints) -> tuple[Ints, Ints]:
    """Which of some raw records are the first of their like, and the place of each one's like among these.

    Records of different kinds are never alike.
    """
    codes = _without_time(records).dictionary_encode().indices.to_numpy().astype(np.int64)
    # Shifted by the number of records, no kind shares a code with another.
    _, first, like = np.unique(codes + kinds * len(codes), return_index=True, return_inverse=True)
    return first, like


def _without_time(records: pa.Array) -> pa.Array:
    """The records with every digit of the time with which they begin as 0."""
    times = pc.extract_regex(records, _TIME).field("time")
    lengths = pc.fill_null(pc.binary_length(times), 0).to_numpy()
    if not lengths.any():
        return records
    _, offsets, values = records.buffers()
    starts = np.frombuffer(offsets, dtype=np.int32)[records.offset : records.offset + len(records)]
    text = np.frombuffer(values, dtype=np.uint8).copy()
    behind = np.cumsum(lengths)
    at = np.repeat(starts - (behind - lengths), lengths) + np.arange(behind[-1])
    letters = text[at]
    text[at] = np.where((letters >= _ZERO) & (letters <= _NINE), _ZERO, letters)
    return pa.Array.from_buffers(records.type, len(records), [None, offsets, pa.py_buffer(text)], offset=records.offset)
