"""The one protocol of a pattern engine, and Hyperscan behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import hyperscan
import numpy as np
import numpy.typing as npt

from analyzer.ingest.locate import line_array
from analyzer.match.literals import Literal, Topic, hints, required_literals, topic_of
from analyzer.match.relax import relax

Buffer = bytes | bytearray | memoryview
Ints = npt.NDArray[np.int64]
Expressions = dict[tuple[bytes, bool], list[int]]
_OFFSET_BITS = 40
_PARTS = 3
_WORD_END = rb"\b"


class Engine(Protocol):
    """Finds where patterns may match in a block of raw bytes."""

    def scan(self, data: Buffer, records: Ints) -> tuple[Ints, Ints]:
        """Indexes of patterns and offsets inside the records in which they may match: a superset of
        the truth. `records` holds the offset at which each record of `data` begins."""
        ...


class HyperscanEngine:
    """All patterns in several databases; safe to use from several threads.

    The first holds what is quick to find: the distinctive texts of which most patterns need one,
    and hints, words such as `failed`. The expressions of patterns that need a hint are in the
    others, one for each topic of hints, which only see the records that hold one of their own.
    """

    def __init__(self, first: _Database, closer: Sequence[_Database]) -> None:
        self._first, self._closer = first, closer

    @classmethod
    def of(cls, patterns: Sequence[str]) -> HyperscanEngine:
        """Compile `patterns`. Raises `UnsupportedPattern` for syntax outside the dialect,
        `hyperscan.error` for a pattern that Hyperscan refuses."""
        first, closer = _expressions(patterns)
        return cls(_Database.of(first), [_Database.of(expressions) for expressions in closer])

    @classmethod
    def restored(cls, saved: Sequence[bytes]) -> HyperscanEngine:
        """What `saved` gave. Raises `ValueError` where that is broken, `hyperscan.error` where it is
        of another version or processor."""
        if len(saved) != (1 + len(Topic)) * _PARTS:
            raise ValueError("these are no saved databases")
        first, *closer = (_Database.restored(saved[at : at + _PARTS]) for at in range(0, len(saved), _PARTS))
        return cls(first, closer)

    def saved(self) -> list[bytes]:
        """The compiled databases, for a cache."""
        return [part for database in (self._first, *self._closer) for part in database.saved()]

    def scan(self, data: Buffer, records: Ints) -> tuple[Ints, Ints]:
        """See `Engine`."""
        patterns, ends = self._first.scan(data)
        found = [(patterns[patterns >= 0], ends[patterns >= 0])]
        for topic, database in enumerate(self._closer):
            hints = ends[patterns == _hint(topic)]
            if len(hints):
                found.append(_look_closer(database, data, records, hints))
        return np.concatenate([some for some, _ in found]), np.concatenate([some for _, some in found])


def _hint(topic: int) -> int:
    """What stands for the patterns of a topic in what the first database finds."""
    return -1 - topic


def _look_closer(database: _Database, data: Buffer, records: Ints, hits: Ints) -> tuple[Ints, Ints]:
    """Scan only the records that were hit."""
    view = memoryview(data)
    chosen = np.unique(np.maximum(np.searchsorted(records, hits - 1, side="right") - 1, 0))
    begins = records[chosen]
    ends = np.append(records, len(view))[chosen + 1]
    if int((ends - begins).sum()) > len(view) // 2:
        return database.scan(data)
    _, places, gathered = line_array(np.frombuffer(view, dtype=np.uint8), begins, ends).buffers()
    patterns, found = database.scan(gathered)
    starts = np.frombuffer(places, dtype=np.int32)[: len(begins)]
    record = np.searchsorted(starts, found - 1, side="right") - 1
    return patterns, begins[record] + (found - starts[record])


class _Database:
    """One Hyperscan database: expressions, each with the patterns for which it stands.

    Those of expression `e` are `owners[bounds[e] : bounds[e + 1]]`.
    """

    def __init__(self, database: Any, bounds: Ints, owners: Ints) -> None:
        self._database = database
        self._bounds = bounds
        self._owners = owners
        self._local = threading.local()

    @classmethod
    def of(cls, expressions: Expressions) -> _Database:
        """Compile expressions."""
        counts = [len(owners) for owners in expressions.values()]
        owners = [pattern for patterns in expressions.values() for pattern in patterns]
        bounds = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
        return cls(_compile(list(expressions)), bounds, np.array(owners, dtype=np.int64))

    @classmethod
    def restored(cls, saved: Sequence[bytes]) -> _Database:
        """What `saved` gave."""
        database, bounds, owners = saved
        loaded = hyperscan.loadb(database, hyperscan.HS_MODE_BLOCK)
        return cls(loaded, np.frombuffer(bounds, dtype=np.int64), np.frombuffer(owners, dtype=np.int64))

    def saved(self) -> list[bytes]:
        """The database as `_PARTS` byte strings."""
        return [bytes(hyperscan.dumpb(self._database)), self._bounds.tobytes(), self._owners.tobytes()]

    def scan(self, data: Buffer) -> tuple[Ints, Ints]:
        """Patterns and the offsets just past where they were found."""
        found: list[int] = []
        add = found.append

        # Called for each thing found, while other threads wait for the interpreter: as short as can be.
        def on_match(expression: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add(expression << _OFFSET_BITS | end)

        self._database.scan(data, match_event_handler=on_match, scratch=self._scratch())
        codes = np.array(found, dtype=np.int64)
        expressions, ends = codes >> _OFFSET_BITS, codes & ((1 << _OFFSET_BITS) - 1)
        counts = self._bounds[expressions + 1] - self._bounds[expressions]
        first = np.repeat(self._bounds[expressions] - np.cumsum(counts) + counts, counts)
        return self._owners[first + np.arange(len(first))], np.repeat(ends, counts)

    def _scratch(self) -> Any:
        """Hyperscan's working memory, one for each thread."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch


def _expressions(patterns: Sequence[str]) -> tuple[Expressions, list[Expressions]]:
    """What the databases search for, the first and one for each topic of hints: (expression, ignore
    case) with the patterns it stands for."""
    first: Expressions = {}
    closer: list[Expressions] = [{} for _ in Topic]
    for index, pattern in enumerate(patterns):
        expression, owner = pattern.encode(), index
        literals = required_literals(expression)
        if literals is None and (literals := hints(expression)) is not None:
            topic = topic_of(literals)
            closer[topic].setdefault(relax(expression), []).append(index)
            owner = _hint(topic)
        for key in _keys(literals) or [relax(expression)]:
            owners = first.setdefault(key, [])
            if owner not in owners:
                owners.append(owner)
    for topic in Topic:
        _drop_implied(first, _hint(topic))
    return first, closer


def _keys(literals: Iterable[Literal] | None) -> list[tuple[bytes, bool]]:
    """The literals as expressions, in the same order in every process: a set has another one in each,
    and a database that was saved says by place alone which patterns an expression stands for."""
    return sorted(map(_expression_of, literals or ()))


def _drop_implied(expressions: Expressions, hint: int) -> None:
    """Where one text that gives a hint is part of another (`error` of `errors`), the shorter one is found anyway."""
    hinting = sorted((key for key, owners in expressions.items() if hint in owners), key=lambda key: len(key[0]))
    for place, (text, ignore_case) in enumerate(hinting):
        if hint not in expressions.get((text, ignore_case), ()):
            continue
        for key in hinting[place + 1 :]:
            if _implies((text, ignore_case), key) and hint in expressions.get(key, ()):
                expressions[key].remove(hint)
                if not expressions[key]:
                    del expressions[key]


def _implies(shorter: tuple[bytes, bool], longer: tuple[bytes, bool]) -> bool:
    """Whether an expression made of a fixed text is found wherever another is."""
    (text, ignore_case), (whole, ignores) = shorter, longer
    if ignore_case:
        text, whole = text.lower(), whole.lower()
    elif ignores:
        return False
    return text in whole or (text.endswith(_WORD_END) and text.removesuffix(_WORD_END) + rb"\x20" in whole)


def _expression_of(literal: Literal) -> tuple[bytes, bool]:
    """A fixed text as an expression; letters stand for themselves."""
    quoted = (b"%c" % code if chr(code).isalpha() and code < 0x80 else rb"\x%02x" % code for code in literal.text)
    cased = literal.text.lower() != literal.text.upper()
    return b"".join(quoted) + (_WORD_END if literal.ends_word else b""), literal.ignore_case and cased


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
