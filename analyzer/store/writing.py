"""Rows that are added to rows: how what a batch holds becomes part of what a night has."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, select

from analyzer.model import Skipped, Source
from analyzer.reason.columns import NO_TIME
from analyzer.reason.templates import MAX_TEMPLATES, OTHER, Shapes
from analyzer.store import schema
from analyzer.store.calendar import Calendar
from analyzer.store.database import Database
from analyzer.store.documents import source_from_json, source_to_json
from analyzer.store.events import EventFile


@dataclass(slots=True)
class Span:
    """The first and the last of some times (microseconds)."""

    first: int = NO_TIME
    last: int = NO_TIME

    def add(self, first: int | None, last: int | None) -> None:
        """Widen the span so that it holds both."""
        if first is not None and last is not None and last != NO_TIME:
            self.first = first if self.first == NO_TIME else min(self.first, first)
            self.last = max(self.last, last)

    def columns(self) -> dict[str, int | None]:
        """The span as columns of a row."""
        known = self.last != NO_TIME
        return {"first_time": self.first if known else None, "last_time": self.last if known else None}


@dataclass(slots=True)
class Given:
    """What a source gave to a night."""

    records: int = 0
    errors: int = 0
    dated: int = 0
    bytes: int = 0
    lines: int = 0
    span: Span = field(default_factory=Span)
    report: Source | None = None

    def add_report(self, source: Source) -> None:
        """Take in how a stretch of the source was understood."""
        self.bytes += source.bytes
        self.lines += source.lines
        self.report = source if self.report is None else _merged(self.report, source)


@dataclass(slots=True)
class Shape:
    """How often a masked text was seen in a night."""

    records: int = 0
    level: int = 0
    span: Span = field(default_factory=Span)
    sources: set[str] = field(default_factory=set)
    example: str = ""


class NightShapes:
    """The masked texts of one night; what is over the limit counts as other."""

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}

    def add(self, found: Shapes, source: str) -> None:
        """Take in the shapes of one block of a source."""
        rows = zip(found.templates, found.counts, found.levels, found.first, found.last, found.examples, strict=True)
        for template, count, level, first, last, example in rows:
            self._add(template, count, level, (first, last), [source], example)

    def add_rows(self, connection: Connection, night: date) -> None:
        """Take in what the store has of the night; texts that it knows come first."""
        late, self.shapes = self.shapes, {}
        for row in connection.execute(select(schema.shapes).where(schema.shapes.c.night == night.isoformat())):
            times = (row.first_time, row.last_time)
            self._add(row.template, row.records, row.level, times, json.loads(row.sources), row.example)
        for text, shape in late.items():
            times = (shape.span.first, shape.span.last)
            self._add(text, shape.records, shape.level, times, shape.sources, shape.example)

    def _add(
        self,
        text: str,
        records: int,
        level: int,
        times: tuple[int | None, int | None],
        sources: Iterable[str],
        example: str,
    ) -> None:
        known = text in self.shapes or len(self.shapes) < MAX_TEMPLATES
        shape = self.shapes.setdefault(text if known else OTHER, Shape())
        shape.records += records
        shape.level = max(shape.level, level)
        shape.span.add(*times)
        shape.sources.update(sources)
        shape.example = shape.example or example


@dataclass
class Gathered:
    """All that is to be added to the nights of a store."""

    files: dict[str, EventFile] = field(default_factory=dict)
    volume: Counter[tuple[date, int, int]] = field(default_factory=Counter)
    """Records by night, minute and level code."""
    given: dict[tuple[date, str], Given] = field(default_factory=lambda: defaultdict(Given))
    shapes: dict[date, NightShapes] = field(default_factory=lambda: defaultdict(NightShapes))

    def nights(self) -> set[date]:
        """The nights to which there is something to add."""
        return {night for night, _ in self.given} | {file.night for file in self.files.values()}


def add_to_nights(connection: Connection, database: Database, gathered: Gathered, calendar: Calendar) -> None:
    """Add it all, and mark the nights as to be explained anew."""
    files = [file for file in gathered.files.values() if not _is_known(connection, file)]
    _add_nights(connection, database, gathered, files, calendar)
    upsert(connection, database, schema.event_files, [_file_row(file) for file in files])
    volume = [
        {"night": night.isoformat(), "minute": minute, "level": level, "records": records}
        for (night, minute, level), records in sorted(gathered.volume.items())
    ]
    upsert(connection, database, schema.volume, volume, added=("records",))
    given = [_given_row(connection, night, path, given) for (night, path), given in sorted(gathered.given.items())]
    upsert(connection, database, schema.night_sources, given)
    for night, shapes in sorted(gathered.shapes.items()):
        shapes.add_rows(connection, night)
        upsert(connection, database, schema.shapes, list(_shape_rows(night, shapes)))


def _is_known(connection: Connection, file: EventFile) -> bool:
    """Whether a file of the very same content belongs already."""
    return (
        connection.scalar(select(schema.event_files.c.rows).where(schema.event_files.c.path == file.path)) is not None
    )


def _add_nights(
    connection: Connection, database: Database, gathered: Gathered, files: Sequence[EventFile], calendar: Calendar
) -> None:
    sums: dict[date, Counter[str]] = {night: Counter() for night in sorted(gathered.nights())}
    for (night, _), given in gathered.given.items():
        for name in ("records", "errors", "bytes", "lines"):
            sums[night][name] += getattr(given, name)
    for file in files:
        sums[file.night]["events"] += file.rows
    rows = []
    for night, counts in sums.items():
        start, end = calendar.window(night)
        numbers = {name: counts[name] for name in ("records", "errors", "bytes", "lines", "events")}
        rows.append({"night": night.isoformat(), "start_time": start, "end_time": end, "pending": True, **numbers})
    upsert(connection, database, schema.nights, rows, added=("records", "errors", "bytes", "lines", "events"))


def _file_row(file: EventFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "night": file.night.isoformat(),
        "rows": file.rows,
        "bytes": file.bytes,
        "first_time": file.first_time,
        "last_time": file.last_time,
    }


def _given_row(connection: Connection, night: date, path: str, given: Given) -> dict[str, Any]:
    """What a source gave to a night by now, with what the store has of that."""
    table = schema.night_sources
    known = connection.execute(select(table).where(table.c.night == night.isoformat(), table.c.path == path)).first()
    counts = {name: getattr(given, name) for name in ("records", "errors", "dated", "bytes", "lines")}
    span, report = Span(given.span.first, given.span.last), given.report
    if known is not None:
        counts = {name: count + getattr(known, name) for name, count in counts.items()}
        span.add(known.first_time, known.last_time)
        before = source_from_json(known.document)
        report = before if report is None else _merged(before, report)
    document = source_to_json(report or Source(path=path))
    return {"night": night.isoformat(), "path": path, "document": document, **counts, **span.columns()}


def _shape_rows(night: date, shapes: NightShapes) -> Iterable[dict[str, Any]]:
    for text, shape in shapes.shapes.items():
        yield {
            "night": night.isoformat(),
            "template": text,
            "records": shape.records,
            "level": shape.level,
            "sources": json.dumps(sorted(shape.sources)),
            "example": shape.example,
            **shape.span.columns(),
        }


def _merged(first: Source, second: Source) -> Source:
    """How a source was understood over two stretches: as in the latter, remarks of both."""
    remarks: dict[str, Skipped] = {}
    for skip in (*first.skipped, *second.skipped):
        known = remarks.get(skip.reason)
        remarks[skip.reason] = replace(known, count=known.count + skip.count) if known else skip
    return replace(second, layout=second.layout or first.layout, skipped=tuple(remarks.values()))


def upsert(
    connection: Connection,
    database: Database,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    added: Sequence[str] = (),
) -> None:
    """Insert rows, in place of those with the same key; the columns `added` become sums of old and new."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = database.insert(table)
    changed: dict[str, ColumnElement[Any] | Column[Any]] = {
        name: table.c[name] + statement.excluded[name] if name in added else statement.excluded[name]
        for name in rows[0]
        if name not in keys
    }
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), [_storable(r) for r in rows])


def _storable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what a database cannot hold in text: NUL."""
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in row.items()}
