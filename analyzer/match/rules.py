"""What one record says about the CRE rules of a catalogue.

A rule that one record decides gives events like any signature. For all others, the records that fulfil
one of their terms become events of that term, which `analyzer.reason.rules` puts together.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.catalogue import Catalogue
from analyzer.ingest.blocks import Block
from analyzer.ingest.lines import LineTable
from analyzer.ingest.timestamps import NO_TIME, Micros
from analyzer.match.engine import Engine
from analyzer.match.entries import entries_of
from analyzer.match.terms import TermFinder
from analyzer.model import TERM_PREFIX, Term


def terms_of(catalogue: Catalogue) -> list[Term]:
    """Every distinct term of the catalogue's rules."""
    return list(dict.fromkeys(term for signature in catalogue if signature.rule for term in signature.rule.terms))


def name_of(term: Term) -> str:
    """How events of a term are named. Events are kept from one night to the next, so a name depends on
    the term alone, and not on the rest of the catalogue."""
    return TERM_PREFIX + hashlib.sha256(f"{term.kind}\0{term.text}".encode()).hexdigest()[:16]


class Spotted(NamedTuple):
    """An event: of which record and signature, at which line, when."""

    record: int
    signature: int
    line: int
    time: int


class RuleScanner:
    """Finds the records that fulfil rules or terms of rules; safe to use from several threads."""

    def __init__(self, catalogue: Catalogue, engine_of: Callable[[list[str]], Engine]) -> None:
        """Events are numbered as the signatures of the catalogue; those of terms come behind them."""
        terms = terms_of(catalogue)
        self._finder = TermFinder(terms, engine_of)
        self._terms = terms
        self.names = [name_of(term) for term in terms]
        self._owners: list[list[int]] = [[] for _ in terms]
        number_of = {term: number for number, term in enumerate(terms)}
        for index, signature in enumerate(catalogue):
            if signature.rule is None:
                continue
            for term in signature.rule.terms:
                owner = index if signature.rule.single else len(catalogue) + number_of[term]
                if owner not in self._owners[number_of[term]]:
                    self._owners[number_of[term]].append(owner)
        self._first_term = len(catalogue)

    def find(self, block: Block, table: LineTable, inside: npt.NDArray[np.bool_]) -> list[Spotted]:
        """Every record that fulfils a rule, once, and every entry that fulfils a term of others."""
        entries = entries_of(block, table)
        order = np.argsort(table.raw_lines(entries.lines), kind="stable")
        late = np.empty(len(order), dtype=bool)
        late[order] = _late(entries.times[order], inside[entries.records[order]])
        found: dict[Spotted, None] = {}
        for number, places in self._finder.find(entries, inside[entries.records]).items():
            for owner in self._owners[number]:
                if owner >= self._first_term:
                    mine = places[~late[places]]
                    lines, times = entries.lines[mine], entries.times[mine]
                else:
                    mine = places[np.unique(entries.records[places], return_index=True)[1]]
                    lines, times = table.first_line[entries.records[mine]], table.times[entries.records[mine]]
                columns = (entries.records[mine].tolist(), [owner] * len(mine), lines.tolist(), times.tolist())
                found.update(dict.fromkeys(map(Spotted, *columns)))
        return list(found)

    def close(self) -> None:
        """End the process that asks jq queries, if there is one."""
        self._finder.queries.close()

    def unasked(self) -> Counter[str]:
        """Of how many records which jq query could not be asked, since this was called last."""
        return self._finder.queries.unasked()


def _late(times: Micros, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Entries that are older than one before them in the block: rules that look at time pass over them."""
    latest = np.maximum.accumulate(np.where(inside, times, NO_TIME)) if len(times) else times
    late: npt.NDArray[np.bool_] = times < latest
    return late


def without_late(events: pa.RecordBatch, clock: int) -> pa.RecordBatch:
    """The events of a block without those of terms in records older than `clock`, the latest time of
    the blocks before."""
    names = events["signature"]
    terms = pc.starts_with(names.dictionary, TERM_PREFIX).take(names.indices)
    old = pc.less(events["timestamp"].cast(pa.int64()), clock)
    return events.filter(pc.invert(pc.and_(terms, pc.fill_null(old, False))))
