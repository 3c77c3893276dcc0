"""What one layout says about many lines at once: when, how bad, and which of them begin a record.

The rules are learned from the lines of a sample that are of this layout. Only lines that no rule
explains are looked at by the layout's expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.assumed import Assumed, assumed_of
from analyzer.ingest.continuation import Codes, Flags, as_flags, indented, judged, stands_alone
from analyzer.ingest.dateorder import settle_order
from analyzer.ingest.layout import Layout, Understood, whole_timestamp
from analyzer.ingest.layout_rules import ends_here, learn_levels, learn_pids, learn_times
from analyzer.ingest.levels import infer_levels, levels_at
from analyzer.ingest.locate import line_array
from analyzer.ingest.stamps import Stamps
from analyzer.ingest.timeformats import Clock
from analyzer.ingest.timestamps import NO_TIME, Micros
from analyzer.ingest.windows import Bytes, Offsets, gather, words
from analyzer.model import LEVEL_CODES

_BELOW = 400
_LONGEST_HEAD = 1024
"""Bytes of a line that the layout's expression is given, where no rule explains the line."""


class LayoutReader:
    """Reads the lines of one layout in one file; nothing in it changes once it is made."""

    def __init__(self, layout: Layout, understood: Sequence[Understood], clock: Clock) -> None:
        """`understood` holds the sample's lines of this layout; `clock` says what times leave open."""
        self.layout = layout
        self.clock, self.assumed = _settle(layout, understood, clock)
        self._time_rules = learn_times(understood, self.clock)
        self._odd_stamps = Stamps(self.clock)
        self._level_rules = learn_levels(layout, understood)
        self._pid_at = learn_pids(understood)
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
        return as_flags(
            pc.match_substring_regex(self._heads(data, starts, ends), self.layout.search_pattern("message"))
        )

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
        # Where lines are known by their head, or their level is but a letter or a mark, a loose one has none of it.
        fit = ~loose if self._known_by_head or self._marks_levels else np.ones(len(starts), dtype=bool)
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
    def _marks_levels(self) -> bool:
        """Whether the level is a letter or a mark, which stands in any text as well."""
        return bool(self.layout.levels) and max(map(len, self.layout.levels)) == 1 and self.has_time

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
            continues[unsure] = as_flags(pc.is_in(texts, value_set=named))
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


def _below(data: Bytes, starts: Offsets, ends: Offsets) -> tuple[Offsets, Offsets]:
    """The text under each line, as far as it may say how bad things are, up to the next of these lines."""
    begins = np.minimum(ends + 1, len(data) - 1)
    return begins, np.minimum(np.append(starts[1:], len(data)), begins + _BELOW)


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


def _mostly_indented(understood: Sequence[Understood]) -> bool:
    """Whether columns, not continuation, explain the spaces behind the timestamps of a file."""
    messages = [line[spans["message"][0] :] for line, spans in understood if "message" in spans]
    return sum(message[:1].isspace() for message in messages) > 0.8 * len(messages)
