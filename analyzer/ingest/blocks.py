"""A stream -> blocks of whole records, with everything needed to read them independently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np

from analyzer.ingest.lines import LineReader
from analyzer.ingest.open import Stream
from analyzer.ingest.timestamps import Clock
from analyzer.ingest.windows import PADDING, Bytes

BLOCK_SIZE = 8 << 20
_SAMPLE_SIZE = 1 << 18
_TAIL = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records: `data[:length]`, which starts at byte `offset` and line `line` (1-based)."""

    data: Bytes
    length: int
    offset: int
    line: int
    reader: LineReader
    cut_line: bool = False
    """Whether a line longer than a block had to be cut at the end of this one."""

    def content(self) -> memoryview:
        """The bytes of the block without its padding."""
        return memoryview(self.data)[: self.length]


def looks_binary(sample: bytes) -> bool:
    """Whether the beginning of a file is no text: many NUL or control bytes."""
    controls = sum(sample.count(bytes([code])) for code in (*range(0, 7), *range(14, 27)))
    return controls > len(sample) * 0.05


def read_blocks(stream: Stream, zone: tzinfo = UTC, size: int = BLOCK_SIZE) -> Iterator[Block]:
    """The blocks of a stream in order; none where it is empty or binary.

    Each block has memory of its own, so that several can be worked on at once.
    """
    buffer, filled = _fresh(size), 0
    filled = stream.readinto(memoryview(buffer)[:size])
    sample = _sample(buffer, filled)
    if not filled or looks_binary(sample):
        return
    reader = LineReader(sample, Clock(zone=zone, latest=stream.modified))
    offset, line = 0, 1
    while filled:
        last = filled < size
        cut, whole = (filled, True) if last else _cut(buffer, filled, reader)
        data = buffer
        buffer = _fresh(size)
        rest = filled - cut
        buffer[:rest] = data[cut:filled]
        data[cut:] = 0
        block = Block(data=data, length=cut, offset=offset, line=line, reader=reader, cut_line=not whole)
        offset += cut
        line += int(np.count_nonzero(data[:cut] == 10))
        yield block
        filled = rest if last else rest + stream.readinto(memoryview(buffer)[rest:size])


def _fresh(size: int) -> Bytes:
    return np.zeros(size + PADDING, dtype=np.uint8)


def _sample(buffer: Bytes, filled: int) -> bytes:
    sample = buffer[: min(filled, _SAMPLE_SIZE)].tobytes()
    end = sample.rfind(b"\n")
    return sample[:end] if end > 0 and filled > _SAMPLE_SIZE else sample


def _cut(buffer: Bytes, filled: int, reader: LineReader) -> tuple[int, bool]:
    """Where the last record of a full buffer begins, and whether that is a line's beginning."""
    tail = _TAIL
    while True:
        begin = max(0, filled - tail)
        newline = 0 if begin == 0 else _newline_after(buffer, begin, filled)
        window = np.zeros(filled - newline + PADDING, dtype=np.uint8)
        window[: filled - newline] = buffer[newline:filled]
        table = reader.read(window, filled - newline)
        starts = table.record_start()
        if len(starts) > 1:
            return newline + int(starts[-1]), True
        if begin == 0:
            break
        tail *= 8
    last_newline = np.flatnonzero(buffer[:filled] == 10)
    return (int(last_newline[-1]) + 1, True) if len(last_newline) else (filled, False)


def _newline_after(buffer: Bytes, begin: int, filled: int) -> int:
    found = buffer[begin:filled].tobytes().find(b"\n")
    return filled if found < 0 else begin + found + 1
