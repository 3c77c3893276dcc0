"""Standard input as a log of bounded size that can be followed like any other."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

_LARGE = 64 << 20
_PIECE = 1 << 16
_TELLING = 1024
"""Bytes at its beginning by which a log is told from another (see `analyzer.store.streams`)."""


class Given(Protocol):
    """Something that can be read piece by piece."""

    def read(self, size: int = -1, /) -> bytes | None:
        """The next bytes, none at the end."""


class Spool:
    """Copies what comes to a file. When that is large it is renamed and another one begun. The old one is
    removed once it has been read; until then whoever writes has to wait when the next one is large as well.

    A file that begins just like the one before would be taken for it; so none is begun with such lines.
    """

    def __init__(self, folder: Path, large: int = _LARGE) -> None:
        """Files in `folder`, which is what to follow."""
        self.ended = threading.Event()
        """Set when nothing more comes."""
        self._path = folder / "stdin.log"
        self._old = folder / "stdin.log.1"
        self._large = large
        self._seen = False
        self._removed = threading.Event()
        self._removed.set()
        self._path.touch()

    def copy(self, given: Given) -> None:
        """Copy until `given` ends, each line as soon as it comes; `given` is not buffered."""
        out, begin, written, whole = self._path.open("wb", 0), b"", 0, True
        while piece := given.read(_PIECE):
            end = 0 if whole else piece.find(b"\n") + 1
            fresh = piece[end:][:_TELLING]
            if written >= self._large and (whole or end) and fresh and not begin.startswith(fresh):
                out.write(piece[:end])
                out.close()
                self._removed.wait()
                self._removed.clear()
                self._path.rename(self._old)
                out, begin, written, piece = self._path.open("wb", 0), b"", 0, piece[end:]
            out.write(piece)
            begin = begin or piece[:_TELLING]
            written += len(piece)
            whole = piece.endswith(b"\n")
        out.write(b"" if whole else b"\n")
        out.close()
        self.ended.set()

    def round_done(self, trouble: bool) -> None:
        """Note that all files were read; what was renamed before that began is no longer needed then."""
        if self._removed.is_set() or trouble:
            return
        if self._seen:
            self._old.unlink(missing_ok=True)
            self._removed.set()
        # A file may have been renamed while the round went on: it is read for sure by the next one.
        self._seen = not self._seen and self._old.exists()
