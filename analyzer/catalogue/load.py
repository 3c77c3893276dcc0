"""Paths -> a catalogue of signatures, every fault reported at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from analyzer.catalogue import built_in
from analyzer.catalogue.built_in import BUILT_IN_WORD, built_in_path
from analyzer.catalogue.catalogue import Catalogue
from analyzer.errors import CatalogueError, FileProblem

_LOG = logging.getLogger(__name__)


def load_catalogue(*paths: str | Path) -> Catalogue:
    """Load signature files and folders, also of CRE rules; without paths, the built-in catalogue.

    What is doubtful about it is logged as a warning. Raises `CatalogueError` with every problem found
    in any of the files.
    """
    catalogue, problems = read_catalogue(paths or (BUILT_IN_WORD,))
    if problems:
        raise CatalogueError(problems)
    for warning in catalogue.warnings():
        _LOG.warning("%s", warning)
    return catalogue


def read_catalogue(paths: Iterable[str | Path], lint_built_in: bool = False) -> tuple[Catalogue, list[FileProblem]]:
    """Load what can be loaded, with the problems of the rest as data.

    The word `built-in` among the paths stands for the built-in catalogue. A signature from any other
    path overrides a built-in one of the same id; beyond that, an id stands in one file only. What
    the word brings in is checked for its shape only: its patterns were linted before it was
    released, and compiling thousands of them would cost every run two seconds; `lint_built_in` does it
    nevertheless, and holds all signatures against each other.
    """
    given, root = list(paths), built_in_path()
    kept = built_in.kept_signatures(root) if BUILT_IN_WORD in given and not lint_built_in else None
    if kept is not None and given == [BUILT_IN_WORD]:
        return Catalogue(kept, {each.id: built_in.file_of(each, root) for each in kept}), []
    # What understands the files takes longer to import than the built-in signatures to be recalled.
    from analyzer.catalogue.files import read_files

    catalogue, problems = read_files(given, root, kept, lint_built_in=lint_built_in)
    if given == [BUILT_IN_WORD] and not problems:
        built_in.keep_signatures(root, catalogue.signatures)
    return catalogue, problems
