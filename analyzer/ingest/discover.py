"""Paths, folders, globs and `-` -> the inputs to read, in a stable order, each once."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from analyzer.ingest import remote
from analyzer.model import Skipped, Source

STANDARD_INPUT = "-"
Identity = tuple[int, int] | str
"""What tells one file from another under two names: device and inode, or an address."""

_NOT_LOGS = frozenset(
    """
    .md .rst .html .htm .css .js .mjs .cjs .ts .map .py .pyc .rb .go .java .class .jar .so .a .o .exe .dll
    .yaml .yml .toml .ini .cfg .conf .lock .pid .sock .png .jpg .jpeg .gif .svg .ico .pdf .parquet .db .sqlite
    .sqlite3 .sql .sh
    """.split()
)
"""Endings of files that hold no log; a folder may contain them. A file named by itself is always read."""


_UNFINISHED = frozenset(".part .partial .filepart .crdownload .download .tmp .swp .upload".split())
"""Endings that programs give to files while they write them."""


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to read; `named` tells a path that the user gave from one found in a folder.

    `path` can be shown and stored anywhere; `file` is what to open, where that is something else:
    the name of a file that is no valid text, or the file of the archive that a member is in.
    `archive` is the path of that archive; the member's own continues it: `logs.tar!app/api.log`.
    """

    path: str
    named: bool = True
    file: str | None = None
    archive: str | None = None

    def member(self, name: str) -> Input:
        """A member of this archive."""
        return Input(f"{self.path}!{name}", False, self.file or self.path, self.archive or self.path)

    def container(self) -> Input:
        """The file in which a member is; any other input is its own."""
        return Input(self.archive, self.named, self.file) if self.archive is not None else self


def input_at(path: str) -> Input:
    """The input that was shown as `path`, be it a file or a member of an archive."""
    exists = remote.is_remote if remote.is_remote(path) else os.path.isfile
    for mark in (at for at, character in enumerate(path) if character == "!"):
        if not os.path.lexists(path) and exists(path[:mark]):
            return Input(path, named=False, file=path[:mark], archive=path[:mark])
    return Input(path)


@dataclass(frozen=True, slots=True)
class _Refused:
    """A path that is no input, and why."""

    path: str
    why: Skipped


def discover(paths: Iterable[str | os.PathLike[str]]) -> tuple[list[Input], list[Source]]:
    """The inputs behind the given paths, and those that cannot be read, with the reason."""
    inputs: list[Input] = []
    refused: list[Source] = []
    seen: set[Identity] = set()
    for path in paths:
        for candidate in _candidates(os.fspath(path)):
            reason = candidate.why if isinstance(candidate, _Refused) else _reason_to_refuse(candidate, seen)
            if isinstance(candidate, Input) and reason is None:
                inputs.append(candidate)
            elif reason is not None:
                refused.append(Source(path=candidate.path, skipped=(reason,)))
    return inputs, refused


def _candidates(path: str) -> Iterator[Input | _Refused]:
    if remote.is_remote(path):
        yield from _elsewhere(path)
    elif path.startswith("file://"):
        yield from _candidates(unquote(urlsplit(path).path))
    elif os.path.isdir(path):
        yield from _walk(path)
    elif glob.has_magic(path) and not os.path.lexists(path):
        matches = sorted(glob.glob(path, recursive=True))
        for match in matches:
            yield from _walk(match) if os.path.isdir(match) else (_input(match, named=True),)
        if not matches:
            yield _Refused(shown(path), Skipped(reason="no file matches this pattern", trouble=True))
    else:
        yield _input(path, named=True)


def _elsewhere(url: str) -> Iterator[Input | _Refused]:
    """The files behind the address of a file, a folder or a pattern."""
    text = remote.without_secrets(url)
    try:
        named, addresses = remote.find_remote(url)
    except OSError as error:
        yield _Refused(shown(text), Skipped(reason=f"cannot be read: {error.strerror}", trouble=True))
        return
    for address in addresses:
        path = remote.without_secrets(address)
        if named or not is_hidden(path.removeprefix(text)):
            yield Input(shown(path), named, file=address)
    if not addresses:
        yield _Refused(shown(text), Skipped(reason="no file in this folder", trouble=True))


def _walk(folder: str) -> Iterator[Input | _Refused]:
    """The files below a folder; names that begin with a dot are passed over, as everywhere."""
    errors: list[OSError] = []
    empty = True
    for root, folders, files in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if os.path.islink(os.path.join(root, name)):
                yield _Refused(shown(os.path.join(root, name)), Skipped(reason="link to a folder: not followed"))
        for name in sorted(files):
            if not name.startswith("."):
                empty = False
                yield _input(os.path.join(root, name), named=False)
    for error in errors:
        yield _Refused(shown(str(error.filename)), Skipped(reason=f"cannot be read: {error.strerror}", trouble=True))
    if empty and not errors:
        yield _Refused(shown(folder), Skipped(reason="no file in this folder", trouble=True))


def _input(path: str, named: bool) -> Input:
    text = shown(path)
    return Input(path, named) if text == path else Input(text, named, file=path)


def shown(path: str) -> str:
    """A path as text of one line that can be encoded; what is no character is spelled out."""
    text = path.encode("utf-8", "backslashreplace").decode()
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def is_hidden(path: str) -> bool:
    """Whether a file or a folder on the way to it begins with a dot; systems keep notes of their own there."""
    return any(part.startswith(".") and part not in {".", ".."} for part in path.split("/")) or "__MACOSX/" in path


def reason_by_name(path: str) -> Skipped | None:
    """Why a file that nobody named is not read, by what it is called."""
    ending = Path(path).suffix.lower()
    if ending in _UNFINISHED:
        return Skipped(reason="still being written or uploaded, by its name", sample=os.path.basename(path))
    if ending in _NOT_LOGS:
        return Skipped(reason="not a log, by its name", sample=os.path.basename(path))
    return None


def _reason_to_refuse(candidate: Input, seen: set[Identity]) -> Skipped | None:
    """Why an input is not read, or None if it is."""
    path = candidate.file or candidate.path
    if path == STANDARD_INPUT:
        return None
    if remote.is_remote(path):
        return _reason_to_refuse_remote(candidate, path, seen)
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


def _reason_to_refuse_remote(candidate: Input, url: str, seen: set[Identity]) -> Skipped | None:
    reason = None if candidate.named else reason_by_name(candidate.path)
    if reason is None and url in seen:
        reason = Skipped(reason="the same file as one already read")
    seen.add(url)
    return reason


def _reason_by_kind(candidate: Input, mode: int) -> Skipped | None:
    """In a folder only regular files are read, and of those only what may be a log."""
    if not stat.S_ISREG(mode) and not (candidate.named and stat.S_ISFIFO(mode)):
        return Skipped(reason="not a regular file", trouble=candidate.named)
    return None if candidate.named else reason_by_name(candidate.path)
