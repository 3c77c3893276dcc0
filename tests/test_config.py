"""A configuration is read whole or refused with the file, line and key path of every fault."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.config import (
    CatalogueSettings,
    ConfiguredPath,
    SettingsModel,
    config_folder,
    key_lines,
    read_settings,
    user_settings,
)
from analyzer.errors import ConfigError, FileProblem


class _Target(SettingsModel):
    url: str
    retries: int = 3


class _Nightly(SettingsModel):
    """What a command with settings of its own would declare."""

    catalogue: CatalogueSettings = CatalogueSettings()
    report_dir: ConfiguredPath | None = None
    targets: tuple[_Target, ...] = ()


def _problems(file: Path, text: str) -> tuple[FileProblem, ...]:
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refusal:
        read_settings(file, _Nightly)
    return refusal.value.problems


def test_settings_are_read(tmp_path: Path) -> None:
    file = tmp_path / "analyzer.toml"
    file.write_text(
        'report_dir = "reports"\n[catalogue]\ndisable = ["kafka.*"]\n[[targets]]\nurl = "mail://x"\n', "utf-8"
    )
    settings = read_settings(file, _Nightly)
    assert settings.catalogue.disable == ("kafka.*",)
    assert settings.targets == (_Target(url="mail://x"),)
    assert settings.report_dir == tmp_path / "reports"


def test_paths_are_relative_to_the_file_and_know_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    file = tmp_path / "analyzer.toml"
    file.write_text('[catalogue]\npaths = ["own", "~/mine", "/srv/shared"]\n', "utf-8")
    monkeypatch.chdir(tmp_path.parent)
    paths = read_settings(os.path.relpath(file), _Nightly).catalogue.paths
    assert paths == (tmp_path / "own", tmp_path / "home" / "mine", Path("/srv/shared"))


@pytest.mark.parametrize(
    ("text", "line", "key", "message", "hint"),
    [
        ('[catalogue]\npath = ["x"]\n', 2, "catalogue.path", "unknown key", "did you mean 'paths'?"),
        ("[catalog]\n", 1, "catalog", "unknown key", "did you mean 'catalogue'?"),
        ("[catalogue]\nxyzzy = 1\n", 2, "catalogue.xyzzy", "unknown key", "docs/configuration.md"),
        ('[catalogue]\n\ndisable = "kafka.*"\n', 3, "catalogue.disable", "must be a list", "brackets"),
        ("[catalogue]\ndisable = ['a',\n 7]\n", 2, "catalogue.disable[1]", "must be text", "quotes"),
        ("catalogue.disable = [true]\n", 1, "catalogue.disable[0]", "must be text", "quotes"),
        ("[[targets]]\nurl = 'a'\n[[targets]]\nretries = 1\n", 3, "targets[1].url", "is missing", "docs/"),
        ("[[targets]]\nurl = 'a'\n\"retries\" = 'x'\n", 3, "targets[0].retries", "valid integer", ""),
        ("[catalogue\n", 1, "", "not valid TOML", "quotes"),
        ("a = \n", 1, "", "not valid TOML", "quotes"),
        ("[catalogue]\ndisable = [\n", 3, "", "not valid TOML", "brackets"),
        ("[catalogue]\ndisable = []\ndisable = []\n", 3, "", "not valid TOML", ""),
    ],
)
def test_a_fault_is_refused_where_it_stands(
    tmp_path: Path, text: str, line: int, key: str, message: str, hint: str
) -> None:
    file = tmp_path / "analyzer.toml"
    (problem,) = _problems(file, text)
    assert (problem.path, problem.line, problem.key) == (str(file), line, key)
    assert message in problem.message
    assert hint in problem.hint


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    problems = _problems(tmp_path / "x.toml", "colour = 1\n[catalogue]\ndisable = 2\npath = 3\n")
    assert [(problem.line, problem.key) for problem in problems] == [
        (1, "colour"),
        (3, "catalogue.disable"),
        (4, "catalogue.path"),
    ]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read: No such file"):
        read_settings(tmp_path / "missing.toml", _Nightly)
    (tmp_path / "x.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_settings(tmp_path / "x.toml", _Nightly)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbf[catalogue]\n")
    assert read_settings(tmp_path / "x.toml", _Nightly) == _Nightly()


def test_where_keys_stand() -> None:
    text = (
        '# top = 1\na = 1\n[b]\n"c d" = 2\ne.f = 3\n[[g]]\nh = 1\n[[g]]  # second\nh = 2\n[ i . j ]\nk = [\n  1,\n]\n'
    )
    assert key_lines(text) == {
        "": 1, "a": 2, "b": 3, "b.c d": 4, "b.e.f": 5, "g[0]": 6, "g[0].h": 7, "g[1]": 8, "g[1].h": 9, "i.j": 10,
        "i.j.k": 11,
    }  # fmt: skip


def test_the_users_own_file_by_the_xdg_convention(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_settings().catalogue == CatalogueSettings()
    folder = tmp_path / "log-incident-analyzer"
    folder.mkdir()
    assert config_folder() == folder
    (folder / "config.toml").write_text('[catalogue]\ndisable = ["redis.oom"]\n', "utf-8")
    assert user_settings().catalogue.disable == ("redis.oom",)
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert config_folder() == tmp_path / "home" / ".config" / "log-incident-analyzer"
