"""A log record -> the draft of a signature for it: fixed words escaped, what varies captured by name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import regex
import yaml

from analyzer.catalogue.vocabulary import is_known
from analyzer.ingest.detect import detect_layout
from analyzer.ingest.layout import Layout
from analyzer.match.canonical import canonical

_LONGEST = 240
"""Characters of a message that a pattern is made of: what follows is seldom what tells a failure."""

_NOUNS: Mapping[str, str] = {
    "table": "relation", "relation": "relation", "collection": "relation", "view": "relation", "column": "column",
    "constraint": "constraint", "index": "index", "database": "database", "schema": "schema", "role": "role",
    "user": "role", "extension": "extension", "type": "type", "key": "key", "module": "module", "package": "package",
    "property": "property", "properties": "property", "function": "function", "method": "function", "class": "class",
    "file": "file", "directory": "path", "path": "path", "host": "host", "hostname": "host", "server": "host",
    "service": "service", "queue": "queue", "topic": "topic", "job": "job", "task": "task", "cluster": "cluster",
    "node": "node", "pod": "pod", "container": "container", "image": "image", "namespace": "namespace",
    "volume": "volume", "bucket": "bucket", "field": "field", "model": "model", "migration": "migration",
    "command": "command", "setting": "setting", "variable": "setting", "parameter": "setting", "domain": "domain",
    "status": "status", "code": "code", "errno": "errno", "line": "line", "port": "port", "pid": "pid",
    "reading": "property", "process": "pid", "order": "id", "request": "request_id", "session": "session_id",
}  # fmt: skip

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_HOST = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)+|localhost|[a-z][a-z0-9-]*)"


class _Kind(NamedTuple):
    """A kind of variable text: how to see it, the expression to put in its place, its name.

    Of the name, None is guessed from the word before it. In the expression, `@` stands for the
    beginning of the named group of that name.
    """

    seen: str
    expression: str
    name: str | None


_KINDS: tuple[_Kind, ...] = (
    _Kind(r"https?://[^\s\"'<>]+", r"@\S+)", "url"),
    _Kind(_UUID, rf"@{_UUID})", "id"),
    _Kind(rf"(?<![\w./-]){_HOST}(?=:\d{{2,5}}\b)", r"@[\w.-]+)", "host"),
    _Kind(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", r"@\d+(?:\.\d+){3})", "address"),
    _Kind(r"(?<=\w:)\d{2,5}\b", r"@\d+)", "port"),
    _Kind(r'"[^"\n]{1,200}"', r'"@[^"]+)"', None),
    _Kind(r"(?<!\w)'[^'\n]{1,200}'(?!\w)", r"'@[^']+)'", None),
    _Kind(r"`[^`\n]{1,200}`", r"`@[^`]+)`", None),
    _Kind(r"»[^«\n]{1,200}«", r"»@[^«]+)«", None),
    _Kind(r"(?<![\w/])/[\w.@-]+(?:/[\w.@:-]+)*\.\w{1,5}\b", r"@/[^\s:,\"']+)", "file"),
    _Kind(r"(?<![\w/<])/[\w.@-]+(?:/[\w.@:-]+)+", r"@/[^\s:,\"']+)", "path"),
    _Kind(r"\b\d+(?:\.\d+)? ?(?:ms|milliseconds|seconds|s)\b", r"@\d+(?:\.\d+)? ?\w+)", "duration"),
    _Kind(r"\b\d+(?:\.\d+)? ?%", r"@[\d.]+) ?%", "percent"),
    _Kind(r"\b[0-9a-fA-F]*\d[0-9a-fA-F]{10,63}\b", r"@[0-9a-fA-F]+)", "id"),
    _Kind(r"\b[a-z]{2,12}[-_](?=\w*\d)[\w-]{3,}\b", r"@[\w-]+)", "id"),
    _Kind(r"(?<![\w.])-?\d+(?:\.\d+)?\b", r"@-?[\d.]+)", None),
)
_ANY = re.compile("|".join(f"(?P<k{number}>{kind.seen})" for number, kind in enumerate(_KINDS)))
_NUMBER = len(_KINDS) - 1


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be guessed of a signature from one record."""

    id: str
    title: str
    pattern: str
    captures: Mapping[str, str]
    severity: str
    record: str


def draft(record: bytes, signature_id: str | None = None) -> Draft:
    """The draft of a signature for one record; without an id one is made of its words."""
    layout, _, _ = detect_layout(record.split(b"\n"), least=1)
    fields = layout.fields(record)
    message = _message(record, layout)
    pattern, title = _generalised(message)
    found = regex.search(pattern.encode(), canonical(record))
    captures = {name: value.decode("utf-8", "replace") for name, value in found.groupdict().items()} if found else {}
    return Draft(
        id=signature_id or f"{_technology(layout)}.{_name(title)}",
        title=title,
        pattern=pattern,
        captures=captures,
        severity="high" if fields.level >= 5 or not fields.level else "medium",
        record=record.decode("utf-8", "replace").rstrip("\r\n"),
    )


def _message(record: bytes, layout: Layout) -> str:
    """What the program says in a record, without time, level and logger: its first line."""
    text = layout.message_of(layout.fields(record).values)
    whole = canonical((text or record.decode("utf-8", "replace")).encode()).decode("utf-8", "replace")
    return next((line.strip() for line in whole.splitlines() if line.strip()), "")[:_LONGEST]


def _generalised(message: str) -> tuple[str, str]:
    """The message as a pattern, and as a title with placeholders."""
    pattern, title, end = "", "", 0
    for start, stop, expression, name in _variables(message):
        fixed = message[end:start]
        pattern += _escaped(fixed) + expression
        title += _braced(fixed) + (f"{{{name}}}" if name else message[start:stop])
        end = stop
    return pattern + _escaped(message[end:]), _shortened(title + _braced(message[end:]))


def _variables(message: str) -> Iterator[tuple[int, int, str, str | None]]:
    """The variable parts: where each stands, its expression, its name if it has one of its own."""
    taken: set[str] = set()
    for match in _ANY.finditer(message):
        number = next(n for n in range(len(_KINDS)) if match[f"k{n}"] is not None)
        kind = _KINDS[number]
        name = kind.name or _named_by(message[: match.start()]) or (None if number == _NUMBER else "value")
        if name in taken:
            name = None
        taken.update({name} if name else ())
        begin = f"(?P<{name}>" if name else "(?:"
        yield match.start(), match.end(), kind.expression.replace("@", begin), name


def _named_by(before: str) -> str | None:
    """The name that the words just before a variable part give it: `table "`, `user_id=`, `(reading '`."""
    key = re.search(r"(\w+)[=:]\s?$", before)
    if key and is_known(key[1].lower()):
        return key[1].lower()
    words = re.findall(r"[A-Za-z]+", before)[-2:]
    return next((_NOUNS[word.lower()] for word in reversed(words) if word.lower() in _NOUNS), None)


def _escaped(text: str) -> str:
    return regex.escape(text, special_only=True, literal_spaces=True)


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _shortened(title: str) -> str:
    cut = title if len(title) <= 80 else title[:80].rpartition(" ")[0]
    cut = cut.rstrip(" ,;:.")
    return cut if cut.count("{") == cut.count("}") else cut.rpartition("{")[0].rstrip()


def _technology(layout: Layout) -> str:
    return re.sub(r"[^a-z0-9]+", "", (layout.service or "app").lower()) or "app"


def _name(title: str) -> str:
    words = re.findall(r"[a-z]+", re.sub(r"\{\w+\}", " ", title).lower())
    telling = [word for word in words if len(word) > 1 and word not in ("the", "an", "of", "error", "at", "is", "in")]
    return "_".join(telling[:5]) or "unnamed"


def as_yaml(drafted: Draft) -> str:
    """The draft as a file; what only a person knows is marked TODO, which `patterns lint` asks for."""
    captures = ", ".join(f"{name}: {_quoted(value)}" for name, value in drafted.captures.items())
    return f"""\
id: {drafted.id}
title: {_quoted(drafted.title)}
category: TODO
severity: {drafted.severity}
tags: [{drafted.id.partition(".")[0]}]
match:
  - {_quoted(drafted.pattern)}
cause: TODO what went wrong, in one to three plain sentences.
impact: TODO what no longer works, and for whom.
fix:
  - text: TODO the first thing to do.
    command: TODO a command; captures go into braces.
verify:
  - TODO how to see that it is over.
prevent:
  - TODO what keeps it from coming back.
references:
  - TODO the address of primary documentation.
samples:
  - text: {_block(drafted.record)}
    captures: {{{captures}}}
  - text: TODO the same failure as another program prints it (server log, driver exception, JSON logger).
near_misses:
  - TODO a record that looks alike and must not match.
"""


def _quoted(text: str) -> str:
    """A text on one line, in single quotes if it can stand in them."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return yaml.safe_dump(text, default_style='"', width=math.inf).removesuffix("\n")


def _block(text: str) -> str:
    """A text as it stands, in a form that YAML gives back unchanged."""
    lines = text.split("\n")
    if len(lines) == 1 or not all(line.isprintable() for line in lines):
        return _quoted(text)
    indent = "2" if lines[0][:1] == " " else ""
    return f"|{indent}-\n" + "\n".join(f"      {line}" if line else "" for line in lines)
