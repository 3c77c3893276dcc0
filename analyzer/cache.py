"""What took long to make, kept on disk between runs.

A cache that cannot be read or written is no failure: its content is made again.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from analyzer.files import write_whole

_LOG = logging.getLogger(__name__)
_ROOM = 64 << 20
"""Bytes of each kind that are kept, those used last: for several catalogues, and versions, side by side."""


def cache_folder() -> Path:
    """Where caches of this program live, by the XDG convention."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "analyzer"


def recall(kind: str, key: str) -> bytes | None:
    """What was kept under `key`, or None."""
    file = _file(kind, key)
    try:
        content = file.read_bytes()
    except OSError:
        return None
    with suppress(OSError):  # what others made available may be read only
        os.utime(file)
    return content


def keep(kind: str, key: str, content: bytes) -> None:
    """Keep something; what was not used for long makes room for it."""
    file = _file(kind, key)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
        _make_room(kind, len(content), but=file)
    except OSError as error:
        _LOG.debug("not kept: %s", error)


def _make_room(kind: str, taken: int, but: Path) -> None:
    """Drop what was used longest ago until no more is kept of a kind than there is room for."""
    others = [(each, each.stat()) for each in but.parent.glob(f"{kind}-*") if each != but]
    for file, status in sorted(others, key=lambda other: -other[1].st_mtime):
        taken += status.st_size
        if taken > _ROOM:
            with suppress(FileNotFoundError):  # another process may do the same
                file.unlink()


def _file(kind: str, key: str) -> Path:
    return cache_folder() / f"{kind}-{key}"
