"""The compiled engine on disk finds the same as a fresh one, whichever process wrote it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.cache import cache_folder
from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.match import cache, literals

SIGNATURE = """\
id: example.refused
title: Refused
category: network
severity: high
tags: [example]
match:
  - '(?:alpha refused|bravo refused|charlie refused|delta refused): (?P<host>\\w+)'
  - 'delta refused(?P<count>\\d+)'
  - 'alpha refused(?P<count>\\d+)'
cause: c
impact: i
fix: [{text: t}]
verify: [v]
prevent: [p]
references: ['https://example.org/']
samples:
  - {text: 'alpha refused: db1', captures: {host: db1}}
  - {text: 'delta refused4', captures: {count: '4'}}
near_misses: ['kilo refused: db1']
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets what another one compiled."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """One signature whose patterns stand behind several literals."""
    folder = tmp_path / "catalogue" / "example"
    folder.mkdir(parents=True)
    (folder / "refused.yaml").write_text(SIGNATURE)
    return load_catalogue(folder.parent)


def test_a_second_run_restores_the_engine(catalogue: Catalogue) -> None:
    cache.engine_for(catalogue)
    (file,) = cache_folder().glob("engine-*")
    written = file.stat().st_ino  # what is written anew is another file
    cache.engine_for(catalogue)
    assert file.stat().st_ino == written


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_an_engine_that_another_process_wrote_finds_the_same(catalogue: Catalogue, tmp_path: Path, seed: str) -> None:
    finding = (
        "import sys\n"
        "import numpy as np\n"
        "from analyzer.catalogue import load_catalogue\n"
        "from analyzer.match.cache import engine_for\n"
        "engine = engine_for(load_catalogue(sys.argv[1]))\n"
        "texts = [name + b' refused: db' for name in (b'alpha', b'bravo', b'charlie', b'delta')]\n"
        "print([sorted(set(engine.scan(text, np.array([0]))[0].tolist())) for text in texts])"
    )
    for hash_seed in ("0", seed):
        run = subprocess.run(
            [sys.executable, "-c", finding, str(tmp_path / "catalogue")],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == "[[0, 2], [0], [0], [0, 1]]"


def test_changed_code_compiles_again(catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.compiler_sources.cache_clear()
    cache.engine_for(catalogue)
    changed = tmp_path / "literals.py"
    changed.write_text(Path(str(literals.__file__)).read_text() + "\n# another weight\n")
    monkeypatch.setattr(literals, "__file__", str(changed))
    cache.compiler_sources.cache_clear()
    cache.engine_for(catalogue)
    cache.compiler_sources.cache_clear()
    assert len(list(cache_folder().glob("engine-*"))) == 2


def test_a_cache_that_is_cut_off_is_replaced(catalogue: Catalogue) -> None:
    cache.engine_for(catalogue)
    (file,) = cache_folder().glob("engine-*")
    whole = file.read_bytes()
    file.write_bytes(whole[:-10])
    cache.engine_for(catalogue)
    assert file.stat().st_size == len(whole)


def test_compiled_expressions_are_restored_and_replaced_where_they_are_broken(catalogue: Catalogue) -> None:
    cache.engine_for(catalogue)
    (file,) = cache_folder().glob("expressions-*")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"x")
    cache.engine_for(catalogue)
    assert file.read_bytes() == whole
