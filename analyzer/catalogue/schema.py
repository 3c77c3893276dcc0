"""What a signature file must look like: `analyzer.model.Signature`, enforced by pydantic."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from analyzer.catalogue.document import Document
from analyzer.model import Signature
from analyzer.validation import complaints

MANUAL = "docs/writing-signatures.md"
ADAPTER: TypeAdapter[Signature] = TypeAdapter(Signature)
_OF_RULES = ("Rule", "Positive", "Negative", "Term")
"""What only the loader of CRE rules sets."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a signature file, for editors."""
    schema = ADAPTER.json_schema(by_alias=True)
    schema["properties"].pop("rule")
    for name in _OF_RULES:
        schema["$defs"].pop(name)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def validate(document: Document) -> Signature | None:
    """The signature in a document, or None with the reasons noted in `document.problems`."""
    if document.values is None:
        return None
    if isinstance(document.values, dict) and "rule" in document.values:
        document.problem("rule", "unknown key", "rules stand in CRE files; see docs/cre.md")
        return None
    try:
        return ADAPTER.validate_python(_with_lists(document.values))
    except ValidationError as error:
        for complaint in complaints(error, _known_keys(), MANUAL):
            document.problem(*complaint)
        return None


def _with_lists(values: Any) -> Any:
    """Where a field has a single value (`level: error`), it may stand without the brackets of a list."""
    where = values.get("where") if isinstance(values, dict) else None
    if not isinstance(where, dict):
        return values
    lists = {name: value if isinstance(value, list) else [value] for name, value in where.items()}
    return {**values, "where": lists}


def _known_keys() -> list[str]:
    schema = json_schema()
    names = set(schema.get("properties", {}))
    for definition in schema.get("$defs", {}).values():
        names.update(definition.get("properties", {}))
    return sorted(names)
