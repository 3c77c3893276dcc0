"""An input -> a stream of plain bytes: compression and encoding undone, faults kept as data."""

from __future__ import annotations

import bz2
import codecs
import lzma
import os
import sys
from collections.abc import Callable, Iterator
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
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!", "rar archive"),
    (b"\x04\x22\x4d\x18", "lz4 file"),
)


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
        self._file: IO[bytes] = _open(source.path)
        self.modified = _modified(self._file)
        self._read_raw = 0
        self.delivered = 0
        self._rest = b""
        head = self._read(_CHUNK)
        self._chunks = self._decode(self._decompress(head))

    def close(self) -> None:
        """Close the file behind the stream."""
        if self._file is not sys.stdin.buffer:
            self._file.close()

    def readinto(self, target: memoryview) -> int:
        """Fill `target` as far as the input goes; the number of bytes written, 0 at the end."""
        filled = 0
        while filled < len(target):
            if not self._rest:
                self._rest = next(self._chunks, b"")
                if not self._rest:
                    break
            count = min(len(target) - filled, len(self._rest))
            target[filled : filled + count] = memoryview(self._rest)[:count]
            self._rest = self._rest[count:] if count < len(self._rest) else b""
            filled += count
        self.delivered += filled
        return filled

    def _read(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except OSError as error:
            self._fail(f"reading failed after {self._read_raw:,} bytes: {error.strerror}")
            return b""
        self._read_raw += len(data)
        return data

    def _raw(self, head: bytes) -> Iterator[bytes]:
        while head:
            yield head
            head = self._read(_CHUNK)

    def _fail(self, reason: str) -> None:
        self.fault = Skipped(reason=reason, trouble=True)

    def _decompress(self, head: bytes) -> Iterator[bytes]:
        self.compression = next((name for magic, name in _MAGIC if head.startswith(magic)), None)
        unsupported = next((name for magic, name in _UNSUPPORTED if head.startswith(magic)), None)
        if unsupported is not None:
            self._fail(f"{unsupported}: not supported")
            return iter(())
        if self.compression is None:
            return self._raw(head)
        return self._members(head, _DECOMPRESSORS[self.compression])

    def _members(self, head: bytes, new: Callable[[], Any]) -> Iterator[bytes]:
        """The content of all members of a compressed file, one after the other."""
        decompressor, started, written = new(), False, 0
        for chunk in self._raw(head):
            data = chunk
            while data:
                try:
                    plain = decompressor.decompress(data)
                except (EOFError, OSError, lzma.LZMAError, zstandard.ZstdError, isal_zlib.error) as error:
                    self._fail(f"broken {self.compression} data after {written:,} bytes: {error}")
                    return
                started = True
                if plain:
                    written += len(plain)
                    if written > max(_RATIO_FREE, self._read_raw * _MAX_RATIO):
                        self._fail(f"more than {_MAX_RATIO} times its compressed size: taken for a bomb, not read further")
                        return
                    yield plain
                data = b""
                if decompressor.eof:
                    data = decompressor.unused_data.lstrip(b"\0")
                    if data and not data.startswith(head[:2]):
                        self.fault = Skipped(reason=f"{len(data):,} bytes of something else after the {self.compression} data")
                        return
                    decompressor, started = new(), False
        if started and not decompressor.eof:
            self._fail(f"the {self.compression} data is cut off after {written:,} bytes of content")

    def _decode(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """UTF-8 without its byte order mark; UTF-16 transcoded."""
        first = next(chunks, b"")
        if first.startswith(codecs.BOM_UTF8):
            yield first[3:]
        elif first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self.encoding = "utf-16"
            decoder = codecs.getincrementaldecoder("utf-16")("replace")
            yield decoder.decode(first).encode()
            yield from (decoder.decode(chunk).encode() for chunk in chunks)
            return
        else:
            yield first
        yield from chunks


_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: isal_zlib.decompressobj(wbits=31),
    "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj(),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=1 << 28),
}


def _open(path: str) -> IO[bytes]:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer
    return open(path, "rb", buffering=0)


def _modified(file: IO[bytes]) -> datetime:
    """When the file was last written, never later than now; now for a pipe."""
    now = datetime.now(UTC)
    status = os.fstat(file.fileno())
    return min(now, datetime.fromtimestamp(status.st_mtime, UTC)) if status.st_size else now
