"""Where events are collected: in memory while they are few, in a temporary file when they are many.

So memory stays the same for 4 GB of logs as for 400 MB; the table that comes out reads the file
through the page cache, column by column, as far as it is looked at.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa

from analyzer.model import EVENTS_SCHEMA

IN_MEMORY = 24 << 20
"""Bytes of events that are kept in memory before the rest goes to a file."""


class EventSink:
    """Collects batches of events in the order in which they are added."""

    def __init__(self, limit: int = IN_MEMORY) -> None:
        """`limit`: bytes to keep in memory."""
        self._limit = limit
        self._batches: list[pa.RecordBatch] = []
        self._held = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in one batch with the events schema."""
        if self._writer is not None:
            self._writer.write_batch(batch)
            return
        self._batches.append(batch)
        self._held += batch.nbytes
        if self._held > self._limit:
            self._spill()

    def table(self) -> pa.Table:
        """Everything collected so far; nothing can be added afterwards."""
        if self._writer is None:
            return pa.Table.from_batches(self._batches, EVENTS_SCHEMA)
        self._writer.close()
        # The mapping keeps the data reachable after the name is gone from the folder.
        reader = pa.ipc.open_stream(pa.memory_map(str(self._path())))
        table = reader.read_all()
        if self._folder is not None:
            self._folder.cleanup()
        return table

    def _spill(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="analyzer-events-", ignore_cleanup_errors=True)
        self._writer = pa.ipc.new_stream(str(self._path()), EVENTS_SCHEMA)
        for batch in self._batches:
            self._writer.write_batch(batch)
        self._batches.clear()

    def _path(self) -> Path:
        return Path(self._folder.name if self._folder else "") / "events.arrows"
