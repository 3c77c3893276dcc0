"""Paths, folders, globs and `-` -> the inputs to read, in a stable order, each once."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from analyzer.model import Skipped, Source

STANDARD_INPUT = "-"

_NOT_LOGS = frozenset(
    """
    .md .rst .html .htm .css .js .mjs .cjs .ts .map .py .pyc .rb .go .java .class .jar .so .a .o .exe .dll
    .yaml .yml .toml .ini .cfg .conf .lock .pid .sock .png .jpg .jpeg .gif .svg .ico .pdf .parquet .db .sqlite
    .sqlite3 .sql .sh
    """.split()
)
"""Endings of files that hold no log; a folder may contain them. A file named by itself is always read."""


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to read; `named` tells a path that the user gave from one found in a folder."""

    path: str
    named: bool = True


def discover(paths: Iterable[str | os.PathLike[str]]) -> tuple[list[Input], list[Source]]:
    """The inputs behind the given paths, and those that cannot be read, with the reason."""
    inputs: list[Input] = []
    refused: list[Source] = []
    seen: set[tuple[int, int]] = set()
    for path in map(os.fspath, paths):
        if path == STANDARD_INPUT:
            inputs.append(Input(path))
            continue
        for candidate in _candidates(path):
            reason = _reason_to_refuse(candidate, seen)
            if reason is None:
                inputs.append(candidate)
            elif reason.reason:
                refused.append(Source(path=candidate.path, skipped=(reason,)))
    return inputs, refused


def _candidates(path: str) -> Iterator[Input]:
    if os.path.isdir(path):
        yield from _walk(path)
    elif glob.has_magic(path) and not os.path.lexists(path):
        matches = sorted(glob.glob(path, recursive=True))
        for match in matches:
            yield from _walk(match) if os.path.isdir(match) else (Input(match),)
        if not matches:
            yield Input(path)
    else:
        yield Input(path)


def _walk(folder: str) -> Iterator[Input]:
    for root, folders, files in os.walk(folder, onerror=None):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Input(os.path.join(root, name), named=False)


def _reason_to_refuse(candidate: Input, seen: set[tuple[int, int]]) -> Skipped | None:
    """Why an input is not read, or None if it is; a reason without words needs no mention."""
    path = candidate.path
    try:
        status = os.stat(path)
    except FileNotFoundError:
        dangling = os.path.islink(path)
        return Skipped(reason="link to a missing file" if dangling else "no such file or folder", trouble=True)
    except OSError as error:
        return Skipped(reason=f"cannot be read: {error.strerror}", trouble=True)
    if not stat.S_ISREG(status.st_mode) and not (candidate.named and stat.S_ISFIFO(status.st_mode)):
        return Skipped(reason="not a regular file", trouble=candidate.named)
    if not candidate.named and Path(path).suffix.lower() in _NOT_LOGS:
        return Skipped(reason="not a log, by its name")
    identity = (status.st_dev, status.st_ino)
    if identity in seen:
        return Skipped(reason="the same file as one already read")
    seen.add(identity)
    return None
