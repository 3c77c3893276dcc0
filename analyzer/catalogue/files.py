"""Signature files -> a catalogue: what stands in each, what overrides what, and every fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from analyzer.catalogue.built_in import BUILT_IN_WORD, file_of
from analyzer.catalogue.catalogue import Catalogue
from analyzer.catalogue.cre import is_cre, is_supplement, read_rules
from analyzer.catalogue.document import Document, read_document
from analyzer.catalogue.lint import check_catalogue, check_likeness, check_signature
from analyzer.catalogue.schema import validate
from analyzer.errors import FileProblem
from analyzer.model import Signature


def read_files(
    given: Sequence[str | Path], root: Path, kept: Sequence[Signature] | None, *, lint_built_in: bool
) -> tuple[Catalogue, list[FileProblem]]:
    """The catalogue of the paths given, with the problems of the rest as data; see `read_catalogue`.

    The built-in signatures stand in `root`, and are not read again where they were `kept`.
    """
    loaded = {each.id: _loaded_before(each, root) for each in kept or ()}
    problems: list[FileProblem] = []
    overridden: dict[str, Path] = {}
    refused: set[str] = set()
    remarks: list[FileProblem] = []
    for place in _signature_files([path for path in given if kept is None or path != BUILT_IN_WORD], root, problems):
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


def _loaded_before(signature: Signature, root: Path) -> _Loaded:
    """A built-in signature that was kept from an earlier run."""
    file = file_of(signature, root)
    return _Loaded(signature, Document(str(file)), _Place(root, file, built_in=True))


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


def _signature_files(given: Sequence[str | Path], root: Path, problems: list[FileProblem]) -> Iterator[_Place]:
    """Each file that the paths stand for, the built-in ones first."""
    if BUILT_IN_WORD in given:
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
