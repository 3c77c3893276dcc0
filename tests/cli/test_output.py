"""Where the results of `analyzer scan` go: files, pipes, terminals; and what stops it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analyzer import model
from analyzer.commands import output
from tests.cli.program import TRAFFIC, Command


def test_output_goes_whole_into_the_file(command: Command, catalogue: Path, log: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    arguments = ("scan", log, "--catalogue", catalogue, "--output", "out/report.json", "--events", "out/e.parquet")
    assert [command(*arguments).returncode for _ in range(2)] == [0, 0]
    assert sorted(os.listdir(tmp_path / "out")) == ["e.parquet", "report.json"]
    assert json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["totals"]["incidents"] == 1
    events = pq.read_table(tmp_path / "out" / "e.parquet")
    assert events.schema.names == model.EVENTS_SCHEMA.names
    assert events.num_rows == 3


def test_a_named_form_beats_the_name_of_the_file(command: Command, catalogue: Path, log: Path, tmp_path: Path) -> None:
    done = command("scan", log, "--catalogue", catalogue, "-o", "report.json", "--format", "markdown")
    assert (done.returncode, done.stdout) == (0, b"")
    assert (tmp_path / "report.json").read_text("utf-8").startswith("# ")


def test_reader_that_has_had_enough(command: Command, catalogue: Path, log: Path) -> None:
    process = command.start(
        "scan", log, "--catalogue", catalogue, "--format", "html", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(60) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk(command: Command, catalogue: Path, log: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = command("scan", log, "--catalogue", catalogue, stdout=full.fileno())
    assert done.returncode == 2
    assert done.stderr.decode().startswith("analyzer: standard output: cannot be written")


def test_interrupt(command: Command, catalogue: Path) -> None:
    process = command.start(
        "scan", "-", "--catalogue", catalogue, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # What runs in the background of a shell ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdin is not None
    # More than a pipe holds: once it is written, the command reads, and waits for the rest.
    process.stdin.write(TRAFFIC.format(minute=1).encode() * 4000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (stdout, stderr) == (b"", b"analyzer: interrupted\n")


def test_an_interrupt_that_got_lost_is_heeded_before_anything_is_put_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(output, "_INTERRUPTED", threading.Event())
    with pytest.raises(KeyboardInterrupt):
        output._interrupt()  # noqa: SLF001 - what Python calls on SIGINT; here a library swallows it
    with pytest.raises(KeyboardInterrupt):
        output.emit("report")
    with pytest.raises(KeyboardInterrupt):
        output.write_file(str(tmp_path / "report"), "report")
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("quiet", [False, True])
def test_progress_is_for_terminals_only(command: Command, catalogue: Path, log: Path, quiet: bool) -> None:
    controller, terminal = pty.openpty()
    arguments = ("scan", log, "--catalogue", catalogue, "--format", "json")
    process = command.start(*arguments, *(["--quiet"] if quiet else []), stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    stdout, _ = process.communicate(timeout=60)
    try:
        shown = os.read(controller, 65536)
    except OSError:  # Linux reports the end of a terminal that way
        shown = b""
    os.close(controller)
    assert json.loads(stdout)["totals"]["incidents"] == 1
    assert bool(shown) is not quiet
