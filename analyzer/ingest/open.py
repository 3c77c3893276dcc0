"""An input -> a stream of plain text: compression and encodings undone, faults kept as data."""

from __future__ import annotations

import codecs
import errno
import hashlib
import itertools
from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from analyzer.ingest.content import Content
from analyzer.ingest.discover import Input
from analyzer.ingest.expand import Opened, expand
from analyzer.ingest.limits import LIMITS, Budget, Limits
from analyzer.model import Skipped, Source

_UTF16_SAMPLE = 1024
FINGERPRINTED = 1 << 12
"""Bytes of content that usually tell a log from all others: headers are shorter."""


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

    def __init__(self, source: Input, opened: Opened | None = None, *, limits: Limits = LIMITS) -> None:
        """Open `source`, a file or a member of an archive. Raises OSError where it cannot be opened."""
        opened = opened or _open(source, limits)
        self.path = source.path
        self.source = source
        self.encoding = "utf-8"
        self.modified = opened.modified
        self.delivered = 0
        self._opened = opened
        self._content = opened.content
        self._rest = memoryview(b"")
        self._chunks = filter(None, self._decode(iter(self._content.chunk, b"")))

    @property
    def fault(self) -> Skipped | None:
        """Why reading ended early, or what was odd at the end."""
        return self._content.fault

    @property
    def compression(self) -> str | None:
        """What had to be undone, the innermost first: `gzip`, `tar+gzip`."""
        return "+".join(self._content.compression) or None

    def close(self) -> None:
        """Close the file behind the stream."""
        self._opened.close()

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

    def beginning(self, length: int) -> Stream:
        """The first bytes of the rest as a stream of their own; nothing is taken from this one."""
        content = Content(iter([bytes(self._peek(length))]), Budget())
        return Stream(self.source, replace(self._opened, content=content, raw=None))

    def skip(self, count: int) -> int:
        """Go on `count` bytes without reading them; how many there were."""
        self._peek(1)  # what kind of content it is shows in its first bytes only
        skipped = 0
        while skipped < count:
            if self._rest:
                taken = min(count - skipped, len(self._rest))
                self._rest = self._rest[taken:]
            else:
                taken = self._leap(count - skipped)
            if not taken and not self._peek(1):
                break
            skipped += taken
        self.delivered += skipped
        return skipped

    def _leap(self, count: int) -> int:
        """Leap over bytes of a file that stands on disk as it is read; how many, 0 where that cannot be."""
        raw = self._opened.raw
        if raw is None or raw.size is None or self._content.compression or self.encoding != "utf-8":
            return 0
        before = raw.tell()
        return raw.seek(min(before + count, raw.size)) - before

    def _peek(self, count: int) -> memoryview:
        """The next bytes, at most so many, without taking them."""
        while len(self._rest) < count and (chunk := next(self._chunks, b"")):
            self._rest = memoryview(bytes(self._rest) + chunk if self._rest else chunk)
        return self._rest[:count]

    def _decode(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """UTF-8 without its byte order mark; UTF-16 transcoded."""
        first = b""
        while len(first) < _UTF16_SAMPLE and (chunk := next(chunks, b"")):
            first += chunk
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


def streams(
    source: Input, *, only: Collection[str] | None = None, limits: Limits = LIMITS
) -> Generator[Stream | Source]:
    """Everything behind an input: its stream, or those of the members of an archive, each to be read
    before the next is asked for, and what could not be read.

    `only` bounds the members to those with the given paths. Raises OSError where the input
    cannot be opened.
    """
    with closing(expand(source, limits, only)) as everything:
        for found in everything:
            yield found if isinstance(found, Source) else Stream(found.source, found)


def _open(source: Input, limits: Limits) -> Opened:
    """The one file or member that is meant."""
    found = expand(source, limits)
    for opened in found:
        if isinstance(opened, Opened) and opened.source.path == source.path:
            return replace(opened, source=source, close=found.close)
    raise FileNotFoundError(errno.ENOENT, "it is an archive, or no longer in one", source.path)


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
