"""An expression at the beginning of many lines at once: how far it reaches, and where its groups stand.

RE2 sees where a match ends several times as fast as it fills in groups. So it is asked for the ends
alone. Where the groups are depends on nothing but what the expression can tell apart: lines whose heads
are alike but for digits (or letters) that it treats in the same way have their groups in the same
columns. One line of each such shape is looked at with groups; in a whole file there are a few dozen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.locate import line_array
from analyzer.ingest.logical import Codes
from analyzer.ingest.timeformats import without_names
from analyzer.ingest.windows import Bytes, Offsets

_ATOM = re.compile(
    rb"\(\?P<\w+>|\(\?[a-zA-Z]*:|\{\d+(?:,\d*)?\}"  # what stands for no character
    rb"|(?P<characters>\[\^?\]?(?:\\.|[^\]\\])*\]|\\x[0-9A-Fa-f]{2}|\\.|[^()|?*+^$])",
    re.DOTALL,
)
_SPACE = rb"[\t\n\f\r ]"
"""White space as RE2 knows it; Python's has the vertical tab besides."""

_AT_END, _BEFORE_WORD, _BEFORE_OTHER = range(3)
_WORD = np.array([re.fullmatch(rb"\w", bytes([code])) is not None for code in range(256)])


@dataclass(frozen=True, slots=True)
class Found:
    """What an expression matches in some lines: `lengths` of the whole, 0 where it does not fit."""

    lengths: Offsets
    spans: Mapping[str, tuple[Offsets, Offsets]]
    """Where each group begins and ends, in the bytes that the lines are in; a group that takes no part is
    empty, and stands at the beginning of the line."""

    def texts(self, group: str, data: Bytes) -> pa.Array:
        """The text of a group in every line."""
        return line_array(data, *self.spans[group])


class Head:
    """An expression in the syntax of RE2 that is also one of Python's, looked for at the beginning of texts."""

    def __init__(self, expression: str) -> None:
        self._whole = without_names(expression.encode()).decode()
        same = expression.encode().replace(rb"\S", b"[^" + _SPACE[1:]).replace(rb"\s", _SPACE)
        self._grouped = re.compile(same)
        self._alike = _alike(same)

    def find(self, data: Bytes, starts: Offsets, ends: Offsets) -> Found:
        """What the expression matches at the beginning of each text between ascending starts and ends."""
        rest = self._without(f"^(?:{self._whole})", data, starts, ends)
        return self._filled_in(data, starts, ends, ends - starts - rest)

    def find_at_end(self, data: Bytes, starts: Offsets, ends: Offsets) -> Found:
        """What the expression matches anywhere in each text. It must go on to the end of that."""
        at = starts + self._without(self._whole, data, starts, ends)
        return self._filled_in(data, at, ends, ends - at)

    def _without(self, whole: str, data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
        """How long each text is without what is found in it."""
        # Without groups in the expression, and none in the replacement, RE2 fills in none.
        rest = pc.replace_substring_regex(line_array(data, starts, ends), pattern=whole, replacement="")
        lengths: Offsets = pc.binary_length(rest).to_numpy(zero_copy_only=False).astype(np.int64)
        return lengths

    def _filled_in(self, data: Bytes, starts: Offsets, ends: Offsets, lengths: Offsets) -> Found:
        """Matches of known lengths, with their groups."""
        spans = {name: (starts.copy(), starts.copy()) for name in self._grouped.groupindex}
        rows = np.flatnonzero(lengths)
        if not len(rows):
            return Found(lengths, spans)
        shapes, count = self._shapes(data, starts[rows], ends[rows], lengths[rows])
        examples = np.full(count, -1)
        examples[shapes[::-1]] = rows[::-1]
        columns = np.zeros((len(spans), 2, count), dtype=np.int64)
        for shape in np.flatnonzero(examples >= 0).tolist():
            row = int(examples[shape])
            match = self._grouped.match(data[starts[row] : ends[row]].tobytes())
            if match is not None:
                columns[:, :, shape] = [np.maximum(match.span(name), 0) for name in spans]
        for (begin, end), column in zip(spans.values(), columns, strict=True):
            begin[rows] += column[0][shapes]
            end[rows] += column[1][shapes]
        return Found(lengths, spans)

    def _shapes(self, data: Bytes, starts: Offsets, ends: Offsets, lengths: Offsets) -> tuple[Codes, int]:
        """A number for each of some heads, and how many numbers there are: equal where the expression
        cannot tell the heads apart, nor what it may ask of the place where they end."""
        heads = line_array(data, starts, starts + lengths)
        _, offsets, content = heads.buffers()
        alike = pa.py_buffer(content.to_pybytes().translate(self._alike))
        encoded = pa.Array.from_buffers(heads.type, len(heads), [None, offsets, alike]).dictionary_encode()
        stops = starts + lengths
        following = np.where(_WORD[data[np.minimum(stops, len(data) - 1)]], _BEFORE_WORD, _BEFORE_OTHER)
        following[stops == ends] = _AT_END
        codes = encoded.indices.to_numpy(zero_copy_only=False) * 3 + following
        return codes, 3 * len(encoded.dictionary)


def _alike(expression: bytes) -> bytes:
    """For each byte the first one that an expression cannot tell from it, as a table for `translate`."""
    atoms = {match["characters"] for match in _ATOM.finditer(expression) if match["characters"]} | {rb"\w", _SPACE}
    every = bytes(range(256))
    fits = []
    for atom, flags in product(sorted(atoms), (0, re.IGNORECASE)):
        fits.append(np.zeros(256, dtype=bool))
        fits[-1][[match.start() for match in re.finditer(atom, every, flags)]] = True
    _, first, kinds = np.unique(np.array(fits), axis=1, return_index=True, return_inverse=True)
    return first[kinds.reshape(-1)].astype(np.uint8).tobytes()
