"""The one protocol of a pattern engine, and Hyperscan behind it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

import hyperscan
import numpy as np
import numpy.typing as npt

from analyzer.match.relax import relax

Buffer = bytes | bytearray | memoryview


class Engine(Protocol):
    """Finds where patterns may match in a block of raw bytes."""

    def scan(self, data: Buffer) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Indexes of patterns and the offsets just past their matches; a superset of the truth."""
        ...


class HyperscanEngine:
    """All patterns in one database, scanned in one pass; safe to use from several threads."""

    def __init__(self, patterns: Sequence[str], serialized: bytes | None = None) -> None:
        """Compile `patterns`, or restore what `serialize` gave for the same patterns.

        Raises `UnsupportedPattern` for syntax outside the dialect, `hyperscan.error` for a pattern
        that Hyperscan refuses, or a serialized database of another version or processor.
        """
        self._database = hyperscan.loadb(serialized, hyperscan.HS_MODE_BLOCK) if serialized else _compile(patterns)
        self._local = threading.local()

    def serialize(self) -> bytes:
        """The compiled database, for a cache."""
        return hyperscan.dumpb(self._database)

    def scan(self, data: Buffer) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """See `Engine`."""
        found: list[tuple[int, int]] = []
        append = found.append

        def on_match(pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((pattern, end))

        self._database.scan(data, match_event_handler=on_match, scratch=self._scratch())
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        pairs = np.array(found, dtype=np.int64)
        return pairs[:, 0], pairs[:, 1]

    def _scratch(self) -> Any:
        """Hyperscan's working memory, one for each thread."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch


def _compile(patterns: Sequence[str]) -> Any:
    relaxed = [relax(pattern.encode()) for pattern in patterns]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[body for body, _ in relaxed],
        ids=list(range(len(relaxed))),
        flags=[hyperscan.HS_FLAG_CASELESS if caseless else 0 for _, caseless in relaxed],
    )
    return database
