"""What is new in the sources, read into the store."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from analyzer.catalogue import Catalogue
from analyzer.ingest.blocks import Beginning
from analyzer.ingest.discover import Input, discover
from analyzer.ingest.open import FINGERPRINTED, Fingerprint, Stream, fingerprint_of
from analyzer.model import Skipped, Source
from analyzer.reading import Options, Part, Reader, Tally, report_of
from analyzer.reason.columns import NO_TIME
from analyzer.store.batch import Batch, Digester, NightlyDigest
from analyzer.store.documents import micros
from analyzer.store.session import Session
from analyzer.store.streams import Checkpoint, Found

_HEAD = 256 << 10
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=2)
_STILL_WRITTEN = timedelta(minutes=2)
"""A last line without its end is waited for as long as its file was written to so recently."""


class Increment:
    """What the sources hold that the store does not have yet, read into it."""

    def __init__(self, session: Session, reading: Options, now: datetime) -> None:
        """`now` is the clock: no record is believed to be much later."""
        self.bytes = 0
        self.records = 0
        self.events = 0
        self.trouble: dict[str, str] = {}
        self._archives: dict[str, str] = {}
        """The state of each archive that was read, empty as soon as a member of it is not finished."""
        self._session = session
        self._reading = reading
        self._now = now
        digester = Digester(session.calendar, micros(_EARLIEST) or 0, micros(now + _AHEAD) or 0)
        self._batch = Batch(session.database, session.folder, digester)

    def read(self, sources: Sequence[str], catalogue: Catalogue) -> None:
        """Read every input that has something new, saving now and then."""
        session = self._session
        inputs, refused = discover(sources)
        for source in refused:
            self._complain(source)
        states = {each.path: _state(each) for each in inputs}
        fresh = [each for each in inputs if not states[each.path] or session.files.get(each.path) != states[each.path]]
        session.streams.present = frozenset(_inode(state) for state in states.values() if state)
        session.forget_files([path for path in session.files if path not in states])
        latest = {place.path: place.last_time for place in session.streams if place.last_time is not None}
        passed = {place.path: place.position for place in session.streams}
        with Reader(catalogue, fresh, self._reading, self._batch.digester, latest, passed) as reader:
            for number, found in reader.streams():
                if isinstance(found, Source):
                    self._complain(found)
                else:
                    self._read(reader, found, states[fresh[number].path])
        for path, state in self._archives.items():
            if state:
                self._batch.finished(path, state)
        self._batch.save()

    def _read(self, reader: Reader[NightlyDigest], stream: Stream, state: str) -> None:
        """Read what is new in one input."""
        source = stream.source
        try:
            found = self._session.streams.find(stream, _inode(state))
        except OSError as error:
            self.trouble[source.path] = f"cannot be opened: {error.strerror}"
            return
        with closing(found.stream):
            if found.checkpoint is not None:
                self._session.streams.claim(found.checkpoint)
            if found.shorter:
                self._take_over(source, found, state)
            else:
                self._follow(reader, found, state)
        self._batch.inputs += 1
        if self._batch.is_due:
            self._batch.save()

    def _follow(self, reader: Reader[NightlyDigest], found: Found, state: str) -> None:
        """Read a log from where reading stopped to its end."""
        source, stream, place = found.stream.source, found.stream, self._place(found.stream.source, found, state)
        settled = _is_settled(stream, state, self._now)
        tally, read_from = Tally(), place.position
        for part in reader.read(stream, _beginning(source, stream, place, settled)):
            tally.add(part.block, part.scan)
            undated = self._night(place, stream)
            place = self._passed(place, part)
            self._batch.add(source.path, part.scan, part.digest, undated)
            self.events += part.scan.events.num_rows if part.scan.events is not None else 0
            self._batch.bytes += part.block.length
            if self._batch.is_due:
                self._note(replace(report_of(source, stream, tally), bytes=place.position - read_from), stream, place)
                self._batch.save()
                tally, read_from = Tally(), place.position
        report = replace(report_of(source, stream, tally), bytes=place.position - read_from)
        unfinished = stream.delivered > place.position and not (settled and stream.fault is None)
        if tally.sample is not None:
            self._note(_with_unfinished(report) if unfinished else report, stream, place)
        elif place.position or unfinished:
            report = replace(report, skipped=(stream.fault,) if stream.fault else ())
            self._reached(place)
        self._complain(report)
        done = (settled or not unfinished) and (stream.fault is None or stream.compression is not None)
        self._finished(source, state if done else "")

    def _place(self, source: Input, found: Found, state: str) -> Checkpoint:
        """Where reading of a log has to go on, under the name that it has now."""
        if found.checkpoint is not None and not found.shorter:
            return replace(found.checkpoint, path=source.path, inode=_inode(state), heads=found.heads)
        return Checkpoint(
            id=self._session.streams.new(source, found.heads[-1] if found.heads else Fingerprint(0, "")),
            path=source.path,
            inode=_inode(state),
            heads=found.heads,
            position=0,
            line=1,
            last_time=None,
            tail=Fingerprint(0, ""),
            last_night=None,
        )

    def _passed(self, place: Checkpoint, part: Part[NightlyDigest]) -> Checkpoint:
        """The place after a block."""
        digester, last, known = self._batch.digester, part.scan.last, place.last_time
        if not digester.earliest <= last <= digester.latest or (known is not None and last < known):
            last = NO_TIME if known is None else known
        return replace(
            place,
            position=part.block.end,
            line=part.block.next_line,
            tail=part.block.tail,
            last_time=None if last == NO_TIME else last,
            last_night=None if last == NO_TIME else self._session.calendar.night_of(last).isoformat(),
        )

    def _night(self, place: Checkpoint, stream: Stream) -> date:
        """The night of what has no time of its own: that of the last time before, else of the file's
        last writing."""
        known = place.last_time if place.last_time is not None else micros(stream.modified)
        return self._session.calendar.night_of(known or 0)

    def _note(self, report: Source, stream: Stream, place: Checkpoint) -> None:
        """Take down how a stretch of a log, up to a place, was understood."""
        self._batch.report(self._night(place, stream), report)
        self._reached(place)
        self.bytes += report.bytes
        self.records += report.records

    def _reached(self, place: Checkpoint) -> None:
        self._session.streams.put(place)
        self._session.streams.claim(place)
        self._batch.reached(place)

    def _complain(self, report: Source) -> None:
        for skip in report.skipped:
            if skip.trouble:
                self.trouble[report.path] = skip.reason

    def _take_over(self, source: Input, found: Found, state: str) -> None:
        """Note as read what is but the beginning of a log that was read further: a copy cut short, or
        the log itself cut back."""
        position, line, tail = _measured(found.stream)
        known = found.checkpoint
        self._reached(
            replace(
                self._place(source, found, state),
                position=position,
                line=line,
                tail=tail,
                last_time=known.last_time if known else None,
                last_night=known.last_night if known else None,
            )
        )
        self._finished(source, state)

    def _finished(self, source: Input, state: str) -> None:
        """Note that there is nothing more in a file as it is now; in an archive, once that holds for all its
        members. An empty `state` tells that there may be more."""
        if source.archive is None:
            if state:
                self._batch.finished(source.path, state)
        elif self._archives.setdefault(source.archive, state):
            self._archives[source.archive] = state


def _beginning(source: Input, stream: Stream, place: Checkpoint, settled: bool) -> Beginning:
    goes_on = place.position > 0 and stream.fingerprint(1).length > 0
    return Beginning(
        offset=place.position,
        line=place.line,
        before=NO_TIME if place.last_time is None else place.last_time,
        head=_head_of(source) if goes_on else b"",
        settled=settled,
        mendable=True,
    )


def _with_unfinished(report: Source) -> Source:
    left = Skipped(reason="a last line that is still being written is left for the next run")
    return replace(report, skipped=(*report.skipped, left))


def _head_of(source: Input) -> bytes:
    """How the content of an input begins: whole lines that show its layout."""
    head = bytearray(_HEAD)
    with closing(Stream(source)) as stream:
        count = stream.readinto(memoryview(head))
    return bytes(head[: head.rfind(b"\n", 0, count) + 1])


def _measured(stream: Stream) -> tuple[int, int, Fingerprint]:
    """Where the last whole line of a stream ends, in bytes and lines, and the bytes before that."""
    chunk = bytearray(1 << 20)
    position, line, tail = 0, 1, b""
    rest = b""
    while count := stream.readinto(memoryview(chunk)):
        rest += bytes(chunk[:count])
        end = rest.rfind(b"\n") + 1
        line += rest.count(b"\n")
        position += end
        tail, rest = (tail + rest[:end])[-FINGERPRINTED:], rest[end:]
    return position, line, fingerprint_of(tail)


def _is_settled(stream: Stream, state: str, now: datetime) -> bool:
    """Whether what stands at the end of a file is all that will ever stand there."""
    return stream.compression is not None or not state or now - stream.modified > _STILL_WRITTEN


def _state(source: Input) -> str:
    """What the system says of a file: whatever is done to it, some of this changes. Nothing is known of
    what is no file."""
    try:
        status = os.stat(source.file or source.path)
    except (OSError, ValueError):
        return ""
    if not stat.S_ISREG(status.st_mode):
        return ""
    return ":".join(map(str, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)))


def _inode(state: str) -> str:
    return ":".join(state.split(":")[:2])
