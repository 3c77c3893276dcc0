"""`analyzer scan` on what cannot be read, understood or trusted."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import FAILURE, SIGNATURE, TRAFFIC, Command


def _missing(folder: Path) -> str:
    return "missing.log"


def _unreadable(folder: Path) -> str:
    """A file without permissions; the superuser may read that, but not where a link leads nowhere."""
    path = folder / "unreadable.log"
    if os.geteuid() == 0:
        path.symlink_to(folder / "nowhere")
    else:
        path.write_text("x\n", "utf-8")
        path.chmod(0)
    return path.name


def _binary(folder: Path) -> str:
    (folder / "core.log").write_bytes(bytes(range(256)) * 64)
    return "core.log"


def _broken_gzip(folder: Path) -> str:
    packed = gzip.compress("".join(TRAFFIC.format(minute=m % 60) for m in range(9000)).encode())
    (folder / "broken.log.gz").write_bytes(packed[: len(packed) // 2])
    return "broken.log.gz"


def _empty(folder: Path) -> str:
    (folder / "empty.log").touch()
    return "empty.log"


@pytest.mark.parametrize("spoil", [_missing, _unreadable, _binary, _broken_gzip, _empty])
def test_bad_input_is_named_and_the_rest_is_done(
    command: Command, catalogue: Path, log: Path, tmp_path: Path, spoil: Any
) -> None:
    name = spoil(tmp_path)
    done = command("scan", name, log, "--catalogue", catalogue, "--format", "json", "--quiet", "--fail-on", "info")
    said = done.stderr.decode()
    report = json.loads(done.stdout)
    assert done.returncode == 2
    assert re.fullmatch(rf"analyzer: {re.escape(name)}: .+\n", said), said
    assert report["totals"]["incidents"] == 1
    assert any(source["path"] == name and source["skipped"] for source in report["sources"])


def test_log_without_any_time_says_so(command: Command, catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "bare.log").write_text("first thing\nsecond thing\n", "utf-8")
    done = command("scan", "bare.log", "--catalogue", catalogue)
    assert b"first thing" in done.stdout
    assert b"time" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--since", "yesterday"), "yesterday"),
        (("--since", "2025-10-25", "--until", "2025-10-24"), "since"),
        (("--timezone", "Mars/Olympus"), "Mars/Olympus"),
        (("--output", "no/such/folder/report.json"), "no/such/folder/report.json"),
        (("--output", "."), "folder"),
        (("--output", "postgres.log"), "postgres.log"),
        (("--events", "postgres.log"), "postgres.log"),
        (("--catalogue", "no-such-folder"), "no-such-folder"),
        (("--jobs", "0"), "jobs"),
    ],
)
def test_bad_arguments(command: Command, catalogue: Path, log: Path, arguments: Sequence[str], named: str) -> None:
    before = log.read_bytes()
    done = command("scan", log.name, "--catalogue", catalogue, *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert named in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert log.read_bytes() == before


def test_invalid_catalogue_is_refused_with_all_its_faults(command: Command, catalogue: Path, log: Path) -> None:
    file = catalogue / "shop" / "undefined_column.yaml"
    broken = SIGNATURE.replace("severity: high", "severity: huge").replace("impact:", "impakt:")
    file.write_text(broken, "utf-8")
    done = command("scan", log, "--catalogue", catalogue)
    said = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"{file}:{broken[: broken.index('severity')].count(chr(10)) + 1}: severity" in said
    assert f"{file}:{broken[: broken.index('impakt')].count(chr(10)) + 1}: impakt" in said


def test_what_is_sound_is_used_only_when_asked_to_keep_going(command: Command, catalogue: Path, log: Path) -> None:
    broken = catalogue / "shop" / "broken.yaml"
    broken.write_text(SIGNATURE.replace("undefined_column", "broken").replace("high", "huge"), "utf-8")
    arguments = ("scan", log, "--catalogue", catalogue, "--format", "json", "--fail-on", "info")
    refused = command(*arguments)
    assert (refused.returncode, refused.stdout) == (2, b"")
    done = command(*arguments, "--keep-going")
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert report["totals"]["incidents"] == 1
    left_out = report["sources"][-1]
    assert (left_out["path"], left_out["lines"]) == (str(broken), 0)
    assert left_out["skipped"][0]["reason"].startswith("left out of the catalogue: line 5: severity: ")
    said = done.stderr.decode().splitlines()
    assert said[0].startswith(f"analyzer: {broken}:5: severity: ")
    assert said[1:] == ["analyzer: 1 file was left out of the catalogue; 1 signatures are used"]
    assert command("patterns", "list", "--catalogue", catalogue).stdout == b""
    assert b"shop.undefined_column" in command("patterns", "list", "--catalogue", catalogue, "--keep-going").stdout


def test_hostile_text_never_reaches_the_terminal(command: Command, catalogue: Path, tmp_path: Path) -> None:
    name = "evil\x1b]0;owned\x07\u202e.log"
    (tmp_path / name).write_text(FAILURE.format(minute=1, column="a\x1b[2Jb"), "utf-8")
    done = command("scan", name, f"missing-{name}", "--catalogue", catalogue)
    shown = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 2
    assert not re.search("[\x1b\x07\u202e]", shown)
