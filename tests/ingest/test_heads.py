"""Expressions at the beginning of many lines at once: what they find is what RE2 finds, groups and all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.envelopes.choose import EXAMPLES
from analyzer.ingest.envelopes.docker import _TAIL
from analyzer.ingest.envelopes.heads import Head
from analyzer.ingest.envelopes.prefix import Prefix
from analyzer.ingest.envelopes.prefixes import PREFIXES, TIMESTAMPED
from analyzer.ingest.logical import Lines, lines_from

ALL = (*PREFIXES, TIMESTAMPED)
_CASES = sorted((Path(__file__).parent / "envelopes").glob("*.txt"))
_LINES = sorted(
    {line for path in _CASES for line in path.read_bytes().partition(b"=== expected\n")[0].split(b"\n")}
    | {example.encode() for example in EXAMPLES.values()}
)
_PIECES = (
    b" ", b"  ", b"1", b"07", b"Z", b"-", b"[", b"]", b"] ", b": ", b":", b"|", b" EST", b"UTC ", b"\xef\xbb\xbf",
    b"\x0b", b"\t", b"\xff", b"err", b"F ", b"P ", b' x="\\"]', b"- - ", b'{a="b"} ', b"A", b"q", b"2025-10-24 02:14Z",
)  # fmt: skip


def _reference(head: str, lines: Lines) -> tuple[list[int], dict[str, list[bytes]]]:
    """The lengths of matches and the texts of groups, as RE2 tells them."""
    found = pc.extract_regex(pa.array(lines.texts(), pa.binary()), f"^(?P<whole>{head})")
    texts = {field.name: found.field(at) for at, field in enumerate(found.type)}
    lengths = pc.binary_length(texts.pop("whole")).fill_null(0).to_pylist()
    return lengths, {name: column.fill_null(b"").to_pylist() for name, column in texts.items()}


def _agrees(head: str, texts: list[bytes]) -> None:
    lines = lines_from(texts)
    found = Head(head).find(lines.data, lines.starts, lines.ends)
    lengths, groups = _reference(head, lines)
    assert found.lengths.tolist() == lengths
    assert {name: found.texts(name, lines.data).to_pylist() for name in found.spans} == groups


@pytest.mark.parametrize("prefix", ALL, ids=lambda prefix: prefix.name)
def test_real_lines(prefix: Prefix) -> None:
    _agrees(prefix.head, [*_LINES, *(line + b"x" for line in _LINES)])


@settings(max_examples=25)
@given(data=st.data())
@pytest.mark.parametrize("prefix", ALL, ids=lambda prefix: prefix.name)
def test_lines_that_are_nearly_of_a_prefix(prefix: Prefix, data: st.DataObject) -> None:
    texts = []
    for line in data.draw(st.lists(st.sampled_from(_LINES), min_size=1, max_size=6)):
        at = data.draw(st.integers(0, min(len(line), 80)))
        gone = data.draw(st.integers(0, 3))
        piece = data.draw(st.sampled_from(_PIECES) | st.binary(max_size=3).filter(lambda text: b"\n" not in text))
        texts += [line, line[:at] + piece + line[at + gone :], line[:at]]
    _agrees(prefix.head, texts)


@pytest.mark.parametrize(
    ("head", "texts"),
    [
        (r"(?P<a>\d+)-(?P<b>[a-f]*)", [b"12-ab", b"34-cg", b"34-gc", b"5-", b"x", b""]),
        (r"(?i:error|(?P<a>warn)) ", [b"ERROR x", b"wARN x", b"Error", b"warn "]),
        (r"(?P<a>\w+)\b(?:-\w+\b)?", [b"ab-cd", b"ab-", b"ab-\xe9", b"ab"]),
        (r"(?P<a>[0-5]) (?:x|$)", [b"3 ", b"3 x", b"3 y", b"6 x"]),
        (r"(?P<a>\S+)(?: |$)", [b"a\x0bb c", b"a\tb c", b"a"]),
        (r"(?P<a>x{2,3})", [b"x", b"xx", b"xxx", b"xxxx"]),
    ],
)  # fmt: skip
def test_what_expressions_tell_apart(head: str, texts: list[bytes]) -> None:
    _agrees(head, texts)


def test_no_lines() -> None:
    none = np.zeros(0, dtype=np.int64)
    found = Head(r"(?P<a>x)").find(np.zeros(64, dtype=np.uint8), none, none)
    assert not len(found.lengths)
    assert found.texts("a", np.zeros(64, dtype=np.uint8)).to_pylist() == []


@settings(max_examples=25)
@given(data=st.data())
def test_what_must_go_on_to_the_end(data: st.DataObject) -> None:
    whole = b'{"log":"x","stream":"stderr","attrs":{"tag":"a"},"time":"2025-10-24T02:14:07.113Z"}'
    cut = st.tuples(st.integers(0, len(whole)), st.integers(0, 3), st.sampled_from((b"", b" ", b'"', b"{", b"}", b"7")))
    drawn = data.draw(st.lists(cut, max_size=8))
    texts = [whole, whole * 2, whole + b" \t", *(whole[:at] + piece + whole[at + gone :] for at, gone, piece in drawn)]
    lines = lines_from(texts)
    found = Head(_TAIL).find_at_end(lines.data, lines.starts, lines.ends)
    told = pc.extract_regex(pa.array(texts, pa.binary()), f"(?P<whole>{_TAIL})")
    for name in found.spans:
        assert found.texts(name, lines.data).to_pylist() == told.field(name).fill_null(b"").to_pylist()
    assert found.lengths.tolist() == pc.binary_length(told.field("whole")).fill_null(0).to_pylist()
