"""The lines of each record put next to each other, where several writers share a file.

Pods, containers and processes write at the same time, so that lines of a stack trace stand between
those of others. Every line goes to the last record of its group; records stay in the order in
which they began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analyzer.ingest.logical import Codes, Lines, gather_pieces
from analyzer.ingest.windows import Offsets

Flags = npt.NDArray[np.bool_]
LOOKAHEAD = 4
"""How many lines further on may show what a line is: Node puts a caret below the code that failed."""

_NEWLINE = 10


@dataclass(frozen=True, slots=True)
class Arranged:
    """Lines in an order in which those of a record are neighbours: `order` holds where each was."""

    lines: Lines
    begins: Flags
    order: Offsets


def by_group(groups: Codes | None, count: int) -> Offsets:
    """The order in which the lines of each group stand together."""
    return np.arange(count) if groups is None else np.argsort(groups, kind="stable")


def with_first_of_groups(begins: Flags, groups: Codes | None, order: Offsets) -> Flags:
    """`begins`, and the first line of each group besides: there is nothing that it could continue."""
    begins = begins.copy()
    begins[order[:1]] = True
    if groups is None:
        return begins
    grouped = groups[order]
    begins[order[1:][grouped[1:] != grouped[:-1]]] = True
    return begins


def apart(begins: Flags, homes: Mapping[int, int], groups: Codes | None) -> Codes | None:
    """The groups of lines, once those in `homes` belong to records that begin on other lines: as they
    were where all of those stand right behind their beginnings, else one for each such record."""
    rows, heads = np.array(list(homes)), np.array(list(homes.values()))
    last = np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
    if (last[rows] == heads).all():
        return groups
    own = np.zeros(len(begins), dtype=np.int64)
    numbers = np.unique(heads, return_inverse=True)[1] + 1
    own[heads] = own[rows] = numbers
    # A line that begins nothing and has no time of its own goes on with the line before it.
    loose = ~begins
    loose[rows] = False
    own = own[np.maximum.accumulate(np.where(loose, 0, np.arange(len(own))))]
    if groups is not None:
        own += groups.astype(np.int64) * (int(numbers.max()) + 1)
    return np.unique(own, return_inverse=True)[1].astype(np.int32).reshape(-1)


def arrange(lines: Lines, begins: Flags, groups: Codes | None, grouped: Offsets) -> Arranged:
    """Bring the lines of each record together; the envelopes of all lines but the first of each
    record are left out, because patterns look for text that goes on from line to line."""
    if groups is None or begins.all():
        return Arranged(lines, begins, np.arange(len(begins)))
    place = np.arange(len(begins))
    heads = np.maximum.accumulate(np.where(begins[grouped], place, 0))
    record = np.empty(len(begins), dtype=np.int64)
    record[grouped] = grouped[heads]
    order = np.argsort(record, kind="stable")
    shown = np.where(begins, lines.heads, lines.starts)
    data, places = gather_pieces(lines.data, shown, lines.ends + 1, order)
    ends = places + (lines.ends - shown)[order]
    data[ends] = _NEWLINE
    starts = places + (lines.starts - shown)[order]
    gathered = replace(
        lines, data=data, starts=starts, ends=ends, heads=places, raw=lines.raw_lines()[order],
        within=lines.within[order] if lines.within is not None else None,
        until=lines.until[order] if lines.until is not None else None,
        wrapping=lines.wrapping.take(order) if lines.wrapping is not None else None,
    )  # fmt: skip
    return Arranged(gathered, begins[order], order)


def safe_cut(lines: Offsets, records: Offsets, groups: Codes) -> int:
    """The last line before which everything ends: no record that begins before it goes on behind it,
    and no group's last record, which may go on, begins before it. 0 where there is none.

    `lines` holds the place in the file of every line, `records` the place of the line that begins
    its record, `groups` the group of each.
    """
    order = np.argsort(lines, kind="stable")
    lines, records, groups = lines[order], records[order], groups[order]
    earliest = np.minimum.accumulate(records[::-1])[::-1]
    # Who has written nothing for so long will not go on with what it was at.
    recent = lines >= lines[-1] // 2
    fitting = lines[(earliest >= lines) & (lines <= _settled(records[recent], groups[recent]).min())]
    return int(fitting[-1]) if len(fitting) else 0


def _settled(records: Offsets, groups: Codes) -> Offsets:
    """The record of each group that goes on a few lines before its last one: what those next to the end
    are may depend on lines that are not there yet."""
    grouped = np.argsort(groups, kind="stable")
    first = np.flatnonzero(np.diff(groups[grouped], prepend=groups[grouped[0]] - 1))
    last = np.append(first[1:], len(grouped)) - 1
    settled: Offsets = records[grouped[np.maximum(last - LOOKAHEAD, first)]]
    return settled
