"""Which catalogue a command works with: the options that say so, and what is said about its faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analyzer.catalogue import Catalogue
from analyzer.catalogue.load import read_catalogue
from analyzer.catalogue.own import own_catalogue
from analyzer.commands.arrow import spare_pandas
from analyzer.commands.output import Status, complain
from analyzer.config import user_settings
from analyzer.errors import CatalogueError, FileProblem
from analyzer.model import Skipped, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOptions:
    """The options `--catalogue`, `--config` and `--keep-going`, as given.

    `paths` alone make up the catalogue where there are any; without them it is the built-in one with
    what the user's configuration (or the file `config`) adds to it and takes from it.
    """

    paths: Sequence[str] = ()
    config: str | None = None
    keep_going: bool = False


def chosen_catalogue(options: CatalogueOptions) -> tuple[Catalogue, Status]:
    """The catalogue that a command was asked to use.

    Any fault in it refuses all of it (`CatalogueError`), unless the rest is asked for with
    `keep_going`: then each fault is said, and the status is `TROUBLE`.
    """
    catalogue, problems = read_chosen(options)
    for warning in catalogue.warnings():
        complain(warning)
    if not problems:
        return catalogue, Status.DONE
    if not options.keep_going:
        raise CatalogueError(problems)
    for problem in problems:
        complain(str(problem))
    broken = len({problem.path for problem in problems})
    files = "1 file was" if broken == 1 else f"{broken} files were"
    complain(f"{files} left out of the catalogue; {len(catalogue)} signatures are used")
    return replace(catalogue, left_out=tuple(problems)), Status.TROUBLE


def read_chosen(options: CatalogueOptions, lint_built_in: bool = False) -> tuple[Catalogue, list[FileProblem]]:
    """Like `chosen_catalogue`, with the faults as data."""
    spare_pandas()
    if options.paths:
        return read_catalogue(options.paths, lint_built_in)
    own = own_catalogue(user_settings(options.config).catalogue, lint_built_in)
    for remark in own.remarks:
        complain(remark)
    return own.catalogue, own.problems


def not_used(catalogue: Catalogue) -> list[Source]:
    """The files that were left out of a catalogue, as sources of which nothing was used: so that whoever
    gets the report, and not the screen, knows that failures may have gone unrecognised."""
    files: dict[str, list[Skipped]] = {}
    for problem in catalogue.left_out:
        place = f"line {problem.line}: " if problem.line is not None else ""
        said = str(replace(problem, path="", line=None)).removeprefix(":").strip()
        files.setdefault(problem.path, []).append(
            Skipped(reason=f"left out of the catalogue: {place}{said}", trouble=True)
        )
    return [Source(path=path, skipped=tuple(faults)) for path, faults in files.items()]
