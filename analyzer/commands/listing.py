"""The catalogue as a list: for the terminal, for programs, and as the page under `docs/`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from analyzer.catalogue import Catalogue
from analyzer.catalogue.built_in import built_in_path
from analyzer.model import SEVERITIES, Signature
from analyzer.report.clean import one_line

_HEADING = """\
# The catalogue

{count} signatures of {technologies} technologies that come along. Each can be read in full with
`analyzer patterns show ID`: cause, impact, fix, and how it is recognised.

This page is written by `make docs`, from the files in `patterns/`.
"""


def as_text(signatures: Sequence[Signature], catalogue: Catalogue) -> str:
    """One line each: id, severity, title, and in brackets what sets it apart from those that simply come along."""
    width = max((len(s.id) for s in signatures), default=0)
    return "".join(
        f"{s.id:<{width}}  {s.severity:<8}  {one_line(s.title)}{_in_brackets(s, catalogue)}\n" for s in signatures
    )


def as_json(signatures: Sequence[Signature], catalogue: Catalogue) -> str:
    """A list of objects; `file` is null where a signature was not read from a file."""
    objects = [
        {
            "id": s.id,
            "title": s.title,
            "kind": s.kind,
            "category": s.category,
            "severity": s.severity,
            "tags": list(s.tags),
            "file": str(catalogue.files[s.id]) if s.id in catalogue.files else None,
            "built_in": is_built_in(s, catalogue),
            "overrides": s.id in catalogue.overridden,
            "disabled": s in catalogue.disabled,
        }
        for s in signatures
    ]
    return json.dumps(objects, indent=2, ensure_ascii=False) + "\n"


def as_markdown(signatures: Sequence[Signature]) -> str:
    """A page with one table for each technology, the worst failures first."""
    return "\n".join(_page(signatures))


def is_built_in(signature: Signature, catalogue: Catalogue) -> bool:
    """Whether a signature came along with the program."""
    file = catalogue.files.get(signature.id)
    return file is None or file.is_relative_to(built_in_path())


def _in_brackets(signature: Signature, catalogue: Catalogue) -> str:
    remarks = [] if is_built_in(signature, catalogue) else [str(catalogue.files[signature.id])]
    if signature.id in catalogue.overridden:
        remarks.append("in place of the built-in one")
    if signature in catalogue.disabled:
        remarks.append("switched off")
    return f"  [{one_line(', '.join(remarks))}]" if remarks else ""


def _page(signatures: Sequence[Signature]) -> Iterator[str]:
    by_technology = {name: list(group) for name, group in groupby(signatures, key=_technology)}
    yield _HEADING.format(count=len(signatures), technologies=len(by_technology))
    yield " · ".join(f"[{name}](#{name}) {len(group)}" for name, group in by_technology.items()) + "\n"
    for name, group in by_technology.items():
        yield f"## {name}\n\n| | severity | |\n|---|---|---|"
        for signature in sorted(group, key=lambda each: (SEVERITIES.index(each.severity), each.id)):
            kind = "" if signature.kind == "failure" else f" ({signature.kind})"
            yield f"| `{signature.id}` | {signature.severity} | {_cell(signature.title)}{kind} |"
        yield ""


def _technology(signature: Signature) -> str:
    return signature.id.partition(".")[0]


def _cell(text: str) -> str:
    plain = one_line(text).replace("{{", "{").replace("}}", "}")
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("`", "\\`")
