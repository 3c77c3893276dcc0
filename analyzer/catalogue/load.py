"""Paths -> a catalogue of signatures, every fault reported at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from analyzer.catalogue import built_in
from analyzer.catalogue.cre import BROAD, is_cre, is_supplement, read_rules
from analyzer.catalogue.document import Document, read_document
from analyzer.catalogue.lint import check_catalogue, check_likeness, check_signature
from analyzer.catalogue.schema import validate
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
    given = list(paths)
    kept = built_in.kept_signatures(built_in_path()) if BUILT_IN_WORD in given and not lint_built_in else None
    loaded = {each.id: _loaded_before(each) for each in kept or ()}
    if kept is not None and given == [BUILT_IN_WORD]:
        return Catalogue(kept, {name: each.place.file for name, each in loaded.items()}), []
    problems: list[FileProblem] = []
    overridden: dict[str, Path] = {}
    refused: set[str] = set()
    remarks: list[FileProblem] = []
    for place in _signature_files([path for path in given if kept is None or path != BUILT_IN_WORD], problems):
        document = _read(place.file)
        if place.root is not None and is_supplement(document):
            continue
        signatures = _signatures_in(document, place, lint=lint_built_in or not place.built_in)
        for signature in signatures:
            if twin := loaded.get(signature.id):
                if twin.place.built_in and not place.built_in:
                    overridden[signature.id] = twin.place.file
                else:
                    message = f"{signature.id!r} is already defined in {twin.document.path}"
                    document.problem("id", message, "every signature has its own id")
        problems.extend(document.problems)
        if signatures and not document.problems:
            loaded.update((signature.id, _Loaded(signature, document, place)) for signature in signatures)
            remarks.extend(document.remarks)
        else:
            refused.update(_ids_of(document, _expected_id(place)))
    read = {name: (each.signature, each.document) for name, each in loaded.items()}
    problems.extend(check_catalogue(read, refused))
    if lint_built_in:
        problems.extend(check_likeness(read))
    ordered = sorted(loaded.values(), key=lambda each: each.signature.id)
    catalogue = Catalogue(
        signatures=tuple(each.signature for each in ordered),
        files={each.signature.id: each.place.file for each in ordered},
        overridden={name: overridden[name] for name in sorted(overridden)},
        remarks=tuple(remarks),
    )
    if given == [BUILT_IN_WORD] and not problems:
        built_in.keep_signatures(built_in_path(), catalogue.signatures)
    return catalogue, problems


class _Place(NamedTuple):
    """A file of signatures, with the folder that its id is relative to (None for a file named by itself)."""

    root: Path | None
    file: Path
    built_in: bool


class _Loaded(NamedTuple):
    signature: Signature
    document: Document
    place: _Place


def _loaded_before(signature: Signature) -> _Loaded:
    """A built-in signature that was kept from an earlier run."""
    file = built_in_path() / f"{signature.id.replace('.', '/')}.yaml"
    return _Loaded(signature, Document(str(file)), _Place(built_in_path(), file, built_in=True))


def _signatures_in(document: Document, place: _Place, lint: bool) -> list[Signature]:
    """What a file defines: one signature of ours, or any number of CRE rules."""
    if is_cre(document):
        return read_rules(document)
    signature = validate(document)
    if signature is None:
        return []
    if lint:
        check_signature(signature, document, expected_id=_expected_id(place))
    return [signature]


def _ids_of(document: Document, expected: str | None) -> set[str]:
    """The ids under which others may know a file that was refused."""
    stated = document.values.get("id") if isinstance(document.values, dict) else None
    return {name for name in (expected, stated) if isinstance(name, str)}


def _signature_files(paths: Iterable[str | Path], problems: list[FileProblem]) -> Iterator[_Place]:
    """Each file that the paths stand for, the built-in ones first."""
    given = list(paths)
    if BUILT_IN_WORD in given:
        root = built_in_path()
        yield from (_Place(root, file, built_in=True) for file in _yaml_files(root))
    for path in (Path(path) for path in given if path != BUILT_IN_WORD):
        if path.is_dir():
            files = _yaml_files(path)
            if not files:
                problems.append(_file_problem(path, "no .yaml file in this folder"))
            yield from (_Place(path, file, built_in=False) for file in files)
        elif path.is_file():
            yield _Place(None, path, built_in=False)
        else:
            problems.append(_file_problem(path, "no such file or folder"))


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.y*ml") if file.suffix in (".yaml", ".yml"))


def _file_problem(path: Path, message: str) -> FileProblem:
    return FileProblem(path=str(path), line=None, key="", message=message)


def _read(file: Path) -> Document:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        document = Document(str(file))
        document.problem("", f"cannot be read: {error}")
        return document
    return read_document(str(file), text)


def _expected_id(place: _Place) -> str | None:
    """`postgresql/foreign_key_violation.yaml` must hold `postgresql.foreign_key_violation`."""
    if place.root is None:
        return None
    relative = place.file.relative_to(place.root).with_suffix("")
    return ".".join(relative.parts) if len(relative.parts) == 2 else None
