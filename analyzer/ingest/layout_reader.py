"""What one layout says about many lines at once: when, how bad, and which of them begin a record.

The rules are learned from the lines of a sample that are of this layout. Only lines that no rule
explains are looked at by the layout's expression.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.assumed import Assumed, assumed_of
from analyzer.ingest.dateorder import settle_order
from analyzer.ingest.layout import Layout, Understood, whole_timestamp
from analyzer.ingest.levels import LevelKind, infer_levels, level_kind, level_of, levels_at
from analyzer.ingest.locate import Locator, learn_all, line_array
from analyzer.ingest.stamps import Stamps
from analyzer.ingest.timeformats import Clock, is_timestamp, parse_timestamp
from analyzer.ingest.timestamps import NO_TIME, Micros, TimestampReader, shape_of
from analyzer.ingest.windows import Bytes, Offsets, among, gather, words
from analyzer.model import LEVEL_CODES

Codes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
_SHAPES_PER_RULE = 8
_BELOW = 400
_LONGEST_HEAD = 1024
"""Bytes of a line that the layout's expression is given, where no rule explains the line."""


@dataclass(frozen=True, slots=True)
class _TimeRule:
    """Where timestamps stand, and readers for the shapes in which they stand there."""

    locator: Locator
    readers: tuple[TimestampReader, ...]

    def behind(self, data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
        """Where each line goes on behind its timestamp, if that is of one of the usual shapes."""
        first, *others = self.readers
        at = self.locator.find(data, starts, ends)
        at = np.where(at >= 0, at, starts)
        behind: Offsets = np.minimum(at + first.width, ends)
        for reader in others:
            missed = np.flatnonzero(~ends_here(data, behind))
            fits = missed[reader.read(data, at[missed]) != NO_TIME]
            behind[fits] = np.minimum(at[fits] + reader.width, ends[fits])
        return behind

    def read(self, data: Bytes, starts: Offsets, ends: Offsets) -> Micros:
        at = self.locator.find(data, starts, ends)
        first, *others = self.readers
        times = first.read(data, np.maximum(at, 0))
        times[at < 0] = NO_TIME
        for reader in others:
            missed = np.flatnonzero((times == NO_TIME) & (at >= 0))
            if not len(missed):
                break
            times[missed] = reader.read(data, at[missed])
        return times


@dataclass(frozen=True, slots=True)
class _LevelRule:
    """Where levels stand, and how they are said there; `table` holds the layout's own letters."""

    locator: Locator
    kind: LevelKind
    table: Codes | None = None

    def read(self, data: Bytes, starts: Offsets, ends: Offsets) -> Codes:
        at = self.locator.find(data, starts, ends)
        place = np.maximum(at, 0)
        codes = levels_at(data, place, self.kind) if self.table is None else self.table[data[place]]
        found: Codes = np.where(at >= 0, codes, 0).astype(np.int8)
        return found


CONTINUATIONS = (
    r"^(?:Caused(?: by)?: |Suppressed: |goroutine \d+ \[|created by |\[signal |Stack trace:|\[stacktrace\]"
    r"|(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LINE \d+): |\[(?:SQL|parameters): |\(Background on this error "
    r"|: (?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|WITH) |#\d+ (?:/|\{main\}|\[internal )"
    r"|npm (?:ERR!|error) (?:syscall|path|errno|enoent|dest|command|signal) |note: run with |exit status \d)"
)
"""Lines without a timestamp that programs print behind an error, although they are not indented."""

_FIRST_OF_CONTINUATIONS = among(b"CSgc[DHQL(:#ne")
_CLOSING = among(b"}])")
_ALPHANUMERIC = among(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class LayoutReader:
    """Reads the lines of one layout in one file; nothing in it changes once it is made."""

    def __init__(self, layout: Layout, understood: Sequence[Understood], clock: Clock) -> None:
        """`understood` holds the sample's lines of this layout; `clock` says what times leave open."""
        self.layout = layout
        self.clock, self.assumed = _settle(layout, understood, clock)
        self._time_rules = _learn_times(understood, self.clock)
        self._odd_stamps = Stamps(self.clock)
        self._level_rules = _learn_levels(layout, understood)
        self._pid_at = _learn_pids(understood)
        self._indented_continues = layout.indented_continues and not _mostly_indented(understood)
        self._states_level = any(layout.level_group_of(spans) is not None for _, spans in understood)
        self.has_time = bool(self._time_rules)

    @property
    def skipped_minutes(self) -> set[int]:
        """The minutes met, as microseconds, that clocks left out when they were set forward."""
        readers = [reader for rule in self._time_rules for reader in rule.readers]
        readers += self._odd_stamps.readers
        return set().union(*(reader.skipped for reader in readers))

    @property
    def states_level(self) -> bool:
        """Whether lines state their level."""
        return self._states_level

    def writers(self, data: Bytes, starts: Offsets, ends: Offsets, own: Flags) -> npt.NDArray[np.int32] | None:
        """The process that wrote each line, as a code; lines that are not of this layout (`own`) are of
        the process of the line before. None where the layout names none."""
        if "pid" not in self.layout.pattern.groupindex or not own.any():
            return None
        rows = np.flatnonzero(own)
        codes = np.zeros(len(starts), dtype=np.int32)
        codes[rows] = np.unique(self._pids(data, starts[rows], ends[rows]), return_inverse=True)[1]
        before = np.maximum.accumulate(np.where(own, np.arange(len(starts)), rows[0]))
        return codes[before]

    def _pids(self, data: Bytes, starts: Offsets, ends: Offsets) -> npt.NDArray[np.uint64]:
        """The digits of each line's process id as a number of their own, 0 where there are none."""
        pids = np.zeros(len(starts), dtype=np.uint64)
        for locator in self._pid_at:
            missed = np.flatnonzero(pids == 0)
            at = locator.find(data, starts[missed], ends[missed])
            window = gather(data, np.maximum(at, 0), 8)
            digits = np.logical_and.accumulate((window - np.uint8(48) < 10) & (at >= 0)[:, None], axis=1)
            pids[missed] = np.where(digits, window, np.uint8(0)).view(np.uint64)[:, 0]
        missed = np.flatnonzero(pids == 0)
        if len(missed):
            texts = self._group(line_array(data, starts[missed], ends[missed]), "pid").fill_null(b"").to_pylist()
            pids[missed] = [int.from_bytes(text[:8].ljust(8, b"\0"), "little") for text in texts]
        return pids

    def times(self, data: Bytes, starts: Offsets, ends: Offsets, careful: bool = True) -> Micros:
        """The timestamp of each line, `NO_TIME` for lines without one.

        Without care only the learned rules are followed, which is quick.
        """
        times = np.full(len(starts), NO_TIME, dtype=np.int64)
        if not self._time_rules:
            return times
        first, *others = self._time_rules
        times = first.read(data, starts, ends)
        for rule in others:
            missed = np.flatnonzero((times == NO_TIME) & (ends > starts))
            if not len(missed):
                return times
            times[missed] = rule.read(data, starts[missed], ends[missed])
        if self.layout.anywhere or not careful:
            return times
        missed = np.flatnonzero((times == NO_TIME) & (ends > starts) & ~indented(data, starts))
        if len(missed):
            times[missed] = self._odd_times(self._heads(data, starts[missed], ends[missed]))
        return times

    def behind(self, data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
        """Where each line goes on behind its timestamp."""
        return self._time_rules[0].behind(data, starts, ends)

    def _heads(self, data: Bytes, starts: Offsets, ends: Offsets) -> pa.Array:
        """The lines as far as their head may go; a JSON object is all head."""
        return line_array(data, starts, ends if self.layout.has_keys else np.minimum(ends, starts + _LONGEST_HEAD))

    def begins(self, data: Bytes, starts: Offsets, ends: Offsets, times: Micros, telling: Flags) -> Flags:
        """Which lines begin a record; the others continue the one before. `telling` ones may do so by their words."""
        begins: Flags
        if self.layout.style == "json" or not self.has_time:
            begins = stands_alone(data, starts, ends, telling)
            unsure = np.flatnonzero(~begins) if self.layout.indented_heads else ()
            if len(unsure):
                begins[unsure] = self._fits(data, starts[unsure], ends[unsure])
            return begins
        begins = times != NO_TIME
        if self.layout.continuation:
            begins &= ~self._continues_by_word(data, starts, ends)
        if self._indented_continues:
            dated = np.flatnonzero(begins)
            begins[dated] = ~self._message_indented(data, starts[dated], ends[dated])
        return begins

    def claims(self, data: Bytes, starts: Offsets, ends: Offsets, times: Micros) -> Flags:
        """Which lines are surely of this layout: they carry its timestamp or, if it has none, its head."""
        dated: Flags = times != NO_TIME
        if self.layout.style == "json":
            first, last = data[np.minimum(starts, len(data) - 1)], data[np.maximum(ends - 1, 0)]
            dated |= (first == ord("{")) & (last == ord("}"))
            return dated
        if not self._known_by_head:
            return dated
        fit = np.zeros(len(starts), dtype=bool)
        rows = np.flatnonzero(self.layout.first_bytes[data[starts]])
        if len(rows):
            fit[rows] = self._fits(data, starts[rows], ends[rows])
        return fit

    def _fits(self, data: Bytes, starts: Offsets, ends: Offsets) -> Flags:
        """Which lines have this layout's head."""
        return _flags(pc.match_substring_regex(self._heads(data, starts, ends), self.layout.search_pattern("message")))

    def levels(self, data: Bytes, starts: Offsets, ends: Offsets, loose: Flags, telling: Flags) -> Codes:
        """The level code of each line; `loose` ones are of no layout at all, and have no words that say it unless
        they are `telling`."""
        if self.layout.level_below:
            codes = levels_at(data, np.minimum(ends + 1, len(data) - 1), "word")
            missed = np.flatnonzero(codes == 0)
            codes[missed] = infer_levels(line_array(data, *_below(data, starts[missed], ends[missed])))
            return codes
        if self.layout.text_below:
            return infer_levels(line_array(data, *_below(data, starts, ends)))
        if not self._states_level:
            return self._unstated(data, starts, ends, telling)
        codes = np.zeros(len(starts), dtype=np.int8)
        # Where lines are known by nothing but the head of this layout, a loose one has no level in it.
        fit = ~loose if self._known_by_head else np.ones(len(starts), dtype=bool)
        for rule in self._level_rules:
            missed = np.flatnonzero((codes == 0) & fit)
            codes[missed] = rule.read(data, starts[missed], ends[missed])
        missed = np.flatnonzero((codes == 0) & fit)
        if len(missed):
            codes[missed] = self._odd_levels(self._heads(data, starts[missed], ends[missed]))
        missed = np.flatnonzero(codes == 0)
        if len(missed):
            codes[missed] = self._unstated(data, starts[missed], ends[missed], telling[missed])
        return codes

    @property
    def _known_by_head(self) -> bool:
        """Whether a line is of this layout where it has its head."""
        return self.layout.style == "text" and not self.has_time

    def _unstated(self, data: Bytes, starts: Offsets, ends: Offsets, telling: Flags) -> Codes:
        """The levels of lines that state none where this layout has it."""
        if self.layout.default_level is not None:
            return np.full(len(starts), LEVEL_CODES[self.layout.default_level], dtype=np.int8)
        return judged(data, starts, ends, telling)

    def _odd_times(self, lines: pa.Array) -> Micros:
        """Times of lines that the learned rule misses and the layout may still understand: other
        columns, another number of decimals. One reader is kept for each shape met."""
        if self.layout.has_keys:
            return self._odd_stamps.read(self._group(lines, "timestamp"))
        find = self.layout.finder("timestamp")
        matches = [(line, find(line)) for line in lines.to_pylist()]
        texts = [
            line[slice(*whole_timestamp(line, match.span("timestamp")))] if match else None for line, match in matches
        ]
        return self._odd_stamps.read(pa.array(texts, pa.binary()))

    def _group(self, lines: pa.Array, group: str) -> pa.Array:
        """The text of one group of the layout's expression in each line, null where it does not fit."""
        # Line by line: with groups to fill in, RE2 takes ten times as long for expressions of this size.
        find = self.layout.finder(group)
        matches = map(find, lines.to_pylist())
        return pa.array([match[group] or None if match else None for match in matches], pa.binary())

    def _message_indented(self, data: Bytes, starts: Offsets, ends: Offsets) -> Flags:
        """Lines stamped by a platform whose own text is indented: the inside of a stack trace."""
        at = self._time_rules[0].behind(data, starts, ends)
        # A timestamp wider or narrower than any usual one ends elsewhere.
        odd = np.flatnonzero(~ends_here(data, at))
        find = self.layout.finder("timestamp")
        for row, line in zip(odd.tolist(), self._heads(data, starts[odd], ends[odd]).to_pylist(), strict=True):
            match = find(line)
            at[row] = starts[row] + match.end("timestamp") if match else at[row]
        for closing in (b'])>"', b":", b","):
            at = at + np.isin(data[at], np.frombuffer(closing, np.uint8))
        at = np.minimum(at + 1, ends)
        flags: Flags = (at >= ends) | np.isin(data[at], np.frombuffer(b" \t}]", np.uint8))
        return flags

    def _continues_by_word(self, data: Bytes, starts: Offsets, ends: Offsets) -> Flags:
        """PostgreSQL's DETAIL, HINT, STATEMENT lines: stamped, yet part of the error before them."""
        parts = np.array([int.from_bytes(word[:4].encode(), "little") for word in self.layout.continuation])
        continues = np.zeros(len(starts), dtype=bool)
        unsure = np.arange(len(starts))
        for rule in self._level_rules:
            at = np.maximum(rule.locator.find(data, starts[unsure], ends[unsure]), 0)
            word = (words(data)[np.minimum(at, len(data) - 8)] & np.uint64(0xFFFFFFFF)).astype(np.int64)
            hit = np.isin(word, parts)
            continues[unsure[hit]] = True
            unsure = unsure[~hit & (rule.read(data, starts[unsure], ends[unsure]) == 0)]
        if len(unsure):
            texts = self._group(line_array(data, starts[unsure], ends[unsure]), "level")
            named = pa.array([word.encode() for word in self.layout.continuation], texts.type)
            continues[unsure] = _flags(pc.is_in(texts, value_set=named))
        return continues

    def _odd_levels(self, lines: pa.Array) -> Codes:
        """Levels of lines that the learned rules miss; each distinct word is looked at once."""
        found = np.zeros(len(lines), dtype=np.int8)
        groups = ("level",) if self.layout.has_keys else ("level", "status", "priority")
        for group in groups:
            if not self.layout.has_keys and group not in self.layout.pattern.groupindex:
                continue
            texts = self._group(lines, group).dictionary_encode()
            codes = [self.layout.level_code(word, group) for word in texts.dictionary.to_pylist()]
            places = texts.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
            found = np.where(found == 0, np.array([*codes, 0], dtype=np.int8)[places], found)
        return found


def indented(data: Bytes, starts: Offsets) -> Flags:
    """Which lines begin with a space or a tab."""
    first = data[np.minimum(starts, len(data) - 1)]
    flags: Flags = (first == 32) | (first == 9)
    return flags


def judged(data: Bytes, starts: Offsets, ends: Offsets, telling: Flags) -> Codes:
    """The levels of lines by the words in them, which only `telling` ones have."""
    codes = np.full(len(starts), LEVEL_CODES["info"], dtype=np.int8)
    rows = np.flatnonzero(telling)
    if len(rows):
        codes[rows] = infer_levels(line_array(data, starts[rows], ends[rows]))
    return codes


def ends_here(data: Bytes, at: Offsets) -> Flags:
    """Whether a run of letters and digits ends where a timestamp is thought to end, neither before nor later."""
    flags: Flags = _ALPHANUMERIC[data[np.maximum(at - 1, 0)]] & ~_ALPHANUMERIC[data[np.minimum(at, len(data) - 1)]]
    return flags


def _below(data: Bytes, starts: Offsets, ends: Offsets) -> tuple[Offsets, Offsets]:
    """The text under each line, as far as it may say how bad things are, up to the next of these lines."""
    begins = np.minimum(ends + 1, len(data) - 1)
    return begins, np.minimum(np.append(starts[1:], len(data)), begins + _BELOW)


def stands_alone(data: Bytes, starts: Offsets, ends: Offsets, telling: Flags) -> Flags:
    """Without timestamps: a line begins a record unless it is blank, indented, only closes one, or
    is one of those that programs print behind an error (`Caused by:`, `DETAIL:`), which are `telling`."""
    first = data[np.minimum(starts, len(data) - 1)]
    filled = ends > starts
    shifted = indented(data, starts)
    if shifted[filled].all():
        shifted = _deeper_than_the_rest(data, starts, ends)
    flags: Flags = filled & ~shifted & ~_CLOSING[first]
    return flags & ~_goes_on(data, starts, ends, telling)


def _deeper_than_the_rest(data: Bytes, starts: Offsets, ends: Offsets) -> Flags:
    """Text that stands to the right as a whole, as in a table or a paste: only what is indented
    further than the rest continues."""
    lines = line_array(data, starts, ends).to_pylist()
    depths = [len(line) - len(line.lstrip()) for line in lines]
    least = min((depth for depth, line in zip(depths, lines, strict=True) if line), default=0)
    deeper: Flags = np.array([depth > least for depth in depths], dtype=bool)
    return deeper


def _goes_on(data: Bytes, starts: Offsets, ends: Offsets, telling: Flags) -> Flags:
    """Lines that only make sense behind another one."""
    flags = np.zeros(len(starts), dtype=bool)
    last = len(data) - 1
    maybe = np.flatnonzero(telling & _FIRST_OF_CONTINUATIONS[data[np.minimum(starts, last)]])
    if len(maybe):
        flags[maybe] = _flags(pc.match_substring_regex(line_array(data, starts[maybe], ends[maybe]), CONTINUATIONS))
    # Go prints each frame as a call and, below it, `\t/path/file.go:12 +0x1d`.
    below = np.minimum(starts[1:], last)
    flags[:-1] |= (data[below] == 9) & (data[np.minimum(below + 1, last)] == 47) & (data[ends[:-1] - 1] == 41)
    return flags


def _flags(column: pa.Array) -> Flags:
    flags: Flags = column.to_numpy(zero_copy_only=False)
    return flags


def _settle(layout: Layout, understood: Sequence[Understood], clock: Clock) -> tuple[Clock, Assumed]:
    """The clock as this layout and the dates of the sample settle it, and what they leave open."""
    if layout.zone is not None:
        clock = replace(clock, zone=ZoneInfo(layout.zone))
    if layout.order is not None:
        clock = replace(clock, order=layout.order)
    texts = [line[slice(*spans["timestamp"])] for line, spans in understood if "timestamp" in spans]
    clock, evidence = settle_order(texts, clock)
    assumed = assumed_of(
        texts[:20], clock.order if evidence == "habit" else None, clock.order if evidence == "dates" else None
    )
    return clock, assumed if layout.zone is None else replace(assumed, zone=False)


def _learn_times(understood: Sequence[Understood], clock: Clock) -> tuple[_TimeRule, ...]:
    dated = [
        (line, spans)
        for line, spans in understood
        if "timestamp" in spans and _is_time(line[slice(*spans["timestamp"])], clock)
    ]
    if not dated:
        return ()
    lines = [line for line, _ in dated]
    places = [spans["timestamp"] for _, spans in dated]
    rules = learn_all(lines, places, _keys(dated, "timestamp_key"))
    return tuple(
        _TimeRule(locator, _readers([(lines[row], places[row]) for row in served], clock)) for locator, served in rules
    )


def _is_time(text: bytes, clock: Clock) -> bool:
    """Whether a text begins with a timestamp; mostly it is one, which has been found out already."""
    return is_timestamp(text) or parse_timestamp(text, clock) is not None


def _keys(understood: Sequence[Understood], name: str) -> list[bytes]:
    """The texts of keys right before a field, where all lines have such."""
    keys = [line[slice(*spans[name])] for line, spans in understood if name in spans]
    return keys if len(keys) == len(understood) else []


def _readers(places: Sequence[tuple[bytes, tuple[int, int]]], clock: Clock) -> tuple[TimestampReader, ...]:
    """A reader for each shape of timestamp, the most frequent one first."""
    examples = {shape_of(line[slice(*span)]): (line, span) for line, span in places}
    frequent = Counter(shape_of(line[slice(*span)]) for line, span in places).most_common(_SHAPES_PER_RULE)
    readers = []
    for shape, _ in frequent:
        line, span = examples[shape]
        readers.append(TimestampReader(line[slice(*span)], clock, line[span[1] :][:1]))
    return tuple(readers)


def _learn_levels(layout: Layout, understood: Sequence[Understood]) -> tuple[_LevelRule, ...]:
    table = _letter_table(layout)
    if layout.levels and table is None:
        return ()
    kinds: dict[LevelKind, list[tuple[bytes, tuple[int, int], bytes]]] = {}
    for line, spans in understood:
        group = layout.level_group_of(spans)
        if group is not None and (table is not None or level_of(line[slice(*spans[group])], _kind(line, spans, group))):
            key = line[slice(*spans["level_key"])] if "level_key" in spans else b""
            kinds.setdefault(_kind(line, spans, group), []).append((line, spans[group], key))
    rules: list[_LevelRule] = []
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        keys = [key for *_, key in found]
        learned = learn_all([line for line, *_ in found], [span for _, span, _ in found], keys if all(keys) else ())
        rules += [_LevelRule(locator, kind, table) for locator, _ in learned]
    return tuple(rules)


def _learn_pids(understood: Sequence[Understood]) -> list[Locator]:
    named = [(line, spans["pid"]) for line, spans in understood if "pid" in spans]
    return [locator for locator, _ in learn_all([line for line, _ in named], [span for _, span in named])]


def _kind(line: bytes, spans: dict[str, tuple[int, int]], group: str) -> LevelKind:
    return level_kind(line[slice(*spans[group])], group)


def _letter_table(layout: Layout) -> Codes | None:
    """The codes of a layout's own levels by byte, where each is a single character."""
    if not layout.levels or any(len(text) > 1 for text in layout.levels):
        return None
    table = np.zeros(256, dtype=np.int8)
    for text, level in layout.levels.items():
        table[ord(text)] = LEVEL_CODES[level]
    return table


def _mostly_indented(understood: Sequence[Understood]) -> bool:
    """Whether columns, not continuation, explain the spaces behind the timestamps of a file."""
    messages = [line[spans["message"][0] :] for line, spans in understood if "message" in spans]
    return sum(message[:1].isspace() for message in messages) > 0.8 * len(messages)
