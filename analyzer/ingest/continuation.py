"""What lines without a timestamp say by themselves: whether one goes on with another, and how bad it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.levels import infer_levels
from analyzer.ingest.locate import line_array
from analyzer.ingest.windows import Bytes, Offsets, among
from analyzer.model import LEVEL_CODES

Codes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
CONTINUATIONS = (
    r"^(?:Caused(?: by)?: |Suppressed: |goroutine \d+ \[|created by |\[signal |Stack trace:|\[stacktrace\]"
    r"|(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LINE \d+): |\[(?:SQL|parameters): |\(Background on this error "
    r"|: (?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|WITH) |#\d+ (?:/|\{main\}|\[internal )"
    r"|\(?Caused by \w+(?:Error|Exception)?\(|(?:NewConnection|NameResolution|ConnectTimeout)Error\([\"']?<"
    r"|npm (?:ERR!|error) (?:syscall|path|file|errno|enoent|dest|command|signal|argv) "
    r"|npm ERR! (?:node v|npm  v|Exit status )\d|npm ERR! \S+@\d\S* [\w:.-]+: `|note: run with |exit status \d)"
)
"""Lines without a timestamp that programs print behind an error, although they are not indented."""
_FIRST_OF_CONTINUATIONS = among(b"CSgc[DHQL(:#neN")
_CLOSING = among(b"}])")


def stands_alone(data: Bytes, starts: Offsets, ends: Offsets, telling: Flags) -> Flags:
    """Without timestamps: a line begins a record unless it is blank, indented, only closes one, or
    is one of those that programs print behind an error (`Caused by:`, `DETAIL:`), which are `telling`."""
    first = data[np.minimum(starts, len(data) - 1)]
    filled = ends > starts
    shifted = indented(data, starts)
    if shifted[filled].all():
        shifted = _deeper_than_the_rest(data, starts, ends)
    flags: Flags = filled & ~shifted & ~_CLOSING[first]
    return flags & ~_goes_on(data, starts, ends, telling)


def indented(data: Bytes, starts: Offsets) -> Flags:
    """Which lines begin with a space or a tab."""
    first = data[np.minimum(starts, len(data) - 1)]
    flags: Flags = (first == 32) | (first == 9)
    return flags


def judged(data: Bytes, starts: Offsets, ends: Offsets, telling: Flags) -> Codes:
    """The levels of lines by the words in them, which only `telling` ones have."""
    codes = np.full(len(starts), LEVEL_CODES["info"], dtype=np.int8)
    rows = np.flatnonzero(telling)
    if len(rows):
        codes[rows] = infer_levels(line_array(data, starts[rows], ends[rows]))
    return codes


def as_flags(column: pa.Array) -> Flags:
    """A column of truth values for numpy."""
    flags: Flags = column.to_numpy(zero_copy_only=False)
    return flags


def _deeper_than_the_rest(data: Bytes, starts: Offsets, ends: Offsets) -> Flags:
    """Text that stands to the right as a whole, as in a table or a paste: only what is indented
    further than the rest continues."""
    lines = line_array(data, starts, ends).to_pylist()
    depths = [len(line) - len(line.lstrip()) for line in lines]
    least = min((depth for depth, line in zip(depths, lines, strict=True) if line), default=0)
    deeper: Flags = np.array([depth > least for depth in depths], dtype=bool)
    return deeper


def _goes_on(data: Bytes, starts: Offsets, ends: Offsets, telling: Flags) -> Flags:
    """Lines that only make sense behind another one."""
    flags = np.zeros(len(starts), dtype=bool)
    last = len(data) - 1
    maybe = np.flatnonzero(telling & _FIRST_OF_CONTINUATIONS[data[np.minimum(starts, last)]])
    if len(maybe):
        flags[maybe] = as_flags(pc.match_substring_regex(line_array(data, starts[maybe], ends[maybe]), CONTINUATIONS))
        flags[_codes_of_old_npm(data, starts, ends, maybe)] = True
    # Go prints each frame as a call and, below it, `\t/path/file.go:12 +0x1d`.
    below = np.minimum(starts[1:], last)
    flags[:-1] |= (data[below] == 9) & (data[np.minimum(below + 1, last)] == 47) & (data[ends[:-1] - 1] == 41)
    return flags


def _codes_of_old_npm(data: Bytes, starts: Offsets, ends: Offsets, maybe: Offsets) -> Offsets:
    """Where npm up to version 4 states the code of its error: below what ran, not first as later versions do."""
    codes = maybe[maybe > 0]
    codes = codes[as_flags(pc.starts_with(line_array(data, starts[codes], ends[codes]), "npm ERR! code "))]
    above = line_array(data, starts[codes - 1], ends[codes - 1])
    return codes[as_flags(pc.match_substring_regex(above, r"^npm ERR! (?:npm  v|path |file )"))]


__all__ = ["CONTINUATIONS", "as_flags", "indented", "judged", "stands_alone"]
