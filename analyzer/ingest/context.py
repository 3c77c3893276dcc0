"""The lines around a record, read again from its file once it is known to matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.ingest.ansi import strip_ansi
from analyzer.ingest.discover import STANDARD_INPUT, input_at
from analyzer.ingest.limits import Limits
from analyzer.ingest.open import Stream

LINES = 3
_BEFORE = 4 << 10
_AFTER = 16 << 10
_FARTHEST = 256 << 20
"""How deep into a compressed file it is worth decompressing again."""
_LIMITS = Limits(content=_FARTHEST)


@dataclass(frozen=True, slots=True)
class Context:
    """Lines before and after a record, nearest in the middle; `record` is its own first line."""

    record: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def contexts(path: str, records: Sequence[tuple[int, int]]) -> Mapping[int, Context]:
    """The context of each record of a file, by its offset.

    `records` are (offset in the decompressed stream, number of lines). What cannot be read again
    (standard input, a file that is gone, the far end of a large archive) has no context.
    """
    if path.partition("!")[0] == STANDARD_INPUT:
        return {}
    try:
        stream = Stream(input_at(path), limits=_LIMITS)
    except OSError:
        return {}
    found: dict[int, Context] = {}
    position, tail = 0, b""
    try:
        for offset, lines in sorted(records):
            if stream.compression and offset > _FARTHEST:
                break
            wanted = offset + _AFTER
            if wanted > position:
                tail, position = _advance(stream, tail, position, max(0, offset - _BEFORE), wanted)
            begin = position - len(tail)
            found[offset] = _around(tail, offset - begin, lines, begin == 0)
    finally:
        stream.close()
    return found


def _advance(stream: Stream, tail: bytes, position: int, keep_from: int, until: int) -> tuple[bytes, int]:
    """Read on to `until`; the bytes from `keep_from` on, and the position reached."""
    if keep_from > position:
        tail, position = b"", position + stream.skip(keep_from - position)
    chunk = bytearray(1 << 20)
    while position < until:
        count = stream.readinto(memoryview(chunk)[: min(len(chunk), until - position)])
        if not count:
            break
        position += count
        tail = (tail + bytes(chunk[:count]))[-(max(0, position - keep_from)) or len(tail) + count :]
    return tail, position


def _around(window: bytes, place: int, lines: int, from_start: bool) -> Context:
    before = window[:place].decode("utf-8", "replace").split("\n")[:-1]
    if not from_start:
        before = before[1:]  # the first one may be half a line
    own = window[place:].decode("utf-8", "replace").split("\n")
    return Context("".join(_clean(own[:1])), tuple(_clean(before[-LINES:])), tuple(_clean(own[lines:][:LINES])))


def _clean(lines: Sequence[str]) -> list[str]:
    kept = [strip_ansi(line.encode()).decode().replace("\0", "").rstrip("\r") for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return kept
