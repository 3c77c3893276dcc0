"""Uploads end where only their owner can read them, whatever they are called."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass

import pytest

from analyzer.dashboard.uploads import keep, safe_name


@dataclass
class File:
    """An uploaded file."""

    name: str
    content: bytes

    def getvalue(self) -> bytes:
        """All its bytes."""
        return self.content


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("api.log.gz", "api.log.gz"),
        ("../../etc/passwd", "passwd"),
        ("C:\\logs\\api.log", "api.log"),
        ("/etc/shadow", "shadow"),
        (".bashrc", "bashrc"),
        ("..", "upload.log"),
        ("", "upload.log"),
        ("a\nb\x00c.log", "a_b_c.log"),
        ("Fehler übernacht.log", "Fehler übernacht.log"),
        ("x" * 300 + ".log", "x" * 116 + ".log"),
    ],
)
def test_safe_name(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_files_are_private_and_none_replaces_another() -> None:
    folder = keep([File("a/api.log", b"one"), File("b/api.log", b"two")])
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        found = {file.name: (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) for file in folder.iterdir()}
        assert found == {"api.log": (b"one", 0o600), "2-api.log": (b"two", 0o600)}
    finally:
        shutil.rmtree(folder)
