"""The program as such, as other programs see it: start-up, version, wrong command lines, defects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from analyzer import __version__, cli, cli_catalogue, model
from analyzer.commands import scan as scan_command
from analyzer.commands import show as show_command
from tests.cli.program import Command


def test_help_imports_nothing_heavy(environment: dict[str, str]) -> None:
    script = (
        "import sys; sys.argv = ['analyzer', '--help']\n"
        "from analyzer.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: print(stop.code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, env=environment, capture_output=True, text=True)
    status, *modules = done.stderr.split()
    assert status == "0"
    assert "scan" in done.stdout
    heavy = {"hyperscan", "numpy", "pandas", "plotly", "pyarrow", "pydantic", "regex", "rich", "streamlit", "yaml"}
    assert heavy.isdisjoint(modules)


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_a_scan_imports_no_more_than_it_needs(environment: dict[str, str], tmp_path: Path, form: str) -> None:
    log = tmp_path / "app.log"
    log.write_text("2025-10-24 02:14:07,113 - app.db - ERROR - could not save\n" * 20)
    script = (
        f"import sys; sys.argv = ['analyzer', 'scan', '--quiet', '--format', {form!r}, {str(log)!r}]\n"
        "from analyzer.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: print(stop.code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, env=environment, capture_output=True, text=True)
    status, *modules = done.stderr.splitlines()[-1].split()
    assert status == "0"
    assert {"alembic", "apprise", "fsspec", "pandas", "sqlalchemy", "streamlit"}.isdisjoint(modules)


def test_data_frames_are_to_be_had_although_a_scan_spares_pandas(environment: dict[str, str]) -> None:
    script = (
        "import sys\n"
        "from analyzer.commands.arrow import spare_pandas\n"
        "spare_pandas()\n"
        "import pyarrow as pa\n"
        "table = pa.table({'a': pa.array([1, None])})\n"
        "assert 'pandas' not in sys.modules\n"
        "assert table.to_pandas()['a'].isna().tolist() == [False, True]\n"
        "import pandas\n"
        "assert pa.array(pandas.Series([1.0, float('nan')])).null_count == 1\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


def test_version(command: Command) -> None:
    assert command("--version").stdout.decode() == f"analyzer {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [(), ("scan",), ("no-such-command",), ("scan", "--no-such-option", "x"), ("scan", "--fail-on", "huge", "x")],
)
def test_wrong_command_line(command: Command, arguments: Sequence[str]) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_names_on_the_command_line_are_those_of_the_model() -> None:
    assert get_args(cli_catalogue.Severity) == get_args(model.Severity) == model.SEVERITIES
    assert get_args(cli.ScanFormat) == get_args(scan_command.Format)
    assert get_args(cli.ShowFormat) == get_args(show_command.Format)


def test_a_defect_does_not_look_like_incidents_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "on purpose" in capsys.readouterr().err


def test_no_command_is_described_by_half_a_sentence(command: Command) -> None:
    commands = command("--help").stdout.decode().partition("Commands:")[2]
    assert "scan " in commands
    assert "..." not in commands
