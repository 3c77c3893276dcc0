"""Terms are found in exactly the records whose text fulfils them, however they are looked for."""

from __future__ import annotations

import json
import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.match.engine import HyperscanEngine
from analyzer.match.entries import entries_of
from analyzer.match.terms import TermFinder
from analyzer.model import Term
from tests.ingest.reading import blocks_of

TERMS = [
    Term(kind="value", text="kettle"),
    Term(kind="value", text='a "quoted" \\ text'),
    Term(kind="value", text="401"),
    Term(kind="value", text="é:"),
    Term(kind="value", text="x"),
    Term(kind="regex", text=".+"),
    Term(kind="regex", text=r"kettle (is|was) \d+ degrees"),
    Term(kind="regex", text=r"(?i)LID\s+OFF"),
    Term(kind="regex", text=r"tea$"),
    Term(kind="regex", text=r"^\[[[:upper:]]+\]"),
    Term(kind="regex", text=r"\bw\w+d\b"),
    Term(kind="regex", text=r"a{,2}b"),
    Term(kind="regex", text=r"\x{e9}"),
]
_WORDS = [
    "kettle", "kettle is 99 degrees", "KETTLE", 'a "quoted" \\ text', "401", "4010", "é:", "lid  off", "Lid\tOff",
    "tea", "it is 40", "tea ", "[WARN]", "[warn]", "word", "wooed", "a{,2}b", "ab", "x", "\\n", "\n at kettle",
]  # fmt: skip


@cache
def _finder(terms: tuple[Term, ...]) -> TermFinder:
    return TermFinder(terms, HyperscanEngine.of)


def _found(data: bytes, terms: list[Term]) -> dict[Term, list[int]]:
    (block,) = blocks_of(data)
    entries = entries_of(block, block.read())
    found = _finder(tuple(terms)).find(entries, np.ones(len(entries.starts), dtype=bool))
    return {terms[number]: records.tolist() for number, records in found.items()}


def _texts(data: bytes) -> list[str]:
    (block,) = blocks_of(data)
    entries = entries_of(block, block.read())
    texts: list[str] = entries.texts(np.arange(len(entries.starts))).to_pylist()
    return texts


def _fulfils(term: Term, text: str) -> bool:
    """What the terms above mean, in Python's own dialect."""
    if term.kind == "value":
        return term.text in text
    written = {r"^\[[[:upper:]]+\]": r"^\[[A-Z]+\]", r"a{,2}b": r"a\{,2\}b", r"\x{e9}": "é", "tea$": r"tea\Z"}
    return re.search(written.get(term.text, term.text), text, re.ASCII) is not None


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(_WORDS), max_size=4), min_size=1, max_size=12))
def test_the_finder_finds_what_the_text_of_each_record_fulfils(records: list[list[str]]) -> None:
    lines = [f"2025-01-01 10:00:{number:02} {' '.join(words)}\n" for number, words in enumerate(records)]
    data = "".join(lines).encode()
    texts = _texts(data)
    expected = {term: [n for n, text in enumerate(texts) if _fulfils(term, text)] for term in TERMS}
    assert _found(data, TERMS) == {term: found for term, found in expected.items() if found}


def test_a_text_may_run_across_the_lines_of_a_record() -> None:
    term = Term(kind="value", text="lost: retry")
    assert _found(b"2025-01-01 10:00:00 kettle lost:\n retry\n2025-01-01 10:00:01 lost:\n", [term]) == {term: [0]}


def test_only_records_inside_the_time_asked_for_count() -> None:
    (block,) = blocks_of(b"2025-01-01 10:00:00 kettle\n2025-01-01 10:00:01 kettle\n")
    finder = TermFinder(TERMS[:1], HyperscanEngine.of)
    found = finder.find(entries_of(block, block.read()), np.array([False, True]))
    assert {number: records.tolist() for number, records in found.items()} == {0: [1]}


@pytest.mark.parametrize(
    ("query", "record", "fulfilled"),
    [
        (".level", {"level": "warn"}, True),
        (".level", {"level": None}, False),
        (".level", {"level": False}, False),
        (".level", {"level": 0}, True),
        (".a, .b", {"b": 1}, True),
        ('select(.level == "warn")', {"level": "info"}, False),
        (".level | tonumber", {"level": "warn"}, False),
        ('.a, error("no")', {"a": 1}, False),
    ],
)
def test_a_query_is_true_of_a_record(query: str, record: object, fulfilled: bool) -> None:
    term = Term(kind="jq", text=query)
    assert _found(json.dumps(record).encode() + b"\nno json\n", [term]) == ({term: [0]} if fulfilled else {})
