"""A block of bytes -> a table of its lines and records: where each starts, when, and how bad.

This is the hot path: every line of every input passes through `LineReader.read`, so everything is
done for all lines of a block at once. Only lines that the rule learned for a file does not explain
(a second shape of timestamp, say) are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.layout import Layout, detect_layout
from analyzer.ingest.levels import LevelKind, level_kind, levels_at
from analyzer.ingest.locate import Locator, learn, line_array
from analyzer.ingest.timestamps import NO_TIME, Clock, Micros, TimestampReader, lacks_year, lacks_zone, parse_timestamp
from analyzer.ingest.windows import PADDING, Bytes, Offsets
from analyzer.model import LEVEL_CODES

# Arrow matches binary columns as Latin-1, so emoji stand here as their UTF-8 bytes.
_ERROR_WORDS = (
    r"(?i)\b(error|exception|traceback|fatal|panic|fail(ed|ure|s|ing)?|cannot|unable to|refused|denied|timed? ?out)\b"
    r"|[A-Za-z](Error|Exception)\b|\xE2\x9D\x8C|\xE2\x9C\x96|\xF0\x9F\x9A\xA8"
)
_HARMLESS = r"(?i)\b(no|0|zero|without|ignor\w+) (errors?|fail\w*)|(errors?|fail\w*|error_rate)[\"']?\s*[=:]\s*[\"']?(0|none|null|false)\b"
_WARN_WORDS = r"(?i)\bwarn(ing)?\b|\xE2\x9A\xA0"
_SAMPLE_LINES = 400


@dataclass(frozen=True, slots=True)
class LineTable:
    """The lines and records of a block.

    `starts` and `ends` are the offsets of all lines (without their newline). `first_line` holds,
    for each record, the index of the line that begins it; `times` (microseconds, `NO_TIME`) and
    `levels` (codes) are those of records. Lines before the first record belong to it.
    """

    starts: Offsets
    ends: Offsets
    first_line: npt.NDArray[np.int64]
    times: Micros
    levels: npt.NDArray[np.int8]
    dated: npt.NDArray[np.bool_]
    """Which records carry a timestamp of their own; the others inherit one."""

    def record_start(self) -> Offsets:
        """The offset at which each record begins."""
        return self.starts[self.first_line]

    def record_end(self) -> Offsets:
        """The offset just past each record, without its final newline."""
        last_line = np.append(self.first_line[1:], len(self.starts)) - 1
        return self.ends[last_line]


class LineReader:
    """Reads lines of one file; learned from a sample of it."""

    def __init__(self, sample: bytes, clock: Clock) -> None:
        """`sample` is the beginning of the file, whole lines; `clock` says what times leave open."""
        lines = [line.removesuffix(b"\r") for line in sample.split(b"\n") if line][:_SAMPLE_LINES]
        self.layout, understood = detect_layout(lines)
        self.clock = clock
        self._time_at, self._time_reader = _learn_time(understood, clock)
        self._odd_readers: dict[int, TimestampReader | None] = {}
        self._level_at, self._level_kind = _learn_level(self.layout, understood)
        self._indented_continues = self.layout.indented_continues and not _mostly_indented(understood)
        self._states_level = any(self.layout.level_group in spans for _, spans in understood)
        examples = [line[slice(*spans["timestamp"])] for line, spans in understood[:20] if "timestamp" in spans]
        self.assumes_year = any(map(lacks_year, examples))
        self.assumes_zone = any(map(lacks_zone, examples))
        self.has_time = self._time_reader is not None

    def read(self, data: Bytes, length: int) -> LineTable:
        """The lines of `data[:length]`; `data` must extend `PADDING` bytes further."""
        ends = np.flatnonzero(data[:length] == 10)
        if length and data[length - 1] != 10:
            ends = np.append(ends, length)
        starts = np.empty_like(ends)
        starts[:1] = 0
        starts[1:] = ends[:-1] + 1
        times = self._times(data, starts, ends)
        begins = self._begins_record(data, starts, ends, times)
        first_line = np.flatnonzero(begins)
        if len(starts) and (not len(first_line) or first_line[0] != 0):
            first_line = np.concatenate(([0], first_line))
        table_times = times[first_line]
        return LineTable(
            starts=starts,
            ends=ends,
            first_line=first_line,
            times=_inherit(table_times),
            levels=self._levels(data, starts[first_line], ends[first_line]),
            dated=table_times != NO_TIME,
        )

    def _times(self, data: Bytes, starts: Offsets, ends: Offsets) -> Micros:
        """The timestamp of each line, `NO_TIME` for lines without one."""
        times = np.full(len(starts), NO_TIME, dtype=np.int64)
        if self._time_reader is None:
            return times
        if self._time_at is not None:
            at = self._time_at.find(data, starts, ends)
            times = self._time_reader.read(data, np.maximum(at, 0))
            times[at < 0] = NO_TIME
        missed = np.flatnonzero((times == NO_TIME) & (ends > starts) & ~_indented(data, starts))
        if len(missed):
            times[missed] = self._odd_times(line_array(data, starts, ends).take(missed))
        return times

    def _odd_times(self, lines: pa.Array) -> Micros:
        """Times of lines that the learned rule misses and the layout may still understand: other
        columns, another number of decimals. One reader is kept for each width met."""
        texts = self._group(lines, "timestamp")
        times = np.full(len(lines), NO_TIME, dtype=np.int64)
        widths = pc.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False)
        for width in np.unique(widths[widths > 0]).tolist():
            rows = np.flatnonzero(widths == width)
            same = texts.take(rows)
            reader = self._reader_for(width, same[0].as_py())
            if reader is None:
                continue
            joined = np.frombuffer(b"".join(same.to_pylist()) + bytes(PADDING), dtype=np.uint8)
            times[rows] = reader.read(joined, np.arange(len(rows), dtype=np.int64) * width)
        return times

    def _reader_for(self, width: int, example: bytes) -> TimestampReader | None:
        if width not in self._odd_readers:
            fits = parse_timestamp(example, self.clock) is not None
            self._odd_readers[width] = TimestampReader(example, self.clock) if fits else None
        return self._odd_readers[width]

    def _group(self, lines: pa.Array, group: str) -> pa.Array:
        """The text of one group of the layout's expression in each line, null where it does not fit."""
        pattern = self.layout.search_pattern(group)
        texts = pc.extract_regex(lines, pattern).field(group)
        return pc.if_else(pc.equal(pc.binary_length(texts), 0), None, texts)

    def _begins_record(self, data: Bytes, starts: Offsets, ends: Offsets, times: Micros) -> npt.NDArray[np.bool_]:
        """Which lines begin a record; the others continue the one before."""
        if self.layout.style != "text" or not self.has_time:
            return _stands_alone(data, starts, ends)
        begins = times != NO_TIME
        if self.layout.continuation:
            begins &= ~self._continues_by_word(data, starts, ends)
        if self._indented_continues:
            begins &= ~self._message_indented(data, starts, ends)
        return begins

    def _message_indented(self, data: Bytes, starts: Offsets, ends: Offsets) -> npt.NDArray[np.bool_]:
        """Lines stamped by a platform whose own text is indented: the inside of a stack trace."""
        behind = self._group(line_array(data, starts, ends), "message")
        return pc.match_substring_regex(behind, "^(?:\\s|\\}|\\]|$)").fill_null(False).to_numpy(zero_copy_only=False)

    def _continues_by_word(self, data: Bytes, starts: Offsets, ends: Offsets) -> npt.NDArray[np.bool_]:
        """PostgreSQL's DETAIL, HINT, STATEMENT lines: stamped, yet part of the error before them."""
        words = self._group(line_array(data, starts, ends), "level")
        parts = pa.array([word.encode() for word in self.layout.continuation], words.type)
        return pc.is_in(words, value_set=parts).to_numpy(zero_copy_only=False)

    def _levels(self, data: Bytes, starts: Offsets, ends: Offsets) -> npt.NDArray[np.int8]:
        """The level code of each record, from its first line."""
        if not self._states_level:
            return infer_levels(data, starts, ends)
        codes = np.zeros(len(starts), dtype=np.int8)
        if self._level_at is not None:
            at = self._level_at.find(data, starts, ends)
            codes = np.where(at >= 0, levels_at(data, np.maximum(at, 0), self._level_kind), 0).astype(np.int8)
        missed = np.flatnonzero(codes == 0)
        if len(missed):
            codes[missed] = self._odd_levels(line_array(data, starts, ends).take(missed))
        return codes

    def _odd_levels(self, lines: pa.Array) -> npt.NDArray[np.int8]:
        """Levels of lines that the learned rule misses; each distinct word is looked at once."""
        group = self.layout.level_group
        if group is None:
            return np.zeros(len(lines), dtype=np.int8)
        words = self._group(lines, group).dictionary_encode()
        codes = [self.layout.level_code(word, group) for word in words.dictionary.to_pylist()]
        places = words.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        return np.array([*codes, 0], dtype=np.int8)[places]


def infer_levels(data: Bytes, starts: Offsets, ends: Offsets) -> npt.NDArray[np.int8]:
    """Levels of lines that state none, from the words in them."""
    if not len(starts):
        return np.zeros(0, dtype=np.int8)
    lines = line_array(data, starts, ends)
    error = pc.match_substring_regex(lines, _ERROR_WORDS).to_numpy(zero_copy_only=False)
    if error.any():
        suspects = np.flatnonzero(error)
        harmless = pc.match_substring_regex(lines.take(suspects), _HARMLESS).to_numpy(zero_copy_only=False)
        error[suspects[harmless]] = False
    warn = pc.match_substring_regex(lines, _WARN_WORDS).to_numpy(zero_copy_only=False)
    info, warning, failure = (np.int8(LEVEL_CODES[name]) for name in ("info", "warn", "error"))
    return np.where(error, failure, np.where(warn, warning, info))


def _learn_time(
    understood: Sequence[tuple[bytes, dict[str, tuple[int, int]]]], clock: Clock
) -> tuple[Locator | None, TimestampReader | None]:
    dated = [(line, spans["timestamp"]) for line, spans in understood if "timestamp" in spans]
    if not dated:
        return None, None
    widths = [end - start for _, (start, end) in dated]
    usual = max(set(widths), key=widths.count)
    same = [(line, span) for line, span in dated if span[1] - span[0] == usual]
    example_line, example_span = same[len(same) // 2]
    locator = learn([line for line, _ in same], [span for _, span in same])
    return locator, TimestampReader(example_line[slice(*example_span)], clock)


def _learn_level(
    layout: Layout, understood: Sequence[tuple[bytes, dict[str, tuple[int, int]]]]
) -> tuple[Locator | None, LevelKind]:
    group = layout.level_group
    leveled = [(line, spans[group]) for line, spans in understood if group in spans]
    if group is None or not leveled or layout.levels:
        return None, "word"
    locator = learn([line for line, _ in leveled], [span for _, span in leveled])
    line, span = leveled[len(leveled) // 2]
    return locator, level_kind(line[slice(*span)], group)


def _indented(data: Bytes, starts: Offsets) -> npt.NDArray[np.bool_]:
    first = data[np.minimum(starts, len(data) - 1)]
    return (first == 32) | (first == 9)


def _mostly_indented(understood: Sequence[tuple[bytes, dict[str, tuple[int, int]]]]) -> bool:
    """Whether columns, not continuation, explain the spaces behind the timestamps of a file."""
    messages = [line[spans["message"][0] :] for line, spans in understood if "message" in spans]
    return sum(message[:1].isspace() for message in messages) > 0.8 * len(messages)


def _stands_alone(data: Bytes, starts: Offsets, ends: Offsets) -> npt.NDArray[np.bool_]:
    """Without timestamps: a line begins a record unless it is blank, indented or only closes one."""
    first = data[np.minimum(starts, len(data) - 1)]
    closing = np.isin(first, np.frombuffer(b"}])", np.uint8))
    return (ends > starts) & ~_indented(data, starts) & ~closing & (first != 13)


def _inherit(times: Micros) -> Micros:
    """Records without a timestamp take that of the record before them."""
    missing = times == NO_TIME
    if not missing.any() or missing.all():
        return times
    index = np.where(missing, 0, np.arange(len(times)))
    np.maximum.accumulate(index, out=index)
    return times[index]


__all__ = ["PADDING", "LineReader", "LineTable", "infer_levels"]
