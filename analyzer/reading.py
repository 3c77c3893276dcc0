"""Inputs -> what their blocks hold, in order, several blocks at once; and what is to be said about each input."""

from __future__ import annotations

import os
import stat
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from analyzer.catalogue import Catalogue
from analyzer.ingest.ansi import strip_ansi
from analyzer.ingest.assumed import NO_DOUBTS, NOTHING_ASSUMED, Assumed, Doubts
from analyzer.ingest.blocks import Beginning, Block, read_blocks
from analyzer.ingest.copies import Copies
from analyzer.ingest.discover import STANDARD_INPUT, Input
from analyzer.ingest.open import Stream, streams
from analyzer.ingest.rotation import in_time_order, part_of
from analyzer.ingest.timeformats import may_lack_year
from analyzer.match.cache import cached_engine, engine_for
from analyzer.match.rules import without_late
from analyzer.match.scan import BlockScan, Scanner, Window, unread
from analyzer.model import Skipped, Source
from analyzer.reason.columns import NO_TIME
from analyzer.reason.moments import moment
from analyzer.workers import Workers, WorkLostError

Progress = Callable[[str, int], None]
"""Called now and then with the path being read and the bytes read of it so far."""

Digest = TypeVar("Digest")
_SAMPLE = 1 << 16
_GLIMPSE = 1 << 13
"""Bytes of a log that tell whether its timestamps lack the year: some fifty lines."""

_HALF_A_YEAR = timedelta(days=183)
_MUCH = 64 << 20
"""Bytes from which on processes are worth what it takes to begin and to feed them."""
_PACKED = 8
"""How many bytes of a log a byte of a compressed file stands for, about."""
_PACKING = frozenset({".gz", ".tgz", ".bz2", ".xz", ".zst", ".lz4", ".zip"})


@dataclass(frozen=True, slots=True)
class Options:
    """How to analyse; times are inclusive, `zone` is for timestamps that name none."""

    window: Window = field(default_factory=Window)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    encoding: str | None = None
    """The encoding of logs that are neither UTF-8 nor UTF-16, None where there are no others."""
    jobs: int = 2
    redact: bool = True
    progress: Progress | None = None
    processes: bool = True
    """Whether much is read by processes beside this one, where that is safe, and not only by threads."""


@dataclass(frozen=True, slots=True)
class Part(Generic[Digest]):
    """What one block yielded, and the digest that was made of it beside other blocks."""

    block: Block
    scan: BlockScan
    digest: Digest


@dataclass(slots=True)
class Tally:
    """What one source has yielded so far."""

    layout: str | None = None
    bytes: int = 0
    lines: int = 0
    records: int = 0
    dated: int = 0
    first: int = NO_TIME
    last: int = NO_TIME
    cut_lines: int = 0
    nuls: int = 0
    assumed: Assumed = NOTHING_ASSUMED
    doubts: Doubts = NO_DOUBTS
    zone: str = ""
    encoding: str | None = None
    """That of text which was brought into UTF-8, None where it was already."""
    sample: str | None = None
    """The first line."""
    begun_before: bool = False
    """Whether the first lines go on with a record that began in another file."""

    unasked: Counter[str] = field(default_factory=Counter)
    """Of how many records which jq query of a rule could not be asked."""
    unread: int = 0
    """Lines of blocks that are lost."""
    first_unread: str = ""

    def add(self, block: Block, scan: BlockScan) -> None:
        """Count one block with what was found in it."""
        if self.sample is None:
            self.sample = _first_line(block)
            self.zone = str(block.reader.clock.zone)
            self.encoding = block.encoding
            self.begun_before = block.line == 1 and scan.begins_inside
        self.layout = block.reader.name
        self.bytes += block.length
        self.nuls += block.nuls
        self.assumed |= block.reader.assumed
        self.doubts += scan.doubts
        self.lines += scan.lines
        self.records += scan.records
        self.dated += scan.dated_records
        self.cut_lines += block.cut_line
        self.unasked += scan.unasked
        if scan.unread:
            self.first_unread = self.first_unread or f"line {block.line}: {_first_line(block)}"
            self.unread += scan.lines
        if scan.last != NO_TIME:
            self.first = scan.first if self.first == NO_TIME else min(self.first, scan.first)
            self.last = max(self.last, scan.last)


def _first_line(block: Block) -> str:
    return bytes(block.content()[:300]).decode("utf-8", "replace").split("\n")[0]


class Reader(Generic[Digest]):
    """Matches the blocks of one input after the other against one catalogue; `digest` sums up each
    block's yield where it was scanned, which may be another process."""

    def __init__(
        self,
        catalogue: Catalogue,
        inputs: Sequence[Input],
        options: Options,
        digest: Callable[[BlockScan], Digest],
        latest: Mapping[str, int] | None = None,
        passed: Mapping[str, int] | None = None,
    ) -> None:
        """`latest`: the last time known from before of some paths; `passed`: how many bytes of some need not be
        matched again."""
        self.inputs = inputs
        self._options = options
        self._digest = digest
        self._scanner = Scanner(catalogue, engine_for(catalogue), options.window, options.redact, cached_engine)
        self._latest: dict[str, int] = {}
        self._follows: dict[str, str] = {}
        """The part of a rotated log before another, by path."""
        self._ends: dict[str, int] = {}
        for path, time in (latest or {}).items():
            self._saw(path, time)
        self._workers = Workers(self._work, options.jobs, options.processes and _is_much(inputs, passed or {}))

    def __enter__(self) -> Reader[Digest]:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.close()
        self._scanner.close()

    def streams(self) -> Iterator[tuple[int, Stream | Source]]:
        """Everything behind the inputs, by their number: members of archives, too, and what could
        not be opened. Each stream is to be read before the next is asked for.

        The parts of a rotated log come in the order in which they were written, a copy of a log is
        not read again, and those whose timestamps lack the year come last: by then the files beside
        them tell the year better than the time at which they were last written.
        """
        copies = Copies()
        postponed: dict[int, list[str]] = {}
        for number, source in self._in_order():
            for found in _opened(source):
                if isinstance(found, Source):
                    yield number, found
                elif (copy := copies.recognised(found)) is not None:
                    found.close()
                    yield number, Source(path=found.path, compression=found.compression, skipped=(copy,))
                elif source.path != STANDARD_INPUT and _lacks_year(found):
                    found.close()
                    postponed.setdefault(number, []).append(found.path)
                else:
                    yield number, found
        for number, paths in postponed.items():
            yield from ((number, found) for found in _opened(self.inputs[number], paths))

    def _in_order(self) -> Iterator[tuple[int, Input]]:
        """The inputs with their numbers, parts of one log one after the other."""
        numbers = {source: number for number, source in enumerate(self.inputs)}
        for parts in in_time_order(self.inputs, _begin_of):
            self._follows.update((later.path, earlier.path) for earlier, later in pairwise(parts))
            yield from ((numbers[source], source) for source in parts)

    def read(self, stream: Stream, beginning: Beginning | None = None) -> Iterator[Part[Digest]]:
        """What the blocks of a stream hold, from its `beginning` on."""
        self._learn_year(stream)
        clock = beginning.before if beginning is not None else NO_TIME
        for block, future in self._at_work(stream, beginning):
            part = self._finished(stream.path, clock, block, future)
            clock = max(clock, part.scan.last)
            yield part

    def _at_work(
        self, stream: Stream, beginning: Beginning | None
    ) -> Iterator[tuple[Block, Future[tuple[BlockScan, Digest]]]]:
        """The blocks in order, a few more of them at work already."""
        beginning = beginning or Beginning(before=self._ends.get(self._follows.get(stream.path, ""), NO_TIME))
        waiting: deque[tuple[Block, Future[tuple[BlockScan, Digest]]]] = deque()
        for block in read_blocks(stream, self._options.zone, beginning=beginning, encoding=self._options.encoding):
            waiting.append((block, self._workers.submit((block, stream.path))))
            if len(waiting) > 2 * self._options.jobs:
                yield waiting.popleft()
        yield from waiting

    def _work(self, work: tuple[Block, str]) -> tuple[BlockScan, Digest]:
        """What a block of a log holds; in one of several threads, or in another process."""
        scan = self._scanner.scan(*work)
        return replace(scan, unasked=self._scanner.unasked()), self._digest(scan)

    def _finished(self, path: str, clock: int, block: Block, future: Future[tuple[BlockScan, Digest]]) -> Part[Digest]:
        """What a block yielded, `clock` being the latest time of the blocks before it."""
        try:
            scan, digest = future.result()
        except WorkLostError:
            scan = unread(block)
            digest = self._digest(scan)
        if not block.reader.assumed.year:
            self._saw(path, scan.last)
        if scan.last != NO_TIME:
            self._ends[path] = scan.last
        if scan.events is not None and scan.first < clock:
            scan = replace(scan, events=without_late(scan.events, clock))
        if self._options.progress is not None:
            self._options.progress(path, block.end)
        return Part(block, scan, digest)

    def _saw(self, path: str, time: int) -> None:
        folder = os.path.dirname(path)
        self._latest[folder] = max(self._latest.get(folder, NO_TIME), time)

    def _learn_year(self, stream: Stream) -> None:
        """A log is of about the same time as those beside it, or as its name says, whenever it was
        copied here."""
        known = moment(self._latest.get(os.path.dirname(stream.path), NO_TIME)) or part_of(stream.path).written
        if known is not None:
            stream.modified = min(stream.modified, known + _HALF_A_YEAR)


def _is_much(inputs: Iterable[Input], passed: Mapping[str, int]) -> bool:
    """Whether there is much to read, as far as can be told: a stream or a remote file may hold anything."""
    return sum(max(0, _expected(each) - passed.get(each.path, 0)) for each in inputs) >= _MUCH


def _expected(source: Input) -> int:
    try:
        status = os.stat(source.file or source.path)
    except (OSError, ValueError):
        return _MUCH
    if not stat.S_ISREG(status.st_mode):
        return _MUCH
    return status.st_size * (_PACKED if os.path.splitext(source.path)[1] in _PACKING else 1)


def _opened(source: Input, only: Collection[str] | None = None) -> Iterator[Stream | Source]:
    """What is in an input; with `only`, the streams of these paths, without telling again what else there is."""
    try:
        for found in streams(source, only=only):
            if only is None or isinstance(found, Stream):
                yield found
    except OSError as error:
        trouble = Skipped(reason=f"cannot be opened: {error.strerror or error}", trouble=True)
        yield Source(path=source.path, skipped=(trouble,))


def _lacks_year(stream: Stream) -> bool:
    """Whether the timestamps of a log leave out the year, by its beginning."""
    glimpse = bytearray(_GLIMPSE)
    count = stream.beginning(_GLIMPSE).readinto(memoryview(glimpse))
    if not may_lack_year(strip_ansi(bytes(glimpse[:count]))):
        return False  # found out in a hundredth of the time that it takes to learn how the log is laid out
    block = _first_block(stream, _GLIMPSE)
    return block is not None and block.reader.assumed.year


def _begin_of(source: Input) -> int | None:
    """When the first dated record of a log was written, as far as it says so itself."""
    with suppress(OSError), closing(Stream(source)) as stream:
        block = _first_block(stream, _SAMPLE)
        if block is not None and not block.reader.assumed.year:
            table = block.read()
            return next(iter(table.times[table.dated].tolist()), None)
    return None


def _first_block(stream: Stream, size: int) -> Block | None:
    return next(read_blocks(stream.beginning(size), size=size), None)


def report_of(source: Input, stream: Stream, tally: Tally) -> Source:
    """What is reported about an input: how it was understood, and everything that was not."""
    skipped = [stream.fault] if stream.fault else []
    skipped += [_nothing_read(source, stream)] if tally.sample is None else _remarks(tally)
    return Source(
        path=source.path,
        layout=tally.layout,
        compression=stream.compression,
        encoding=tally.encoding or stream.encoding if tally.sample is not None else None,
        bytes=stream.delivered,
        lines=tally.lines,
        records=tally.records,
        timestamped_records=tally.dated,
        first_timestamp=moment(tally.first),
        last_timestamp=moment(tally.last),
        skipped=tuple(skipped),
    )


def _nothing_read(source: Input, stream: Stream) -> Skipped:
    if stream.delivered:
        return Skipped(reason="not a text file", trouble=source.named)
    return Skipped(reason="the file is empty", trouble=source.named and stream.fault is None)


def _remarks(tally: Tally) -> list[Skipped]:
    remarks: list[Skipped] = []
    if not tally.dated:
        remarks.append(Skipped(reason="no timestamp found in any record", count=tally.records, sample=tally.sample))
    elif tally.dated < tally.records:
        remarks.append(Skipped(reason="records without a timestamp of their own", count=tally.records - tally.dated))
    if tally.dated:
        last = moment(tally.last)
        assumptions = tally.assumed.texts(tally.zone, last.year if last else None)
        remarks += [Skipped(reason=text, sample=tally.sample) for text in assumptions]
    remarks += [Skipped(reason=text, count=count) for text, count in tally.doubts.texts()]
    if tally.begun_before:
        remarks.append(
            Skipped(reason="the first lines continue a record that is not in this file", sample=tally.sample)
        )
    if tally.nuls:
        remarks.append(Skipped(reason="NUL bytes skipped", count=tally.nuls))
    for query, count in tally.unasked.items():
        reason = "records of which a jq query of a CRE rule could not be asked: too much time or memory"
        remarks.append(Skipped(reason=reason, count=count, sample=query, trouble=True))
    if tally.unread:
        reason = "lines lost: the process that read them was ended, and so was the next (is there too little memory?)"
        remarks.append(Skipped(reason=reason, count=tally.unread, sample=tally.first_unread, trouble=True))
    if tally.cut_lines:
        remarks.append(Skipped(reason="lines too long to be read whole", count=tally.cut_lines))
    return remarks
