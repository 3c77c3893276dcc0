"""The command line as other programs see it: real processes, exit statuses, the two channels."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from analyzer import __version__, cli, cli_catalogue, model
from analyzer.commands import output
from analyzer.commands import scan as scan_command
from analyzer.commands import show as show_command

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_logs"

SIGNATURE = r"""
id: shop.undefined_column
title: Column {column} does not exist
category: schema_mismatch
severity: high
tags: [postgresql, migration]
match: ['column "(?P<column>[^"]+)" of relation "(?P<relation>[^"]+)" does not exist']
exclude: ['does not exist, skipping']
cause: The query names a column that this database does not have.
impact: Every statement that names the column fails.
fix:
  - text: Add the column.
    command: ALTER TABLE {relation} ADD COLUMN {column} <type>;
references: ['https://www.postgresql.org/docs/current/errcodes-appendix.html']
samples:
  - text: 'ERROR:  column "trainerId" of relation "sessions" does not exist'
    captures: {column: trainerId, relation: sessions}
  - text: '{"msg":"column \"trainerId\" of relation \"sessions\" does not exist"}'
    captures: {column: trainerId, relation: sessions}
near_misses: ['NOTICE:  column "a" of relation "b" does not exist, skipping']
"""

FAILURE = '2025-10-24 02:{minute:02}:07.000 UTC [812] ERROR:  column "{column}" of relation "orders" does not exist\n'
TRAFFIC = "2025-10-24 02:{minute:02}:00.000 UTC [812] LOG:  checkpoint complete: wrote 12 buffers\n"


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
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a script: no terminal, no colours, caches of its own."""
    dropped = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ANALYZER_PATHS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture
def command(tmp_path: Path, environment: dict[str, str]) -> Command:
    """Runs `analyzer` in an otherwise empty folder."""
    return Command(tmp_path, environment)


class Command:
    """`python -m analyzer` as a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def arguments(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "analyzer", *map(str, arguments)]

    def __call__(
        self, *arguments: str | Path, stdin: bytes = b"", stdout: int | None = subprocess.PIPE
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.arguments(*arguments),
            check=False,
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=120,
        )

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.arguments(*arguments), cwd=self.folder, env=self.environment, **options)


# --- start-up and the command line itself ----------------------------------------------------------


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


# --- scan: results and exit statuses ---------------------------------------------------------------


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


# --- scan: bad input -------------------------------------------------------------------------------


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


# --- scan: where results go ------------------------------------------------------------------------


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


# --- show ------------------------------------------------------------------------------------------


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


# --- patterns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ((), True),
        (("--technology", "shop"), True),
        (("--technology", "redis"), False),
        (("--severity", "high"), True),
        (("--severity", "low"), False),
        (("--text", "MIGRATION"), True),
        (("--text", "kafka"), False),
    ],
)
def test_list(command: Command, catalogue: Path, filters: Sequence[str], found: bool) -> None:
    done = command("patterns", "list", "--catalogue", catalogue, *filters)
    assert done.returncode == 0
    file = catalogue / "shop" / "undefined_column.yaml"
    expected = f"shop.undefined_column  high      Column {{column}} does not exist  [{file}]\n"
    assert done.stdout.decode() == (expected if found else "")


def test_list_of_the_built_in_catalogue_with_an_own_one(command: Command, catalogue: Path) -> None:
    done = command("patterns", "list", "--catalogue", "built-in", "--catalogue", catalogue)
    ids = [line.split()[0] for line in done.stdout.decode().splitlines()]
    assert "shop.undefined_column" in ids
    assert "postgresql.foreign_key_violation" in ids


def test_list_tells_what_is_put_in_place_of_a_built_in_one_and_what_is_switched_off(
    command: Command, tmp_path: Path
) -> None:
    own = tmp_path / "config" / "log-incident-analyzer" / "signatures" / "redis"
    own.mkdir(parents=True)
    signature = SIGNATURE.replace("shop.undefined_column", "redis.out_of_memory")
    (own / "out_of_memory.yaml").write_text(signature, "utf-8")
    (own.parent.parent / "config.toml").write_text('[catalogue]\ndisable = ["redis.loading"]\n', "utf-8")
    command.environment = {**command.environment, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    lines = command("patterns", "list", "--technology", "redis").stdout.decode().splitlines()
    (replaced,) = (line for line in lines if line.startswith("redis.out_of_memory "))
    assert replaced.endswith(
        f"Column {{column}} does not exist  [{own}/out_of_memory.yaml, in place of the built-in one]"
    )
    (off,) = (line for line in lines if line.startswith("redis.loading "))
    assert off.endswith("  [switched off]")
    assert sum("[" in line for line in lines) == 2


def test_a_configuration_named_on_the_command_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text('[catalogue]\ndisable = ["redis.laoding"]\n', "utf-8")
    done = command("patterns", "list", "--technology", "redis", "--config", "here.toml")
    assert done.returncode == 0
    assert b"fits no signature; did you mean 'redis.loading'?" in done.stderr
    (tmp_path / "here.toml").write_text('[catalogue]\ndisabled = ["redis.loading"]\n', "utf-8")
    refused = command("scan", "x.log", "--config", "here.toml")
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert refused.stderr.decode() == (
        "analyzer: here.toml:2: catalogue.disabled: unknown key (did you mean 'disable'?)\n"
        "analyzer: the configuration was refused; nothing was analyzed\n"
    )


def test_list_for_programs_and_as_a_page(command: Command, catalogue: Path) -> None:
    (entry,) = json.loads(command("patterns", "list", "--catalogue", catalogue, "--format", "json").stdout)
    assert (entry["id"], entry["severity"], entry["built_in"]) == ("shop.undefined_column", "high", False)
    assert entry["file"] == str(catalogue / "shop" / "undefined_column.yaml")
    page = command("patterns", "list", "--catalogue", catalogue, "--format", "markdown").stdout.decode()
    assert "\n## shop\n" in page
    assert "\n| `shop.undefined_column` | high | Column {column} does not exist |\n" in page


def test_show_signature(command: Command, catalogue: Path) -> None:
    page = command("patterns", "show", "shop.undefined_column", "--catalogue", catalogue).stdout.decode()
    for part in (
        "cause",
        "impact",
        "fix",
        "ALTER TABLE {relation}",
        "match",
        "sample",
        "near miss",
        "https://",
        "file ",
    ):
        assert part in page
    wrong = command("patterns", "show", "shop.undefined_colum", "--catalogue", catalogue)
    assert wrong.returncode == 2
    assert b"did you mean shop.undefined_column?" in wrong.stderr


def test_lint_and_test(command: Command, catalogue: Path) -> None:
    assert command("patterns", "lint", catalogue).stdout == b"1 signatures, no problem\n"
    assert command("patterns", "test", catalogue).returncode == 0
    file = catalogue / "shop" / "undefined_column.yaml"
    file.write_text(SIGNATURE.replace("captures: {column: trainerId", "captures: {column: wrong"), "utf-8")
    failed = command("patterns", "test", catalogue)
    assert failed.returncode == 2
    assert "samples[0]: column is 'trainerId', expected 'wrong'" in failed.stdout.decode()
    file.write_text(SIGNATURE.replace("severity: high", "severity: huge"), "utf-8")
    refused = command("patterns", "lint", catalogue)
    assert refused.returncode == 2
    assert f"{file}:5: severity" in refused.stdout.decode()


def test_hit_rate_on_a_corpus(command: Command, catalogue: Path, log: Path) -> None:
    done = command("patterns", "test", catalogue, "--corpus", log)
    assert done.returncode == 0
    total, heading, row = done.stdout.decode().splitlines()
    assert total == "13 lines, 3 matches, 230.77 per 1,000 lines"
    assert heading.split()[:3] == ["signature", "kind", "matches"]
    assert row.split()[:4] == ["shop.undefined_column", "failure", "3", "230.77"]
    assert 'column "trainerId"' in row
    silent = command("patterns", "test", catalogue, "--corpus", SAMPLES / "clean-api" / "gateway.log")
    assert silent.stdout.decode().endswith(" lines, 0 matches, 0.00 per 1,000 lines\n")
    assert command("patterns", "test", catalogue, "--corpus", "missing.log").returncode == 2


def test_explain(command: Command, catalogue: Path) -> None:
    refined = SIGNATURE.replace("id: shop.undefined_column", "id: shop.broad").replace(" of relation ", ".{1,20}")
    (catalogue / "shop" / "broad.yaml").write_text(refined, "utf-8")
    narrow = SIGNATURE.replace("tags:", "refines: shop.broad\ntags:")
    (catalogue / "shop" / "undefined_column.yaml").write_text(narrow, "utf-8")
    record = 'ERROR: column "x" of relation "t" does not exist'
    said = command("patterns", "explain", record, "--catalogue", catalogue).stdout.decode()
    assert re.search(r"^shop\.undefined_column   high   .*\n    column    x\n    relation  t\n", said)
    assert "shop.broad: gives way" in said
    vetoed = command("patterns", "explain", "-", "--catalogue", catalogue, stdin=f"{record}, skipping".encode())
    assert "vetoed by its own exclude" in vetoed.stdout.decode()
    assert "no signature matches" in vetoed.stdout.decode()
    assert vetoed.returncode == 0


def test_new_drafts_what_lint_asks_to_complete(command: Command, catalogue: Path, tmp_path: Path) -> None:
    record = 'cannot load cargo "gold" into hold 7'
    shown = command("patterns", "new", "--from", record, "--catalogue", catalogue)
    assert shown.returncode == 0
    assert b'cannot load cargo "(?P<value>[^"]+)" into hold' in shown.stdout
    (tmp_path / "own").mkdir()
    arguments = ("patterns", "new", "--from", "-", "--id", "ship.cargo_lost", "--output", "own")
    done = command(*arguments, "--catalogue", catalogue, stdin=record.encode())
    assert done.returncode == 0
    file = tmp_path / "own" / "ship" / "cargo_lost.yaml"
    assert file.exists()
    linted = command("patterns", "lint", "own").stdout.decode()
    assert "own/ship/cargo_lost.yaml:3: category: still to be written" in linted
    assert all("still to be written" in line for line in linted.splitlines())
    again = command(*arguments, "--catalogue", catalogue, stdin=record.encode())
    assert again.returncode == 2
    assert b"exists already" in again.stderr
    known = command("patterns", "new", "--from", FAILURE.format(minute=1, column="a"), "--catalogue", catalogue)
    assert b"recognised already: shop.undefined_column" in known.stderr


def test_schema(command: Command) -> None:
    schema = json.loads(command("patterns", "schema").stdout)
    Draft202012Validator.check_schema(schema)


# --- serve -----------------------------------------------------------------------------------------


def test_serve_answers_on_this_machine_only_and_ends_when_told(command: Command, log: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = command.start("serve", log, "--port", str(port), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert _health(f"http://127.0.0.1:{port}/_stcore/health") == "ok"
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=60)
    assert b"127.0.0.1" in said
    assert b"Traceback" not in said


def _health(address: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                text: bytes = answer.read()
                return text.decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_serve_refuses_a_path_that_it_could_not_hand_on(command: Command) -> None:
    done = command("serve", f"a{os.pathsep}b")
    assert done.returncode == 2
    assert b"cannot take a path" in done.stderr
