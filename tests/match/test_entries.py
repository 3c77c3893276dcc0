"""A record as CRE rules see it: in one line, without what a log collector put before it."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.match.entries import entries_of
from tests.ingest.reading import blocks_of


def _texts(data: bytes) -> list[str]:
    (block,) = blocks_of(data)
    entries = entries_of(block, block.read())
    texts: list[str] = entries.texts(np.arange(len(entries.starts))).to_pylist()
    return texts


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"2025-01-01 10:00:00 one\n2025-01-01 10:00:01 two\n", ["2025-01-01 10:00:00 one", "2025-01-01 10:00:01 two"]),
        (
            b"2025-01-01 10:00:00 one\r\n  at a\r\n  at b\r\n2025-01-01 10:00:01 two\r\n",
            ["2025-01-01 10:00:00 one  at a  at b", "2025-01-01 10:00:01 two"],
        ),
        (b"2025-01-01T10:00:00.5Z one\n2025-01-01T10:00:01+02:00 two\n", ["one", "two"]),
        (b"2025-01-01T10:00:00Z stdout F one\n2025-01-01T10:00:01Z stderr F \n", ["one", ""]),
        (
            b"2025-01-01T10:00:00Z\tone\n2025-01-01T10:00:01Z|two\n",
            ["2025-01-01T10:00:00Z\tone", "2025-01-01T10:00:01Z|two"],
        ),
        (
            b'{"log":"say \\"one\\"\\n","stream":"stdout","time":"2025-01-01T10:00:00Z"}\n'
            b'{"log":"two\\n","stream":"stderr","time":"2025-01-01T10:00:01Z"}\n',
            ['say "one"', "two"],
        ),
        (
            b'{"message":"one","stream":"stdout","time":"2025-01-01T10:00:00Z"}\n',
            ['{"message":"one","stream":"stdout","time":"2025-01-01T10:00:00Z"}'],
        ),
        (b"2025-01-01 10:00:00 caf\xc3\xa9 \xff\n", ["2025-01-01 10:00:00 café \ufffd"]),
    ],
)
def test_texts_of_entries(data: bytes, texts: list[str]) -> None:
    assert _texts(data) == texts


def test_some_of_the_entries() -> None:
    (block,) = blocks_of(b"2025-01-01 10:00:00 one\n at x\n2025-01-01 10:00:01 two\n2025-01-01 10:00:02 three\n")
    entries = entries_of(block, block.read())
    assert entries.texts(np.array([0, 2])).to_pylist() == ["2025-01-01 10:00:00 one at x", "2025-01-01 10:00:02 three"]
