"""An input -> a stream of plain bytes: compression and encoding undone, faults kept as data."""

from __future__ import annotations

import bz2
import codecs
import errno
import hashlib
import itertools
import lzma
import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

import zstandard
from isal import isal_zlib

from analyzer.ingest.discover import STANDARD_INPUT, Input
from analyzer.model import Skipped

_CHUNK = 1 << 20
_MAX_RATIO = 1000
_RATIO_FREE = 64 << 20
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    *((bytes([low]) + b"\x2a\x4d\x18", "zstd") for low in range(0x50, 0x60)),  # frames to skip
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_UNSUPPORTED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip archive"),
    (0, b"PK\x05\x06", "zip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (0, b"Rar!\x1a\x07", "rar archive"),
    (0, b"\x04\x22\x4d\x18", "lz4 file"),
    (0, b"\x1f\x9d", "compress (.Z) file"),
    (257, b"ustar", "tar archive"),
)
_LONGEST_MAGIC = 6
FINGERPRINTED = 1 << 12
"""Bytes of content that usually tell a log from all others: headers are shorter."""
_IsalError: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stubs take it for an instance
_UTF16_SAMPLE = 1024


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells one log from another whatever it is called: how its (decompressed) content begins.

    A log that has grown still has the fingerprint it had: take it again over the same `length`,
    `stream.fingerprint(known.length) == known`.
    """

    length: int
    """Bytes that were looked at; fewer than asked for where there are no more."""
    digest: str


def fingerprint_of(content: memoryview | bytes) -> Fingerprint:
    """The fingerprint of some bytes."""
    return Fingerprint(len(content), hashlib.blake2b(content, digest_size=16).hexdigest())


class Stream:
    """The decompressed, decoded bytes of one input.

    `fault` is set when reading ended early; what came before the fault has been delivered.
    """

    def __init__(self, source: Input) -> None:
        """Open `source`. Raises OSError where it cannot be opened."""
        self.path = source.path
        self.compression: str | None = None
        self.encoding = "utf-8"
        self.fault: Skipped | None = None
        self._file: IO[bytes] = _open(source)
        status = _status(self._file)
        self.modified = _modified(status)
        self._left = _size_of(status)
        """Bytes that a file had when it was opened and that are still to be read: one that grows
        while it is read is read up to there."""
        self._read_raw = 0
        self.delivered = 0
        self._rest = memoryview(b"")
        self._chunks = filter(None, self._decode(self._decompress(self._read(_CHUNK))))

    def close(self) -> None:
        """Close the file behind the stream."""
        if self._file is not sys.stdin.buffer:
            self._file.close()

    def readinto(self, target: memoryview) -> int:
        """Fill `target` as far as the input goes; the number of bytes written, 0 at the end."""
        filled = 0
        while filled < len(target):
            if not self._rest:
                self._rest = memoryview(next(self._chunks, b""))
                if not self._rest:
                    break
            count = min(len(target) - filled, len(self._rest))
            target[filled : filled + count] = self._rest[:count]
            self._rest = self._rest[count:]
            filled += count
        self.delivered += filled
        return filled

    def fingerprint(self, length: int = FINGERPRINTED) -> Fingerprint:
        """How the rest of the content begins; nothing is taken from it. Ask before reading."""
        return fingerprint_of(self._peek(length))

    def skip(self, count: int) -> int:
        """Go on `count` bytes without reading them; how many there were."""
        self._peek(1)  # what kind of content it is shows in its first bytes only
        skipped = 0
        while skipped < count:
            if self._rest:
                taken = min(count - skipped, len(self._rest))
                self._rest = self._rest[taken:]
            else:
                taken = self._seek(count - skipped)
            if not taken and not self._peek(1):
                break
            skipped += taken
        self.delivered += skipped
        return skipped

    def _seek(self, count: int) -> int:
        """Leap over bytes of a file that stands on disk as it is read; how many, 0 where that cannot be."""
        if self._left is None or self.compression is not None or self.encoding != "utf-8":
            return 0
        count = min(count, self._left)
        self._file.seek(count, os.SEEK_CUR)
        self._left -= count
        self._read_raw += count
        return count

    def _peek(self, count: int) -> memoryview:
        """The next bytes, at most so many, without taking them."""
        while len(self._rest) < count and (chunk := next(self._chunks, b"")):
            self._rest = memoryview(bytes(self._rest) + chunk if self._rest else chunk)
        return self._rest[:count]

    def _read(self, size: int) -> bytes:
        try:
            data = self._file.read(size if self._left is None else min(size, self._left)) or b""
        except OSError as error:
            self._fail(f"reading failed after {self._read_raw:,} bytes: {error.strerror}")
            return b""
        self._read_raw += len(data)
        if self._left is not None:
            if self._left and not data:
                self._fail(f"the file became shorter while it was read: {self._left:,} bytes are missing")
            self._left -= len(data)
        return data

    def _raw(self, head: bytes) -> Iterator[bytes]:
        while head:
            yield head
            head = self._read(_CHUNK)

    def _fail(self, reason: str) -> None:
        self.fault = Skipped(reason=reason, trouble=True)

    def _decompress(self, head: bytes) -> Iterator[bytes]:
        self.compression = _compression_of(head)
        if self._unsupported(head):
            return iter(())
        if self.compression is None:
            return self._raw(head)
        return self._bounded(self._members(head, self.compression))

    def _unsupported(self, head: bytes) -> bool:
        """Whether data is of a kind that cannot be read; the fault is noted."""
        kind = next((name for at, magic, name in _UNSUPPORTED if head.startswith(magic, at)), None)
        if kind is not None:
            self._fail(f"{kind}: not supported")
        return kind is not None

    def _bounded(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Decompressed chunks, as long as there are not absurdly many of them."""
        written = 0
        for chunk in chunks:
            written += len(chunk)
            if written > max(_RATIO_FREE, self._read_raw * _MAX_RATIO):
                self._fail(f"more than {_MAX_RATIO} times its compressed size: taken for a bomb, not read further")
                return
            yield chunk

    def _members(self, head: bytes, compression: str) -> Iterator[bytes]:
        """The content of all members of a compressed file, one after the other."""
        members = _Members(compression)
        for chunk in self._raw(head):
            for start in range(0, len(chunk), members.step):
                try:
                    yield from members.feed(chunk[start : start + members.step])
                except (EOFError, OSError, ValueError, lzma.LZMAError, zstandard.ZstdError, _IsalError) as error:
                    self._fail(f"broken {compression} data after {members.written:,} bytes of content: {error}")
                    return
            if members.foreign:
                break
        if members.unfinished:
            self._fail(f"the {compression} data is cut off after {members.written:,} bytes of content")
        elif members.foreign or members.rest:
            self.fault = Skipped(reason=f"something else stands after the {compression} data")

    def _decode(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """UTF-8 without its byte order mark; UTF-16 transcoded."""
        first = b""
        while len(first) < _UTF16_SAMPLE and (chunk := next(chunks, b"")):
            first += chunk
        if self._unsupported(first):
            return
        encoding = _utf16_of(first)
        if encoding is None:
            yield first.removeprefix(codecs.BOM_UTF8)
            yield from chunks
            return
        self.encoding = "utf-16"
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        for chunk in itertools.chain([first], chunks):
            yield decoder.decode(chunk).encode("utf-8", "replace")
        yield decoder.decode(b"", final=True).encode()


class _Members:
    """Undoes the compression of data that comes in pieces and may hold several members."""

    def __init__(self, compression: str) -> None:
        self._compression = compression
        self._new, self.step = _DECOMPRESSORS[compression]
        self._decompressor: Any = self._new()
        self.rest = b""
        self.written = 0
        self.foreign = False
        """Whether something has turned up that is no member."""

    @property
    def unfinished(self) -> bool:
        """Whether a member has begun and not ended."""
        return self._decompressor is not None

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The content of a piece of data."""
        self.rest += piece
        while self.rest and self._ready():
            plain = self._decompressor.decompress(self.rest)
            self.rest = b""
            if self._decompressor.eof:
                self.rest, self._decompressor = self._decompressor.unused_data, None
            self.written += len(plain)
            if plain:
                yield plain

    def _ready(self) -> bool:
        """Whether there is a member to go on with; the next one is begun where it stands."""
        if self._decompressor is None:
            self.rest = self.rest.lstrip(b"\0")  # padding, as on tapes
            if len(self.rest) < _LONGEST_MAGIC:
                return False
            self.foreign = _compression_of(self.rest) != self._compression
            self._decompressor = None if self.foreign else self._new()
        return not self.foreign


# How each kind is undone, and how many compressed bytes are taken at once: few enough that even a
# bomb does not make more of them than fits in memory.
_DECOMPRESSORS: dict[str, tuple[Callable[[], Any], int]] = {
    "gzip": (lambda: isal_zlib.decompressobj(wbits=31), 1 << 17),
    "zstd": (lambda: zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj(), 1 << 13),
    "bzip2": (bz2.BZ2Decompressor, 1 << 12),
    "xz": (lambda: lzma.LZMADecompressor(memlimit=1 << 28), 1 << 14),
}


def _compression_of(head: bytes) -> str | None:
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def _utf16_of(head: bytes) -> str | None:
    """The kind of UTF-16 in which a text begins; without a byte order mark, every other byte of
    mostly Latin text is NUL."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:_UTF16_SAMPLE]
    half = len(sample) // 2
    nul_first, nul_second = sample[0::2].count(0), sample[1::2].count(0)
    if half >= 8 and nul_second > 0.7 * half and nul_first < 0.1 * half:
        return "utf-16-le"
    if half >= 8 and nul_first > 0.7 * half and nul_second < 0.1 * half:
        return "utf-16-be"
    return None


def _open(source: Input) -> IO[bytes]:
    if source.path != STANDARD_INPUT:
        return open(source.file or source.path, "rb", buffering=0)
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    return sys.stdin.buffer


def _status(file: IO[bytes]) -> os.stat_result | None:
    """What the system knows of an open file; nothing of one that exists in memory only."""
    try:
        return os.fstat(file.fileno())
    except OSError:
        return None


def _size_of(status: os.stat_result | None) -> int | None:
    """The size of a regular file; None where it is not known (files of the kernel claim to be empty)."""
    regular = status is not None and stat.S_ISREG(status.st_mode)
    return status.st_size or None if status is not None and regular else None


def _modified(status: os.stat_result | None) -> datetime:
    """When the file was last written, never later than now; now for a pipe."""
    now = datetime.now(UTC)
    if status is None or not status.st_size:
        return now
    try:
        return min(now, datetime.fromtimestamp(status.st_mtime, UTC))
    except (OverflowError, ValueError, OSError):
        return now
