"""What one layout says about many lines at once: when, how bad, and which of them begin a record.

The rules are learned from the lines of a sample that are of this layout. Only lines that a rule does
not explain (a second shape of timestamp, say) are looked at by the layout's expression.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.layout import Layout, Understood
from analyzer.ingest.levels import LevelKind, infer_levels, level_kind, levels_at
from analyzer.ingest.locate import Locator, learn, line_array
from analyzer.ingest.timestamps import (
    NO_TIME,
    Clock,
    Micros,
    TimestampReader,
    lacks_year,
    lacks_zone,
    parse_timestamp,
    shape_of,
)
from analyzer.ingest.windows import PADDING, Bytes, Offsets

Codes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
_SHAPES_PER_WIDTH = 4


class LayoutReader:
    """Reads the lines of one layout in one file; nothing in it changes once it is made."""

    def __init__(self, layout: Layout, understood: Sequence[Understood], clock: Clock) -> None:
        """`understood` holds the sample's lines of this layout; `clock` says what times leave open."""
        self.layout = layout
        self.clock = clock
        self._time_at, self._time_reader = _learn_time(understood, clock)
        self._odd_readers: dict[bytes, TimestampReader | None] = {}
        self._level_at, self._level_kind = _learn_level(layout, understood)
        self._indented_continues = layout.indented_continues and not _mostly_indented(understood)
        self._states_level = any(layout.level_group in spans for _, spans in understood)
        examples = [line[slice(*spans["timestamp"])] for line, spans in understood[:20] if "timestamp" in spans]
        self.assumes_year = any(map(lacks_year, examples))
        self.assumes_zone = any(map(lacks_zone, examples))
        self.has_time = self._time_reader is not None

    def times(self, data: Bytes, starts: Offsets, ends: Offsets) -> Micros:
        """The timestamp of each line, `NO_TIME` for lines without one."""
        times = np.full(len(starts), NO_TIME, dtype=np.int64)
        if self._time_reader is None:
            return times
        if self._time_at is not None:
            at = self._time_at.find(data, starts, ends)
            times = self._time_reader.read(data, np.maximum(at, 0))
            times[at < 0] = NO_TIME
        missed = np.flatnonzero((times == NO_TIME) & (ends > starts) & ~indented(data, starts))
        if len(missed):
            times[missed] = self._odd_times(line_array(data, starts[missed], ends[missed]))
        return times

    def begins(self, data: Bytes, starts: Offsets, ends: Offsets, times: Micros) -> Flags:
        """Which lines begin a record; the others continue the one before."""
        if self.layout.style != "text" or not self.has_time:
            return stands_alone(data, starts, ends)
        begins: Flags = times != NO_TIME
        if self.layout.continuation:
            begins &= ~self._continues_by_word(data, starts, ends)
        if self._indented_continues:
            begins &= ~self._message_indented(data, starts, ends)
        return begins

    def claims(self, data: Bytes, starts: Offsets, ends: Offsets, times: Micros) -> Flags:
        """Which lines are surely of this layout: they carry its timestamp or, if it has none, its head."""
        if self.has_time or self.layout.style != "text":
            dated: Flags = times != NO_TIME
            return dated
        return _flags(pc.match_substring_regex(line_array(data, starts, ends), self.layout.search_pattern("message")))

    def levels(self, data: Bytes, starts: Offsets, ends: Offsets) -> Codes:
        """The level code of each line."""
        if not self._states_level:
            return infer_levels(line_array(data, starts, ends))
        codes = np.zeros(len(starts), dtype=np.int8)
        if self._level_at is not None:
            at = self._level_at.find(data, starts, ends)
            codes = np.where(at >= 0, levels_at(data, np.maximum(at, 0), self._level_kind), 0).astype(np.int8)
        missed = np.flatnonzero(codes == 0)
        if len(missed):
            codes[missed] = self._odd_levels(line_array(data, starts[missed], ends[missed]))
        return codes

    def _odd_times(self, lines: pa.Array) -> Micros:
        """Times of lines that the learned rule misses and the layout may still understand: other
        columns, another number of decimals. One reader is kept for each shape met."""
        texts = self._group(lines, "timestamp")
        times = np.full(len(lines), NO_TIME, dtype=np.int64)
        widths = pc.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False)
        for width in np.unique(widths[widths > 0]).tolist():
            rows = np.flatnonzero(widths == width)
            times[rows] = self._times_of_width(texts.take(rows), width)
        return times

    def _times_of_width(self, texts: pa.Array, width: int) -> Micros:
        """Times of texts that are all as long as each other, of a few shapes."""
        joined = np.frombuffer(b" ".join(texts.to_pylist()) + bytes(PADDING), dtype=np.uint8)
        at = np.arange(len(texts), dtype=np.int64) * (width + 1)
        times = np.full(len(texts), NO_TIME, dtype=np.int64)
        for _ in range(_SHAPES_PER_WIDTH):
            missed = np.flatnonzero(times == NO_TIME)
            if not len(missed):
                break
            reader = self._reader_for(texts[int(missed[0])].as_py())
            if reader is None:
                break
            times[missed] = reader.read(joined, at[missed])
        return times

    def _reader_for(self, example: bytes) -> TimestampReader | None:
        shape = shape_of(example)
        if shape not in self._odd_readers:
            fits = parse_timestamp(example, self.clock) is not None
            self._odd_readers[shape] = TimestampReader(example, self.clock) if fits else None
        return self._odd_readers[shape]

    def _group(self, lines: pa.Array, group: str) -> pa.Array:
        """The text of one group of the layout's expression in each line, null where it does not fit."""
        texts = pc.extract_regex(lines, self.layout.search_pattern(group)).field(group)
        return pc.if_else(pc.equal(pc.binary_length(texts), 0), None, texts)

    def _message_indented(self, data: Bytes, starts: Offsets, ends: Offsets) -> Flags:
        """Lines stamped by a platform whose own text is indented: the inside of a stack trace."""
        behind = self._group(line_array(data, starts, ends), "message")
        return _flags(pc.match_substring_regex(behind, "^(?:\\s|\\}|\\]|$)").fill_null(False))

    def _continues_by_word(self, data: Bytes, starts: Offsets, ends: Offsets) -> Flags:
        """PostgreSQL's DETAIL, HINT, STATEMENT lines: stamped, yet part of the error before them."""
        words = self._group(line_array(data, starts, ends), "level")
        parts = pa.array([word.encode() for word in self.layout.continuation], words.type)
        return _flags(pc.is_in(words, value_set=parts))

    def _odd_levels(self, lines: pa.Array) -> Codes:
        """Levels of lines that the learned rule misses; each distinct word is looked at once."""
        group = self.layout.level_group
        if group is None:
            return np.zeros(len(lines), dtype=np.int8)
        words = self._group(lines, group).dictionary_encode()
        codes = [self.layout.level_code(word, group) for word in words.dictionary.to_pylist()]
        places = words.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        found: Codes = np.array([*codes, 0], dtype=np.int8)[places]
        return found


def indented(data: Bytes, starts: Offsets) -> Flags:
    """Which lines begin with a space or a tab."""
    first = data[np.minimum(starts, len(data) - 1)]
    flags: Flags = (first == 32) | (first == 9)
    return flags


def stands_alone(data: Bytes, starts: Offsets, ends: Offsets) -> Flags:
    """Without timestamps: a line begins a record unless it is blank, indented or only closes one."""
    first = data[np.minimum(starts, len(data) - 1)]
    closing = np.isin(first, np.frombuffer(b"}])", np.uint8))
    flags: Flags = (ends > starts) & ~indented(data, starts) & ~closing
    return flags


def _flags(column: pa.Array) -> Flags:
    flags: Flags = column.to_numpy(zero_copy_only=False)
    return flags


def _learn_time(understood: Sequence[Understood], clock: Clock) -> tuple[Locator | None, TimestampReader | None]:
    dated = [
        (line, spans["timestamp"])
        for line, spans in understood
        if "timestamp" in spans and parse_timestamp(line[slice(*spans["timestamp"])], clock) is not None
    ]
    if not dated:
        return None, None
    widths = [end - start for _, (start, end) in dated]
    usual = max(set(widths), key=widths.count)
    same = [(line, span) for line, span in dated if span[1] - span[0] == usual]
    example_line, example_span = same[len(same) // 2]
    locator = learn([line for line, _ in same], [span for _, span in same])
    behind = example_line[example_span[1] :][:1]
    return locator, TimestampReader(example_line[slice(*example_span)], clock, behind)


def _learn_level(layout: Layout, understood: Sequence[Understood]) -> tuple[Locator | None, LevelKind]:
    group = layout.level_group
    leveled = [(line, spans[group]) for line, spans in understood if group in spans]
    if group is None or not leveled or layout.levels:
        return None, "word"
    locator = learn([line for line, _ in leveled], [span for _, span in leveled])
    line, span = leveled[len(leveled) // 2]
    return locator, level_kind(line[slice(*span)], group)


def _mostly_indented(understood: Sequence[Understood]) -> bool:
    """Whether columns, not continuation, explain the spaces behind the timestamps of a file."""
    messages = [line[spans["message"][0] :] for line, spans in understood if "message" in spans]
    return sum(message[:1].isspace() for message in messages) > 0.8 * len(messages)
