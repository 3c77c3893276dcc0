"""Records as CRE rules see them: one text each, without the prefix that a log collector put before it.

Their tool joins the lines of a record with nothing in between, and takes the envelope of Docker and
Kubernetes, or a leading RFC 3339 timestamp, away from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.blocks import Block
from analyzer.ingest.lines import LineTable
from analyzer.ingest.locate import line_array
from analyzer.ingest.logical import gather_pieces, lines_of
from analyzer.ingest.marks import LONGEST_RECORD
from analyzer.ingest.timestamps import NO_TIME, Micros
from analyzer.ingest.windows import PADDING, Bytes, Offsets

_PREFIX = (
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d) "
    r"(?:(?:stdout|stderr) [^ ]* )?"
)
_OPENED = frozenset({"docker", "kubernetes"})


@dataclass(frozen=True, slots=True)
class Entries:
    """Texts in `data`, from `starts` to `ends`, each with the record that it is (a part of), the line
    that begins it and its time."""

    data: Bytes
    starts: Offsets
    ends: Offsets
    records: Offsets
    lines: Offsets
    times: Micros

    def texts(self, rows: npt.NDArray[np.int64]) -> pa.Array:
        """The text of some of the entries, the rows ascending; of very long ones the beginning."""
        starts = self.starts[rows]
        raw = line_array(self.data, starts, np.minimum(self.ends[rows], starts + LONGEST_RECORD))
        return pc.replace_substring_regex(_as_text(raw), _PREFIX, "", max_replacements=1)


def entries_of(block: Block, table: LineTable) -> Entries:
    """The entries of a block: its records or, where the envelope of each line has a time, its lines."""
    begins = np.zeros(len(table.starts), dtype=bool) if table.stamps is None else table.stamps != NO_TIME
    begins[table.first_line] = True
    lines = np.arange(len(begins))
    records = np.searchsorted(table.first_line, lines, side="right") - 1
    times = table.times[records]
    if table.stamps is not None:
        times = np.where(table.stamps == NO_TIME, times, table.stamps)
    data, starts, ends, order = _texts_of_lines(block, table)
    firsts = np.flatnonzero(begins[order])
    if len(firsts) < len(order):
        data, places = gather_pieces(data, starts, ends)
        starts = places[firsts]
        ends = np.append(starts[1:], len(data) - PADDING)
    own = order[firsts]
    return Entries(data, starts, ends, records[own], own, times[own])


def _texts_of_lines(block: Block, table: LineTable) -> tuple[Bytes, Offsets, Offsets, Offsets]:
    """The lines (data, starts, ends) and their order: as they stand in the file, but for the envelopes
    that the rules' own tool opens as well, and for lines that are not one to one."""
    lines = np.arange(len(table.starts))
    raw = table.raw_lines(lines)
    wrapped = {envelope.name for envelope in block.reader.wrapped.envelopes}
    if not wrapped or wrapped & _OPENED or len(np.unique(raw)) < len(raw):
        return np.frombuffer(table.content(), dtype=np.uint8), table.starts, table.ends, lines
    written, order = lines_of(block.data, block.length), np.argsort(raw)
    return block.data[: block.length], written.starts[raw[order]], written.ends[raw[order]], order


def _as_text(raw: pa.Array) -> pa.Array:
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:  # not UTF-8 somewhere
        return pa.array([value.decode("utf-8", "replace") for value in raw.to_pylist()], pa.string())
