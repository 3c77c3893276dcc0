"""How far each log has been read, and how it is known again: by its content, whatever it is called.

A log that was renamed, copied, compressed or moved still begins as it did, and what stands just before
the place where reading stopped still stands there. Size and time of writing are no evidence.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from analyzer.errors import StoreError
from analyzer.ingest.discover import Input
from analyzer.ingest.open import FINGERPRINTED, Fingerprint, Stream
from analyzer.store.database import Database
from analyzer.store.schema import streams

_LENGTHS = tuple(1 << power for power in range(6, FINGERPRINTED.bit_length()))
SURE = 1024
"""Bytes of content that two different logs do not share by chance; shorter ones need more than that."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where reading of a log stopped. `heads` are fingerprints of its beginning, the longest last."""

    id: str
    path: str
    inode: str
    heads: tuple[Fingerprint, ...]
    position: int
    line: int
    last_time: int | None
    tail: Fingerprint
    last_night: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """An input and what is known of it: a stream that stands where reading has to go on.

    `shorter` tells that it holds less than was read of that log already.
    """

    stream: Stream
    heads: tuple[Fingerprint, ...]
    checkpoint: Checkpoint | None = None
    shorter: bool = False


class Streams:
    """All checkpoints of a store, looked up by content; kept up to date while a run goes on."""

    def __init__(self, checkpoints: Iterable[Checkpoint]) -> None:
        self._by_id: dict[str, Checkpoint] = {}
        self._by_head: dict[Fingerprint, dict[str, None]] = defaultdict(dict)
        self._short: dict[str, None] = {}
        self._claimed: set[str] = set()
        self.present: frozenset[str] = frozenset()
        """The inodes of all inputs of this run."""
        for checkpoint in checkpoints:
            self.put(checkpoint)

    def put(self, checkpoint: Checkpoint) -> None:
        """Take in a checkpoint, in place of the one with its id."""
        self._by_id[checkpoint.id] = checkpoint
        self._short[checkpoint.id] = None
        for head in checkpoint.heads:
            if head.length in _LENGTHS:
                self._by_head[head][checkpoint.id] = None
                self._short.pop(checkpoint.id, None)

    def __iter__(self) -> Iterator[Checkpoint]:
        return iter(self._by_id.values())

    def claim(self, checkpoint: Checkpoint) -> None:
        """Note that an input of this run is this log."""
        self._claimed.add(checkpoint.id)

    def find(self, stream: Stream, inode: str) -> Found:
        """Which log an open stream is. Raises OSError where it cannot be opened once more."""
        source = stream.source
        shorter: Checkpoint | None = None
        heads = heads_of(stream)
        for checkpoint in self._alike(stream, heads, source.path, inode):
            match _lead_on(stream, checkpoint):
                case "here":
                    return Found(stream, heads, checkpoint)
                case "shorter":
                    shorter = shorter or checkpoint
            stream.close()
            stream = Stream(source)
        return Found(stream, heads, shorter, shorter=shorter is not None)

    def new(self, source: Input, head: Fingerprint) -> str:
        """An id for a log that was not known."""
        number = 0
        while True:
            named = f"{source.path}\0{head.digest}\0{number}"
            found = hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            if found not in self._by_id:
                return found
            number += 1

    def _alike(self, stream: Stream, heads: tuple[Fingerprint, ...], path: str, inode: str) -> list[Checkpoint]:
        """Logs that begin like a stream, the likeliest first."""
        near = dict(self._short)
        for head in heads:
            near |= self._by_head.get(head, {})
        here = heads[-1].length if heads else 0
        alike = []
        for checkpoint in map(self._by_id.__getitem__, near):
            longest = checkpoint.heads[-1]
            if longest.length <= here:
                same = stream.fingerprint(longest.length) == longest
            else:  # less than there was: what is left of the beginning has to be the same
                same = here >= SURE and any(head in checkpoint.heads and head.length * 2 > here for head in heads)
            if same and not self._is_elsewhere(checkpoint, inode):
                alike.append(checkpoint)

        def likelihood(checkpoint: Checkpoint) -> tuple[int, bool, bool, int]:
            # What was read furthest; of logs too short to be sure of, the one that was here before.
            sure = checkpoint.position if checkpoint.position >= SURE else 0
            return sure, checkpoint.path == path, checkpoint.inode == inode, checkpoint.position

        return sorted(alike, key=likelihood, reverse=True)

    def _is_elsewhere(self, checkpoint: Checkpoint, inode: str) -> bool:
        """Whether so short a log is to be looked for in another input: many begin with the same few words."""
        moved = checkpoint.inode != inode and checkpoint.inode in self.present
        return checkpoint.position < SURE and (checkpoint.id in self._claimed or moved)


def heads_of(stream: Stream) -> tuple[Fingerprint, ...]:
    """Fingerprints of the beginning of a stream, over a few fixed lengths and the longest."""
    longest = stream.fingerprint(FINGERPRINTED)
    lengths = [length for length in _LENGTHS if length < longest.length]
    return (*(stream.fingerprint(length) for length in lengths), longest) if longest.length else ()


def _lead_on(stream: Stream, checkpoint: Checkpoint) -> Literal["here", "shorter", "other"]:
    """Lead a stream to where reading stopped, and tell whether what stands just before is what was read."""
    before = checkpoint.position - checkpoint.tail.length
    if stream.skip(before) < before:
        return "shorter"
    tail = stream.fingerprint(checkpoint.tail.length)
    if tail != checkpoint.tail:
        return "shorter" if tail.length < checkpoint.tail.length else "other"
    stream.skip(tail.length)
    return "here"


# --- in the database -----------------------------------------------------------------------------


def read_streams(connection: Connection) -> Streams:
    """All checkpoints. Raises `StoreError` where one does not hold what was written: to go on without
    it would count that log twice."""
    rows = connection.execute(select(streams).order_by(streams.c.id))
    return Streams(map(_checkpoint, rows))


def write_checkpoint(connection: Connection, database: Database, checkpoint: Checkpoint) -> None:
    """Save a checkpoint in place of the one with its id."""
    values = _values(checkpoint)
    statement = database.insert(streams).values(**values, checksum=_checksum(values))
    changed = {name: statement.excluded[name] for name in (*values, "checksum") if name != "id"}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))


def _values(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "id": checkpoint.id,
        "path": checkpoint.path,
        "inode": checkpoint.inode,
        "marks": json.dumps([[head.length, head.digest] for head in checkpoint.heads]),
        "position": checkpoint.position,
        "line": checkpoint.line,
        "last_time": checkpoint.last_time,
        "tail": json.dumps([checkpoint.tail.length, checkpoint.tail.digest]),
        "last_night": checkpoint.last_night,
    }


def _checksum(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _checkpoint(row: Row[Any]) -> Checkpoint:
    values = {name: value for name, value in row._mapping.items() if name != "checksum"}  # noqa: SLF001 - its public name
    if _checksum(values) != row.checksum:
        raise StoreError(
            f"the checkpoint of {row.path} is damaged; nothing was read, so that nothing is counted twice: "
            "restore the store from a backup, or begin a new one with --store"
        )
    return Checkpoint(
        id=row.id,
        path=row.path,
        inode=row.inode,
        heads=tuple(Fingerprint(*mark) for mark in json.loads(row.marks)),
        position=row.position,
        line=row.line,
        last_time=row.last_time,
        tail=Fingerprint(*json.loads(row.tail)),
        last_night=row.last_night,
    )
