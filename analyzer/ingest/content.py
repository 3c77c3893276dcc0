"""The bytes of a file or member with compression undone, faults kept as data."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from typing import Literal

from analyzer.ingest.compression import compression_of, decompressed
from analyzer.ingest.limits import BrokenError, Budget, CutOffError
from analyzer.ingest.tar import is_tar
from analyzer.model import Skipped

Archive = Literal["tar", "zip"]

_HEAD = 512
_SETTLED = 120.0
"""Seconds after which a file that nobody has written to is taken for whole."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "rar archive"),
    (b"PK\x07\x08", "zip archive in several parts"),
    (b"PK00PK\x03\x04", "zip archive in several parts"),
    (b"\x02\x21\x4c\x18", "lz4 file of the legacy format"),
    (b"\x1f\x9d", "compress (.Z) file"),
    (b"\x1f\xa0", "compress (.Z) file"),
    (b"LZIP", "lzip file"),
    (b"!<arch>\n", "ar archive"),
    (b"\xed\xab\xee\xdb", "rpm package"),
    (b"070701", "cpio archive"),
    (b"070707", "cpio archive"),
    (b"MSCF\0\0\0\0", "cabinet archive"),
)


class Content:
    """Plain bytes to be read once, from the beginning to the end.

    `fault` is set when reading ended early; what came before the fault has been delivered.
    `compression` names the layers undone, the innermost first.
    """

    def __init__(self, chunks: Iterator[bytes], budget: Budget, compression: tuple[str, ...] = ()) -> None:
        """`compression`: what had to be undone to get at `chunks`."""
        self.budget = budget
        self.compression = compression
        self.fault: Skipped | None = None
        self._rest = memoryview(b"")
        self._chunks = chunks
        self._uncompress()
        self.archive = _archive_of(bytes(self.peek(_HEAD)))
        """What kind of archive this is, None for any other file."""

    def chunk(self) -> bytes:
        """The next bytes, as many as are at hand; none at the end."""
        if not self._rest:
            return self._next()
        chunk, self._rest = bytes(self._rest), memoryview(b"")
        return chunk

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        parts: list[bytes | memoryview] = []
        while size > 0:
            if not self._rest:
                self._rest = memoryview(self._next())
                if not self._rest:
                    break
            part = self._rest[:size]
            self._rest = self._rest[len(part) :]
            size -= len(part)
            parts.append(part)
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def peek(self, size: int) -> memoryview:
        """The next bytes, at most so many, without taking them."""
        while len(self._rest) < size and (chunk := self._next()):
            self._rest = memoryview(bytes(self._rest) + chunk if self._rest else chunk)
        return self._rest[:size]

    def spooled(self) -> io.BytesIO:
        """All that is left, in memory. Raises `BrokenError` where that is too much."""
        most = self.budget.limits.spool
        spool = io.BytesIO()
        while chunk := self.chunk():
            spool.write(chunk)
            if spool.tell() > most:
                raise BrokenError(f"a zip archive of more than {most >> 20} MB inside something else: unpack it first")
        if self.fault is not None:
            raise BrokenError(self.fault.reason, self.fault.trouble)
        return spool

    def refuse(self, reason: str) -> None:
        """Note why nothing of this is read."""
        self._rest = memoryview(b"")
        self._fail(Skipped(reason=reason, trouble=True))

    def _fail(self, fault: Skipped) -> None:
        self._chunks = iter(())
        self.fault = self.fault or fault

    def _next(self) -> bytes:
        try:
            return next((chunk for chunk in self._chunks if chunk), b"")
        except BrokenError as error:
            self._fail(fault_of(error, self.budget))
            return b""

    def _uncompress(self) -> None:
        """Undo compression, also of what was compressed twice."""
        for _ in range(self.budget.limits.nesting):
            head = self.peek(_HEAD)
            compression = compression_of(head)
            if compression is None:
                break
            seen, self._rest = bytes(self._rest), memoryview(b"")
            self._chunks = decompressed(chain([seen], self._chunks), compression, self.budget)
            self.compression = (compression, *self.compression)
        self._refuse_unsupported(bytes(self.peek(_HEAD)))

    def _refuse_unsupported(self, head: bytes) -> None:
        kind = next((name for magic, name in _UNSUPPORTED if head.startswith(magic)), None)
        if compression_of(head) is not None:
            kind = f"compressed more than {self.budget.limits.nesting} times"
        if kind is not None:
            self.refuse(f"{kind}: not supported")


def fault_of(error: BrokenError, budget: Budget) -> Skipped:
    """What to say of a fault; what is cut off and was written just now may still be on its way."""
    reason = error.reason
    if isinstance(error, CutOffError) and budget.age is not None and budget.age < _SETTLED:
        reason += f"; written {budget.age:.0f} s before it was read: perhaps still being uploaded"
    return Skipped(reason=reason, trouble=error.trouble)


def _archive_of(head: bytes) -> Archive | None:
    if head.startswith(_ZIP):
        return "zip"
    return "tar" if is_tar(head) else None
