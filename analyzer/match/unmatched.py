"""Records of a block that tell of a failure and that no signature recognised.

They become events, too, named by their masked text: what they mean is for reasoning to find out. Where
one thing is said thousands of times within a block, some records stand for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.layout import Layout
from analyzer.ingest.lines import LineTable
from analyzer.match.masks import masks
from analyzer.match.records import payload_array
from analyzer.model import LEVEL_CODES, UNKNOWN_PREFIX

MOST_ALIKE = 500
"""How many events one masked text makes in one block, at most."""

_ERROR, _WARN = LEVEL_CODES["error"], LEVEL_CODES["warn"]
_TRACE = (
    r"(?m)^\s+at [\w.$<>/ -]+\(|^Traceback \(most recent call last\)|^\s+File \"[^\"]+\", line \d+|^Caused by: "
    r"|^goroutine \d+ \[|^\s+\S+\.(?:rb|php|exs?|go):\d+\b"
)


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Events to be: the record of each, the place of its name in `names`, how many records it stands for."""

    rows: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    records: npt.NDArray[np.int64]
    names: pa.Array

    def __len__(self) -> int:
        return len(self.rows)


def unmatched(
    table: LineTable,
    layouts: Sequence[Layout],
    others: npt.NDArray[np.bool_],
    hide_secrets: bool,
) -> Unmatched:
    """The error-like records of a block among those that nothing has recognised: of level error or worse,
    or with a stack trace though they take it lightly."""
    rows = np.flatnonzero(others & ((table.levels >= _ERROR) | _traced(table)))
    if not len(rows):
        nothing = np.empty(0, np.int64)
        return Unmatched(nothing, nothing.astype(np.int32), nothing, pa.array([], pa.string()))
    found = masks(payload_array(table, rows), layouts, table.layouts[rows], hide_secrets)
    codes = found.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    kept, records = thinned(codes, MOST_ALIKE)
    names = pc.binary_join_element_wise(UNKNOWN_PREFIX, found.dictionary, "")
    return Unmatched(rows[kept], codes[kept], records, names)


def thinned(codes: npt.NDArray[np.int32], most: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The places of at most so many entries of each code, evenly, its first among them; and for how many
    entries of that code, from itself to the next, each of them stands."""
    order = np.argsort(codes, kind="stable")
    begins = np.flatnonzero(np.diff(codes[order], prepend=-1))
    sizes = np.diff(np.append(begins, len(codes)))
    rank = np.arange(len(codes)) - np.repeat(begins, sizes)
    share = np.minimum(1.0, most / np.maximum(np.repeat(sizes, sizes), 1))
    chosen = np.flatnonzero((rank == 0) | (np.floor(rank * share) > np.floor((rank - 1) * share)))
    standing_for = np.diff(np.append(chosen, len(codes)))
    places = order[chosen]
    back = np.argsort(places)
    return places[back], standing_for[back]


def _traced(table: LineTable) -> npt.NDArray[np.bool_]:
    """Which records of several lines hold a stack trace though their level says nothing, or no more than a
    warning."""
    found = np.zeros(len(table.levels), dtype=bool)
    lengths = np.diff(np.append(table.first_line, len(table.starts)))
    suspects = np.flatnonzero((lengths > 2) & ((table.levels == 0) | (table.levels == _WARN)))
    if len(suspects):
        hit = pc.match_substring_regex(payload_array(table, suspects), _TRACE)
        found[suspects[hit.to_numpy(zero_copy_only=False)]] = True
    return found
