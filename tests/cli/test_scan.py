"""`analyzer scan`: results and exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.program import FAILURE, ROOT, SAMPLES, TRAFFIC, Command


def test_scan_tells_the_incident(command: Command, catalogue: Path, log: Path) -> None:
    done = command("scan", log, "--catalogue", catalogue)
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "HIGH" in text
    assert "trainerId" in text
    assert "ALTER TABLE orders ADD COLUMN trainerId" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(("severity", "status"), [("critical", 0), ("high", 1), ("medium", 1), ("low", 1), ("info", 1)])
def test_fail_on(command: Command, catalogue: Path, log: Path, severity: str, status: int) -> None:
    assert command("scan", log, "--catalogue", catalogue, "--fail-on", severity).returncode == status


def test_without_incident_nothing_fails(command: Command, catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "quiet.log").write_text(TRAFFIC.format(minute=1) * 5, "utf-8")
    done = command("scan", "quiet.log", "--catalogue", catalogue, "--fail-on", "info")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"No incident" in done.stdout


def test_json_is_that_of_the_contract(command: Command, catalogue: Path, log: Path) -> None:
    report = json.loads(command("scan", log, "--catalogue", catalogue, "--format", "json").stdout)
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(report)
    assert [incident["root_cause"]["signature"] for incident in report["incidents"]] == ["shop.undefined_column"]
    assert report["sources"][0]["path"] == str(log)


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("markdown", b"# "), ("html", b"<!doctype html>"), ("csv", b"id,title,status,"), ("parquet", b"PAR1")],
)
def test_forms(command: Command, catalogue: Path, log: Path, form: str, beginning: bytes) -> None:
    done = command("scan", log, "--catalogue", catalogue, "--format", form)
    assert done.returncode == 0
    assert done.stdout.lower().startswith(beginning.lower())


def test_standard_input(command: Command, catalogue: Path, log: Path) -> None:
    done = command("scan", "-", "--catalogue", catalogue, "--format", "json", stdin=log.read_bytes())
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert (report["sources"][0]["path"], report["totals"]["lines"]) == ("-", 13)
    assert report["totals"]["incidents"] == 1


def test_since_and_until(command: Command, catalogue: Path, log: Path) -> None:
    arguments = ("scan", log, "--catalogue", catalogue, "--format", "json")
    within = json.loads(command(*arguments, "--since", "2025-10-24T02:12", "--until", "2025-10-24T02:12:59").stdout)
    before = json.loads(command(*arguments, "--until", "2025-10-24T03:59", "--timezone", "Europe/Berlin").stdout)
    assert (within["totals"]["events"], before["totals"]["events"]) == (1, 0)


def test_redaction_can_be_turned_off(command: Command, catalogue: Path, tmp_path: Path) -> None:
    line = FAILURE.format(minute=1, column="trainerId").rstrip() + " password=hunter2secret\n"
    (tmp_path / "app.log").write_text(line, "utf-8")
    arguments = ("scan", "app.log", "--catalogue", catalogue, "--format", "json")
    assert b"hunter2secret" not in command(*arguments).stdout
    assert b"hunter2secret" in command(*arguments, "--no-redact").stdout


def test_the_built_in_catalogue_explains_a_sample(command: Command) -> None:
    done = command("scan", SAMPLES / "silent-201", "--format", "json", "--fail-on", "high")
    incidents = json.loads(done.stdout)["incidents"]
    assert done.returncode == 1, done.stderr.decode()
    assert incidents[0]["root_cause"]["signature"] == "postgresql.foreign_key_violation"


def test_a_clean_night_is_clean(command: Command) -> None:
    done = command("scan", SAMPLES / "clean-api", "--fail-on", "info")
    assert (done.returncode, done.stderr) == (0, b"")
