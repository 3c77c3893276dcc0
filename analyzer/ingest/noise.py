"""Lines without a time among those that have one, which do not go on with them but stand for themselves.

Consoles mix what a program logs with what it, its starter and its children print: banners before the first
line with a time, lines that begin with a level, a tag (`[Pipeline] sh`) or a program and its level (`psql: FATAL: `),
the last words of a runtime that gives up. All others without a time are taken for a part of the record before them.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.continuation import stands_alone
from analyzer.ingest.locate import line_array
from analyzer.ingest.windows import Bytes, Offsets

Flags = npt.NDArray[np.bool_]
_LEVELS = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL"
_TAGGED = r"^\[ {0,3}[A-Za-z][\w -]{1,24}\]:? +\S"
_TAG_OF_A_TRACE = r"^\[(?i:previous exception|stack ?trace|internal function|external code)\]"
_LEVELED = rf"^(?:{_LEVELS})(?: {{0,9}}\||:? {{1,9}}\[|: {{1,9}}\S)"
_CRASH = (
    r"^(?:thread '[^'\n]*' (?:\(\d+\) )?panicked at |panic: |fatal error: |Unhandled exception\. "
    r"|Exception in thread \"|\*\*\* Error in `|terminate called |Fatal Python error: |Segmentation fault\b)"
)
"""What a language's runtime says of a program's end, past all loggers."""
_NAMED = (
    r"^[a-z][\w.-]{1,24}: (?:\[(?:emerg|alert|crit|error|warn|notice)\] "
    r"|(?:FATAL|PANIC|ERROR|WARNING|fatal|error|warning):)|^gc \d+ @\d"
)
_FIRST = np.frombuffer(b"[TDINWEFCUS*abcdefghijklmnopqrstuvwxyz", np.uint8)
_GOES_ON = re.compile(rb"\s+\S|Caused by: |\.\.\. \d+ more")
_MOSTLY = 0.5


def noise_among_dated(data: Bytes, starts: Offsets, ends: Offsets, loose: Flags, telling: Flags) -> Flags:
    """Which of the `loose` lines, which are of no layout, begin a record although they have no time. Those that
    go on with another by their words are `telling`."""
    found = _with_a_head(data, starts, ends, loose)
    dated = np.flatnonzero(~loose)
    before = int(dated[0]) if len(dated) else 0
    if before and _GOES_ON.match(bytes(data[starts[0] : ends[0]])) is None:
        comments = data[starts[:before]] == ord("#")
        found[:before] |= stands_alone(data, starts[:before], ends[:before], telling[:before]) & ~comments
    return found


def _with_a_head(data: Bytes, starts: Offsets, ends: Offsets, loose: Flags) -> Flags:
    """The lines that begin with a tag or a level, or tell of a crash."""
    found = np.zeros(len(starts), dtype=bool)
    rows = np.flatnonzero(loose & np.isin(data[np.minimum(starts, len(data) - 1)], _FIRST))
    if not len(rows):
        return found
    lines = line_array(data, starts[rows], ends[rows])
    leveled = rows[_flags(lines, _LEVELED)]
    # A level that usually stands right below the lines with a time is that of those.
    below = leveled[leveled > 0]
    if (~loose[below - 1]).sum() <= max(1, _MOSTLY * (~loose).sum()):
        found[leveled] = True
    found[rows[_flags(lines, _CRASH)]] = True
    found[rows[_flags(lines, _TAGGED) & ~_flags(lines, _TAG_OF_A_TRACE)]] = True
    found[rows[_flags(lines, _NAMED)]] = True
    return found


def _flags(lines: pa.Array, pattern: str) -> Flags:
    flags: Flags = pc.match_substring_regex(lines, pattern).to_numpy(zero_copy_only=False)
    return flags


__all__ = ["noise_among_dated"]
