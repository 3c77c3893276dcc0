"""`analyzer patterns`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.program import FAILURE, SAMPLES, SIGNATURE, Command


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


def test_lint_names_a_pattern_that_is_too_large_for_the_engine(command: Command, catalogue: Path) -> None:
    file = catalogue / "shop" / "undefined_column.yaml"
    huge = "match: ['error (?:[a-z]{1,200}[0-9]{1,200};){90,100}x', "
    file.write_text(SIGNATURE.replace("match: [", huge), "utf-8")
    refused = command("patterns", "lint", catalogue)
    assert refused.returncode == 2
    (line,) = (n for n, text in enumerate(file.read_text("utf-8").splitlines(), start=1) if huge in text)
    assert f"{file}:{line}: match[0]: the engine refuses this pattern: Pattern is too large." in refused.stdout.decode()


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


def test_hit_rate_on_a_corpus_with_failures_that_no_signature_knows(
    command: Command, catalogue: Path, tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    quiet = [f"2025-10-24 02:{minute:02d}:07,113 INFO served" for minute in range(50)]
    failing = [f"2025-10-24 02:55:{second:02d},113 ERROR the flux capacitor is cold" for second in range(40)]
    log.write_text("\n".join([*quiet, *failing]) + "\n", "utf-8")
    done = command("patterns", "test", catalogue, "--corpus", log)
    assert done.returncode == 0
    row = done.stdout.decode().splitlines()[-1]
    assert row.startswith("unknown.")
    assert row.split()[1:3] == ["unknown", "40"]


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
