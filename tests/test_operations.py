"""Nightly runs, incidents and events from the command line: real processes, as cron starts them."""

from __future__ import annotations

import ctypes
import io
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, get_args

import pyarrow.parquet as pq
import pytest

from analyzer import cli_operations, night
from analyzer.commands import events as events_command
from analyzer.commands import incidents as incidents_command
from analyzer.commands.nightly import NightlyCommand, nightly
from analyzer.errors import AnalyzerError
from analyzer.store.database import Database
from tests.nightly.nights import lines

ROOT = Path(__file__).resolve().parent.parent
SIGNATURE = """
id: app.refused
title: No connection to {host}
category: connection
severity: high
match: ['connection to (?P<host>\\w+) refused']
cause: The host does not listen.
impact: Requests fail.
fix: [{text: Start it}]
verify: ['It answers.']
references: ['https://example.org/refused']
samples:
  - {text: 'connection to redis refused', captures: {host: redis}}
  - {text: 'E0001 connection to kafka refused', captures: {host: kafka}}
near_misses: ['connection to redis accepted']
"""
REFUSED = "ERROR connection to {} refused, try #"


class Command(Protocol):
    def __call__(
        self, *arguments: str | Path, env: dict[str, str] | None = None, before: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[bytes]: ...


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs the program in a folder of its own, with nothing of the user's in reach."""

    def run(
        *arguments: str | Path, env: dict[str, str] | None = None, before: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        home = {name: str(tmp_path / "home") for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}

        return subprocess.run(
            [sys.executable, "-m", "analyzer", *map(str, arguments)],
            cwd=tmp_path, env={**os.environ, **home, "PYTHONPATH": str(ROOT), **(env or {})}, check=False,
            capture_output=True, timeout=300, preexec_fn=before,
        )  # fmt: skip

    return run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with an incident, and a configuration that reads it."""
    path = tmp_path / "logs" / "app.log"
    path.parent.mkdir()
    path.write_text(lines("2025-10-25T01:00:00", 20, REFUSED.format("redis")))
    signatures = tmp_path / "home" / "log-incident-analyzer" / "signatures" / "app"
    signatures.mkdir(parents=True)
    (signatures / "refused.yaml").write_text(SIGNATURE)
    (tmp_path / "analyzer.toml").write_text(
        'sources = ["logs/*.log"]\nreport_dir = "reports"\n[store]\nurl = "sqlite:///store/store.db"\n'
        '[catalogue]\ndisable = ["[!a]*"]\n'
    )
    return path


STORE = ("--store", "sqlite:///store/store.db")


def test_choices_are_those_of_the_commands() -> None:
    assert get_args(cli_operations.IncidentState) == get_args(night.IncidentState)
    assert get_args(cli_operations.IncidentFormat) == get_args(incidents_command.Format)
    assert get_args(cli_operations.EventsFormat) == get_args(events_command.Format)


def test_from_init_to_the_morning_after(command: Command, log: Path, tmp_path: Path) -> None:
    (tmp_path / "analyzer.toml").rename(tmp_path / "mine.toml")
    assert command("nightly", "--init").returncode == 0
    written = (tmp_path / "analyzer.toml").read_text()
    again = command("nightly", "--init")
    assert (again.returncode, (tmp_path / "analyzer.toml").read_text()) == (2, written)
    assert b"is there already" in again.stderr
    done = command("nightly", "--config", "mine.toml")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2025-10-25  1 new, 0 regressed" in done.stdout
    assert b"No connection to redis  20 events" in done.stdout
    assert {path.name for path in (tmp_path / "reports").iterdir()} >= {"2025-10-25.html", "index.html"}
    assert "No connection to redis" in (tmp_path / "reports" / "2025-10-25.md").read_text()
    assert b"read 0 new records" in command("nightly", "--config", "mine.toml").stdout


def test_the_template_is_a_configuration_that_works(command: Command, log: Path, tmp_path: Path) -> None:
    command("nightly", "--init", "--config", "new.toml")
    text = (tmp_path / "new.toml").read_text()
    uncommented = "\n".join(
        line.removeprefix("# ") if re.match(r"# (?:\[\[|\w+ = )", line) else line for line in text.splitlines()
    )
    for content in (text, uncommented.replace('url = "postgresql://analyzer@db.example.org/analyzer"\n', "")):
        config = content.replace("/var/log/myapp/*.log*", "logs").replace('["signatures"]', "[]")
        (tmp_path / "new.toml").write_text(config.replace("~/", ""))
        done = command("nightly", "--config", "new.toml", "--store", f"sqlite:///{len(content)}.db", "--quiet")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("source = ['x']", r"bad\.toml:1: source: unknown key \(did you mean 'sources'\?\)"),
        ("sources = 'x'", r"bad\.toml:1: sources: must be a list"),
        ("sources = ['x']\ntimezone = 'Berlin'", r"bad\.toml:2: timezone: 'Berlin' is no time zone"),
        ("sources = ['x']\nnight_ends = 'six'", r"bad\.toml:2: night_ends: 'six' is no time of day"),
        ("sources = ['x']\n[store]\nurl = 'store.db'", r"bad\.toml:3: store\.url: is no address of a store"),
        ("sources = ['x']\n[store]\nkeep_days = 0", r"bad\.toml:3: store\.keep_days: "),
        ("timezone = 'UTC'", r"names no sources; .*--source"),
    ],
)
def test_a_wrong_configuration_is_told_with_key_and_suggestion(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text(content)
    with pytest.raises(AnalyzerError, match=said):
        nightly(NightlyCommand(config="bad.toml"))


def test_a_missing_source_is_told_and_the_rest_is_done(command: Command, log: Path) -> None:
    done = command("nightly", "--source", "logs", "--source", "gone/*.log", *STORE)
    assert done.returncode == 2
    assert b"gone/*.log: no file matches this pattern" in done.stderr
    assert b"1 new" in done.stdout


def test_a_notification_that_fails_is_told_and_fails_nothing(command: Command, log: Path, tmp_path: Path) -> None:
    lately = datetime.now(UTC) - timedelta(hours=30)
    log.write_text(lines(f"{lately:%Y-%m-%dT%H:%M:%S}", 20, REFUSED.format("redis")))
    with (tmp_path / "analyzer.toml").open("a") as config:
        config.write('[[notify]]\nurls = ["nonsense://x"]\nseverity = "info"\n')
    for _ in range(2):  # what was not told is tried again
        done = command("nightly")
        assert done.returncode == 0
        assert b"notify[0]: nonsense-" in done.stderr
        assert b"no address that apprise knows" in done.stderr


def test_a_second_run_at_the_same_time_has_a_status_of_its_own(command: Command, log: Path, tmp_path: Path) -> None:
    command("nightly")
    with Database(f"sqlite:///{tmp_path}/store/store.db").lock():
        done = command("nightly")
    assert done.returncode == 3
    assert b"another run" in done.stderr


def test_incidents(command: Command, log: Path) -> None:
    assert command("incidents", "list", *STORE).returncode == 2
    command("nightly")
    (known,) = json.loads(command("incidents", "list", *STORE, "--format", "json").stdout)
    name = known["id"]
    assert (known["state"], known["nights"]) == ("open", {"2025-10-25": 20})
    shown = command("incidents", "show", name[:4], *STORE).stdout.decode()
    assert "No connection to redis" in shown
    assert "Start it" in shown
    assert json.loads(command("incidents", "show", name, *STORE, "--format", "json").stdout)["history"]["id"] == name
    assert "No connection to redis" in command("show", name, *STORE).stdout.decode()
    noted = command("incidents", "note", name, "port was\x1b[31m closed", *STORE, "--format", "json")
    assert [note["action"] for note in json.loads(noted.stdout)["notes"]] == ["note"]
    assert b"\x1b" not in command("incidents", "show", name, *STORE).stdout
    assert b" resolved " in command("incidents", "resolve", name, *STORE).stdout
    assert command("incidents", "list", "--state", "open", *STORE).stdout == b"no incidents\n"
    unknown = command("incidents", "mute", "zzz", *STORE)
    assert (unknown.returncode, b"no incident 'zzz' in the store" in unknown.stderr) == (2, True)


def test_stored_events(command: Command, log: Path, tmp_path: Path) -> None:
    command("nightly")

    def ask(*arguments: str) -> bytes:
        return command("events", *STORE, *arguments).stdout

    where = ("--where", 'keys.host == "redis" and matches(text, "try 1[0-9]$")')
    table = ask(*where).decode().splitlines()
    assert (len(table), table[0].split(",")[0]) == (11, "timestamp")
    rows = [json.loads(line) for line in ask(*where, "--since", "2025-10-25T01:15", "--format", "json").splitlines()]
    assert [row["line"] for row in rows] == [16, 17, 18, 19, 20]
    assert rows[0]["keys"] == {"host": "redis"}
    assert pq.read_table(io.BytesIO(ask("--format", "parquet"))).num_rows == 20
    ask("--output", "out.csv", "--until", "2025-10-25T01:04:00+00:00")
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 6
    ask("--output", "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 20
    wrong = command("events", *STORE, "--where", "severty == 'high'")
    assert (wrong.returncode, b"did you mean 'severity'?" in wrong.stderr) == (2, True)


def small_files() -> None:
    """A disk that is full: no file may grow any further."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


def no_privileges() -> None:
    """Not even root may write where permissions say that nobody may."""
    set_bounding, may_override = 24, 1
    if os.geteuid() == 0:
        assert ctypes.CDLL(None, use_errno=True).prctl(set_bounding, may_override, 0, 0, 0) == 0


@pytest.mark.parametrize(("trouble", "mode"), [(small_files, 0o700), (no_privileges, 0o500)])
def test_where_nothing_can_be_written_the_store_stays_as_it_is(
    command: Command, log: Path, tmp_path: Path, trouble: Callable[[], None], mode: int
) -> None:
    """Bad input 88."""
    command("nightly")
    before = _content(command)
    with log.open("a") as file:
        file.write(lines("2025-10-25T04:00:00", 3000, "ERROR connection to kafka refused " + "x#" * 40, every=1))
    for folder in (tmp_path / "store", tmp_path / "store" / "store-events"):
        folder.chmod(mode)
    done = command("nightly", before=trouble)
    for folder in (tmp_path / "store", tmp_path / "store" / "store-events"):
        folder.chmod(0o700)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"store" in done.stderr
    assert _content(command) == before
    assert command("nightly").returncode == 0
    assert len(_content(command)["events"].splitlines()) == len(before["events"].splitlines()) + 3000


def _content(command: Command) -> dict[str, Any]:
    return {
        "incidents": command("incidents", "list", *STORE, "--format", "json").stdout,
        "events": command("events", *STORE).stdout,
    }


@pytest.mark.parametrize(
    "env", [{"TZ": "Pacific/Kiritimati", "LC_ALL": "C"}, {"TZ": "Nowhere/Special", "LC_ALL": "tr_TR.UTF-8"}]
)
def test_time_zone_and_locale_of_the_machine_change_nothing(command: Command, log: Path, env: dict[str, str]) -> None:
    """Bad input 93."""
    done = command("nightly", env={**env, "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2025-10-25  1 new" in done.stdout
    assert b"  01:00  No connection to redis  20 events" in done.stdout
