"""The files of `deploy/` are ready to be used: they parse, and they call what there is."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from analyzer.cli import app
from analyzer.nightly.settings import NightlyConfig

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
COMMANDS = ["cron", "systemd/analyzer.service", "github-actions.yml", "Dockerfile"]


def kubernetes() -> dict[str, Any]:
    return {part["kind"]: part for part in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}


def check_command(arguments: list[str]) -> None:
    """That the program has such a command with such options."""
    group = typer.main.get_command(app)
    command = group.commands[arguments[0]]  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    used = {argument for argument in arguments if argument.startswith("--")}
    assert used <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_the_commands_exist(name: str) -> None:
    text = re.sub(r"\\\n# +", "", (DEPLOY / name).read_text())
    calls = re.findall(r"analyzer (nightly --[^\n]*)", text)
    assert calls
    for call in calls:
        check_command(shlex.split(call))


def test_cron() -> None:
    (line,) = [text for text in (DEPLOY / "cron").read_text().splitlines() if re.match(r"[\d*]", text)]
    minute, hour, day, month, weekday, user, program, *arguments = line.split()
    assert (int(minute) < 60, int(hour) < 24, day, month, weekday) == (True, True, "*", "*", "*")
    assert (user, program) == ("analyzer", "analyzer")
    check_command(arguments)


def test_systemd() -> None:
    if shutil.which("systemd-analyze") is not None:
        units = [str(DEPLOY / "systemd" / f"analyzer.{kind}") for kind in ("service", "timer")]
        done = subprocess.run(
            ["systemd-analyze", "verify", *units], check=False, capture_output=True, text=True, timeout=60
        )
        ours = [line for line in done.stderr.splitlines() if "analyzer." in line and "not executable" not in line]
        assert ours == []
    service = (DEPLOY / "systemd" / "analyzer.service").read_text()
    for line in service.splitlines():
        assert re.fullmatch(r"#.*|\[\w+\]|\w+=.+|", line), line
    assert "SuccessExitStatus=3" in service


def test_kubernetes() -> None:
    parts = kubernetes()
    job = parts["CronJob"]["spec"]
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    check_command(container["args"])
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert job["concurrencyPolicy"] == "Forbid"
    config = NightlyConfig.model_validate(tomllib.loads(parts["ConfigMap"]["data"]["analyzer.toml"]))
    assert config.sources == ("/logs",)
    assert config.store.url == "sqlite:////data/store.db"
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {"/logs", "/data", "/etc/analyzer"} <= mounted


def test_github_actions() -> None:
    workflow = yaml.safe_load((DEPLOY / "github-actions.yml").read_text())
    steps = workflow["jobs"]["nightly"]["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)


def test_the_image_is_made_of_what_there_is() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extras in re.findall(r"\[([\w,]+)\]'", text + (DEPLOY / "github-actions.yml").read_text()):
        assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert "analyzer" in project["scripts"]
