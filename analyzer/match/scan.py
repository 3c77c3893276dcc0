"""Blocks x engine -> events: what was found in each record, confirmed, with captures and ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import regex

from analyzer.catalogue import Catalogue
from analyzer.ingest.assumed import NO_DOUBTS, Doubts
from analyzer.ingest.blocks import Block
from analyzer.ingest.layout import Layout
from analyzer.ingest.lines import LineTable
from analyzer.ingest.timestamps import NO_TIME
from analyzer.match.alike import alike
from analyzer.match.canonical import canonical
from analyzer.match.engine import Engine, HyperscanEngine
from analyzer.match.events import NOTHING, EventWriter, Found
from analyzer.match.expressions import compile_pattern
from analyzer.match.http import exchange_in, fits, request_patterns
from analyzer.match.records import telling_array
from analyzer.match.reference import (
    CONFIRM_TIMEOUT,
    decode_captures,
    most_specific,
    with_sqlstate,
)
from analyzer.match.rules import RuleScanner
from analyzer.match.sqlstate import sqlstate_patterns
from analyzer.match.stated import Stated, decided, vetoed
from analyzer.match.unmatched import unmatched

_MOST_KNOWN = 1 << 14
_LONGEST_KNOWN = 1 << 11
_MINUTE = 60_000_000
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of time to analyse, in microseconds; records without a time are always inside."""

    since: int = NO_TIME
    until: int = np.iinfo(np.int64).max

    def covers(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which times lie inside, both ends included."""
        inside: npt.NDArray[np.bool_] = (times == NO_TIME) | ((times >= self.since) & (times <= self.until))
        return inside


@dataclass(frozen=True, slots=True)
class BlockScan:
    """What one block yielded. `volume` maps (minute or None, level code) to a number of records.

    Among the events are those of failures that no signature knows, named by `UNKNOWN_PREFIX` and their
    masked text.
    """

    events: pa.RecordBatch | None
    lines: int
    records: int
    dated_records: int
    first: int
    last: int
    volume: dict[tuple[int, int], int]
    unasked: Counter[str] = field(default_factory=Counter)
    """Of how many records, since the last block, which jq query of a rule could not be asked."""
    doubts: Doubts = NO_DOUBTS
    begins_inside: bool = False
    """Whether the block begins with lines that continue a record before it."""
    unread: bool = False
    """Whether the block is lost: reading it ended the process that tried."""


def unread(block: Block) -> BlockScan:
    """What there is to say of a block that could not be read: how many lines are lost."""
    return BlockScan(None, block.line_count(), 0, 0, NO_TIME, NO_TIME, {}, unread=True)


class _Head(NamedTuple):
    """What is known of a record before its text is looked at: its layout, which begins `behind` bytes
    into it, and what an envelope says of its origin."""

    layout: Layout
    behind: int
    origin: Mapping[str, str]


class Scanner:
    """Applies one catalogue to blocks; any thread may take any block.

    From one block to the next it only remembers what it found in texts that it met before: in a
    storm, the same thing is said again and again.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        engine: Engine,
        window: Window,
        redact: bool = True,
        engine_of: Callable[[list[str]], Engine] = HyperscanEngine.of,
    ) -> None:
        """`engine` must hold the patterns of `patterns_of(catalogue)`, in that order; `engine_of` makes
        the one for the terms of its CRE rules."""
        self.catalogue = catalogue
        self.engine = engine
        self.window = window
        self.redact = redact
        self._names = [signature.id for signature in catalogue]
        self._index = {name: index for index, name in enumerate(self._names)}
        self._signature_of, self._patterns = _pattern_table(catalogue)
        self._requests = [(n, s.request) for n, s in enumerate(catalogue) if s.request is not None]
        self._by_sqlstate = [n for n, s in enumerate(catalogue) if s.where is not None and s.where.sqlstate]
        self._count = len(patterns_of(catalogue))
        self._known: dict[tuple[str, str | None, bytes], list[tuple[int, dict[str, str]]]] = {}
        self._rules = RuleScanner(catalogue, engine_of) if any(signature.rule for signature in catalogue) else None
        terms = self._rules.names if self._rules is not None else []
        self._writer = EventWriter(
            names=pa.array([*self._names, *terms], pa.string()),
            severities=pa.array([*(s.severity for s in catalogue), *("info" for _ in terms)], pa.string()),
            redact=redact,
        )

    def scan(self, block: Block, source: str) -> BlockScan:
        """Everything that one block of an input yields; `source` is the path of that."""
        table = block.read()
        inside = self.window.covers(table.times)
        found = self._confirmed(table, block.reader.layouts, inside)
        spotted = self._rules.find(block, table, inside) if self._rules is not None else []
        dated = table.times[table.dated & inside]
        # What fulfils a term of a rule is not recognised yet: the rule may want more than that.
        fired = np.array([s.record for s in spotted if s.signature < len(self._names)], dtype=np.int64)
        others = inside.copy()
        others[found.records] = others[fired] = False
        unknown = unmatched(table, block.reader.layouts, others, self.redact)
        any_ = len(found) or spotted or len(unknown)
        return BlockScan(
            events=self._writer.write(block, table, found, spotted, unknown, source) if any_ else None,
            lines=block.line_count(),
            records=int(inside.sum()),
            dated_records=len(dated),
            first=int(dated.min()) if len(dated) else NO_TIME,
            last=int(dated.max()) if len(dated) else NO_TIME,
            volume=_volume(table.times[inside], table.levels[inside]),
            doubts=table.doubts,
            begins_inside=table.begins_inside(),
        )

    def close(self) -> None:
        """Let go of what runs beside this process."""
        if self._rules is not None:
            self._rules.close()

    def unasked(self) -> Counter[str]:
        """Of how many records which jq query could not be asked, since this was called last."""
        return self._rules.unasked() if self._rules is not None else Counter()

    def _confirmed(self, table: LineTable, layouts: Sequence[Layout], inside: npt.NDArray[np.bool_]) -> Found:
        """Every true match in the records of a block."""
        begins = table.record_start()
        patterns, ends = self.engine.scan(table.content(), begins)
        if not len(patterns):
            return NOTHING
        record = np.maximum(np.searchsorted(begins, ends - 1, side="right") - 1, 0)
        keep = inside[record]
        pairs = np.unique(record[keep] * self._count + patterns[keep])
        rows, firsts = np.unique(pairs // self._count, return_index=True)
        candidates, bounds = pairs % self._count, np.append(firsts, len(pairs)).tolist()
        starts = begins[rows]
        records = telling_array(table, rows, record[keep], ends[keep])
        first, like = alike(records, table.kinds(rows))
        behind = (table.starts[table.first_line[rows[first]]] - starts[first]).tolist()
        said = [
            self._confirm(
                records[place].as_py(),
                _Head(layouts[table.layouts[row]], behind[number], table.origin_of(row)),
                candidates[bounds[place] : bounds[place + 1]].tolist(),
            )
            for number, (place, row) in enumerate(zip(first.tolist(), rows[first].tolist(), strict=True))
        ]
        return _found_in(rows, rows[first], like, said)

    def _confirm(self, record: bytes, head: _Head, patterns: list[int]) -> list[tuple[int, dict[str, str]]]:
        """Which of the candidate patterns are really in a record, by signature."""
        key = head.layout.name, head.origin.get("service"), canonical(record)
        known = self._known.get(key)
        if known is None:
            known = self._search_all(Stated(record[head.behind :], key[2], head.layout, head.origin), patterns)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            if len(record) <= _LONGEST_KNOWN:
                self._known[key] = known
        return known

    def _search_all(self, stated: Stated, patterns: list[int]) -> list[tuple[int, dict[str, str]]]:
        """Look for each of the candidate patterns; what is found depends on text, layout and service."""
        found: dict[int, dict[str, str]] = {}
        if patterns[-1] >= len(self._patterns):  # they ascend, and those of no single signature come last
            self._confirm_request(stated, found)
        for pattern in patterns:
            if pattern >= len(self._patterns):
                break
            signature = self._signature_of[pattern]
            if signature in found:
                continue
            match = _search(self._patterns[pattern], stated.seen_by(self.catalogue.signatures[signature]))
            if match is not None and not self._vetoed(signature, stated):
                found[signature] = decode_captures(match.groupdict())
        if patterns[-1] >= len(self._patterns):
            self._confirm_sqlstate(stated, found)
        if not found:
            return []
        signatures = self.catalogue.signatures
        named = {signatures[n].id: with_sqlstate(captures, signatures[n], stated) for n, captures in found.items()}
        return [(self._index[match.signature], dict(match.captures)) for match in most_specific(named, self.catalogue)]

    def _confirm_request(self, stated: Stated, found: dict[int, dict[str, str]]) -> None:
        """Add the signatures that ask for the HTTP exchange in a record."""
        exchange = exchange_in(stated.text)
        if exchange is None:
            return
        for signature, request in self._requests:
            if signature not in found and fits(exchange, request) and not self._vetoed(signature, stated):
                found[signature] = exchange.captures()

    def _confirm_sqlstate(self, stated: Stated, found: dict[int, dict[str, str]]) -> None:
        """Add the signatures that ask for the SQLSTATE in a record, whatever its words are."""
        if stated.sqlstate is None:
            return
        for signature in self._by_sqlstate:
            where = self.catalogue.signatures[signature].where
            if signature not in found and where and decided(where, stated) and not self._vetoed(signature, stated):
                found[signature] = {}

    def _vetoed(self, number: int, stated: Stated) -> bool:
        signature = self.catalogue.signatures[number]
        if any(_search(veto, stated.text) is not None for veto in signature.exclude):
            return True
        return signature.where is not None and vetoed(signature.where, stated) is not None


def patterns_of(catalogue: Catalogue) -> list[str]:
    """Every pattern of a catalogue, in the order in which an engine must number them: those of the
    signatures, then those that find HTTP exchanges and SQLSTATEs for all of them."""
    own = (pattern for signature in catalogue for pattern in signature.match)
    return [*own, *request_patterns(catalogue), *sqlstate_patterns(catalogue)]


def _pattern_table(catalogue: Catalogue) -> tuple[list[int], list[str]]:
    owners = [index for index, signature in enumerate(catalogue) for _ in signature.match]
    return owners, [pattern for signature in catalogue for pattern in signature.match]


def _search(pattern: str, text: bytes) -> regex.Match[bytes] | None:
    # Compiled when it is first needed: of thousands of patterns a run meets a few dozen.
    try:
        return compile_pattern(pattern).search(text, timeout=CONFIRM_TIMEOUT, concurrent=False)
    except TimeoutError:
        return None


def _found_in(rows: Ints, examples: Ints, like: Ints, said: Sequence[Sequence[tuple[int, dict[str, str]]]]) -> Found:
    """What is `said` by each of some examples, for all the rows that are like one of them."""
    counts = np.array([len(matches) for matches in said], dtype=np.int64)
    behind = np.cumsum(counts)
    events = counts[like]
    within = np.arange(events.sum()) - np.repeat(np.cumsum(events) - events, events)
    place = np.repeat((behind - counts)[like], events) + within
    signatures = np.array([signature for matches in said for signature, _ in matches], dtype=np.int64)
    return Found(
        records=np.repeat(rows, events),
        signatures=signatures[place],
        said=place,
        captures=[captures for matches in said for _, captures in matches],
        example=np.repeat(examples, counts),
    )


def _volume(times: npt.NDArray[np.int64], levels: npt.NDArray[np.int8]) -> dict[tuple[int, int], int]:
    """Records per (minute, level); records without a time count under the minute `NO_TIME`."""
    volume: dict[tuple[int, int], int] = {}
    unknown = times == NO_TIME
    for code, count in enumerate(np.bincount(levels[unknown], minlength=1).tolist()):
        if count:
            volume[NO_TIME, code] = count
    minutes = times[~unknown] // _MINUTE
    if not len(minutes):
        return volume
    first = int(minutes.min())
    span = int(minutes.max()) - first + 1
    keys = (minutes - first) * 8 + levels[~unknown]
    places, counts = _count(keys, span * 8)
    for key, count in zip(places.tolist(), counts.tolist(), strict=True):
        volume[(first + key // 8) * _MINUTE, key % 8] = count
    return volume


def _count(keys: npt.NDArray[np.int64], bound: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Distinct keys below `bound` with their counts, by counting where that is cheaper than sorting."""
    if bound > 1 << 20:
        return np.unique(keys, return_counts=True)
    counts = np.bincount(keys, minlength=bound)
    places = np.flatnonzero(counts)
    return places, counts[places]
