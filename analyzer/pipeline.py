"""`analyze`: the only place that puts the rooms together."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from analyzer import __version__
from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.errors import InputError
from analyzer.ingest.blocks import Block, read_blocks
from analyzer.ingest.context import contexts
from analyzer.ingest.discover import STANDARD_INPUT, Input, discover
from analyzer.ingest.open import Stream
from analyzer.match.cache import engine_for
from analyzer.match.scan import BlockScan, Scanner, Window
from analyzer.match.sink import EventSink
from analyzer.model import LEVELS, VOLUME_SCHEMA, Analysis, Evidence, Incident, Skipped, Source, Totals
from analyzer.reason.columns import NO_TIME
from analyzer.reason.incidents import reason
from analyzer.reason.moments import moment
from analyzer.reason.templates import Shapes, Templates, shapes
from analyzer.redact import redact

Progress = Callable[[str, int], None]
"""Called now and then with the path being read and the bytes read of it so far."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to analyse; times are inclusive, `zone` is for timestamps that name none."""

    window: Window = field(default_factory=Window)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    jobs: int = 2
    redact: bool = True
    progress: Progress | None = None


def analyze(
    paths: Iterable[str | os.PathLike[str]],
    *,
    catalogue: Catalogue | None = None,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    timezone: str = "UTC",
    jobs: int | None = None,
    redact: bool = True,
    progress: Progress | None = None,
) -> Analysis:
    """Read logs, match them against a catalogue and explain what went wrong.

    `paths` are files, folders, globs, or `-` for standard input. `since` and `until` bound the
    records that count, as datetimes or ISO 8601 text; naive ones are in `timezone` (an IANA name),
    like naive timestamps in the logs. `jobs` is the number of threads (default: one per core).
    With `redact`, secrets are taken out of all log text.

    Trouble with single inputs is reported in `Analysis.sources`. Raises `InputError` where the
    arguments make no sense and `CatalogueError` where the built-in catalogue is broken.
    """
    options = Options(
        window=_window(since, until, _zone(timezone)),
        zone=_zone(timezone),
        jobs=_jobs(jobs),
        redact=redact,
        progress=progress,
    )
    return _Run(catalogue if catalogue is not None else load_catalogue(), options).analyze(list(paths))


def scan_only(
    paths: Iterable[str | os.PathLike[str]], *, catalogue: Catalogue | None = None, jobs: int = 1
) -> pa.Table:
    """The events table of some logs, without reasoning: what the scan benchmark measures."""
    run = _Run(catalogue if catalogue is not None else load_catalogue(), Options(jobs=jobs))
    run.read(list(paths))
    return run.sink.table()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone {name!r}; use an IANA name such as Europe/Berlin or UTC") from error


def _jobs(jobs: int | None) -> int:
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs must be at least 1, not {jobs}")
    return jobs or os.cpu_count() or 1


def _window(since: datetime | str | None, until: datetime | str | None, zone: ZoneInfo) -> Window:
    bounds = Window()
    if since is not None:
        bounds = replace(bounds, since=_micros(since, zone, "since"))
    if until is not None:
        bounds = replace(bounds, until=_micros(until, zone, "until"))
    if bounds.since > bounds.until:
        raise InputError("since lies after until")
    return bounds


def _micros(value: datetime | str, zone: ZoneInfo, name: str) -> int:
    try:
        given = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise InputError(f"{name} is no ISO 8601 time: {value!r}; write it like 2025-10-24T02:00") from error
    aware = given if given.tzinfo else given.replace(tzinfo=zone)
    return round(aware.timestamp() * 1_000_000)


@dataclass(slots=True)
class _Tally:
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
    assumes_year: bool = False
    assumes_zone: bool = False

    def add(self, block: Block, scan: BlockScan) -> None:
        self.layout = block.reader.layout.name
        self.bytes += block.length
        self.nuls += block.nuls
        self.assumes_year |= block.reader.assumes_year
        self.assumes_zone |= block.reader.assumes_zone
        self.lines += scan.lines
        self.records += scan.records
        self.dated += scan.dated_records
        self.cut_lines += block.cut_line
        if scan.last != NO_TIME:
            self.first = scan.first if self.first == NO_TIME else min(self.first, scan.first)
            self.last = max(self.last, scan.last)


class _Run:
    """One call of `analyze`: state that lives from the first block to the last."""

    def __init__(self, catalogue: Catalogue, options: Options) -> None:
        self.catalogue = catalogue
        self.options = options
        self.sink = EventSink()
        self.templates = Templates()
        self.volume: dict[str, Counter[tuple[int, int]]] = {}
        self.latest: dict[str, int] = {}

    def analyze(self, paths: Sequence[str | os.PathLike[str]]) -> Analysis:
        """Read, reason, conclude."""
        return self._conclude(self.read(paths))

    def read(self, paths: Sequence[str | os.PathLike[str]]) -> list[Source]:
        """Read all inputs; events, volume and templates gather in this run."""
        inputs, refused = discover(paths)
        if not inputs and not refused:
            raise InputError("nothing to read: give at least one file, folder, glob, or - for standard input")
        self.scanner = Scanner(
            self.catalogue,
            engine_for(self.catalogue),
            [i.path for i in inputs],
            self.options.window,
            self.options.redact,
        )
        read: dict[int, Source] = {}
        with ThreadPoolExecutor(self.options.jobs) as pool:
            for number in self._in_order(inputs):
                read[number] = self._read(inputs[number], number, pool, self._latest_beside(inputs[number].path))
        return [*(read[number] for number in sorted(read)), *refused]

    def _in_order(self, inputs: Sequence[Input]) -> Iterator[int]:
        """Inputs as given, those whose timestamps lack the year last: by then the files beside them
        tell the year better than the time at which they were last written."""
        postponed = [n for n, i in enumerate(inputs) if i.path != STANDARD_INPUT and _lacks_year(i)]
        yield from (n for n in range(len(inputs)) if n not in set(postponed))
        yield from postponed

    def _latest_beside(self, path: str) -> int:
        """The last time seen in the folder of a path, `NO_TIME` if none."""
        return self.latest.get(os.path.dirname(path), NO_TIME)

    def _read(self, source: Input, number: int, pool: ThreadPoolExecutor, latest: int) -> Source:
        """Read one input to its end."""
        try:
            stream = Stream(source)
        except OSError as error:
            reason_ = Skipped(reason=f"cannot be opened: {error.strerror}", trouble=True)
            return Source(path=source.path, skipped=(reason_,))
        known = moment(latest)
        if known is not None:
            stream.modified = min(stream.modified, known)
        tally = _Tally()
        first: Block | None = None
        try:
            waiting: deque[tuple[Block, Future[tuple[BlockScan, Shapes]]]] = deque()
            for block in read_blocks(stream, self.options.zone):
                first = first or block
                waiting.append((block, pool.submit(self._work, block, number)))
                if len(waiting) > self.options.jobs:
                    self._take(source, tally, *waiting.popleft())
            while waiting:
                self._take(source, tally, *waiting.popleft())
        finally:
            stream.close()
        if tally.last != NO_TIME:
            folder = os.path.dirname(source.path)
            self.latest[folder] = max(self.latest.get(folder, NO_TIME), tally.last)
        return _source(source, stream, tally, first)

    def _work(self, block: Block, number: int) -> tuple[BlockScan, Shapes]:
        scan = self.scanner.scan(block, number)
        return scan, shapes(scan.unmatched, scan.unmatched_times, scan.unmatched_levels)

    def _take(self, source: Input, tally: _Tally, block: Block, future: Future[tuple[BlockScan, Shapes]]) -> None:
        scan, found = future.result()
        tally.add(block, scan)
        if scan.events is not None:
            self.sink.add(scan.events)
        self.templates.add(found, source.path)
        self.volume.setdefault(source.path, Counter()).update(scan.volume)
        if self.options.progress is not None:
            self.options.progress(source.path, tally.bytes)

    def _with_context(self, incidents: Sequence[Incident]) -> list[Incident]:
        """The incidents with the lines around each piece of evidence."""
        wanted: dict[str, dict[int, int]] = {}
        for evidence in (e for incident in incidents for e in incident.evidence):
            wanted.setdefault(evidence.source, {})[evidence.offset] = evidence.text.count("\n") + 1
        found = {path: contexts(path, list(records.items())) for path, records in wanted.items()}
        clean = redact if self.options.redact else str

        def around(evidence: Evidence) -> Evidence:
            context = found[evidence.source].get(evidence.offset)
            if context is None:
                return evidence
            return replace(evidence, before=tuple(map(clean, context.before)), after=tuple(map(clean, context.after)))

        return [replace(i, evidence=tuple(map(around, i.evidence))) for i in incidents]

    def _conclude(self, sources: list[Source]) -> Analysis:
        explained = reason(self.sink.table(), self.catalogue)
        unknown = self.templates.summary(self.options.redact)
        times = [t for s in sources for t in (s.first_timestamp, s.last_timestamp) if t is not None]
        return Analysis(
            incidents=self._with_context(explained.incidents),
            events=explained.events,
            unknown=unknown,
            sources=sources,
            volume=_volume_table(self.volume),
            changes=explained.changes,
            totals=Totals(
                bytes=sum(s.bytes for s in sources),
                lines=sum(s.lines for s in sources),
                records=sum(s.records for s in sources),
                events=explained.events.num_rows,
                incidents=len(explained.incidents),
                unknown=len(unknown),
            ),
            start=min(times, default=None),
            end=max(times, default=None),
            generated_at=datetime.now(UTC),
            analyzer_version=__version__,
        )


def _lacks_year(source: Input) -> bool:
    """Whether the timestamps of a file leave out the year, by its beginning."""
    try:
        stream = Stream(source)
    except OSError:
        return False
    try:
        block = next(read_blocks(stream, size=1 << 16), None)
        return block is not None and block.reader.assumes_year
    finally:
        stream.close()


def _source(source: Input, stream: Stream, tally: _Tally, first: Block | None) -> Source:
    """What is reported about an input: how it was understood, and everything that was not."""
    skipped = [stream.fault] if stream.fault else []
    if first is None:
        skipped.append(_nothing_read(source, stream))
    else:
        skipped += _remarks(first, tally)
    return Source(
        path=source.path,
        layout=tally.layout,
        compression=stream.compression,
        encoding=stream.encoding if first else None,
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
        return Skipped(reason="not a text file", trouble=True)
    return Skipped(reason="the file is empty", trouble=source.named and stream.fault is None)


def _remarks(first: Block, tally: _Tally) -> list[Skipped]:
    remarks: list[Skipped] = []
    sample = bytes(first.content()[:300]).decode("utf-8", "replace").split("\n")[0]
    if not tally.dated:
        remarks.append(Skipped(reason="no timestamp found in any record", count=tally.records, sample=sample))
    elif tally.dated < tally.records:
        remarks.append(Skipped(reason="records without a timestamp of their own", count=tally.records - tally.dated))
    if tally.assumes_year and tally.dated:
        year = moment(tally.last)
        remarks.append(
            Skipped(reason=f"timestamps without a year; taken to end in {year.year if year else '?'}", sample=sample)
        )
    if tally.assumes_zone and tally.dated:
        remarks.append(
            Skipped(reason=f"timestamps without a time zone; read as {first.reader.clock.zone}", sample=sample)
        )
    if tally.nuls:
        remarks.append(Skipped(reason="NUL bytes skipped", count=tally.nuls))
    if tally.cut_lines:
        remarks.append(Skipped(reason="lines too long to be read whole", count=tally.cut_lines))
    return remarks


def _volume_table(volume: dict[str, Counter[tuple[int, int]]]) -> pa.Table:
    rows = [
        (minute, path, code, count)
        for path, counts in volume.items()
        for (minute, code), count in sorted(counts.items())
    ]
    return pa.table(
        [
            pa.array(
                [None if minute == NO_TIME else minute for minute, *_ in rows], VOLUME_SCHEMA.field("minute").type
            ),
            pa.array([path for _, path, _, _ in rows], pa.string()),
            pa.array([LEVELS[code - 1] if code else None for _, _, code, _ in rows], pa.string()),
            pa.array([count for *_, count in rows], pa.int64()),
        ],
        schema=VOLUME_SCHEMA,
    )


__all__ = ["analyze"]
