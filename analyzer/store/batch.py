"""What a run has read since it last saved, by night; saved together with how far it has read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.match.scan import BlockScan
from analyzer.model import LEVEL_CODES, Source
from analyzer.reason.columns import NO_TIME
from analyzer.reason.templates import Shapes, shapes
from analyzer.store import schema
from analyzer.store.calendar import Calendar
from analyzer.store.database import Database
from analyzer.store.events import write_events
from analyzer.store.streams import Checkpoint, write_checkpoint
from analyzer.store.writing import Gathered, add_to_nights, upsert

_IN_MEMORY = 32 << 20
"""Bytes of events of one night that are held before they go to a file."""

SAVE_AFTER_BYTES = 256 << 20
SAVE_AFTER_INPUTS = 200
"""How much is read, at most, before it is saved: what a run that is killed has to read again."""

_ERROR = LEVEL_CODES["error"]


@dataclass(frozen=True, slots=True)
class NightlyDigest:
    """What a block yielded, parted by night (ordinals of dates; None: without a plausible time)."""

    events: Mapping[int | None, pa.RecordBatch]
    shapes: Mapping[int | None, Shapes]


@dataclass(frozen=True)
class Digester:
    """Parts the yield of blocks by night; times outside `earliest` to `latest` (microseconds) are not believed."""

    calendar: Calendar
    earliest: int
    latest: int

    def __call__(self, scan: BlockScan) -> NightlyDigest:
        """The digest of one block."""
        events: dict[int | None, pa.RecordBatch] = {}
        if scan.events is not None:
            times = scan.events.column("timestamp").cast(pa.int64()).fill_null(NO_TIME).to_numpy(zero_copy_only=False)
            for night, rows in self.parted(times):
                events[night] = scan.events if len(rows) == len(times) else scan.events.take(pa.array(rows))
        return NightlyDigest(events, {night: shapes(batch) for night, batch in events.items()})

    def parted(self, times: npt.NDArray[np.int64]) -> Iterator[tuple[int | None, npt.NDArray[np.int64]]]:
        """The rows of each night."""
        if not len(times):
            return
        believed = (times >= self.earliest) & (times <= self.latest)
        nights = np.zeros(len(times), dtype=np.int64)
        nights[believed] = self.calendar.nights_of(times[believed])
        for night in np.unique(nights).tolist():
            yield night or None, np.flatnonzero(nights == night)


class Batch:
    """Collects what blocks yielded, until `save` makes one transaction of it."""

    def __init__(self, database: Database, folder: Path, digester: Digester) -> None:
        """Events go to files in `folder`."""
        self._database = database
        self._folder = folder
        self.digester = digester
        self._begin()

    def _begin(self) -> None:
        self.bytes = 0
        self.inputs = 0
        self._gathered = Gathered()
        self._events: dict[date, list[pa.RecordBatch]] = defaultdict(list)
        self._held: Counter[date] = Counter()
        self._checkpoints: dict[str, Checkpoint] = {}
        self._finished: dict[str, str] = {}

    @property
    def is_due(self) -> bool:
        """Whether so much has been collected that it should be saved."""
        return self.bytes >= SAVE_AFTER_BYTES or self.inputs >= SAVE_AFTER_INPUTS

    def add(self, path: str, scan: BlockScan, digest: NightlyDigest, otherwise: date) -> None:
        """Take in what one block of a source yielded; what has no plausible time belongs to `otherwise`."""
        self._add_volume(path, scan, otherwise)
        for ordinal, events in digest.events.items():
            night = date.fromordinal(ordinal) if ordinal else otherwise
            self._events[night].append(events)
            self._held[night] += events.nbytes
            if self._held[night] > _IN_MEMORY:
                self._write(night)
        for ordinal, found in digest.shapes.items():
            night = date.fromordinal(ordinal) if ordinal else otherwise
            self._gathered.shapes[night].add(found, path)

    def report(self, night: date, source: Source) -> None:
        """Take in how a stretch of a source was understood, which ended in this night."""
        self._gathered.given[night, source.path].add_report(source)

    def reached(self, checkpoint: Checkpoint) -> None:
        """Note how far a log has been read."""
        self._checkpoints[checkpoint.id] = checkpoint

    def finished(self, path: str, state: str) -> None:
        """Note that a file in this state holds nothing more to read."""
        self._finished[path] = state

    def save(self) -> None:
        """Make all of it part of the store, in one transaction, and begin anew.

        Raises `StoreError`; the store is then as it was before.
        """
        for night in list(self._events):
            self._write(night)
        with self._database.begin() as connection:
            add_to_nights(connection, self._database, self._gathered, self.digester.calendar)
            for checkpoint in self._checkpoints.values():
                write_checkpoint(connection, self._database, checkpoint)
            files = [{"path": path, "state": state} for path, state in self._finished.items()]
            upsert(connection, self._database, schema.files, files)
        self._begin()

    def _write(self, night: date) -> None:
        batches = self._events.pop(night)
        self._held.pop(night)
        with self._database.told():
            file = write_events(self._folder, night, batches)
        self._gathered.files[file.path] = file

    def _add_volume(self, path: str, scan: BlockScan, otherwise: date) -> None:
        minutes = np.fromiter((minute for minute, _ in scan.volume), np.int64, len(scan.volume))
        levels = [level for _, level in scan.volume]
        counts = list(scan.volume.values())
        for ordinal, rows in self.digester.parted(minutes):
            night = date.fromordinal(ordinal) if ordinal else otherwise
            given = self._gathered.given[night, path]
            for row in rows.tolist():
                minute, level, count = int(minutes[row]), levels[row], counts[row]
                self._gathered.volume[night, minute, level] += count
                given.records += count
                given.errors += count if level >= _ERROR else 0
                if minute != NO_TIME:
                    given.dated += count
                    given.span.add(minute, minute)
