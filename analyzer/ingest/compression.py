"""Compressed bytes -> plain bytes, in pieces, however many members they are in."""

from __future__ import annotations

import bz2
import lzma
import time
from collections.abc import Callable, Iterator
from typing import Any

import lz4.frame
import zstandard
from isal import isal_zlib

from analyzer.ingest.limits import LIMITS, BrokenError, Budget, CutOffError

_SKIPPABLE = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
"""How frames begin that zstd and lz4 readers pass over."""
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    *((magic, "zstd") for magic in _SKIPPABLE),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_LONGEST_MAGIC = 6
_IsalError: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stubs take it for an instance
_ERRORS = (EOFError, OSError, ValueError, RuntimeError, lzma.LZMAError, zstandard.ZstdError, _IsalError)
_TOO_MUCH_MEMORY = ("requires too much memory", "Memory usage limit")

# How each kind is undone, and how many compressed bytes are taken at once: few enough that even a
# bomb does not make more of them than fits in memory.
_DECOMPRESSORS: dict[str, tuple[Callable[[], Any], int]] = {
    "gzip": (lambda: isal_zlib.decompressobj(wbits=31), 1 << 17),
    "deflate": (lambda: isal_zlib.decompressobj(wbits=-15), 1 << 17),
    "zstd": (lambda: zstandard.ZstdDecompressor(max_window_size=LIMITS.window).decompressobj(), 1 << 13),
    "lz4": (lz4.frame.LZ4FrameDecompressor, 1 << 16),
    "bzip2": (bz2.BZ2Decompressor, 1 << 12),
    "xz": (lambda: lzma.LZMADecompressor(memlimit=LIMITS.window), 1 << 14),
}


def compression_of(head: bytes | memoryview) -> str | None:
    """How data is compressed, by its first bytes."""
    start = bytes(head[:_LONGEST_MAGIC])
    return next((name for magic, name in _MAGIC if start.startswith(magic)), None)


def decompressed(chunks: Iterator[bytes], compression: str, budget: Budget) -> Iterator[bytes]:
    """The content of all members, one after the other.

    Raises `BrokenError` at a fault, after everything before it.
    """
    members = _Members(compression)
    for chunk in chunks:
        for start in range(0, len(chunk), members.step):
            yield from _charged(members, chunk[start : start + members.step], budget)
        if members.foreign:
            break
    if members.unfinished:
        raise CutOffError(f"the {compression} data is cut off after {members.written:,} bytes of content")
    if members.foreign or members.rest:
        raise BrokenError(f"something else stands after the {compression} data", trouble=False)


def _charged(members: _Members, piece: bytes, budget: Budget) -> Iterator[bytes]:
    """The content of a piece of data, its cost noted."""
    before = time.thread_time()
    try:
        for plain in members.feed(piece):
            budget.charge(len(plain), time.thread_time() - before)
            yield plain
            before = time.thread_time()
    except _ERRORS as error:
        raise BrokenError(_in_words(members, error)) from error


def _in_words(members: _Members, error: Exception) -> str:
    if any(text in str(error) for text in _TOO_MUCH_MEMORY):
        return f"the {members.compression} data needs more than {LIMITS.window >> 20} MB of memory to unpack: not read"
    return f"broken {members.compression} data after {members.written:,} bytes of content: {error}"


class _Members:
    """Undoes the compression of data that comes in pieces and may hold several members."""

    def __init__(self, compression: str) -> None:
        self.compression = compression
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
                self.rest, self._decompressor = self._decompressor.unused_data or b"", None
            self.written += len(plain)
            if plain:
                yield plain

    def _ready(self) -> bool:
        """Whether there is a member to go on with; the next one is begun where it stands."""
        if self._decompressor is None:
            self.rest = self.rest.lstrip(b"\0")  # padding, as on tapes
            if len(self.rest) < _LONGEST_MAGIC:
                return False
            self.foreign = compression_of(self.rest) != self.compression and not self.rest.startswith(_SKIPPABLE)
            self._decompressor = None if self.foreign else self._new()
        return not self.foreign
