"""Logs that are there twice: plain and compressed, in a folder and in an archive.

Logs of one program begin alike, so the beginning only raises the suspicion; a copy is what has the
same content to its end.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing, suppress

from analyzer.ingest.discover import STANDARD_INPUT, Input
from analyzer.ingest.open import FINGERPRINTED, Fingerprint, Stream
from analyzer.ingest.rotation import part_of
from analyzer.model import Skipped

_PORTION = 1 << 20
_SUSPECTS = 8
"""Logs that begin like another with which it is compared at most."""


class Copies:
    """What has been read so far, to be known again."""

    def __init__(self) -> None:
        self._read: dict[Fingerprint, list[Input]] = defaultdict(list)

    def recognised(self, stream: Stream) -> Skipped | None:
        """Why a stream need not be read, because its content has been; nothing is taken from it."""
        source, head = stream.source, stream.fingerprint()
        if not head.length or source.container().path == STANDARD_INPUT:
            return None
        suspects = self._read[head]
        for known in suspects[-_SUSPECTS:]:
            alike = _is_named_alike(known, source)
            if not alike and head.length < FINGERPRINTED:
                continue  # a few words may be the same by chance
            with suppress(OSError):
                same = _compared(known, source)
                if same == "same":
                    return Skipped(reason="the same content as another log, which is read", sample=known.path)
                if same == "beginning" and alike:
                    return Skipped(reason="the beginning of another log, which is read", sample=known.path)
        suspects.append(source)
        return None


def _is_named_alike(one: Input, other: Input) -> bool:
    """Whether two files have the name of the same part of the same log, in folders of one name."""
    return _place(one) == _place(other)


def _place(source: Input) -> tuple[str, ...]:
    part = part_of(source.path.replace("!", "/"))
    return (*part.log.split("/")[-2:], str(part.number), str(part.written))


def _compared(known: Input, source: Input) -> str:
    """Whether `source` holds the same as `known`, its `beginning`, or something `else`."""
    with closing(Stream(known)) as one, closing(Stream(source)) as other:
        here, there = bytearray(_PORTION), bytearray(_PORTION)
        while True:
            expected = one.readinto(memoryview(there))
            count = other.readinto(memoryview(here))
            if here[:count] != there[:count] or count > expected:
                return "else"
            if count < _PORTION:
                return "same" if count == expected else "beginning"
