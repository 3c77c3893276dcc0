"""What the sieve lets through, held against trying every layout on every line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest import sieve
from analyzer.ingest.detect import candidates
from analyzer.ingest.layout import all_layouts
from analyzer.ingest.sieve import lines_by_layout
from analyzer.ingest.timeformats import GENERAL, SPECIAL, Format
from tests.ingest.test_timestamps import TABLE

LINES = [sample["line"].partition("\n")[0].encode() for layout in all_layouts() for sample in layout.samples]
TIMES = [text.encode() for text in TABLE]
ISO = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?")
PIECES = st.one_of(
    st.sampled_from(LINES),
    st.sampled_from(LINES).map(lambda line: line[: len(line) // 2]),
    st.sampled_from(LINES).map(lambda line: line[len(line) // 2 :]),
    st.sampled_from(TIMES),
    st.sampled_from([b" ", b"\x0b", b"\t", b"\r", b"[", b"] ", b" - ", b": ", b"ERROR", b"info", b"\xc3\xa9", b"\xff"]),
    st.binary(max_size=3),
)


def fitting(line: bytes) -> set[str]:
    """The layouts that a line is of, by their own expressions."""
    return {layout.name for layout in all_layouts() if layout.spans(line) is not None}


def let_through(line: bytes) -> set[str]:
    return {name for name, lines in lines_by_layout([line]).items() if lines}


def dated_otherwise() -> Iterator[bytes]:
    """The samples with other timestamps in place of their own."""
    for number, line in enumerate(filter(ISO.search, LINES)):
        for time in TIMES[number % 7 :: 7]:
            yield ISO.sub(time, line, count=1)


@pytest.mark.parametrize(("old", "new"), [(b"", b""), (b" ", b"\x0b"), (b" ", b"\t"), (b":", b":\r")])
def test_every_sample_passes_for_all_layouts_that_it_is_of(old: bytes, new: bytes) -> None:
    for line in LINES:
        changed = line.replace(old, new) if old else line
        assert fitting(changed) <= let_through(changed), changed


def test_so_it_does_with_timestamps_of_any_kind() -> None:
    for line in dated_otherwise():
        assert fitting(line) <= let_through(line), line


@settings(deadline=None)  # expressions are compiled when they are first needed
@given(st.lists(PIECES, min_size=1, max_size=6).map(b"".join))
def test_a_line_passes_for_all_layouts_that_it_is_of(line: bytes) -> None:
    line = line.replace(b"\n", b"")
    assert fitting(line) <= let_through(line)


@pytest.mark.parametrize("start", range(7))
def test_candidates_are_those_found_by_trying_everything(start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = LINES[start::7]
    quick = {found.layout.name: (found.understood, found.score) for found in candidates(lines)}
    monkeypatch.setattr("analyzer.ingest.detect.lines_by_layout", everything)
    slow = {found.layout.name: (found.understood, found.score) for found in candidates(lines)}
    assert list(quick.items()) == list(slow.items())


def everything(lines: Sequence[bytes]) -> dict[str, Sequence[bytes]]:
    return {layout.name: lines for layout in all_layouts()}


def test_few_expressions_are_needed() -> None:
    texts = [layout.name for layout in all_layouts() if layout.style == "text"]
    counts = [len(let_through(line) & set(texts)) for line in LINES]
    assert sum(counts) / len(counts) < 0.06 * len(texts)


def test_what_is_kept_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told = []
    for _ in ("compiled", "restored", "compiled again"):
        sieve.wider_forms.cache_clear()
        told.append(lines_by_layout(LINES))
        (file,) = (tmp_path / "analyzer").iterdir()
        whole = file.read_bytes()
        if len(told) == 2:
            file.write_bytes(whole[: len(whole) // 2])
    assert told[0] == told[1] == told[2]
    sieve.wider_forms.cache_clear()


@pytest.mark.parametrize("name", [*GENERAL, *SPECIAL])
def test_a_format_that_is_not_compiled_yet_finds_the_same(name: str) -> None:
    pattern = {**GENERAL, **SPECIAL}[name]
    for text in (*TIMES, *LINES):
        found, expected = Format(pattern).match(text), re.match(pattern, text)
        assert (found and found.groupdict()) == (expected and expected.groupdict())
