"""What a signature file must look like: `analyzer.model.Signature`, enforced by pydantic."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import TypeAdapter, ValidationError

from analyzer.catalogue.document import Document
from analyzer.model import Signature

ADAPTER: TypeAdapter[Signature] = TypeAdapter(Signature)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a signature file, for editors."""
    schema = ADAPTER.json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def validate(document: Document) -> Signature | None:
    """The signature in a document, or None with the reasons noted in `document.problems`."""
    if document.values is None:
        return None
    try:
        return ADAPTER.validate_python(document.values)
    except ValidationError as errors:
        for error in errors.errors():
            key = _key_path(error["loc"])
            message, hint = _explain(error)
            document.problem(key, message, hint)
        return None


def _key_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _explain(error: Any) -> tuple[str, str]:
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        name = str(error["loc"][-1])
        close = difflib.get_close_matches(name, _known_keys(), n=1)
        return "unknown key", f"did you mean {close[0]!r}?" if close else "see docs/writing-signatures.md"
    if error["type"] in ("missing", "missing_argument"):
        return f"the key {error['loc'][-1]!r} is missing", "see docs/writing-signatures.md"
    if error["type"] == "string_type":
        return "must be text", "write the value in quotes"
    return str(error["msg"]), ""


def _known_keys() -> list[str]:
    schema = json_schema()
    names = set(schema.get("properties", {}))
    for definition in schema.get("$defs", {}).values():
        names.update(definition.get("properties", {}))
    return sorted(names)
