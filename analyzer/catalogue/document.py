"""One YAML file -> plain values with the line of every key; everything surprising is refused.

YAML has a few habits that a catalogue cannot afford: duplicate keys where the last wins, `no` read
as false, `1.10` read as 1.1, tags that build objects, aliases that explode. PyYAML's composer gives
a tree of nodes before any of that happens; this module walks that tree itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from analyzer.errors import FileProblem
from analyzer.validation import nearest_line

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Document:
    """The values of one file, where each stands, and what was wrong with it."""

    path: str
    values: Any = None
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[FileProblem] = field(default_factory=list)
    remarks: list[FileProblem] = field(default_factory=list)
    """What is worth knowing about the file and no reason to refuse it."""

    unread: frozenset[str] = frozenset()
    """Keys whose value could not be read; nothing more is to be said about them."""

    def line_of(self, key: str) -> int | None:
        """The 1-based line of a key path, or of the nearest enclosing key that has one."""
        return nearest_line(self.lines, key)

    def problem(self, key: str, message: str, hint: str = "") -> None:
        """Note a fault at a key path."""
        if key not in self.unread:
            self.problems.append(self._at(key, message, hint))

    def remark(self, key: str, message: str, hint: str = "") -> None:
        """Note something odd at a key path."""
        self.remarks.append(self._at(key, message, hint))

    def _at(self, key: str, message: str, hint: str) -> FileProblem:
        return FileProblem(path=self.path, line=self.line_of(key), key=key, message=message, hint=hint)


def read_document(path: str, text: str) -> Document:
    """Parse one YAML document; faults are collected in its `problems`, never raised."""
    document = Document(path)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        document.lines[""] = mark.line + 1 if mark else 1
        document.problem("", f"not valid YAML: {what}", "check quotes and indentation near this line")
        return document
    except RecursionError:
        return _too_deep(document)
    if node is None:
        document.lines[""] = 1
        document.problem("", "the file is empty", "see docs/writing-signatures.md")
        return document
    try:
        document.values = _Walker(document).value(node, "")
    except RecursionError:
        return _too_deep(document)
    document.unread = frozenset(problem.key for problem in document.problems)
    return document


def _too_deep(document: Document) -> Document:
    document.lines[""] = 1
    document.problem("", "nested too deep to be read", "a signature needs three levels")
    return document


class _Walker:
    """Turns nodes into values, noting the line of each key path on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()

    def value(self, node: yaml.Node, key: str) -> Any:
        self.document.lines.setdefault(key, node.start_mark.line + 1)
        if id(node) in self.seen:
            self.document.problem(key, "aliases (*name) are not allowed", "write the value out")
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{key}[{index}]") for index, item in enumerate(node.value)]
        return self._scalar(node, key)

    def _mapping(self, node: yaml.MappingNode, key: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name = str(name_node.value)
            path = f"{key}.{name}" if key else name
            if name in values:
                self.document.lines[path] = name_node.start_mark.line + 1
                self.document.problem(path, "the key stands here a second time", "keep one of the two")
                continue
            self.document.lines[path] = name_node.start_mark.line + 1
            values[name] = self.value(value_node, path)
        return values

    def _scalar(self, node: yaml.Node, key: str) -> Any:
        tag, text = node.tag.removeprefix(_PREFIX), str(node.value)
        if tag == "str":
            return text
        if tag == "bool" and text in ("true", "false"):
            return text == "true"
        if tag == "int" and re.fullmatch(r"0|[1-9]\d*", text):
            return int(text)
        if tag in ("bool", "int", "float", "null", "timestamp"):
            hint = f'if you mean the text, write "{text}" in quotes' if text else "give it a value or drop the key"
            self.document.problem(key, f"{text or 'nothing'!r} would be read as a {tag}", hint)
        else:
            self.document.problem(key, f"the tag {node.tag} is not allowed", "plain text, lists and mappings only")
        return text
