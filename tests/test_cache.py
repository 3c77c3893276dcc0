"""What is kept on disk between runs: never a reason to fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer import cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "analyzer"


def test_what_is_kept_is_recalled() -> None:
    assert cache.recall("engine", "a1") is None
    cache.keep("engine", "a1", b"content")
    assert cache.recall("engine", "a1") == b"content"
    assert cache.recall("catalogue", "a1") is None


def test_what_was_used_last_stays_while_there_is_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_ROOM", 42)
    cache.keep("catalogue", "c1", b"x" * 99)
    for number in range(6):
        cache.keep("engine", f"a{number}", b"x" * 5)
        os.utime(folder / f"engine-a{number}", (number, number))
    assert cache.recall("engine", "a1") is not None
    cache.keep("engine", "a9", b"x" * 20)
    assert sorted(file.name for file in folder.iterdir()) == [
        "catalogue-c1",
        *(f"engine-a{number}" for number in (1, 3, 4, 5, 9)),
    ]


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    cache.keep("engine", "a1", b"content")
    assert cache.recall("engine", "a1") is None
