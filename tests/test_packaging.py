"""What a user installs: the contents of the wheel, and the command that it brings, far from this checkout."""

from __future__ import annotations

import ast
import os
import re
import socket
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
import zipfile
from email.parser import Parser
from pathlib import Path
from time import monotonic, sleep

import pytest

from analyzer import __version__

ROOT = Path(__file__).resolve().parent.parent

PROVIDED_BY = {"yaml": "pyyaml"}
IN_EXTRAS = {"jq"}
NEVER_IMPORTED = {"tzdata", "plotly"}
"""Data behind the standard library's zoneinfo, for machines that have none; and the script that draws the timeline."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution and not from the checkout: that one has to be complete, too."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a fresh environment: the wheel in it, its dependencies borrowed from ours."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=os.name == "posix", with_pip=False)
    bin_folder = home / ("Scripts" if os.name == "nt" else "bin")
    python = bin_folder / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True)
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    find_site = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(find_site, check=True, capture_output=True, text=True).stdout.strip())
    (site / "borrowed.pth").write_text("\n".join(borrowed), "utf-8")
    return bin_folder


@pytest.fixture
def environment() -> dict[str, str]:
    """Nothing that leads back to the checkout."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


def test_contents(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    patterns = {f"analyzer/{file.relative_to(ROOT).as_posix()}" for file in (ROOT / "patterns").rglob("*.yaml")}
    sources = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "analyzer").rglob("*")
        if file.is_file() and file.suffix not in (".pyc", ".tmp")
    }
    assert patterns <= names
    assert sources <= names
    assert {"analyzer/serve/app.py", "analyzer/py.typed"} <= names
    assert {name.split("/")[0] for name in names} == {"analyzer", f"log_incident_analyzer-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name]


def test_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = f"log_incident_analyzer-{__version__}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        entry_points = archive.read(f"{folder}/entry_points.txt").decode()
        names = archive.namelist()
    assert (metadata["Name"], metadata["Version"]) == ("log-incident-analyzer", __version__)
    assert metadata["License-Expression"] == "Apache-2.0"
    assert f"{folder}/licenses/LICENSE" in names
    assert "analyzer = analyzer.cli:main" in entry_points


def test_installed_command_works_from_an_empty_folder(
    scripts: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()

    def run(*command: str) -> str:
        done = subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return done.stdout

    assert Path(run(str(scripts / "python"), "-c", "import analyzer; print(analyzer.__file__)")).is_relative_to(
        scripts.parent
    )
    analyzer = str(scripts / "analyzer")
    assert "postgresql.foreign_key_violation" in run(analyzer, "patterns", "list")
    assert "sessions_user_id_fkey" in run(analyzer, "scan", str(ROOT / "sample_logs" / "silent-201"))
    run(analyzer, "scan", str(ROOT / "sample_logs" / "silent-201"), "--output", "report.html")
    assert "Plotly" in (folder / "report.html").read_text("utf-8")


def test_installed_dashboard_starts(scripts: Path, environment: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(scripts / "analyzer"), "serve", "--port", str(port)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = monotonic() + 60
        while not _answers(f"http://127.0.0.1:{port}/_stcore/health"):
            assert process.poll() is None, "the server has ended"
            assert monotonic() < deadline, "the server does not answer"
            sleep(0.2)
    finally:
        process.terminate()
        process.wait(60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False


def _declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {re.split(r"[<>=!~;\[ ]", line)[0].lower() for line in project["dependencies"]}


def _imported() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "analyzer").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.partition(".")[0])
    third_party = found - set(sys.stdlib_module_names) - {"analyzer"}
    return {PROVIDED_BY.get(name, name) for name in third_party} | {"streamlit"}


def test_dependencies_are_those_that_are_imported() -> None:
    assert _declared() - NEVER_IMPORTED == _imported() - IN_EXTRAS


def test_every_dependency_is_justified() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    missing = [name for name in sorted(_declared()) if f"`{name}`" not in text]
    assert not missing


def test_every_dependency_is_pinned_for_development() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {line.partition("==")[0].lower() for line in lines if "==" in line}
    assert _declared() <= pinned
    assert all(re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines), "only exact versions"
