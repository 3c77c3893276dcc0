"""A stream -> blocks of whole records, with everything needed to read them independently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np

from analyzer.ingest.clean import Text, clean
from analyzer.ingest.detect import detect_layout, is_head
from analyzer.ingest.grouping import LOOKAHEAD
from analyzer.ingest.layout import PLAIN
from analyzer.ingest.lines import SAMPLE_LINES, LineReader, LineTable
from analyzer.ingest.logical import lines_of
from analyzer.ingest.open import FINGERPRINTED, Fingerprint, Stream, fingerprint_of
from analyzer.ingest.timestamps import NO_TIME, Clock
from analyzer.ingest.windows import PADDING, Bytes, Offsets

BLOCK_SIZE = 8 << 20
_SMALL = 1 << 19
_STRETCHES = 8
_STRETCH = 1 << 15
_TAIL = 1 << 16
_HOLE = re.compile(rb"\0{512,}")
_CHECKED_LINES = 64
_FEWEST_HEADS = 8
_FALLEN = 0.5


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records: `data[:length]`, which starts at byte `offset` and line `line` (1-based).

    The data is clean text (see `analyzer.ingest.clean`); `origins` holds where each line began in
    the file, counted from `offset`, None where nothing had to be removed. `nuls` counts the NUL
    bytes left out of this block and right before it.
    """

    data: Bytes
    length: int
    offset: int
    line: int
    reader: LineReader
    cut_line: bool = False
    """Whether a line longer than a block had to be cut at the end of this one."""
    origins: Offsets | None = None
    nuls: int = 0
    encoding: str | None = None
    """In what the text was in the file, None where in UTF-8."""
    before: int = NO_TIME
    """The last time before this block, which records without a timestamp at its beginning inherit."""
    end: int = 0
    """The byte of the (decompressed) file at which the next block begins."""
    tail: Fingerprint = Fingerprint(0, "")  # noqa: RUF009 - frozen
    """Of the bytes just before `end`, as they are in the file."""

    @property
    def next_line(self) -> int:
        """The 1-based line at which the next block begins."""
        return self.line + int(np.count_nonzero(self.data[: self.length] == 10))

    def content(self) -> memoryview:
        """The bytes of the block without its padding."""
        return self.data.data[: self.length]

    def read(self) -> LineTable:
        """The lines and records of the block."""
        return self.reader.read(self.data, self.length, self.before)

    def line_count(self) -> int:
        """How many lines of the file are in the block."""
        unfinished = self.length > 0 and self.data[self.length - 1] != 10
        return int(np.count_nonzero(self.data[: self.length] == 10)) + int(unfinished)

    def line_numbers(self, lines: Offsets, table: LineTable) -> Offsets:
        """The numbers (1-based) in the file of the given lines of the block's table."""
        return self.line + table.raw_lines(lines)

    def offsets(self, lines: Offsets, table: LineTable) -> Offsets:
        """Where the lines of the file begin from which the given lines of the block's table come, in
        its (decompressed) bytes."""
        begins = self.origins
        if begins is None:
            as_they_stand = table.raw is None and table.origins is None
            begins = table.starts if as_they_stand else lines_of(self.data, self.length).starts
        within = 0 if table.within is None else table.within[lines]
        return self.offset + begins[table.raw_lines(lines)] + within


def looks_binary(sample: bytes) -> bool:
    """Whether the beginning of a file is no text: many control bytes, holes of NUL bytes aside."""
    text = _HOLE.sub(b"", sample)
    controls = sum(text.count(bytes([code])) for code in (*range(7), *range(14, 27)))
    return controls > len(text) * 0.05


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where to begin in a stream that has been skipped so far, and what is known from before.

    `head` is how its content begins, which shows what layout it has. Unless the stream is
    `settled`, a last line without its end is left alone: more of it may still be written. So it is
    in a `mendable` stream where a fault has cut it off.
    """

    offset: int = 0
    line: int = 1
    before: int = NO_TIME
    head: bytes = b""
    settled: bool = True
    mendable: bool = False


def read_blocks(
    stream: Stream,
    zone: tzinfo = UTC,
    size: int = BLOCK_SIZE,
    beginning: Beginning | None = None,
    encoding: str | None = None,
) -> Iterator[Block]:
    """The blocks of a stream in order; none where it is empty, binary or nothing but NUL bytes.

    `encoding` is that of text which is neither UTF-8 nor UTF-16, and has newlines of one byte.
    Each block has memory of its own, so that several can be worked on at once.
    """
    clock = Clock(zone=zone, latest=stream.modified)
    return _Cutter(stream, clock, size, beginning or Beginning(), encoding).blocks()


class _Cutter:
    """Reads a stream into buffers, cuts each where its last record begins, and cleans what is before."""

    def __init__(self, stream: Stream, clock: Clock, size: int, beginning: Beginning, encoding: str | None) -> None:
        self._stream = stream
        self._size = size
        self._encoding = encoding
        self._choice = _Choice(clock, self._encoding)
        self._offset, self._line = beginning.offset, beginning.line
        self._nuls = 0
        self._before = beginning.before
        self._settled, self._mendable = beginning.settled, beginning.mendable
        if beginning.head:
            self._choice.reader_for(bytearray(beginning.head) + bytes(PADDING), len(beginning.head))

    def blocks(self) -> Iterator[Block]:
        """All blocks of the stream."""
        buffer, filled = self._first()
        if self._stream.encoding != "utf-8":  # a file that says itself what it is in is right
            self._encoding = self._choice.encoding = None
        while filled:
            last = filled < self._size
            reader = None if _is_hole(buffer, filled) else self._choice.reader_for(buffer, filled)
            if reader is None and self._choice.binary:
                return
            if last and not (self._settled and (self._stream.fault is None or not self._mendable)):
                filled = buffer.rfind(b"\n", 0, filled) + 1
            cut, whole = (filled, True) if last or reader is None else self._cut(buffer, filled, reader)
            tail = fingerprint_of(memoryview(buffer)[max(0, cut - FINGERPRINTED) : cut])
            rest = filled - cut
            following = bytearray((rest if last else self._size) + PADDING)
            following[:rest] = memoryview(buffer)[cut:filled]
            text = clean(buffer, cut, at_end=last, encoding=self._encoding)
            if reader is not None and text.length:
                yield self._block(text, reader, not whole, self._offset + cut, tail)
            self._advance(text, cut, delivered=reader is not None and text.length > 0)
            buffer, filled = following, rest if last else self._fill(following, rest)

    def _first(self) -> tuple[bytearray, int]:
        """The first buffer and how much of it is filled; a small one for the many logs that are small."""
        buffer = bytearray(min(self._size, _SMALL) + PADDING)
        filled = self._stream.readinto(memoryview(buffer)[:-PADDING])
        if filled < min(self._size, _SMALL) or self._size <= _SMALL:
            return buffer, filled
        whole = bytearray(self._size + PADDING)
        whole[:filled] = memoryview(buffer)[:filled]
        return whole, self._fill(whole, filled)

    def _fill(self, buffer: bytearray, filled: int) -> int:
        return filled + self._stream.readinto(memoryview(buffer)[filled : self._size])

    def _block(self, text: Text, reader: LineReader, cut_line: bool, end: int, tail: Fingerprint) -> Block:
        return Block(
            data=text.data,
            length=text.length,
            offset=self._offset,
            line=self._line,
            reader=reader,
            cut_line=cut_line,
            origins=text.origins,
            nuls=self._nuls + text.nuls,
            before=self._before,
            encoding=self._encoding,
            end=end,
            tail=tail,
        )

    def _advance(self, text: Text, cut: int, delivered: bool) -> None:
        """Count what has been dealt with; NUL bytes that no block could tell of wait for the next."""
        self._offset += cut
        self._line += int(np.count_nonzero(text.data[: text.length] == 10))
        self._nuls = 0 if delivered else self._nuls + text.nuls

    def _cut(self, buffer: bytearray, filled: int, reader: LineReader) -> tuple[int, bool]:
        """Where the last record of a full buffer begins, and whether that is a line's beginning.

        Where records carry times it is one that does, so that none has to look for its time in the
        block before. Only whole lines are looked at: half a line may not show what it is.
        """
        frame = reader.wrapped.last_start(buffer, filled)
        if frame:
            return frame, True
        end = buffer.rfind(b"\n", 0, filled) + 1
        if not end:
            return filled, False
        tail = _TAIL
        while True:
            begin = _line_start(buffer, max(0, end - tail))
            window = clean(bytearray(buffer[begin:end] + bytes(PADDING)), end - begin, encoding=self._encoding)
            table = reader.read(window.data, window.length, self._before, cutting=True)
            if table.groups is not None:
                found = table.safe_cut()
                if found:
                    self._before = table.last_time_before(found, self._before)
                    return begin + int(_raw_starts(window)[found]), True
                if begin == 0:
                    return end, True
                tail *= 8
                continue
            starts = begin + _raw_starts(window)[table.raw_lines(table.first_line)]
            undated = (np.arange(len(starts)) > 0) & (table.first_line < len(table.starts) - LOOKAHEAD)
            fit = (table.dated if reader.has_time else undated) & (starts > 0)
            if fit.any():
                return int(starts[fit][-1]), True
            if begin == 0:
                break
            tail *= 8
        self._before = int(table.times[-1]) if len(table.times) else self._before
        return (int(starts[-1]) if len(starts) > 1 else end), True


class _Choice:
    """Which reader is right for a part of a file: the one in use, until it understands far less."""

    def __init__(self, clock: Clock, encoding: str | None) -> None:
        self.binary = False
        self.encoding = encoding
        self._clock = clock
        self._reader: LineReader | None = None
        self._share = 0.0

    def reader_for(self, buffer: bytearray, filled: int) -> LineReader | None:
        """The reader of what is in the buffer, or None (and `binary`) where a file begins with no text."""
        stretches = _stretches(buffer, filled)
        if self._reader is None:
            self.binary = looks_binary(b"".join(stretches))
            if not self.binary:
                self._take(_sample_lines(stretches, SAMPLE_LINES, self.encoding))
            return self._reader
        few = _sample_lines(stretches, _CHECKED_LINES, self.encoding)
        share = self._reader.share_understood(few)
        if share <= _FALLEN * self._share and sum(map(is_head, few)) >= _FEWEST_HEADS:
            self._reconsider(_sample_lines(stretches, SAMPLE_LINES, self.encoding), few, share)
        return self._reader

    def _reconsider(self, lines: list[bytes], few: list[bytes], share: float) -> None:
        """Learn anew where that explains more; otherwise be content with less from now on."""
        if detect_layout(few)[0] is PLAIN:
            self._share = share
            return
        known = self._reader
        self._take(lines)
        if known is not None and self._share <= share:
            self._reader, self._share = known, share

    def _take(self, lines: list[bytes]) -> None:
        self._reader = LineReader(lines, self._clock, self._reader)
        self._share = self._reader.share_understood(lines)


def _raw_starts(text: Text) -> Offsets:
    """Where each line began in what has been cleaned."""
    return lines_of(text.data, text.length).starts if text.origins is None else text.origins


def _is_hole(buffer: bytearray, filled: int) -> bool:
    """Whether there is nothing but NUL bytes."""
    return not buffer[0] and not buffer[filled - 1] and not np.frombuffer(buffer, np.uint8, filled).any()


def _line_start(buffer: bytearray, at: int) -> int:
    """The beginning of the first line that begins at or after an offset."""
    return at if at == 0 or buffer[at - 1] == 10 else buffer.find(b"\n", at) + 1


def _stretches(buffer: bytearray, filled: int) -> list[bytes]:
    """Whole lines from several places, all of them where that is little."""
    if filled <= _STRETCHES * _STRETCH:
        end = filled if filled < len(buffer) - PADDING else buffer.rfind(b"\n", 0, filled) + 1
        return [bytes(buffer[: end or filled])]
    stretches = []
    for number in range(_STRETCHES):
        start = _line_start(buffer, number * (filled - _STRETCH) // (_STRETCHES - 1))
        end = buffer.rfind(b"\n", start, min(start + _STRETCH, filled)) + 1
        stretches.append(bytes(buffer[start:end]))
    first_line = bytes(buffer[: buffer.find(b"\n", 0, filled) + 1 or _STRETCH])
    return [stretch for stretch in stretches if stretch] or [first_line]


def _sample_lines(stretches: list[bytes], most: int, encoding: str | None) -> list[bytes]:
    """At most so many clean lines, equally many from the beginning of each of eight parts."""
    parts = []
    for stretch in stretches:
        text = clean(bytearray(stretch + bytes(PADDING)), len(stretch), encoding=encoding)
        lines = [line for line in text.data[: text.length].tobytes().split(b"\n") if line]
        share = -(-len(lines) * len(stretches) // _STRETCHES) or 1
        parts += [lines[start : start + share] for start in range(0, len(lines), share)]
    return [line for part in parts for line in part[: max(1, most // len(parts))]]
