"""A block of bytes -> a table of its lines and records: where each starts, when, and how bad.

This is the hot path: every line of every input passes through `LineReader.read`, so everything is
done for all lines of a block at once. A file is read by the rules of the layout that most of its
lines have; lines that these rules do not explain are offered to the other layouts met in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_

import numpy as np
import numpy.typing as npt

from analyzer.ingest.assumed import NO_DOUBTS, Doubts, assumed_of
from analyzer.ingest.continuation import Codes, Flags, indented, judged, stands_alone
from analyzer.ingest.daylight import tell_passes
from analyzer.ingest.detect import explains, is_head
from analyzer.ingest.envelopes.choose import choose_envelopes
from analyzer.ingest.grouping import Arranged, apart, arrange, by_group, safe_cut, with_first_of_groups
from analyzer.ingest.layout import PLAIN, STRAY
from analyzer.ingest.layout_reader import LayoutReader
from analyzer.ingest.learning import MOST_LAYOUTS, learn_readers, stray_reader
from analyzer.ingest.localtime import settle_clock
from analyzer.ingest.logical import Codes as Groups
from analyzer.ingest.logical import Lines, Wrapping, lines_from, lines_of
from analyzer.ingest.marks import Marks, begins_inside, goes_on_below, part_long_records, with_blank_lines
from analyzer.ingest.noise import noise_among_dated
from analyzer.ingest.platform_clock import agrees, told_by_platform
from analyzer.ingest.stamped import stamped_traces
from analyzer.ingest.telling import telling_lines
from analyzer.ingest.timeformats import Clock, lacks
from analyzer.ingest.timestamps import NO_TIME, Micros
from analyzer.ingest.traces import hold_traces
from analyzer.ingest.windows import PADDING, Bytes, Offsets
from analyzer.model import LEVEL_CODES

SAMPLE_LINES = 400
_MINUTE = 60_000_000
_EARLIEST = 631_152_000_000_000
"""1990; clocks that were never set show 1970 or 1980."""
_FAR_FUTURE = timedelta(days=366)
_CONTINUES = re.compile(rb"\s+\S|Caused by: |\.\.\. \d+ more")


@dataclass(frozen=True, slots=True)
class LineTable:
    """The lines and records of a block.

    `starts` and `ends` are the offsets of all lines (without their newline). `first_line` holds,
    for each record, the index of the line that begins it; `times` (microseconds, `NO_TIME`),
    `levels` (codes) and `layouts` (places in the reader's `layouts`) are those of records. Lines
    before the first record belong to it. `data` is what all of these point into.
    """

    data: Bytes
    starts: Offsets
    ends: Offsets
    heads: Offsets
    """Where the text of each line begins that is shown; at its start, mostly."""
    raw: Offsets | None
    """The index of the line of the block that each line comes from, None where they are the same."""
    within: Offsets | None
    """How far behind the beginning of that line each begins in the file, None where that is not known."""
    until: Offsets | None
    """The index of the last line of the block that each line comes from, None where that is the first one, too."""
    first_line: npt.NDArray[np.int64]
    times: Micros
    levels: Codes
    layouts: Codes
    dated: Flags
    """Which records carry a timestamp of their own; the others inherit one."""
    origins: Groups | None = None
    """Where each record comes from, as a place in `fields`; None where no envelope says so."""
    fields: Sequence[Mapping[str, str]] = ()
    groups: Groups | None = None
    """The writer of each line, None where nothing tells several apart."""
    stamps: Micros | None = None
    """The time (or `NO_TIME`) of the envelope of each line, None where there is none."""
    doubts: Doubts = NO_DOUBTS
    """How many timestamps are doubtful."""

    def content(self) -> memoryview:
        """The bytes that the records are in."""
        return self.data.data[: int(self.ends[-1]) if len(self.ends) else 0]

    def record_start(self) -> Offsets:
        """The offset at which each record begins."""
        return self.heads[self.first_line]

    def record_end(self) -> Offsets:
        """The offset just past each record, without its final newline."""
        last_line = np.append(self.first_line[1:], len(self.starts)) - 1
        ends: Offsets = self.ends[last_line]
        return ends

    def begins_inside(self) -> bool:
        """Whether the first line continues a record that began before it, though others carry times."""
        if not len(self.dated) or self.dated[0] or not self.dated.any():
            return False
        first = bytes(self.data[self.starts[0] : min(int(self.ends[0]), int(self.starts[0]) + 100)])
        return _CONTINUES.match(first) is not None

    def origin_of(self, record: int) -> Mapping[str, str]:
        """What envelopes say of where a record comes from; nothing, mostly."""
        return self.fields[self.origins[record]] if self.origins is not None else {}

    def kinds(self, records: Offsets) -> Offsets:
        """A number for each of some records: equal where layout and origin are."""
        origins = 0 if self.origins is None else self.origins[records].astype(np.int64) << 8
        return self.layouts[records].astype(np.int64) + origins

    def raw_lines(self, lines: Offsets) -> Offsets:
        """The indexes of the lines of the block that some of these lines come from."""
        return lines if self.raw is None else self.raw[lines]

    def last_time_before(self, line: int, known: int) -> int:
        """The time of the last record that begins before a line of the block; `known` where it has none."""
        earlier = self.times[self.raw_lines(self.first_line) < line]
        return int(earlier[-1]) if len(earlier) and earlier[-1] != NO_TIME else known

    def safe_cut(self) -> int:
        """The last line of the block before which everything ends, whoever wrote it; 0 if there is none."""
        every = np.arange(len(self.starts))
        record = np.searchsorted(self.first_line, every, side="right") - 1
        groups = np.zeros(len(every), dtype=np.int32) if self.groups is None else self.groups
        lines, records = self.raw_lines(every), self.raw_lines(self.first_line[record])
        if self.until is not None:
            lines, records = np.concatenate((lines, self.until)), np.concatenate((records, records))
            groups = np.concatenate((groups, groups))
        return safe_cut(lines, records, groups)


class LineReader:
    """Reads the lines of one file, or of a part of it that is alike; learned from a sample."""

    def __init__(self, lines: Sequence[bytes], clock: Clock, before: LineReader | None = None) -> None:
        """`lines` is a sample of the file; `clock` says what its timestamps leave open.

        `before` has read the file so far; its layouts may well come again.
        """
        self.clock: Clock = settle_clock(lines, clock if before is None else before.clock)
        clock = self.clock
        self.wrapped = choose_envelopes(lines, clock)
        learned = learn_readers(self.wrapped, clock)
        known = {reader.layout.name for reader in learned}
        earlier = before._readers if before is not None else ()  # noqa: SLF001 (one of its own kind)
        more = [reader for reader in earlier if reader.layout.name not in known and reader.layout is not PLAIN]
        self._readers: tuple[LayoutReader, ...] = (*learned, *more)[:MOST_LAYOUTS]
        if any(reader.has_time for reader in learned) and STRAY.name not in known:
            self._readers += (stray_reader(learned[0].clock),)
        self._latest = int((max(clock.latest, datetime.now(UTC)) + _FAR_FUTURE).timestamp() * 1_000_000)
        self.layouts = tuple(reader.layout for reader in self._readers)
        self._one_line = any(layout.one_line for layout in self.layouts)
        self._spells_below = any(layout.level_below or layout.text_below for layout in self.layouts)
        names = [layout.name for layout in self.layouts]
        self._belongs_below = [
            (place, names.index(layout.below)) for place, layout in enumerate(self.layouts) if layout.below in names
        ]
        self.layout = self.layouts[0]
        """The layout of most lines."""
        stamps = self.wrapped.times[:20]
        self.has_time = self.wrapped.gives_time or any(reader.has_time for reader in self._readers)
        self._naive = np.array([reader.assumed.zone for reader in self._readers])
        self._dated = np.array([not (reader.assumed.year or reader.assumed.date) for reader in self._readers])
        self._told_by_platform = self._platform_tells()
        assumed = reduce(or_, (reader.assumed for reader in self._readers))
        if self._told_by_platform:
            assumed = replace(assumed, zone=False, year=False, date=False)
        self.assumed = assumed | assumed_of(stamps)
        """What the timestamps leave open."""

    def _platform_tells(self) -> bool:
        """Whether the times of the envelopes say what those of the lines inside leave open."""
        outer = self.wrapped.stamps
        if outer is None or not self._naive.any() or any(lacks(text, "zone") for text in self.wrapped.times):
            return False
        inside = lines_from(self.wrapped.inside)
        marks = self._marks(inside.data, inside.starts, inside.ends)
        naive = self._naive[marks.layouts]
        return agrees(marks.times[naive], outer[naive], self._dated[marks.layouts][naive])

    def assumptions(self, last: int = NO_TIME) -> Sequence[str]:
        """What the timestamps leave open, as sentences; `last` is the last time of the file."""
        year = None if last == NO_TIME else datetime.fromtimestamp(last // 1_000_000, UTC).year
        return self.assumed.texts(str(self.clock.zone), year)

    @property
    def name(self) -> str:
        """The envelopes and the layout of most lines, as people call them."""
        if not self.wrapped.envelopes or self.layout is not PLAIN:
            return " > ".join(filter(None, (self.wrapped.name, self.layout.name)))
        return self.wrapped.name

    def share_understood(self, lines: Sequence[bytes]) -> float:
        """The share of lines that are in the envelope or, where there is none, that may begin a record
        of which some layout of this reader says more."""
        if self.wrapped.envelopes:
            return self.wrapped.share(lines)
        heads = [line for line in lines if is_head(line)]
        understood = sum(any(explains(layout, line) for layout in self.layouts) for line in heads)
        return understood / len(heads) if heads else 1.0

    def read(self, data: Bytes, length: int, before: int = NO_TIME, cutting: bool = False) -> LineTable:
        """The lines of `data[:length]`; `data` must extend `PADDING` bytes further.

        `before` is the last time before this block, for records that come before its first one.
        `cutting` says that the table serves to find a place to cut, so that all writers count.
        """
        raw = lines_of(data, length)
        lines = self.wrapped.unwrap(raw, self.clock)
        marks = self._marks(lines.data, lines.starts, lines.ends)
        groups = with_blank_lines(self._writers(lines, marks, cutting), lines, raw)
        grouped = by_group(groups, len(lines))
        begins = marks.begins
        if lines.wrapping is not None:
            begins = begins_inside(lines, lines.wrapping, marks, grouped)
        begins = begins | self._of_somebody_else(lines, marks)
        if self._dated_heads and not self._spells_below:
            begins = begins | noise_among_dated(lines.data, lines.starts, lines.ends, marks.loose, marks.telling)
        if lines.wrapping is not None or not self._dated_heads or (begins & marks.loose).any():
            begins = hold_traces(lines.data, lines.starts, lines.ends, begins, marks.loose, marks.telling, grouped)
        begins = with_first_of_groups(begins, groups, grouped)
        levels = self._levels_of(lines, begins, marks)
        if self._dated_heads:
            begins, groups = self._join_stamped(lines, begins, marks, levels, groups)
            grouped = by_group(groups, len(lines))
        return self._table(arrange(lines, begins, groups, grouped), marks, levels, groups, before)

    def _of_somebody_else(self, lines: Lines, marks: Marks) -> Flags:
        """Which undated lines begin a record because those of the layout above them never go on: the words of
        an application between the lines of an access log."""
        found = np.zeros(len(lines), dtype=bool)
        if not self._one_line or not marks.loose.any():
            return found
        one_line = np.array([layout.one_line for layout in self.layouts])
        above = np.maximum.accumulate(np.where(marks.loose, 0, np.arange(len(lines))))
        rows = np.flatnonzero(marks.loose & ~marks.loose[above] & one_line[marks.layouts[above]])
        # Those that begin a record are found among all lines: what stands right above or below counts, too.
        found[rows] = stands_alone(lines.data, lines.starts, lines.ends, marks.telling)[rows] if len(rows) else False
        return found

    def _join_stamped(
        self, lines: Lines, begins: Flags, marks: Marks, levels: Codes, groups: Groups | None
    ) -> tuple[Flags, Groups | None]:
        """Join the lines of traces that all have times of their own; where they stand between those of
        others, each trace becomes a group of its own."""
        suspects = (levels >= LEVEL_CODES["warn"]) & begins & (marks.layouts == 0) & (marks.times != NO_TIME)
        behind = self._readers[0].behind
        homes = stamped_traces(lines.data, lines.starts, lines.ends, suspects, marks.times, groups, behind)
        if not homes:
            return begins, groups
        begins = begins.copy()
        begins[list(homes)] = False
        return begins, apart(begins, homes, groups)

    def _levels_of(self, lines: Lines, begins: Flags, marks: Marks) -> Codes:
        """The level code of each line that begins a record."""
        if begins.all():
            return self._levels(lines.data, lines.starts, lines.ends, marks, lines.wrapping)
        levels = np.zeros(len(lines), dtype=np.int8)
        rows = np.flatnonzero(begins)
        wrapping = lines.wrapping.take(rows) if lines.wrapping is not None else None
        levels[rows] = self._levels(lines.data, lines.starts[rows], lines.ends[rows], marks.take(rows), wrapping)
        return levels

    def _table(self, arranged: Arranged, marks: Marks, levels: Codes, groups: Groups | None, before: int) -> LineTable:
        """The records of lines that stand in their final order."""
        lines = arranged.lines
        first_line = np.flatnonzero(arranged.begins)
        marks = marks.take(arranged.order[first_line])
        wrapping = lines.wrapping.take(first_line) if lines.wrapping is not None else None
        times, naive = marks.times, self._naive[marks.layouts]
        if wrapping is not None and self._told_by_platform:
            open_ = np.flatnonzero(naive)
            times = times.copy()
            times[open_] = told_by_platform(times[open_], wrapping.times[open_], self._dated[marks.layouts][open_])
            naive = np.zeros(len(times), dtype=bool)
        times = times if wrapping is None else np.where(times == NO_TIME, wrapping.times, times)
        times, doubts = self._believed(times, naive & (marks.times != NO_TIME))
        return LineTable(
            data=lines.data,
            starts=lines.starts,
            ends=lines.ends,
            heads=lines.heads,
            raw=lines.raw,
            within=lines.within,
            until=lines.until,
            first_line=first_line,
            times=_inherit(times, before),
            levels=levels[arranged.order[first_line]],
            layouts=marks.layouts,
            dated=times != NO_TIME,
            origins=wrapping.origins if wrapping is not None else None,
            fields=wrapping.fields if wrapping is not None else (),
            groups=groups[arranged.order] if groups is not None else None,
            stamps=lines.wrapping.times if lines.wrapping is not None else None,
            doubts=doubts,
        )

    def _believed(self, times: Micros, naive: Flags) -> tuple[Micros, Doubts]:
        """The times of records, those around a change of clocks told apart and absurd ones left out."""
        times, twice = tell_passes(times, naive, self.clock.zone)
        skipped = set().union(*(reader.skipped_minutes for reader in self._readers))
        in_gap = np.isin(times // _MINUTE * _MINUTE, list(skipped)).sum() if skipped else 0
        absurd = (times != NO_TIME) & ((times < _EARLIEST) | (times > self._latest))
        if absurd.any():
            times = np.where(absurd, NO_TIME, times)
        return times, Doubts(twice=twice, skipped=int(in_gap), absurd=int(absurd.sum()))

    @property
    def _dated_heads(self) -> bool:
        """Whether the timestamps of most lines tell where records begin."""
        main = self._readers[0]
        return main.layout.style in ("text", "logfmt") and main.has_time

    def _writers(self, lines: Lines, marks: Marks, cutting: bool) -> Groups | None:
        """The writer of each line: as the envelope says or, where lines continue others by their words,
        by the process that the layout names."""
        if lines.wrapping is not None:
            return lines.wrapping.groups
        main = self._readers[0]
        own = ~marks.loose & (marks.layouts == 0)
        if not main.layout.continuation or not (cutting or (own & ~marks.begins).any()):
            return None
        return main.writers(lines.data, lines.starts, lines.ends, own)

    def _marks(self, data: Bytes, starts: Offsets, ends: Offsets) -> Marks:
        """What the layouts say of each line by itself."""
        times = np.full(len(starts), NO_TIME, dtype=np.int64)
        layouts = np.zeros(len(starts), dtype=np.int8)
        loose = np.ones(len(starts), dtype=bool)
        # What the rules of any layout know at once need not be looked at carefully by all the others.
        for careful in (False, True) if len(self._readers) > 1 else (True,):
            for place, reader in enumerate(self._readers):
                rows = np.flatnonzero(loose & (ends > starts) & ~(indented(data, starts) & (place > 0)))
                if not len(rows):
                    break
                found = reader.times(data, starts[rows], ends[rows], careful)
                claimed = reader.claims(data, starts[rows], ends[rows], found) if careful else found != NO_TIME
                mine = rows[claimed]
                times[mine], layouts[mine], loose[mine] = found[claimed], place, False
        telling = telling_lines(data, starts, ends, loose)
        begins = np.zeros(len(starts), dtype=bool)
        for place, reader in enumerate(self._readers):
            rows = np.flatnonzero(layouts == place)
            if len(rows):
                begins[rows] = reader.begins(data, starts[rows], ends[rows], times[rows], telling[rows])
        for place, above in self._belongs_below:
            begins[1:] &= ~((layouts[1:] == place) & (layouts[:-1] == above) & ~loose[:-1])
        for place, layout in enumerate(self.layouts):
            if layout.text_below or layout.level_below:
                begins[1:] &= ~goes_on_below(times, (layouts == place) & ~loose)
        if self._dated_heads:
            part_long_records(data, starts, ends, begins, telling)
        return Marks(times, begins, layouts, loose, telling)

    def _levels(self, data: Bytes, starts: Offsets, ends: Offsets, marks: Marks, wrapping: Wrapping | None) -> Codes:
        """The level code of each record, from its first line: stated in it or by its envelope, or judged
        by the words of a line that is of no layout (a crash among JSON lines)."""
        levels = np.zeros(len(starts), dtype=np.int8)
        for place, reader in enumerate(self._readers):
            rows = np.flatnonzero(marks.layouts == place)
            if len(rows):
                levels[rows] = reader.levels(data, starts[rows], ends[rows], marks.loose[rows], marks.telling[rows])
        unstated = marks.loose | (levels == 0)
        unstated |= ~np.array([reader.states_level for reader in self._readers])[marks.layouts]
        strays = np.flatnonzero((levels == 0) & (marks.times == NO_TIME) & (marks.layouts == 0))
        if len(strays):
            levels[strays] = judged(data, starts[strays], ends[strays], marks.telling[strays])
        if wrapping is not None:
            levels = np.where(unstated & (wrapping.levels > 0), wrapping.levels, levels)
        return levels


def _inherit(times: Micros, before: int) -> Micros:
    """Records without a timestamp take that of the record before them."""
    missing = times == NO_TIME
    if not missing.any():
        return times
    index = np.where(missing, -1, np.arange(len(times)))
    np.maximum.accumulate(index, out=index)
    return np.where(index < 0, before, times[index])


__all__ = ["PADDING", "LineReader", "LineTable"]
