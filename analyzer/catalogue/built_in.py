"""The built-in catalogue, read from its thousand files once and then from one.

What is kept is made anew when any of the files, or the schema, has changed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from analyzer import cache, model
from analyzer.model import Signature

BUILT_IN_WORD = "built-in"
"""Where a path of a catalogue is asked for, this word stands for the one that comes along."""

_PACKAGED = Path(__file__).resolve().parent.parent / "patterns"
_IN_CHECKOUT = Path(__file__).resolve().parent.parent.parent / "patterns"
_KIND = "catalogue"
_SIGNATURES = msgspec.msgpack.Decoder(tuple[Signature, ...])


def built_in_path() -> Path:
    """The folder of the built-in catalogue: inside the wheel, or beside the package in a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _IN_CHECKOUT


def kept_signatures(folder: Path) -> tuple[Signature, ...] | None:
    """The signatures of a folder as they were kept, or None where there are none or they are out of date."""
    kept = cache.recall(_KIND, _fingerprint(folder))
    try:
        return _SIGNATURES.decode(kept) if kept is not None else None
    except msgspec.MsgspecError:
        return None


def keep_signatures(folder: Path, signatures: tuple[Signature, ...]) -> None:
    """Keep the signatures of a folder, in which there must be no fault."""
    cache.keep(_KIND, _fingerprint(folder), msgspec.msgpack.encode(signatures))


def file_of(signature: Signature, folder: Path) -> Path:
    """Where a signature of a folder stands in it."""
    return folder / f"{signature.id.replace('.', '/')}.yaml"


def _fingerprint(folder: Path) -> str:
    """A name for the state of the files and of what reads them."""
    schema = Path(str(model.__file__)).read_bytes()
    state = repr((msgspec.__version__, sorted(_states(folder)))).encode()
    return hashlib.sha256(schema + state).hexdigest()[:24]


def _states(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of each file, two levels deep."""
    for technology in os.scandir(folder):
        if technology.is_dir():
            for file in os.scandir(technology):
                status = file.stat()
                yield file.path, status.st_size, status.st_mtime_ns
