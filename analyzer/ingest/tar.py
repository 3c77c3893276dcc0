"""A tar archive -> its members, in the order in which they stand, in one pass."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from analyzer.ingest.limits import BrokenError, CutOffError
from analyzer.ingest.members import Entry, Member, Unread

_CHUNK = 1 << 20
_BLOCK = tarfile.BLOCKSIZE
_LONGEST_HEADER = 4 << 20
"""Bytes that a member's headers may take: long names, attributes, a map of holes."""
_ERRORS = (tarfile.TarError, ValueError, LookupError, OverflowError, AttributeError, TypeError)


class Readable(Protocol):
    """Where the bytes of an archive come from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; fewer only at the end."""
        ...


def is_tar(head: bytes) -> bool:
    """Whether data begins with the header of a member: one whose checksum is right, or that says so."""
    if head.startswith(b"ustar", 257):
        return True
    try:
        tarfile.TarInfo.frombuf(head[:_BLOCK], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def tar_entries(source: Readable, leap: Callable[[int], object] | None = None) -> Iterator[Entry]:
    """The entries of an archive. Raises `BrokenError` where it cannot be read further.

    `leap` goes to a place in `source` without reading what lies before it, where that can be done.
    """
    file = _Forward(source, leap)
    try:
        # Not one of the stream modes: `file` only goes forward, too, without a buffer of its own.
        archive = tarfile.TarFile(fileobj=file, tarinfo=_Header, encoding="utf-8", errors="surrogateescape")  # type: ignore[arg-type]
        while (info := _next(archive, file)) is not None:
            if not info.isdir():
                yield _entry(info, file)
    except _ERRORS as error:
        raise BrokenError(f"broken tar archive after {file.position:,} bytes: {error}") from error
    if not file.ended:
        raise CutOffError("the tar archive has no end mark: it may have been cut off", trouble=False)
    file.allowed = None
    if any(file.read(_CHUNK)):
        raise BrokenError("something else stands after the end of the tar archive: not read")


def _next(archive: tarfile.TarFile, file: _Forward) -> tarfile.TarInfo | None:
    begin = archive.offset
    file.allowed = begin + _LONGEST_HEADER
    info = archive.next()
    archive.members.clear()  # type: ignore[attr-defined]  # it would keep them all
    file.allowed = None
    if archive.offset < (info.offset_data if info is not None else begin):
        raise tarfile.ReadError("a member of negative size")
    return info


def _entry(info: tarfile.TarInfo, file: _Forward) -> Entry:
    name = info.name
    if info.issym() or info.islnk():
        return Unread(name, "link in an archive: not followed")
    if not info.isreg():
        return Unread(name, "not a regular file")
    size = info.size if not info.sparse else sum(length for _, length in _stretches(info) if length > 0)
    return Member(
        name=name,
        modified=_moment(info.mtime),
        chunks=lambda: _data(file, info.offset_data, size),
        holes=info.size - size,
    )


def _stretches(info: tarfile.TarInfo) -> list[tuple[int, int]]:
    """Where the data of a sparse file belongs, and how much there is; in the archive it stands together."""
    return cast("list[tuple[int, int]]", info.sparse)


def _data(file: _Forward, begin: int, size: int) -> Iterator[bytes]:
    file.seek(begin)
    while size > 0:
        data = file.read(min(_CHUNK, size))
        if not data:
            raise CutOffError(f"the tar archive is cut off: {size:,} bytes of this member are missing")
        size -= len(data)
        yield data


def _moment(seconds: float) -> datetime | None:
    """When a member was last written; archives made without times say 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds >= 86_400 else None
    except (OverflowError, ValueError, OSError):
        return None


class _Header(tarfile.TarInfo):
    """A header; a broken one is an error wherever it stands, not the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile_: Any) -> Any:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            tarfile_.fileobj.ended = True
            raise
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(str(error)) from error


class _Forward:
    """A file that `tarfile` can read, although it only goes forward.

    It keeps headers from filling the memory: they must lie before `allowed`.
    """

    def __init__(self, source: Readable, leap: Callable[[int], object] | None) -> None:
        self.position = 0
        self.allowed: int | None = _LONGEST_HEADER
        self.ended = False
        """Whether the mark that ends an archive has been read."""
        self._source = source
        self._leap = leap

    def read(self, size: int) -> bytes:
        """The next bytes; fewer only at the end."""
        if self.allowed is not None and self.position + size > self.allowed:
            raise tarfile.ReadError(f"headers of more than {_LONGEST_HEADER >> 20} MB")
        data = self._source.read(size)
        self.position += len(data)
        return data

    def tell(self) -> int:
        """How far reading has come."""
        return self.position

    def seek(self, position: int) -> int:
        """Go forward; what lies between is read, and forgotten."""
        if self._leap is not None and self.position < position:
            self._leap(position)
            self.position = position
        while self.position < position:
            data = self._source.read(min(_CHUNK, position - self.position))
            if not data:
                break
            self.position += len(data)
        if position < self.position:
            raise tarfile.StreamError("seeking backwards")
        return self.position
