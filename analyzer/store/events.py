"""Events as Parquet files by night, beside the database, which says what files belong.

A file is named by its content and gets its name only when it is whole and on the disk: what a run that
was killed left behind is either the same again or no part of the store, and then swept away.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzer.errors import StoreError
from analyzer.model import EVENTS_SCHEMA, TERM_PREFIX, UNKNOWN_PREFIX

_PARTITION = "night="


@dataclass(frozen=True, slots=True)
class EventFile:
    """One file of events; `path` is below the events folder, times are microseconds; `rows` leaves out what
    no signature recognised."""

    path: str
    night: date
    rows: int
    bytes: int
    first_time: int | None
    last_time: int | None


def write_events(folder: Path, night: date, batches: Sequence[pa.RecordBatch]) -> EventFile:
    """Write the events of one night to a file of their own. Raises OSError where that fails."""
    table = pa.Table.from_batches(batches, EVENTS_SCHEMA)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    content = memoryview(sink.getvalue())
    name = hashlib.blake2b(content, digest_size=12).hexdigest() + ".parquet"
    partition = folder / f"{_PARTITION}{night.isoformat()}"
    partition.mkdir(parents=True, exist_ok=True)
    _write_whole(partition / name, content)
    bounds = pc.min_max(table["timestamp"].cast(pa.int64())).as_py()
    return EventFile(
        path=f"{partition.name}/{name}",
        night=night,
        rows=int(pc.sum(recognised(table["signature"].cast(pa.string()))).as_py() or 0),
        bytes=len(content),
        first_time=bounds["min"],
        last_time=bounds["max"],
    )


def recognised(names: pa.ChunkedArray | pc.Expression) -> Any:
    """Which events are those of signatures, by their names: neither terms of CRE rules nor unknown failures."""
    return pc.invert(pc.match_substring_regex(names, f"^(?:{TERM_PREFIX}|{UNKNOWN_PREFIX})"))


def read_events(files: Iterable[Path]) -> pa.Table:
    """The events of some files in the order of their sources and places in them, however they came."""
    # In the order of their first events, those of one log need no sorting.
    tables = sorted(filter(len, map(_read, files)), key=lambda table: table["offset"][0].as_py())
    if not tables:
        return EVENTS_SCHEMA.empty_table()
    table = pa.concat_tables(tables).unify_dictionaries()
    del tables
    offsets = table["offset"].to_numpy()
    order = np.lexsort((_ranks(table["signature"]), offsets, _ranks(table["source"])))
    return _by_column(table, None if (order[1:] > order[:-1]).all() else pa.array(order))


def _ranks(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Numbers in the order of the texts of a column whose chunks share one dictionary."""
    codes = column.combine_chunks()
    texts = np.array(codes.dictionary.to_pylist(), dtype=object)
    ranks = np.empty(len(texts), dtype=np.int64)
    ranks[np.argsort(texts)] = np.arange(len(texts))
    found: npt.NDArray[np.int64] = ranks[codes.indices.to_numpy()]
    return found


def _by_column(table: pa.Table, order: pa.Array | None) -> pa.Table:
    """The rows of a table in one piece, in another order where one is given; of no more than one column there are
    two copies at a time."""
    pieces = []
    for _ in range(table.num_columns):
        column = table.column(0)
        pieces.append(column.combine_chunks() if order is None else column.take(order))
        table = table.remove_column(0)
    return pa.Table.from_arrays(pieces, schema=EVENTS_SCHEMA)


def sweep(folder: Path, belonging: set[str]) -> None:
    """Remove what is no part of the store: files that a run left behind when it was killed."""
    for file in _files(folder):
        if f"{file.parent.name}/{file.name}" not in belonging:
            file.unlink(missing_ok=True)


def remove(folder: Path, paths: Iterable[str]) -> None:
    """Remove files that no longer belong, and folders that are empty then."""
    for path in paths:
        (folder / path).unlink(missing_ok=True)
        if not any((folder / path).parent.iterdir()):
            (folder / path).parent.rmdir()


def _files(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f"{_PARTITION}*/*.parquet")
    yield from folder.glob(f"{_PARTITION}*/*.tmp")


def _read(file: Path) -> pa.Table:
    try:
        return pq.read_table(file, schema=EVENTS_SCHEMA, partitioning=None)
    except (OSError, pa.ArrowInvalid) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise StoreError(f"{file}: cannot be read ({reason}); restore the store from a backup") from error


def _write_whole(path: Path, content: memoryview) -> None:
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Make a new name outlive a power cut; not every system lets folders be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
