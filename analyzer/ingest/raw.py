"""The bytes of a file as they stand: on disk, in a pipe, or far away."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import IO

from analyzer.ingest import remote
from analyzer.ingest.discover import STANDARD_INPUT, Input
from analyzer.ingest.limits import BrokenError, Budget

CHUNK = 1 << 20
_PAUSES = (0.05, 0.5)
"""Seconds before a read that failed is tried again."""
_TRANSIENT = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN})


class Raw:
    """A file, read up to the size that it had when it was opened; `modified` is never in the future.

    It can be read like any Python file; `seekable` tells whether one can jump in it.
    """

    def __init__(
        self,
        file: IO[bytes],
        budget: Budget,
        *,
        size: int | None = None,
        modified: datetime | None = None,
        reopen: Callable[[], IO[bytes]] | None = None,
    ) -> None:
        """`size` is None where it is not known; `reopen` serves a file whose handle has gone stale."""
        self.size = size
        now = datetime.now(UTC)
        self.modified = min(modified or now, now)
        if modified is not None and modified <= now:
            budget.age = (now - modified).total_seconds()
        self._file = file
        self._budget = budget
        self._reopen = reopen
        self._position = 0

    def seekable(self) -> bool:
        """Whether any part can be read at any time."""
        return self.size is not None and self._file.seekable()

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes, none at the end. Raises `BrokenError` where they cannot be had."""
        wanted = size if self.size is None else min(size, self.size - self._position)
        data = self._patiently(wanted) if wanted > 0 else b""
        if wanted > 0 and not data and self.size is not None:
            missing = self.size - self._position
            raise BrokenError(f"the file became shorter while it was read: {missing:,} bytes are missing")
        self._position += len(data)
        read = self._budget.read + len(data)
        self._budget.read = read if self.size is None else min(read, self.size)  # what is read twice counts once
        return data

    def chunks(self) -> Iterator[bytes]:
        """Everything from here to the end."""
        return iter(self.read, b"")

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; where that is."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size or 0}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "before the beginning of the file")
        self._position = self._file.seek(base + offset)
        return self._position

    def tell(self) -> int:
        """How far reading has come."""
        return self._position

    def close(self) -> None:
        """Close the file."""
        if self._file is not getattr(sys.stdin, "buffer", None):
            self._file.close()

    def _patiently(self, size: int) -> bytes:
        """Read, more than once where the fault may pass."""
        for pause in (*_PAUSES, None):
            try:
                return self._file.read(size) or b""
            except OSError as error:
                if pause is None or error.errno not in _TRANSIENT:
                    why = error.strerror or str(error)
                    raise BrokenError(f"reading failed after {self._position:,} bytes: {why}") from error
                time.sleep(pause)
                if error.errno == errno.ESTALE:
                    self._renew()
        raise AssertionError("unreachable")

    def _renew(self) -> None:
        """Open the file once more where its server has forgotten the handle."""
        if self._reopen is not None:
            with contextlib.suppress(OSError):
                file = self._reopen()
                file.seek(self._position)
                self._file.close()
                self._file = file


def open_raw(source: Input, budget: Budget) -> Raw:
    """Open a file, wherever it is. Raises OSError where that cannot be done."""
    path = source.file or source.path
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "standard input is closed")
        return _local(sys.stdin.buffer, budget)
    if remote.is_remote(path):
        file, size, modified = remote.open_remote(path)
        return Raw(file, budget, size=size, modified=modified)
    file = _open(path, source.named)
    return _local(file, budget, reopen=lambda: _open(path, source.named))


def _open(path: str, named: bool) -> IO[bytes]:
    """Open a file of this machine. One found in a folder may since have become a pipe: that is not
    waited for, and not read."""
    return open(path, "rb", buffering=0, opener=None if named else _open_regular)


def _open_regular(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # Windows has none, and no such pipes either
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no longer a regular file", path)
    return descriptor


def _local(file: IO[bytes], budget: Budget, reopen: Callable[[], IO[bytes]] | None = None) -> Raw:
    try:
        status = os.fstat(file.fileno())
    except (OSError, io.UnsupportedOperation):  # it exists in memory only
        return Raw(file, budget)
    regular = stat.S_ISREG(status.st_mode) and status.st_size > 0  # files of the kernel claim to be empty
    modified = None
    if status.st_size:
        with contextlib.suppress(OverflowError, ValueError, OSError):
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return Raw(file, budget, size=status.st_size if regular else None, modified=modified, reopen=reopen)
