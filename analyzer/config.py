"""The user's configuration: a TOML file in, settings out; every fault with its file, line and key path.

Each command that has settings of its own declares them as a model (`SettingsModel`) and reads its
file with `read_settings`; a setting that names a file is a `ConfiguredPath`.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo

from analyzer.errors import ConfigError, FileProblem
from analyzer.validation import complaints, nearest_line

PROGRAM = "log-incident-analyzer"
MANUAL = "docs/configuration.md"

_HEADER = re.compile(r"\s*(?P<open>\[\[?)\s*(?P<name>[^\[\]#]+?)\s*\]\]?\s*(?:#.*)?")
_WORD = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*(?P<name>{_WORD}(?:\s*\.\s*{_WORD})*)\s*=")


class SettingsModel(BaseModel):
    """Base of everything that a configuration file can hold: unknown keys are refused, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return Path(folder, os.path.expanduser(path))


ConfiguredPath = Annotated[Path, AfterValidator(_beside_the_file)]
"""A path as a configuration file names it: `~` is the home folder, what is relative is so to the file."""


class CatalogueSettings(SettingsModel):
    """Which signatures count, beside the built-in ones."""

    paths: tuple[ConfiguredPath, ...] = ()
    """Files and folders of signatures of one's own."""

    disable: tuple[str, ...] = ()
    """Ids of signatures that are switched off; `kafka.*` stands for all of a technology."""


class UserSettings(SettingsModel):
    """Everything in the user's `config.toml`."""

    catalogue: CatalogueSettings = CatalogueSettings()


Settings = TypeVar("Settings", bound=SettingsModel)


def config_folder() -> Path:
    """Where the user's configuration and signatures live: by the XDG convention, on Windows in %APPDATA%."""
    if sys.platform == "win32" and "XDG_CONFIG_HOME" not in os.environ:
        return Path(os.environ.get("APPDATA") or Path.home(), PROGRAM)
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return Path(base, PROGRAM)


def user_settings(path: str | os.PathLike[str] | None = None) -> UserSettings:
    """The settings in `path`, or in the user's own file; without that, the defaults.

    Raises `ConfigError` with every fault in the file.
    """
    if path is not None:
        return read_settings(path, UserSettings)
    own = config_folder() / "config.toml"
    return read_settings(own, UserSettings) if own.exists() else UserSettings()


def read_settings(path: str | os.PathLike[str], model: type[Settings]) -> Settings:
    """The settings in a TOML file. Raises `ConfigError` with every fault in it."""
    file = Path(path)
    text = _text_of(file)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_problem(file, text, error)]) from error
    try:
        return model.model_validate(values, context={"folder": file.absolute().parent})
    except ValidationError as error:
        lines = key_lines(text)
        problems = [
            FileProblem(path=str(file), line=nearest_line(lines, key), key=key, message=message, hint=hint)
            for key, message, hint in complaints(error, _known_keys(model), MANUAL)
        ]
        raise ConfigError(sorted(problems, key=lambda problem: problem.line or 0)) from error


def key_lines(text: str) -> dict[str, int]:
    """The 1-based line on which each key of a TOML document stands; what looks like a key within a
    text of several lines may be among them."""
    lines = {"": 1}
    table = ""
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = _dotted(header["name"])
            if header["open"] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table += f"[{counts[table]}]"
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            name = _dotted(key["name"])
            lines.setdefault(f"{table}.{name}" if table else name, number)
    return lines


def _dotted(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        hint = "" if file.exists() else "check the name; without a configuration the defaults hold"
        raise ConfigError([_problem(file, f"cannot be read: {error.strerror}", hint)]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([_problem(file, f"is not UTF-8: {error}", "save it as UTF-8")]) from error


def _syntax_problem(file: Path, text: str, error: tomllib.TOMLDecodeError) -> FileProblem:
    message = str(error)
    place = re.search(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$", message)
    line = int(place["line"]) if place and place["line"] else text.count("\n") + 1
    told = message[: place.start()] if place else message
    hint = "text is written in quotes, lists in brackets; see " + MANUAL
    return FileProblem(path=str(file), line=line, key="", message=f"not valid TOML: {told}", hint=hint)


def _problem(file: Path, message: str, hint: str) -> FileProblem:
    return FileProblem(path=str(file), line=None, key="", message=message, hint=hint)


def _known_keys(model: type[BaseModel]) -> frozenset[str]:
    """The names of all keys that a model and the models within it have."""
    return frozenset(name for each in _models(model) for name in each.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for info in annotation.model_fields.values():
            yield from _models(info.annotation)
    for argument in get_args(annotation):
        yield from _models(argument)
