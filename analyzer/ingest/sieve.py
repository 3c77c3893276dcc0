"""Which lines may be of which layout, found out without the layouts' own expressions.

Compiling all of those takes far longer than looking at a sample with them, and no file is of more
than a few. So Hyperscan looks for a wider form of each in all of them at once.
"""

from __future__ import annotations

import hashlib
import platform
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import hyperscan

from analyzer import cache
from analyzer.ingest.layout import LONGEST_HEAD, Layout, all_layouts

_KIND = "layouts"
_FLAGS = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_ALLOWEMPTY


def lines_by_layout(lines: Sequence[bytes]) -> Mapping[str, Sequence[bytes]]:
    """For each declared layout's name the lines that may be of it: all that are, and maybe others.

    Layouts whose fields have keys are told by those, quickly, and may be of every line.
    """
    database, names = wider_forms(), [layout.name for layout in _with_heads()]
    scratch = hyperscan.Scratch(database)
    passing: dict[str, list[bytes]] = defaultdict(list)
    for line in lines:
        found: set[int] = set()

        def on_match(place: int, _start: int, _end: int, _flags: int, seen: set[int]) -> None:
            seen.add(place)

        database.scan(line[:LONGEST_HEAD], match_event_handler=on_match, scratch=scratch, context=found)
        for place in found:
            passing[names[place]].append(line)
    return {layout.name: lines if layout.has_keys else passing[layout.name] for layout in all_layouts()}


@lru_cache(maxsize=1)
def _with_heads() -> Sequence[Layout]:
    return [layout for layout in all_layouts() if layout.style == "text"]


@lru_cache(maxsize=1)
def wider_forms() -> Any:
    """What all layouts look like; compiled once, then restored from the cache."""
    looks = [layout.look for layout in _with_heads()]
    version = getattr(hyperscan, "__version__", "")
    machine = "\0".join([version, platform.machine(), platform.processor()])
    key = hashlib.sha256(b"\0".join([machine.encode(), *looks])).hexdigest()[:24]
    kept = cache.recall(_KIND, key)
    if kept is not None:
        # What is broken, or of another processor, is compiled again.
        with suppress(ValueError, hyperscan.error):
            return hyperscan.loadb(kept, hyperscan.HS_MODE_BLOCK)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=looks, ids=list(range(len(looks))), flags=[_FLAGS] * len(looks))
    cache.keep(_KIND, key, bytes(hyperscan.dumpb(database)))
    return database


__all__ = ["lines_by_layout", "wider_forms"]
