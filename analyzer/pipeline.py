"""`analyze`: the only place that puts the rooms together."""

from __future__ import annotations

import codecs
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from analyzer import __version__
from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.errors import InputError
from analyzer.ingest.context import contexts
from analyzer.ingest.discover import discover
from analyzer.ingest.open import Stream
from analyzer.match.canonical import canonical
from analyzer.match.scan import BlockScan, Window
from analyzer.match.sink import EventSink
from analyzer.model import LEVELS, VOLUME_SCHEMA, Analysis, Evidence, Incident, Source, Totals
from analyzer.reading import Options, Part, Progress, Reader, Tally, report_of
from analyzer.reason.columns import NO_TIME
from analyzer.reason.incidents import reason
from analyzer.reason.moments import microseconds
from analyzer.reason.templates import Shapes, Templates, shapes
from analyzer.redact import redact_each

EXCERPT = 40
"""Records of which somebody has picked each: what failed in so few is told, however mild or lonely."""


def analyze(  # noqa: PLR0913 (the public function has as many parameters as there are options)
    paths: Iterable[str | os.PathLike[str]],
    *,
    catalogue: Catalogue | None = None,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    timezone: str = "UTC",
    encoding: str | None = None,
    jobs: int | None = None,
    redact: bool = True,
    progress: Progress | None = None,
) -> Analysis:
    """Read logs, match them against a catalogue and explain what went wrong.

    `paths` are files, folders, globs, or `-` for standard input. `since` and `until` bound the
    records that count, as datetimes or ISO 8601 text; naive ones are in `timezone` (an IANA name),
    like naive timestamps in the logs. `encoding` is that of logs that are neither UTF-8 nor UTF-16.
    `jobs` is the number of workers (default: one per core): processes where there is much to read, else threads.
    With `redact`, secrets are taken out of all log text.

    Trouble with single inputs is reported in `Analysis.sources`. Raises `InputError` where the
    arguments make no sense and `CatalogueError` where the built-in catalogue is broken.
    """
    options = options_for(timezone=timezone, encoding=encoding, jobs=jobs, redact=redact, progress=progress)
    options = replace(options, window=_window(since, until, options.zone))
    return _Run(catalogue if catalogue is not None else load_catalogue(), options).analyze(list(paths))


def options_for(
    *, timezone: str, jobs: int | None, redact: bool, progress: Progress | None, encoding: str | None = None
) -> Options:
    """How to read, from what a user says. Raises `InputError` where that makes no sense."""
    return Options(
        zone=_zone(timezone), encoding=_encoding(encoding), jobs=_jobs(jobs), redact=redact, progress=progress
    )


def scan_only(
    paths: Iterable[str | os.PathLike[str]], *, catalogue: Catalogue | None = None, jobs: int = 1
) -> pa.Table:
    """The events table of some logs, without reasoning: what the scan benchmark measures. Failures that no
    signature knows have names of their own (`UNKNOWN_PREFIX`)."""
    run = _Run(catalogue if catalogue is not None else load_catalogue(), Options(jobs=jobs))
    run.read(list(paths))
    return run.sink.table()


def _encoding(name: str | None) -> str | None:
    """An encoding in which a newline is one byte, as everywhere but in UTF-16 and its like."""
    if name is None:
        return None
    try:
        fits = "\n".encode(codecs.lookup(name).name) == b"\n"
    except (LookupError, ValueError, TypeError) as error:
        raise InputError(f"unknown encoding {name!r}; use a name such as latin-1, cp1252 or shift_jis") from error
    if not fits:
        raise InputError(f"encoding {name!r} is none of texts with one-byte newlines; UTF-16 is found out by itself")
    return name


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


class _Run:
    """One call of `analyze`: state that lives from the first block to the last."""

    def __init__(self, catalogue: Catalogue, options: Options) -> None:
        self.catalogue = catalogue
        self.options = options
        self.sink = EventSink()
        self.templates = Templates()
        self.volume: dict[str, Counter[tuple[int, int]]] = {}

    def analyze(self, paths: Sequence[str | os.PathLike[str]]) -> Analysis:
        """Read, reason, conclude."""
        return self._conclude(self.read(paths))

    def read(self, paths: Sequence[str | os.PathLike[str]]) -> list[Source]:
        """Read all inputs; events, volume and templates gather in this run."""
        inputs, refused = discover(paths)
        if not inputs and not refused:
            raise InputError("nothing to read: give at least one file, folder, glob, or - for standard input")
        read: list[tuple[int, Source]] = []
        with Reader(self.catalogue, inputs, self.options, _shapes_of) as reader:
            for number, found in reader.streams():
                read.append((number, found if isinstance(found, Source) else self._read(reader, found)))
        return [*(source for _, source in sorted(read, key=lambda pair: pair[0])), *refused]

    def _read(self, reader: Reader[Shapes], stream: Stream) -> Source:
        """Read one input to its end."""
        tally = Tally()
        with closing(stream):
            for part in reader.read(stream):
                tally.add(part.block, part.scan)
                self._take(stream.path, part)
        return report_of(stream.source, stream, tally)

    def _take(self, path: str, part: Part[Shapes]) -> None:
        if part.scan.events is not None:
            self.sink.add(part.scan.events)
        self.templates.add(part.digest, path)
        self.volume.setdefault(path, Counter()).update(part.scan.volume)

    def _conclude(self, sources: list[Source]) -> Analysis:
        volume = _volume_table(self.volume)
        records = sum(source.records for source in sources)
        explained = reason(
            self.sink.table(),
            self.catalogue,
            volume=volume,
            spans=dict(_spans(sources)),
            excerpt=records if records <= EXCERPT else None,
        )
        unknown = self.templates.summary()
        times = [t for s in sources for t in (s.first_timestamp, s.last_timestamp) if t is not None]
        return Analysis(
            incidents=with_context(explained.incidents, self.options.redact),
            events=explained.events,
            unknown=unknown,
            sources=sources,
            volume=volume,
            changes=explained.changes,
            totals=Totals(
                bytes=sum(s.bytes for s in sources),
                lines=sum(s.lines for s in sources),
                records=records,
                events=explained.events.num_rows,
                incidents=len(explained.incidents),
                unknown=len(unknown),
            ),
            start=min(times, default=None),
            end=max(times, default=None),
            generated_at=datetime.now(UTC),
            analyzer_version=__version__,
        )


def _spans(sources: Iterable[Source]) -> Iterator[tuple[str, tuple[int, int]]]:
    """The first and last time of each source that has any."""
    for source in sources:
        if source.first_timestamp is not None and source.last_timestamp is not None:
            yield source.path, (microseconds(source.first_timestamp), microseconds(source.last_timestamp))


def with_context(incidents: Iterable[Incident], hide_secrets: bool) -> list[Incident]:
    """The incidents with the lines around each piece of evidence, as far as its file still holds it
    and the lines are not known already."""
    told = list(incidents)
    wanted: dict[str, dict[int, int]] = {}
    for evidence in (e for incident in told for e in incident.evidence if not e.before and not e.after):
        wanted.setdefault(evidence.source, {})[evidence.offset] = evidence.text.count("\n") + 1
    found = {path: contexts(path, list(records.items())) for path, records in wanted.items()}
    lines = [
        line for known in found.values() for each in known.values() for line in (*each.before, each.record, *each.after)
    ]
    clean = redact_each(lines).__getitem__ if hide_secrets else str

    def around(evidence: Evidence) -> Evidence:
        context = found.get(evidence.source, {}).get(evidence.offset)
        # Another log may bear the name by now.
        if context is None or not _holds(clean(context.record), evidence.text.split("\n", 1)[0]):
            return evidence
        return replace(evidence, before=tuple(map(clean, context.before)), after=tuple(map(clean, context.after)))

    return [replace(incident, evidence=tuple(map(around, incident.evidence))) for incident in told]


def _holds(line: str, text: str) -> bool:
    """Whether a line of a file holds a text, be it in an envelope."""
    return canonical(text.strip().encode()) in canonical(line.encode())


def _shapes_of(scan: BlockScan) -> Shapes:
    return shapes(scan.events)


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


__all__ = ["Progress", "analyze", "options_for", "scan_only", "with_context"]
