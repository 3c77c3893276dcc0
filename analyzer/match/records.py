"""The bytes of some records of a block."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.lines import LineTable
from analyzer.ingest.locate import line_array
from analyzer.ingest.marks import LONGEST_RECORD

Ints = npt.NDArray[np.int64]
_MAX_TEXT = 4096
"""Bytes of a record that are kept as its text."""
_BESIDE = 4096
"""Bytes before and behind something found far behind in a record that are looked at with it."""
_MOST = 4 * LONGEST_RECORD
"""Bytes that are looked at of any record; only a single line can be longer."""


def telling_array(table: LineTable, rows: Ints, hit_rows: Ints, hit_ends: Ints) -> pa.Array:
    """The raw bytes of records, in ascending order, in which something was found that ends at `hit_ends`.

    Of a record longer than `LONGEST_RECORD` this is its beginning, and on lines of their own what stands around
    whatever was found behind that.
    """
    starts = table.record_start()[rows]
    records = line_array(table.data, starts, np.minimum(table.record_end()[rows], starts + LONGEST_RECORD))
    far = hit_ends - table.record_start()[hit_rows] > LONGEST_RECORD
    if not far.any():
        return records
    deep = np.unique(hit_rows[far])
    parts = [_parts(table, int(row), hit_ends[far & (hit_rows == row)]) for row in deep]
    mask = pa.array(np.isin(rows, deep))
    return pc.replace_with_mask(records, mask, pa.array(parts, pa.binary()))


def _parts(table: LineTable, row: int, hits: Ints) -> bytes:
    start, end = int(table.record_start()[row]), int(table.record_end()[row])
    reach = start + LONGEST_RECORD
    parts = [bytes(table.data[start:reach])]
    held = LONGEST_RECORD
    for hit in np.unique(hits).tolist():
        low, high = max(hit - _BESIDE, reach), min(hit + _BESIDE, end)
        if high <= reach:
            continue
        if low > reach:
            parts.append(b"\n")
        parts.append(bytes(table.data[low:high]))
        reach, held = high, held + high - low
        if held >= _MOST:
            break
    return b"".join(parts)


def record_array(table: LineTable, rows: Ints) -> pa.Array:
    """The raw bytes of some records of a block, in ascending order; of long ones the beginning."""
    starts = table.record_start()[rows]
    ends = np.minimum(table.record_end()[rows], starts + _MAX_TEXT)
    return line_array(table.data, starts, ends)


def payload_array(table: LineTable, rows: Ints) -> pa.Array:
    """The raw bytes of some records without what an envelope has put before them."""
    starts = table.starts[table.first_line[rows]]
    return line_array(table.data, starts, np.minimum(table.record_end()[rows], starts + _MAX_TEXT))


def as_text(records: pa.Array) -> pa.Array:
    """Bytes as text, whatever of them is none."""
    try:
        return records.cast(pa.string())
    except pa.ArrowInvalid:  # not UTF-8 somewhere
        return pa.array([value.decode("utf-8", "replace") for value in records.to_pylist()], pa.string())
