"""Paths -> a catalogue of signatures, every fault reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analyzer.catalogue.document import Document, read_document
from analyzer.catalogue.lint import check_catalogue, check_signature
from analyzer.catalogue.schema import validate
from analyzer.errors import CatalogueError, CatalogueProblem
from analyzer.model import Signature

BUILT_IN = Path(__file__).resolve().parent.parent.parent / "patterns"
PACKAGED = Path(__file__).resolve().parent.parent / "patterns"


@dataclass(frozen=True)
class Catalogue:
    """Signatures by id, in the order of their ids."""

    signatures: tuple[Signature, ...]

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
        chain: list[str] = []
        current = self.by_id.get(signature_id)
        while current and (above := current.refines) and above in self.by_id and above not in chain:
            chain.append(above)
            current = self.by_id[above]
        return tuple(chain)


def load_catalogue(*paths: str | Path) -> Catalogue:
    """Load signature files and folders; without paths, the built-in catalogue.

    The built-in one is checked for its shape only: its patterns were linted before it was released,
    and compiling thousands of them would cost every run two seconds.

    Raises `CatalogueError` with every problem found in any of the files.
    """
    catalogue, problems = read_catalogue(paths or (built_in_path(),), lint=bool(paths))
    if problems:
        raise CatalogueError(problems)
    return catalogue


def built_in_path() -> Path:
    """The folder of the built-in catalogue: inside the wheel, or beside the package in a checkout."""
    return PACKAGED if PACKAGED.is_dir() else BUILT_IN


def read_catalogue(paths: Iterable[str | Path], lint: bool = True) -> tuple[Catalogue, list[CatalogueProblem]]:
    """Load what can be loaded, with the problems of the rest as data; `lint`: check more than the shape."""
    problems: list[CatalogueProblem] = []
    loaded: dict[str, tuple[Signature, Document]] = {}
    refused: set[str] = set()
    for root, file in _signature_files(paths, problems):
        document = _read(file)
        signature = validate(document)
        if signature is not None:
            if lint:
                check_signature(signature, document, expected_id=_expected_id(root, file))
            if signature.id in loaded:
                twin = loaded[signature.id][1].path
                document.problem(
                    "id", f"{signature.id!r} is already defined in {twin}", "every signature has its own id"
                )
        problems.extend(document.problems)
        if signature is not None and not document.problems:
            loaded[signature.id] = (signature, document)
        else:
            refused.update(_ids_of(document, _expected_id(root, file)))
    problems.extend(check_catalogue(loaded, refused))
    ordered = sorted(loaded)
    return Catalogue(tuple(loaded[name][0] for name in ordered)), problems


def _ids_of(document: Document, expected: str | None) -> set[str]:
    """The ids under which others may know a file that was refused."""
    stated = document.values.get("id") if isinstance(document.values, dict) else None
    return {name for name in (expected, stated) if isinstance(name, str)}


def _signature_files(
    paths: Iterable[str | Path], problems: list[CatalogueProblem]
) -> Iterator[tuple[Path | None, Path]]:
    """Each file with the folder that its id is relative to (None for a file named by itself)."""
    for path in map(Path, paths):
        if path.is_dir():
            files: Sequence[Path] = sorted(file for file in path.rglob("*.y*ml") if file.suffix in (".yaml", ".yml"))
            if not files:
                problems.append(_file_problem(path, "no .yaml file in this folder"))
            yield from ((path, file) for file in files)
        elif path.is_file():
            yield None, path
        else:
            problems.append(_file_problem(path, "no such file or folder"))


def _file_problem(path: Path, message: str) -> CatalogueProblem:
    return CatalogueProblem(path=str(path), line=None, key="", message=message)


def _read(file: Path) -> Document:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        document = Document(str(file))
        document.problem("", f"cannot be read: {error}")
        return document
    return read_document(str(file), text)


def _expected_id(root: Path | None, file: Path) -> str | None:
    """`postgresql/foreign_key_violation.yaml` must hold `postgresql.foreign_key_violation`."""
    if root is None:
        return None
    relative = file.relative_to(root).with_suffix("")
    return ".".join(relative.parts) if len(relative.parts) == 2 else None
