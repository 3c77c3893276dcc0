"""What pydantic finds wrong with a file, in the words of whoever wrote the file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError


class Complaint(NamedTuple):
    """One fault: the path of keys to it, what is wrong, what to do."""

    key: str
    message: str
    hint: str


def complaints(error: ValidationError, known_keys: Collection[str], manual: str) -> Iterator[Complaint]:
    """All faults that pydantic found; `known_keys` are suggested in place of unknown ones, `manual`
    says where the right ones are explained."""
    for fault in error.errors():
        message, hint = _explained(fault, known_keys, manual)
        yield Complaint(_key_path(fault["loc"]), message, hint)


def nearest_line(lines: Mapping[str, int], key: str) -> int | None:
    """The 1-based line of a key path, or of the nearest enclosing key that has one."""
    while key:
        if key in lines:
            return lines[key]
        key = re.sub(r"(\.[^.\[\]]+|\[\d+\]|^[^.\[\]]+)$", "", key)
    return lines.get("")


def suggestion(name: str, known: Collection[str]) -> str:
    """`did you mean ...?` with the nearest known name, or nothing where none is near."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def _key_path(location: Sequence[int | str]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _explained(fault: Any, known_keys: Collection[str], manual: str) -> tuple[str, str]:
    name = str(fault["loc"][-1]) if fault["loc"] else ""
    match fault["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return "unknown key", suggestion(name, known_keys) or f"see {manual}"
        case "missing" | "missing_argument":
            return f"the key {name!r} is missing", f"see {manual}"
        case "string_type":
            return "must be text", "write the value in quotes"
        case "tuple_type" | "list_type":
            return "must be a list", "write the values in brackets: [a, b]"
        case "value_error":
            return str(fault["ctx"]["error"]), ""
    return str(fault["msg"]), ""
