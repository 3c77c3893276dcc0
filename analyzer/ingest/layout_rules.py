"""Rules learned from the lines of a sample: where timestamps, levels and process ids stand in lines of one layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.ingest.continuation import Codes, Flags
from analyzer.ingest.layout import Layout, Understood
from analyzer.ingest.levels import LevelKind, level_kind, level_of, levels_at
from analyzer.ingest.locate import Locator, learn_all
from analyzer.ingest.timeformats import Clock, is_timestamp, parse_timestamp
from analyzer.ingest.timestamps import NO_TIME, Micros, TimestampReader, shape_of
from analyzer.ingest.windows import Bytes, Offsets, among
from analyzer.model import LEVEL_CODES

_SHAPES_PER_RULE = 8
_ALPHANUMERIC = among(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class TimeRule:
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
        """The times of lines, `NO_TIME` where none of the shapes stands."""
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
class LevelRule:
    """Where levels stand, and how they are said there; `table` holds the layout's own letters."""

    locator: Locator
    kind: LevelKind
    table: Codes | None = None

    def read(self, data: Bytes, starts: Offsets, ends: Offsets) -> Codes:
        """The level codes of lines, 0 where none stands."""
        at = self.locator.find(data, starts, ends)
        place = np.maximum(at, 0)
        codes = levels_at(data, place, self.kind) if self.table is None else self.table[data[place]]
        found: Codes = np.where(at >= 0, codes, 0).astype(np.int8)
        return found


def learn_times(understood: Sequence[Understood], clock: Clock) -> tuple[TimeRule, ...]:
    """Where the timestamps of a sample's lines stand, the rule that serves most of them first."""
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
        TimeRule(locator, _readers([(lines[row], places[row]) for row in served], clock)) for locator, served in rules
    )


def learn_levels(layout: Layout, understood: Sequence[Understood]) -> tuple[LevelRule, ...]:
    """Where the levels of a sample's lines stand, the way in which most of them are said first."""
    table = _letter_table(layout)
    if layout.levels and table is None:
        return ()
    kinds: dict[LevelKind, list[tuple[bytes, tuple[int, int], bytes]]] = {}
    for line, spans in understood:
        group = layout.level_group_of(spans)
        if group is not None and (table is not None or level_of(line[slice(*spans[group])], _kind(line, spans, group))):
            key = line[slice(*spans["level_key"])] if "level_key" in spans else b""
            kinds.setdefault(_kind(line, spans, group), []).append((line, spans[group], key))
    rules: list[LevelRule] = []
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        keys = [key for *_, key in found]
        learned = learn_all([line for line, *_ in found], [span for _, span, _ in found], keys if all(keys) else ())
        rules += [LevelRule(locator, kind, table) for locator, _ in learned]
    return tuple(rules)


def learn_pids(understood: Sequence[Understood]) -> list[Locator]:
    """Where the process ids of a sample's lines stand."""
    named = [(line, spans["pid"]) for line, spans in understood if "pid" in spans]
    return [locator for locator, _ in learn_all([line for line, _ in named], [span for _, span in named])]


def ends_here(data: Bytes, at: Offsets) -> Flags:
    """Whether a run of letters and digits ends where a timestamp is thought to end, neither before nor later."""
    flags: Flags = _ALPHANUMERIC[data[np.maximum(at - 1, 0)]] & ~_ALPHANUMERIC[data[np.minimum(at, len(data) - 1)]]
    return flags


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


__all__ = ["LevelRule", "TimeRule", "ends_here", "learn_levels", "learn_pids", "learn_times"]
