"""The bytes of some records of a block."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.ingest.lines import LineTable
from analyzer.ingest.locate import line_array

Ints = npt.NDArray[np.int64]
_MAX_TEXT = 4096
"""Bytes of a record that are kept as its text."""


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
