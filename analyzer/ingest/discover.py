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
    """One thing to read; `named` tells a path that the user gave from one found in a folder.

    `path` can be shown and stored anywhere; where the name of a file is no valid text, `file` is
    what to open.
    """

    path: str
    named: bool = True
    file: str | None = None


@dataclass(frozen=True, slots=True)
class _Refused:
    """A path that is no input, and why."""

    path: str
    why: Skipped


def discover(paths: Iterable[str | os.PathLike[str]]) -> tuple[list[Input], list[Source]]:
    """The inputs behind the given paths, and those that cannot be read, with the reason."""
    inputs: list[Input] = []
    refused: list[Source] = []
    seen: set[tuple[int, int]] = set()
    for path in paths:
        for candidate in _candidates(os.fspath(path)):
            reason = candidate.why if isinstance(candidate, _Refused) else _reason_to_refuse(candidate, seen)
            if isinstance(candidate, Input) and reason is None:
                inputs.append(candidate)
            elif reason is not None:
                refused.append(Source(path=candidate.path, skipped=(reason,)))
    return inputs, refused


def _candidates(path: str) -> Iterator[Input | _Refused]:
    if os.path.isdir(path):
        yield from _walk(path)
    elif glob.has_magic(path) and not os.path.lexists(path):
        matches = sorted(glob.glob(path, recursive=True))
        for match in matches:
            yield from _walk(match) if os.path.isdir(match) else (_input(match, named=True),)
        if not matches:
            yield _Refused(_shown(path), Skipped(reason="no file matches this pattern", trouble=True))
    else:
        yield _input(path, named=True)


def _walk(folder: str) -> Iterator[Input | _Refused]:
    """The files below a folder; names that begin with a dot are passed over, as everywhere."""
    errors: list[OSError] = []
    empty = True
    for root, folders, files in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if os.path.islink(os.path.join(root, name)):
                yield _Refused(_shown(os.path.join(root, name)), Skipped(reason="link to a folder: not followed"))
        for name in sorted(files):
            if not name.startswith("."):
                empty = False
                yield _input(os.path.join(root, name), named=False)
    for error in errors:
        yield _Refused(_shown(str(error.filename)), Skipped(reason=f"cannot be read: {error.strerror}", trouble=True))
    if empty and not errors:
        yield _Refused(_shown(folder), Skipped(reason="no file in this folder", trouble=True))


def _input(path: str, named: bool) -> Input:
    shown = _shown(path)
    return Input(path, named) if shown == path else Input(shown, named, file=path)


def _shown(path: str) -> str:
    """A path as text that can be encoded; what is no character is spelled out."""
    return path.encode("utf-8", "backslashreplace").decode()


def _reason_to_refuse(candidate: Input, seen: set[tuple[int, int]]) -> Skipped | None:
    """Why an input is not read, or None if it is."""
    path = candidate.file or candidate.path
    if path == STANDARD_INPUT:
        return None
    try:
        status = os.stat(path)
    except FileNotFoundError:
        dangling = os.path.islink(path)
        return Skipped(reason="link to a missing file" if dangling else "no such file or folder", trouble=True)
    except (OSError, ValueError) as error:
        return Skipped(reason=f"cannot be read: {getattr(error, 'strerror', None) or error}", trouble=True)
    reason = _reason_by_kind(candidate, status.st_mode)
    identity = (status.st_dev, status.st_ino)
    if reason is None and identity in seen:
        reason = Skipped(reason="the same file as one already read")
    seen.add(identity)
    return reason


def _reason_by_kind(candidate: Input, mode: int) -> Skipped | None:
    """In a folder only regular files are read, and of those only what may be a log."""
    if not stat.S_ISREG(mode) and not (candidate.named and stat.S_ISFIFO(mode)):
        return Skipped(reason="not a regular file", trouble=candidate.named)
    if not candidate.named and Path(candidate.path).suffix.lower() in _NOT_LOGS:
        return Skipped(reason="not a log, by its name")
    return None
