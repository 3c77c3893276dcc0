"""A zip archive -> its members, by its central directory.

The standard library reads that directory as a whole, gives up an archive for one undecodable name,
and takes overlapping entries as they come; here it is a stream of entries like any other.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Protocol

from isal import isal_zlib

from analyzer.ingest.compression import decompressed
from analyzer.ingest.limits import BrokenError, Budget, CutOffError
from analyzer.ingest.members import Entry, Member, Unread
from analyzer.ingest.rotation import parts_together

_CHUNK = 1 << 20
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s4B4H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL = 0xFFFFFFFF
_LONGEST_COMMENT = 0xFFFF
_ENCRYPTED, _UTF_8 = 0x1, 0x800
_UNIX, _DOS = 3, 0
_METHODS = {0: "", 8: "deflate", 12: "bzip2", 93: "zstd", 95: "xz"}


class Seekable(Protocol):
    """A file in which one can jump."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; fewer only at the end."""
        ...

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Go to a place; where that is."""
        ...


@dataclass(frozen=True, slots=True)
class _Record:
    """What the central directory says of one entry."""

    name: str
    flags: int
    method: int
    modified: datetime | None
    mode: int
    crc: int
    packed: int
    size: int
    begin: int
    end: int
    """Where its data ends at the earliest: the header before it may be longer than its name."""

    @property
    def is_folder(self) -> bool:
        """Whether this only names a folder."""
        return self.name.endswith("/") or stat.S_ISDIR(self.mode)


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the central directory stands; `shift` is what was put before the archive."""

    begin: int
    size: int
    shift: int


def zip_entries(file: Seekable, budget: Budget) -> Iterator[Entry]:
    """The entries of an archive, parts of a rotated log together, the oldest first.

    Raises `BrokenError` where it cannot be read further.
    """
    try:
        directory = _find_directory(file)
        records = _records(file, directory, budget.limits.members + 1)
    except (struct.error, OSError) as error:
        raise BrokenError(f"broken zip archive: {error}") from error
    _refuse_overlaps(records, directory)
    for parts in parts_together(records, lambda record: record.name):
        for record in parts:
            if not record.is_folder:
                yield _entry(file, record, budget)


def _find_directory(file: Seekable) -> _Directory:
    end = file.seek(0, os.SEEK_END)
    begin = max(0, end - _LONGEST_COMMENT - _END.size - _LOCATOR.size)
    file.seek(begin)
    tail = _read(file, end - begin)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise CutOffError("a zip archive without its central directory (cut off?): not read")
    _, disk, first_disk, _, _, size, offset, _ = _END.unpack_from(tail, at)
    place = begin + at
    locator = tail[max(0, at - _LOCATOR.size) : at]
    if locator.startswith(b"PK\x06\x07") and len(locator) == _LOCATOR.size:
        file.seek(_LOCATOR.unpack(locator)[2])
        record = _END_64.unpack(_read(file, _END_64.size))
        disk, first_disk, size, offset = record[4], record[5], record[8], record[9]
        place -= _END_64.size + _LOCATOR.size
    if disk or first_disk:
        raise BrokenError("a zip archive in several parts: not supported")
    shift = place - size - offset
    if shift < 0:
        raise BrokenError("broken zip archive: its central directory is not where it should be")
    return _Directory(begin=offset + shift, size=size, shift=shift)


def _records(file: Seekable, directory: _Directory, most: int) -> list[_Record]:
    """At most so many entries of the central directory."""
    records: list[_Record] = []
    data, at, left = b"", 0, directory.size
    file.seek(directory.begin)
    while len(records) < most:
        if left and len(data) - at < 3 * _LONGEST_COMMENT + _ENTRY.size:  # name, extra field and comment
            piece = _read(file, min(_CHUNK, left))
            data, at, left = data[at:] + piece, 0, left - len(piece)
        if at == len(data):
            break
        if not data.startswith(b"PK\x01\x02", at):
            raise BrokenError("broken zip archive: its central directory cannot be understood")
        end = at + _ENTRY.size + sum(_ENTRY.unpack_from(data, at)[12:15])
        records.append(_record(data[at:end], directory.shift))
        at = end
    return records


def _record(data: bytes, shift: int) -> _Record:
    fields = _ENTRY.unpack_from(data)
    system, flags, method, date = fields[2], fields[5], fields[6], (fields[8], fields[7])
    crc, packed, size, name_length, extra_length = fields[9:14]
    attributes, begin = fields[-2:]
    raw_name = data[_ENTRY.size : _ENTRY.size + name_length]
    extra = _extra_fields(data[_ENTRY.size + name_length :][:extra_length])
    size, packed, begin = _in_64_bits([size, packed, begin], extra.get(1, b""))
    return _Record(
        name=_name(raw_name, flags, system),
        flags=flags,
        method=method,
        modified=_modified(date, extra.get(0x5455, b"")),
        mode=attributes >> 16 if system == _UNIX else 0,
        crc=crc,
        packed=packed,
        size=size,
        begin=begin + shift,
        end=begin + shift + _LOCAL.size + name_length + packed,
    )


def _extra_fields(extra: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        fields.setdefault(kind, extra[4 : 4 + length])
        extra = extra[4 + length :]
    return fields


def _in_64_bits(values: list[int], extra: bytes) -> list[int]:
    """The values, those that did not fit into 32 bits from the field that holds them instead."""
    wide = iter(struct.unpack(f"<{len(extra) // 8}Q", extra[: len(extra) // 8 * 8]))
    return [next(wide, value) if value == _FULL else value for value in values]


def _name(raw: bytes, flags: int, system: int) -> str:
    """A name in UTF-8, as most programs write it whatever they declare, else in the old code page of DOS."""
    if flags & _UTF_8:
        return raw.decode("utf-8", "surrogateescape")
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    return name.replace("\\", "/") if system == _DOS else name


def _modified(date: tuple[int, int], extended: bytes) -> datetime | None:
    """When a member was last written; without the exact time, by a clock whose zone nobody knows."""
    try:
        if len(extended) >= 5 and extended[0] & 1:
            return datetime.fromtimestamp(struct.unpack_from("<l", extended, 1)[0], UTC)
        day, clock = date
        if day <= 0x21:  # archives made without times say 1 January 1980
            return None
        return datetime(
            1980 + (day >> 9), day >> 5 & 15, day & 31, clock >> 11, clock >> 5 & 63, 2 * (clock & 31), tzinfo=UTC
        )
    except (ValueError, OverflowError, OSError):
        return None


def _refuse_overlaps(records: Sequence[_Record], directory: _Directory) -> None:
    """Entries that share data unpack to many times what the archive holds."""
    ordered = sorted(records, key=lambda record: record.begin)
    overlap = any(record.end > following.begin for record, following in pairwise(ordered))
    if overlap or (ordered and ordered[-1].end > directory.begin):
        raise BrokenError("entries of the zip archive overlap: taken for a bomb, not read")


def _entry(file: Seekable, record: _Record, budget: Budget) -> Entry:
    kind = stat.S_IFMT(record.mode)
    if kind == stat.S_IFLNK:
        return Unread(record.name, "link in an archive: not followed")
    if kind not in {0, stat.S_IFREG}:
        return Unread(record.name, "not a regular file")
    if record.flags & _ENCRYPTED:
        return Unread(record.name, "encrypted: not read", trouble=True)
    if record.method not in _METHODS:
        return Unread(record.name, f"zip compression method {record.method}: not supported", trouble=True)
    return Member(record.name, record.modified, chunks=lambda: _verified(file, record, budget))


def _verified(file: Seekable, record: _Record, budget: Budget) -> Iterator[bytes]:
    """The content of a member; whether it is what was packed shows at the end."""
    chunks = _packed(file, record)
    method = _METHODS[record.method]
    crc = size = 0
    for chunk in decompressed(chunks, method, budget) if method else chunks:
        crc = isal_zlib.crc32(chunk, crc)
        size += len(chunk)
        yield chunk
    if (crc, size) != (record.crc, record.size):
        raise BrokenError("the checksum or size of this member is wrong: its content may be damaged")


def _packed(file: Seekable, record: _Record) -> Iterator[bytes]:
    """The bytes of a member as they stand in the archive."""
    file.seek(record.begin)
    header = _read(file, _LOCAL.size)
    if not header.startswith(b"PK\x03\x04"):
        raise BrokenError("broken zip archive: this member is not where the central directory says")
    *_, name_length, extra_length = _LOCAL.unpack(header)
    file.seek(record.begin + _LOCAL.size + name_length + extra_length)
    left = record.packed
    while left > 0:
        data = _read(file, min(_CHUNK, left))
        left -= len(data)
        yield data


def _read(file: Seekable, size: int) -> bytes:
    """Exactly so many bytes."""
    parts = []
    while size > 0:
        data = file.read(size)
        if not data:
            raise CutOffError(f"the zip archive is cut off: {size:,} bytes are missing")
        parts.append(data)
        size -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)
