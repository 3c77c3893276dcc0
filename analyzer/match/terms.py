"""Which records fulfil which terms of CRE rules.

Hyperscan points at the records that may; RE2, the dialect of these rules, has the last word, for all
of a block's candidates at once. Terms in which no fixed text can be looked for (`.+`, a jq query)
are asked of every record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import hyperscan
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from analyzer.catalogue.dialect import UnsupportedPattern
from analyzer.match.engine import Engine, HyperscanEngine
from analyzer.match.entries import Entries
from analyzer.match.jq_queries import Queries
from analyzer.match.literals import any_literals
from analyzer.model import Term

Ints = npt.NDArray[np.int64]

_OTHERWISE_IN_RE2 = regex.compile(r"\[:\^?[a-z]+:\]|\\[pPQCzx]|\{,|\(\?[a-zA-Z-]*[UR]")
"""Syntax that means something else to Python's parser, from which the fixed texts are derived."""


@cache
def _pattern(term: Term) -> str | None:
    """A term as a pattern that finds at least the records that fulfil it, None where nothing can be looked for."""
    if term.kind == "jq" or (term.kind == "regex" and _OTHERWISE_IN_RE2.search(term.text)):
        return None
    pattern = regex.escape(term.text, literal_spaces=True) if term.kind == "value" else term.text
    try:
        return pattern if any_literals(pattern.encode()) is not None else None
    except UnsupportedPattern:
        return None


class TermFinder:
    """Finds terms in blocks; safe to use from several threads."""

    def __init__(self, terms: Sequence[Term], engine_of: Callable[[list[str]], Engine]) -> None:
        """`engine_of` compiles patterns, or knows where they lie compiled."""
        self._terms = list(terms)
        patterns = {number: pattern for number, term in enumerate(terms) if (pattern := _pattern(term)) is not None}
        try:
            self._engine = engine_of(list(patterns.values()))
        except (UnsupportedPattern, hyperscan.error):
            patterns = {number: pattern for number, pattern in patterns.items() if _compiles(pattern)}
            self._engine = engine_of(list(patterns.values()))
        self._sought = np.array(list(patterns), dtype=np.int64)
        self._everywhere = [number for number in range(len(terms)) if number not in patterns]
        self.queries = Queries()

    def find(self, entries: Entries, inside: npt.NDArray[np.bool_]) -> Mapping[int, Ints]:
        """The entries, of those `inside`, that fulfil each term, by the term's number."""
        suspects = self._suspects(entries, inside)
        every = np.flatnonzero(inside)
        if self._everywhere:
            suspects.update(dict.fromkeys(self._everywhere, every))
        if not suspects:
            return {}
        rows = every if self._everywhere else np.unique(np.concatenate(list(suspects.values())))
        texts = entries.texts(rows)
        found = {}
        for number, candidates in suspects.items():
            some = texts if len(candidates) == len(rows) else texts.take(pa.array(np.searchsorted(rows, candidates)))
            fulfilled = candidates[fulfil(self._terms[number], some, self.queries)]
            if len(fulfilled):
                found[number] = fulfilled
        return found

    def _suspects(self, entries: Entries, inside: npt.NDArray[np.bool_]) -> dict[int, Ints]:
        """The records in which Hyperscan has seen something of a term."""
        patterns, ends = self._engine.scan(entries.data.data, entries.starts)
        if not len(patterns):
            return {}
        record = np.maximum(np.searchsorted(entries.starts, ends - 1, side="right") - 1, 0)
        keep = inside[record]
        pairs = np.unique(self._sought[patterns[keep]] * len(inside) + record[keep])
        numbers, firsts = np.unique(pairs // len(inside), return_index=True)
        parts = np.split(pairs % len(inside), firsts[1:])
        return dict(zip(numbers.tolist(), parts, strict=True)) if len(numbers) else {}


def fulfil(term: Term, texts: pa.Array, queries: Queries) -> npt.NDArray[np.bool_]:
    """Which of some texts a term is true of."""
    if term.kind == "jq":
        return queries.true_of(term.text, texts)
    match = pc.match_substring if term.kind == "value" else pc.match_substring_regex
    fulfilled: npt.NDArray[np.bool_] = match(texts, term.text).to_numpy(zero_copy_only=False)
    return fulfilled


def _compiles(pattern: str) -> bool:
    try:
        HyperscanEngine.of([pattern])
    except (UnsupportedPattern, hyperscan.error):
        return False
    return True
