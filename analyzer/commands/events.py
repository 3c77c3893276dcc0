"""`analyzer events`: stored events that meet a condition, as CSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.commands.output import Status, check_target, emit, is_terminal, write_file
from analyzer.contract import format_time
from analyzer.errors import InputError
from analyzer.report.csv import cell
from analyzer.store import open_store
from analyzer.store.query import condition, events_schema, stored_events

Format = Literal["csv", "json", "parquet"]
_BY_ENDING: Mapping[str, Format] = {".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsCommand:
    """The command line of `events`, as given."""

    store: str | None = None
    where: str | None = None
    since: str | None = None
    until: str | None = None
    format: Format | None = None
    """None: as the name of the output ends."""
    output: str | None = None


def events(command: EventsCommand) -> Status:
    """Write the events that were asked for, in the order of their nights."""
    form = command.format or _BY_ENDING.get(Path(command.output or "").suffix.lower(), "csv")
    if command.output is not None:
        check_target(command.output, [])
    elif form == "parquet" and is_terminal(sys.stdout):
        raise InputError("Parquet is not for the terminal: name a file with --output, or redirect")
    wanted = condition(command.where) if command.where is not None else None
    since, until = _time(command.since, "since"), _time(command.until, "until")
    files = open_store(command.store).event_files()
    found = stored_events(files, wanted, since, until) if files else iter(())
    pieces = _PIECES[form](found)
    if command.output is not None:
        write_file(command.output, b"".join(pieces))
    else:
        for piece in pieces:
            emit(piece)
    return Status.DONE


def _time(given: str | None, name: str) -> datetime | None:
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError as error:
        raise InputError(f"{name} is no ISO 8601 time: {given!r}; write it like 2025-10-24T02:00") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _csv(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    yield _csv_rows([events_schema().names])
    for batch in batches:
        yield _csv_rows([_csv_row(row) for row in batch.to_pylist()])


def _csv_row(row: dict[str, Any]) -> list[Any]:
    keys = "; ".join(f"{name}={value}" for name, value in row["keys"] or ())
    return [cell(value) for value in {**row, "timestamp": format_time(row["timestamp"]), "keys": keys}.values()]


def _csv_rows(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _json(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    """One object per line."""
    for batch in batches:
        for row in batch.to_pylist():
            values = {**row, "timestamp": format_time(row["timestamp"]), "keys": dict(row["keys"] or ())}
            yield json.dumps(values).encode() + b"\n"


def _parquet(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, events_schema(), compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
    yield buffer.getvalue()


_PIECES: Mapping[Format, Callable[[Iterator[pa.RecordBatch]], Iterator[bytes]]] = {
    "csv": _csv, "json": _json, "parquet": _parquet,
}  # fmt: skip
