"""Uploaded logs, written where the analyzer can read them and nobody else can."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

_ODD = re.compile(r"[^\w.+=@ -]+")
_LONGEST = 120


class Upload(Protocol):
    """What Streamlit hands over for a file."""

    name: str

    def getvalue(self) -> bytes:
        """All bytes of the file."""


def keep(uploads: Iterable[Upload]) -> Path:
    """Write the files into a new folder that only this user can read, until the dashboard ends; its path."""
    folder = Path(tempfile.mkdtemp(prefix="analyzer-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for upload in uploads:
        target = _free(folder, safe_name(upload.name))
        target.touch(mode=0o600)
        target.write_bytes(upload.getvalue())
    return folder


def safe_name(name: str) -> str:
    """A file name without folders, hidden or odd characters; its endings stay, they tell the format."""
    last = re.split(r"[/\\]", name)[-1]
    cleaned = _ODD.sub("_", last).strip(" .")[-_LONGEST:].lstrip(" .")
    return cleaned or "upload.log"


def _free(folder: Path, name: str) -> Path:
    """A path in the folder that is not taken yet."""
    candidate = folder / name
    number = 2
    while candidate.exists():
        candidate = folder / f"{number}-{name}"
        number += 1
    return candidate
