"""The built-in catalogue together with the user's own signatures, by the user's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from analyzer.catalogue.built_in import BUILT_IN_WORD
from analyzer.catalogue.catalogue import Catalogue
from analyzer.catalogue.load import read_catalogue
from analyzer.config import CatalogueSettings, config_folder
from analyzer.errors import CatalogueError, FileProblem
from analyzer.validation import suggestion


class Own(NamedTuple):
    """What could be loaded, the faults of the rest, and remarks that stop nothing."""

    catalogue: Catalogue
    problems: list[FileProblem]
    remarks: list[str]

    def whole(self) -> Catalogue:
        """The catalogue, if nothing is wrong with it. Raises `CatalogueError` with all problems."""
        if self.problems:
            raise CatalogueError(self.problems)
        return self.catalogue


def own_catalogue(settings: CatalogueSettings, lint_built_in: bool = False) -> Own:
    """The built-in signatures, those in the user's own folder and those that the settings name,
    without those that the settings switch off."""
    folder = signatures_folder()
    implied = [folder] if any(folder.rglob("*.y*ml")) else []
    catalogue, problems = read_catalogue([BUILT_IN_WORD, *implied, *settings.paths], lint_built_in)
    return Own(catalogue.without(settings.disable), problems, list(_idle(settings.disable, catalogue)))


def signatures_folder() -> Path:
    """The user's own signatures, read by themselves where there are any."""
    return config_folder() / "signatures"


def _idle(patterns: tuple[str, ...], catalogue: Catalogue) -> Iterator[str]:
    """Entries of `disable` that switch nothing off: a slip, or a signature that is gone by now."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in catalogue.by_id):
            hint = suggestion(pattern, catalogue.by_id)
            yield f"catalogue.disable: {pattern!r} fits no signature" + (f"; {hint}" if hint else "")
