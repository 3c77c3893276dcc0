"""Paths -> a catalogue of signatures, every fault reported at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from analyzer.catalogue import built_in
from analyzer.errors import CatalogueError, FileProblem
from analyzer.model import Signature

_LOG = logging.getLogger(__name__)

BUILT_IN = Path(__file__).resolve().parent.parent.parent / "patterns"
PACKAGED = Path(__file__).resolve().parent.parent / "patterns"


BUILT_IN_WORD = "built-in"
"""Where a path of a catalogue is asked for, this word stands for the one that comes along."""


@dataclass(frozen=True)
class Catalogue:
    """Signatures by id, in the order of their ids.

    `files` names the file of each, `overridden` the built-in file in whose place an own one stands;
    `disabled` are those that were switched off; `remarks` tell what is odd about files that can be used
    nevertheless, `left_out` what is wrong with files that were not used. All five are for people to look at.
    """

    signatures: tuple[Signature, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    overridden: Mapping[str, Path] = field(default_factory=dict)
    disabled: tuple[Signature, ...] = ()
    remarks: tuple[FileProblem, ...] = ()
    left_out: tuple[FileProblem, ...] = ()

    def __iter__(self) -> Iterator[Signature]:
        return iter(self.signatures)

    def __len__(self) -> int:
        return len(self.signatures)

    def __contains__(self, signature_id: object) -> bool:
        return signature_id in self.by_id

    def __getitem__(self, signature_id: str) -> Signature:
        return self.by_id[signature_id]

    @cached_property
    def by_id(self) -> Mapping[str, Signature]:
        """The signatures by their ids."""
        return {signature.id: signature for signature in self.signatures}

    def ancestors(self, signature_id: str) -> tuple[str, ...]:
        """The broader signatures that this one refines, nearest first."""
        known = self._ancestors.get(signature_id)
        if known is None:
            known = self._ancestors[signature_id] = self._climbed(signature_id)
        return known

    @cached_property
    def _ancestors(self) -> dict[str, tuple[str, ...]]:
        return {}

    @cached_property
    def effects(self) -> Mapping[str, frozenset[str]]:
        """What each signature, or a broader one that it refines, is declared to bring about."""
        return {
            name: frozenset(effect for each in (name, *self.ancestors(name)) for effect in self.by_id[each].leads_to)
            for name in self.by_id
        }

    def _climbed(self, signature_id: str) -> tuple[str, ...]:
        chain: list[str] = []
        current = self.by_id.get(signature_id)
        while current and (above := current.refines) and above in self.by_id and above not in chain:
            chain.append(above)
            current = self.by_id[above]
        return tuple(chain)

    def warnings(self) -> list[str]:
        """What a user of the catalogue should know, in a few lines; `remarks` has all of it."""
        if not self.remarks:
            return []
        from analyzer.catalogue.cre import BROAD

        broad = [remark.message for remark in self.remarks if remark.hint == BROAD]
        if not broad:
            return []
        count = "1 CRE rule is" if len(broad) == 1 else f"{len(broad)} CRE rules are"
        example = min(broad, key=len)
        return [f"{count} so broad that healthy logs may fulfil them (`patterns lint` lists them), such as {example}"]

    def without(self, patterns: Sequence[str]) -> Catalogue:
        """The catalogue with signatures switched off: those whose ids fit a pattern like `kafka.*`.

        What refined one of them refines what that one refined.
        """
        off = {name for name in self.by_id if any(fnmatchcase(name, pattern) for pattern in patterns)}
        if not off:
            return self
        kept = tuple(
            replace(s, refines=next((name for name in self.ancestors(s.id) if name not in off), None))
            if s.refines in off
            else s
            for s in self.signatures
            if s.id not in off
        )
        return replace(self, signatures=kept, disabled=tuple(s for s in self.signatures if s.id in off))


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


def built_in_path() -> Path:
    """The folder of the built-in catalogue: inside the wheel, or beside the package in a checkout."""
    return PACKAGED if PACKAGED.is_dir() else BUILT_IN


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
