"""`analyzer show`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Command


@pytest.fixture
def report(command: Command, catalogue: Path, log: Path, tmp_path: Path) -> dict[str, Any]:
    """A report in `report.json`."""
    assert command("scan", log, "--catalogue", catalogue, "--output", "report.json").returncode == 0
    loaded: dict[str, Any] = json.loads((tmp_path / "report.json").read_text("utf-8"))
    return loaded


def test_show(command: Command, report: dict[str, Any]) -> None:
    incident = report["incidents"][0]
    text = command("show", incident["id"][:6], "--from", "report.json")
    assert text.returncode == 0
    assert "ALTER TABLE orders ADD COLUMN trainerId" in text.stdout.decode()
    as_json = command("show", incident["id"], "--from", "-", "--format", "json", stdin=json.dumps(report).encode())
    assert json.loads(as_json.stdout) == incident
    assert command("show", incident["id"], "--from", "report.json", "--format", "markdown").stdout.startswith(b"#")


@pytest.mark.parametrize(
    ("content", "named"), [("{}", "schema_version"), ("no json", "not a JSON document"), ("[" * 99_999, "not a JSON")]
)
def test_show_of_something_else(command: Command, tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "other.json").write_text(content, "utf-8")
    done = command("show", "x", "--from", "other.json")
    assert done.returncode == 2
    assert done.stderr.decode().startswith("analyzer: other.json: ")
    assert named in done.stderr.decode()


def test_show_of_an_unknown_incident(command: Command, report: dict[str, Any]) -> None:
    done = command("show", "zzz", "--from", "report.json")
    assert done.returncode == 2
    assert report["incidents"][0]["id"] in done.stderr.decode()
    assert command("show", "zzz", "--from", "missing.json").returncode == 2
    assert b"--from report.json" in command("show", "zzz").stderr
