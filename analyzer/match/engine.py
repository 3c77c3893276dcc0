"""The one protocol of a pattern engine, and Hyperscan behind it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

import hyperscan
import numpy as np
import numpy.typing as npt

from analyzer.match.literals import required_literals
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
        expressions = _expressions(patterns)
        self._owners = list(expressions.values())
        self._database = (
            hyperscan.loadb(serialized, hyperscan.HS_MODE_BLOCK) if serialized else _compile(list(expressions))
        )
        self._local = threading.local()

    def serialize(self) -> bytes:
        """The compiled database, for a cache."""
        return bytes(hyperscan.dumpb(self._database))

    def scan(self, data: Buffer) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """See `Engine`."""
        found: list[tuple[int, int]] = []
        owners = self._owners

        def on_match(expression: int, _start: int, end: int, _flags: int, _context: object) -> None:
            for pattern in owners[expression]:
                found.append((pattern, end))

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


def _expressions(patterns: Sequence[str]) -> dict[tuple[bytes, bool], list[int]]:
    """What Hyperscan searches for, (expression, ignore case), each with the patterns it stands for."""
    expressions: dict[tuple[bytes, bool], list[int]] = {}
    for index, pattern in enumerate(patterns):
        literals = required_literals(pattern.encode())
        if literals is None:
            expressions.setdefault(relax(pattern.encode()), []).append(index)
        for literal in literals or ():
            expressions.setdefault((_quoted(literal.text), literal.ignore_case), []).append(index)
    return expressions


def _quoted(text: bytes) -> bytes:
    return b"".join(rb"\x%02x" % code for code in text)


def _compile(expressions: Sequence[tuple[bytes, bool]]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[body for body, _ in expressions],
        ids=list(range(len(expressions))),
        flags=[hyperscan.HS_FLAG_CASELESS if ignore_case else 0 for _, ignore_case in expressions],
    )
    return database
