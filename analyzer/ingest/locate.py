"""Where a field stands in every line, learned from the lines of a sample.

A layout's expression finds a field in one line; doing so for millions of lines is too slow. In any
one file the field nearly always stands at the same column, or behind the n-th occurrence of some
byte, or behind a fixed text (a JSON key). `learn` finds such a rule and proves it on the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.windows import Bytes, Offsets, find_byte

AGREEMENT = 0.97
_LEAST = 0.05
_BLANK = 32
_MOST_BLANKS = 24
_REACH = 512
"""How far into a line a field may stand, in bytes."""


class Locator(Protocol):
    """Finds one field in many lines of a block."""

    def find(self, data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
        """The offset of the field in each line, -1 where it cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class AtColumn:
    """The field stands at the same column of every line."""

    column: int

    def find(self, data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:  # noqa: ARG002
        """See `Locator`."""
        at = starts + self.column
        return np.where(at < ends, at, -1)


@dataclass(frozen=True, slots=True)
class BehindByte:
    """The field stands right behind the n-th occurrence of a byte."""

    byte: int
    occurrence: int

    def find(self, data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
        """See `Locator`."""
        at = starts
        for _ in range(self.occurrence):
            found = find_byte(data, at, self.byte, _REACH)
            # A line in which the byte is missing stays where the search left its bounds.
            at = np.where((found >= 0) & (found < ends), found + 1, len(data))
        return np.where(at < ends, at, -1)


@dataclass(frozen=True, slots=True)
class AtToken:
    """The field stands in the n-th word of a line, some characters into it; runs of blanks count once."""

    number: int
    column: int

    def find(self, data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
        """See `Locator`."""
        at = _behind_blanks(data, starts)
        for _ in range(self.number):
            found = find_byte(data, at, _BLANK, _REACH)
            at = np.where((found >= 0) & (found < ends), found, len(data))
            at = _behind_blanks(data, at)
        at = at + self.column
        return np.where(at < ends, at, -1)


@dataclass(frozen=True, slots=True)
class BehindText:
    """The field stands right behind the first occurrence of a text, such as `"level":"`."""

    text: bytes

    def find(self, data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
        """See `Locator`."""
        column = pc.find_substring(line_array(data, starts, ends), self.text.decode("latin-1"))
        position = column.to_numpy(zero_copy_only=False)
        return np.where(position >= 0, starts + position + len(self.text), -1)


def line_array(data: Bytes, starts: Offsets, ends: Offsets) -> pa.Array:
    """The stretches between ascending starts and ends as an Arrow array of bytes."""
    # Arrow wants values without gaps: every gap becomes a value of its own, and is left out again.
    edges = np.empty(2 * len(starts) + 1, dtype=np.int32)
    edges[:-1:2] = starts
    edges[1::2] = ends
    edges[-1] = ends[-1] if len(ends) else 0
    values = pa.Array.from_buffers(pa.binary(), 2 * len(starts), [None, pa.py_buffer(edges), pa.py_buffer(data)])
    return values.take(np.arange(0, 2 * len(starts), 2))


def learn(
    lines: Sequence[bytes], spans: Sequence[tuple[int, int]], agreement: float = AGREEMENT, keys: Sequence[bytes] = ()
) -> Locator | None:
    """A rule that finds the field in nearly all of the sample's lines, or None if there is none.

    `keys` are texts that stand right before the field, where the layout knows such.
    """
    if not lines:
        return None
    starts = [start for start, _ in spans]
    for candidate in _candidates(lines, starts, keys):
        if (_found(candidate, lines) == starts).mean() >= agreement:
            return candidate
    return None


def learn_all(
    lines: Sequence[bytes], spans: Sequence[tuple[int, int]], keys: Sequence[bytes] = (), most: int = 4
) -> list[tuple[Locator, list[int]]]:
    """Rules that together find the field in most lines, each with the places of the lines it serves.

    A rule for nearly all lines, if there is one; else one after the other, each for its share.
    """
    rules: list[tuple[Locator, list[int]]] = []
    left = list(range(len(lines)))
    while left and len(rules) < most:
        some = [lines[place] for place in left]
        starts = [spans[place][0] for place in left]
        some_keys = [keys[place] for place in left] if keys else ()
        best, served = None, np.zeros(len(left), dtype=bool)
        for candidate in _candidates(some, starts, some_keys):
            right = _found(candidate, some) == starts
            if right.sum() > served.sum():
                best, served = candidate, right
            if right.mean() >= AGREEMENT:
                break
        if best is None or (served.sum() < max(2, _LEAST * len(lines)) and rules):
            break
        rules.append((best, [place for place, right in zip(left, served, strict=True) if right]))
        left = [place for place, right in zip(left, served, strict=True) if not right]
    return rules


def _candidates(lines: Sequence[bytes], starts: Sequence[int], keys: Sequence[bytes] = ()) -> list[Locator]:
    middle = len(lines) // 2
    line, start = lines[middle], starts[middle]
    candidates: list[Locator] = [AtColumn(start)]
    if keys:
        usual = sorted(set(keys), key=keys.count, reverse=True)[:1]
        return candidates + [BehindText(text) for text in usual]
    if start:
        byte = line[start - 1]
        candidates.append(BehindByte(byte, line.count(bytes([byte]), 0, start)))
        before = line[:start]
        word = before[before.rfind(b" ") + 1 :]
        candidates.append(AtToken(len((before + b"x").split(b" ")) - 1 - _doubled(before), len(word)))
        candidates += [BehindText(text) for text in _common_suffixes(lines, starts)]
    return candidates


def _doubled(text: bytes) -> int:
    """How many blanks of a text follow another or begin it, so that they begin no word."""
    return sum(byte == _BLANK and (at == 0 or text[at - 1] == _BLANK) for at, byte in enumerate(text))


def _common_suffixes(lines: Sequence[bytes], starts: Sequence[int]) -> list[bytes]:
    """The text before the field that most lines share, from the longest to four bytes."""
    middle = len(lines) // 2
    text = lines[middle][: starts[middle]]
    suffixes = [text[-length:] for length in range(min(24, len(text)), 3, -1)]
    return [suffix for suffix in suffixes if suffix.isascii() and suffix[:1] in b'"{,['][:4] or suffixes[-1:]


def _found(locator: Locator, lines: Sequence[bytes]) -> Offsets:
    """The column at which a rule finds the field in each line; something negative where it does not."""
    data = np.frombuffer(b"\n".join(lines) + b"\n" + bytes(64), dtype=np.uint8)
    lengths = np.array([len(line) for line in lines], dtype=np.int64)
    begins = np.cumsum(lengths + 1) - (lengths + 1)
    found = locator.find(data, begins, begins + lengths)
    return np.where(found >= 0, found - begins, -1)


def _behind_blanks(data: Bytes, at: Offsets) -> Offsets:
    """Each offset moved behind the blanks that stand there, a few dozen at most."""
    last = len(data) - 1
    for _ in range(_MOST_BLANKS):
        blank = data[np.minimum(at, last)] == _BLANK
        if not blank.any():
            break
        at = at + blank
    return at
