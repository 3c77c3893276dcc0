"""What the tests of the command line start from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.program import FAILURE, ROOT, SIGNATURE, TRAFFIC, Command


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A catalogue of one signature, of severity high."""
    folder = tmp_path / "signatures"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "undefined_column.yaml").write_text(SIGNATURE, "utf-8")
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with one failure among ordinary traffic."""
    path = tmp_path / "postgres.log"
    lines = [TRAFFIC.format(minute=minute) for minute in range(10)]
    path.write_text("".join([*lines, *(FAILURE.format(minute=m, column="trainerId") for m in (11, 12, 13))]), "utf-8")
    return path


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The environment of a script: no terminal, no colours."""
    dropped = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ANALYZER_PATHS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def command(tmp_path: Path, environment: dict[str, str]) -> Command:
    """Runs `analyzer` in an otherwise empty folder."""
    return Command(tmp_path, environment)
