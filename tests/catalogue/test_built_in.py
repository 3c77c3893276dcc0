"""The built-in catalogue, kept as one file, is the one that stands in its thousand files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analyzer.cache import cache_folder
from analyzer.catalogue import files, load, load_catalogue
from analyzer.catalogue.built_in import built_in_path


@pytest.fixture(autouse=True)
def small_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two technologies in the place of the built-in catalogue, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for technology in ("redis", "sqlite"):
        shutil.copytree(built_in_path() / technology, tmp_path / "patterns" / technology)
    for file in (tmp_path / "patterns").rglob("*.yaml"):
        # What leads to signatures of other technologies leads nowhere here.
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.startswith(("leads_to:", "refines:"))))
    monkeypatch.setattr(load, "built_in_path", lambda: tmp_path / "patterns")
    return tmp_path / "patterns"


def test_the_second_time_it_is_the_same() -> None:
    first = load_catalogue()
    assert len(list(cache_folder().glob("catalogue-*"))) == 1
    assert load_catalogue() == first


def test_the_second_time_reads_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    load_catalogue()
    monkeypatch.setattr(files, "read_document", None)
    assert load_catalogue()


def test_a_changed_file_is_seen(small_catalogue: Path) -> None:
    before = load_catalogue()
    file = small_catalogue / "redis" / f"{next(s.id for s in before if s.id.startswith('redis.'))[6:]}.yaml"
    file.write_text(file.read_text().replace("title: ", "title: Another ", 1))
    changed = [s.id for s, was in zip(load_catalogue(), before, strict=True) if s.title != was.title]
    assert changed == [f"redis.{file.stem}"]


def test_a_broken_cache_is_made_anew() -> None:
    first = load_catalogue()
    (file,) = cache_folder().glob("catalogue-*")
    file.write_bytes(file.read_bytes()[:1000])
    assert load_catalogue() == first
    assert file.stat().st_size > 1000
