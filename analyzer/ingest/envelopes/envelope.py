"""What all envelopes have in common, and the joining of lines that were cut up inside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from analyzer.ingest.logical import Fields, Lines, Wrapping, gather_pieces
from analyzer.ingest.timestamps import NO_TIME, Clock

Flags = npt.NDArray[np.bool_]
_NEWLINE = 10


class Envelope(Protocol):
    """One way of wrapping lines."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def share(self, lines: Sequence[bytes]) -> float:
        """The share of a sample's lines that are wrapped in this way, 0 where it is not to be trusted."""
        ...

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:
        """The timestamps of the envelopes of some lines, as text."""
        ...

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:
        """The lines inside; lines that are not wrapped in this way stay as they are."""
        ...


class Coder:
    """Gives each distinct set of fields a place in a list."""

    def __init__(self) -> None:
        self.fields: list[Fields] = []
        self._places: dict[tuple[tuple[str, str], ...], int] = {}

    def place(self, fields: Mapping[str, str]) -> int:
        """The place of a set of fields."""
        key = tuple(fields.items())
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self.fields)
            self.fields.append(fields)
        return place


def join_parts(lines: Lines, partial: Flags) -> Lines:
    """Lines that were cut up, whole again: a partial one goes on in the next one of its group.

    `lines` must have a wrapping. A joined line stands where its first part stood, and its time is
    that of its first part.
    """
    wrapping = lines.wrapping
    if wrapping is None or not partial.any():
        return lines
    by_group = np.argsort(wrapping.groups, kind="stable")
    groups = wrapping.groups[by_group]
    continues = np.zeros(len(groups), dtype=bool)
    continues[1:] = partial[by_group][:-1] & (groups[1:] == groups[:-1])
    first = np.maximum.accumulate(np.where(continues, 0, np.arange(len(groups))))
    line_of = np.empty(len(groups), dtype=np.int64)
    line_of[by_group] = by_group[first]
    order = np.argsort(line_of, kind="stable")
    begins = line_of[order] == order
    is_last = np.append(begins[1:], True)
    last = np.zeros(len(groups), dtype=bool)
    last[order] = is_last
    data, places = gather_pieces(lines.data, lines.starts, lines.ends + last, order)
    lengths = (lines.ends - lines.starts)[order]
    ends = (places + lengths)[is_last]
    data[ends] = _NEWLINE
    kept = order[begins]
    starts = places[begins]
    within = lines.within[kept] if lines.within is not None else None
    raw = lines.raw_lines()
    until = (raw if lines.until is None else lines.until)[order[is_last]]
    return Lines(data, starts, ends, starts, raw[kept], within, until, wrapping.take(kept))


def nothing_said(count: int) -> Wrapping:
    """The wrapping of lines of which nothing is known."""
    none = np.zeros(count, dtype=np.int32)
    return Wrapping(np.full(count, NO_TIME), np.zeros(count, dtype=np.int8), none, none, [{}])
