"""The one protocol of a pattern engine, and Hyperscan behind it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

import hyperscan
import numpy as np
import numpy.typing as npt

from analyzer.match.literals import KINDS, hints, required_literals
from analyzer.match.relax import relax

Buffer = bytes | bytearray | memoryview
Ints = npt.NDArray[np.int64]
Expressions = dict[tuple[bytes, bool], list[int]]


class Engine(Protocol):
    """Finds where patterns may match in a block of raw bytes."""

    def scan(self, data: Buffer, records: Ints) -> tuple[Ints, Ints]:
        """Indexes of patterns and offsets inside the records in which they may match: a superset of
        the truth. `records` holds the offset at which each record of `data` begins."""
        ...


class HyperscanEngine:
    """All patterns in a few databases; safe to use from several threads.

    The first holds what is quick to find: the distinctive texts of which most patterns need one,
    and for the others their hints, words such as `failed` or `created`. The expressions of those
    others are in further databases, one for each kind of hint, which only see the records with a
    hint of their kind.
    """

    def __init__(self, patterns: Sequence[str], serialized: Sequence[bytes] | None = None) -> None:
        """Compile `patterns`, or restore what `serialize` gave for the same patterns.

        Raises `UnsupportedPattern` for syntax outside the dialect, `hyperscan.error` for a pattern
        that Hyperscan refuses, or a serialized database of another version or processor.
        """
        parts = _expressions(patterns)
        restored: Sequence[bytes | None] = serialized or [None] * len(parts)
        self._databases = [_Database(part, saved) for part, saved in zip(parts, restored, strict=True)]

    def serialize(self) -> list[bytes]:
        """The compiled databases, for a cache."""
        return [database.serialize() for database in self._databases]

    def scan(self, data: Buffer, records: Ints) -> tuple[Ints, Ints]:
        """See `Engine`."""
        patterns, ends = self._databases[0].scan(data)
        found = [(patterns[patterns >= 0], ends[patterns >= 0])]
        for kind, database in enumerate(self._databases[1:], start=1):
            hits = ends[patterns == -kind]
            if len(hits):
                found.append(_look_closer(database, data, records, hits))
        return np.concatenate([p for p, _ in found]), np.concatenate([e for _, e in found])


def _look_closer(database: _Database, data: Buffer, records: Ints, hits: Ints) -> tuple[Ints, Ints]:
    """Scan only the records that were hit."""
    view = memoryview(data)
    chosen = np.unique(np.maximum(np.searchsorted(records, hits - 1, side="right") - 1, 0))
    begins = records[chosen]
    ends = np.append(records, len(view))[chosen + 1]
    if int((ends - begins).sum()) > len(view) // 2:
        return database.scan(data)
    gathered = b"".join([view[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)])
    patterns, found = database.scan(gathered)
    places = np.concatenate(([0], np.cumsum(ends - begins)))
    record = np.searchsorted(places, found - 1, side="right") - 1
    return patterns, begins[record] + (found - places[record])


class _Database:
    """One Hyperscan database: expressions, each with the patterns for which it stands."""

    def __init__(self, expressions: Expressions, serialized: bytes | None) -> None:
        self._owners = list(expressions.values())
        self._database: Any = (
            hyperscan.loadb(serialized, hyperscan.HS_MODE_BLOCK) if serialized else _compile(list(expressions))
        )
        self._local = threading.local()

    def serialize(self) -> bytes:
        return bytes(hyperscan.dumpb(self._database))

    def scan(self, data: Buffer) -> tuple[Ints, Ints]:
        """Patterns and the offsets just past where they were found."""
        found: list[tuple[int, int]] = []
        owners = self._owners

        def on_match(expression: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.extend((pattern, end) for pattern in owners[expression])

        self._database.scan(data, match_event_handler=on_match, scratch=self._scratch())
        pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _scratch(self) -> Any:
        """Hyperscan's working memory, one for each thread."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch


def _expressions(patterns: Sequence[str]) -> list[Expressions]:
    """What each database searches for: (expression, ignore case) with the patterns it stands for; in
    the first one, minus the number of another database stands for a hint of its kind."""
    parts: list[Expressions] = [{} for _ in range(1 + KINDS)]
    for index, pattern in enumerate(patterns):
        expression = pattern.encode()
        literals = required_literals(expression)
        owner = index
        if literals is None and (hint := hints(expression)) is not None:
            kind, literals = hint
            parts[kind].setdefault(relax(expression), []).append(index)
            owner = -kind
        for key in [(_quoted(literal.text), literal.ignore_case) for literal in literals or ()] or [relax(expression)]:
            owners = parts[0].setdefault(key, [])
            if owner not in owners:
                owners.append(owner)
    _drop_implied_hints(parts[0])
    return parts


def _drop_implied_hints(expressions: Expressions) -> None:
    """Where one hint is part of another (`error` of `errors`), the shorter one is found anyway."""
    by_length = sorted((key for key, owners in expressions.items() if min(owners) < 0), key=lambda key: len(key[0]))
    for place, (text, ignore_case) in enumerate(by_length):
        kinds = {owner for owner in expressions.get((text, ignore_case), ()) if owner < 0}
        for longer, longer_ignores in by_length[place + 1 :]:
            within = text.lower() in longer.lower() if ignore_case else text in longer and not longer_ignores
            owners = expressions.get((longer, longer_ignores))
            if within and owners is not None:
                owners[:] = [owner for owner in owners if owner not in kinds]
                if not owners:
                    del expressions[longer, longer_ignores]


def _quoted(text: bytes) -> bytes:
    """A text as an expression; letters stand for themselves."""
    return b"".join(b"%c" % code if chr(code).isalpha() and code < 0x80 else rb"\x%02x" % code for code in text)


def _compile(expressions: Sequence[tuple[bytes, bool]]) -> Any:
    if not expressions:
        expressions = [(rb"\x00\xff\x00\xff\x00never", False)]  # Hyperscan knows no empty database
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[body for body, _ in expressions],
        ids=list(range(len(expressions))),
        flags=[hyperscan.HS_FLAG_CASELESS if ignore_case else 0 for _, ignore_case in expressions],
    )
    return database
