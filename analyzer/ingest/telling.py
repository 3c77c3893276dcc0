"""Which lines that are of no layout have words that tell anything of them: most have none.

How bad a line is, whether it goes on with another, whether it is a part of a trace: each is said by words of its
own, and one look for all of them costs hardly more than one for some.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from analyzer.ingest.continuation import CONTINUATIONS, Flags, indented
from analyzer.ingest.levels import TELLING
from analyzer.ingest.locate import line_array
from analyzer.ingest.traces import PARTS
from analyzer.ingest.windows import Bytes, Offsets

_ANYTHING = f"(?:{TELLING})|{CONTINUATIONS}|{PARTS}"


def telling_lines(data: Bytes, starts: Offsets, ends: Offsets, loose: Flags) -> Flags:
    """Which lines may have words that say how bad something is, or that the line goes on with another one: all
    but the `loose` ones, of no layout, that have not."""
    telling = np.ones(len(starts), dtype=bool)
    rows = np.flatnonzero(loose & (ends > starts) & ~indented(data, starts))
    if len(rows):
        lines = line_array(data, starts[rows], ends[rows])
        telling[rows] = pc.match_substring_regex(lines, _ANYTHING).to_numpy(zero_copy_only=False)
    return telling


__all__ = ["telling_lines"]
