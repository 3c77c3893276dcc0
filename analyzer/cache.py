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
_KEPT = 4
"""Files of each kind that are kept, the newest: for several catalogues, and versions, side by side."""


def cache_folder() -> Path:
    """Where caches of this program live, by the XDG convention."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "analyzer"


def recall(kind: str, key: str) -> bytes | None:
    """What was kept under `key`, or None."""
    try:
        return _file(kind, key).read_bytes()
    except OSError:
        return None


def keep(kind: str, key: str, content: bytes) -> None:
    """Keep something; older things of the same kind are dropped in time."""
    file = _file(kind, key)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
        for old in sorted(file.parent.glob(f"{kind}-*"), key=lambda each: -each.stat().st_mtime)[_KEPT:]:
            with suppress(FileNotFoundError):  # another process may do the same
                old.unlink()
    except OSError as error:
        _LOG.debug("not kept: %s", error)


def _file(kind: str, key: str) -> Path:
    return cache_folder() / f"{kind}-{key}"
