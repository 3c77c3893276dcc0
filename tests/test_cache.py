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


def test_only_the_newest_of_a_kind_stay(folder: Path) -> None:
    cache.keep("catalogue", "c1", b"")
    for number in range(6):
        cache.keep("engine", f"a{number}", b"")
        os.utime(folder / f"engine-a{number}", (number, number))
    cache.keep("engine", "a9", b"")
    assert sorted(file.name for file in folder.iterdir()) == [
        "catalogue-c1",
        *(f"engine-a{number}" for number in (3, 4, 5, 9)),
    ]


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    cache.keep("engine", "a1", b"content")
    assert cache.recall("engine", "a1") is None
