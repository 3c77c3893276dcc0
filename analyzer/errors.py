"""Everything that can go wrong on bad input, as one small family of exceptions.

Trouble with one input never stops a run: it travels as data (`analyzer.model.Skipped`).
These exceptions are for what makes the run itself meaningless: no input at all, a catalogue
that cannot be trusted, a command that contradicts itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AnalyzerError(Exception):
    """Base of everything this package raises on bad input."""


class InputError(AnalyzerError):
    """A path, option or argument from the user cannot be used."""


class StoreError(AnalyzerError):
    """The store cannot be opened, read or written; what it held before is untouched."""


class StoreBusyError(StoreError):
    """Another run is writing to the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """One fault in one file that a user writes: a signature, a configuration.

    `line` is 1-based, or None where the fault belongs to the file as a whole; `key` is the path of
    keys inside the file (`samples[0].captures.relation`), empty for the file as a whole.
    """

    path: str
    line: int | None
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        key = f" {self.key}:" if self.key else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}:{key} {self.message}{hint}"


class RefusedFiles(AnalyzerError):  # noqa: N818 (what it is, said in two words)
    """Files that a user wrote were refused. `problems` holds every fault found, not only the first."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class CatalogueError(RefusedFiles):
    """A catalogue was refused."""


class ConfigError(RefusedFiles):
    """A configuration was refused."""
