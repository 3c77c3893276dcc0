"""What a signature must satisfy beyond its shape. Each check is one function and one concern."""

from __future__ import annotations

import difflib
import string
from collections.abc import Collection, Mapping
from typing import Any

import regex

from analyzer.catalogue.dialect import UnsupportedPattern
from analyzer.catalogue.document import Document
from analyzer.catalogue.explosion import explodes
from analyzer.catalogue.likeness import bare_words, twins
from analyzer.catalogue.timespan import parse_timespan
from analyzer.catalogue.vocabulary import CATEGORIES, is_known
from analyzer.errors import FileProblem
from analyzer.model import Signature

_ID = regex.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*\.[a-z0-9]+(?:_[a-z0-9]+)*")
_SQLSTATE = regex.compile(r"[0-9A-Z]{5}|[0-9A-Z]{2}\*")
_STATUS = regex.compile(r"[1-5]\d\d|[1-5]xx")
_NAMED_GROUP = regex.compile(r"(?<!\\)(?:\\\\)*\(\?P?<([A-Za-z_]\w*)>")
_SHORTEST_LITERAL = 4
_UNWRITTEN = "TODO"


def check_signature(signature: Signature, document: Document, expected_id: str | None) -> None:
    """All checks on one signature; faults are noted in its document."""
    _check_id(signature, document, expected_id)
    _check_patterns(signature, document)
    _check_captures(signature, document)
    _check_placeholders(signature, document)
    _check_completeness(signature, document)
    _check_correlation(signature, document)
    _check_where(signature, document)
    _check_written(document.values, "", document)


def check_catalogue(
    loaded: Mapping[str, tuple[Signature, Document]], refused: Collection[str] = ()
) -> list[FileProblem]:
    """Checks that need all signatures: every reference must lead somewhere.

    Signatures that exist but were `refused` are no dead ends; their own faults are reported.
    """
    problems: list[FileProblem] = []
    for signature, document in loaded.values():
        before = len(document.problems)
        _check_references(signature, document, loaded.keys() | set(refused))
        problems.extend(document.problems[before:])
    return problems


def check_likeness(loaded: Mapping[str, tuple[Signature, Document]]) -> list[FileProblem]:
    """Find signatures that say the same as another one."""
    problems: list[FileProblem] = []
    for twin in twins(signature for signature, _ in loaded.values()):
        document = loaded[twin.second.id][1]
        hint = "make one refine the other, let the broader one yield, or make one of them"
        document.problem(twin.key, f"{twin.what} {twin.first.id}", hint)
        problems.append(document.problems[-1])
    return problems


def captures_of(signature: Signature) -> frozenset[str]:
    """The names of all captures that its patterns define."""
    names: set[str] = {"method", "endpoint", "status", "id"} if signature.request else set()
    if signature.where and signature.where.sqlstate:
        names.add("sqlstate")
    for pattern in signature.match:
        names.update(_NAMED_GROUP.findall(pattern))
    return frozenset(names)


def placeholders(command: str) -> list[str]:
    """The names in braces in a command template. Raises ValueError where a brace is unbalanced."""
    return [name for _, name, _, _ in string.Formatter().parse(command) if name is not None]


def _check_id(signature: Signature, document: Document, expected_id: str | None) -> None:
    if not _ID.fullmatch(signature.id):
        document.problem("id", f"{signature.id!r} is not of the form technology.failure", "lower case, digits and _")
    elif expected_id is not None and signature.id != expected_id:
        document.problem("id", f"{signature.id!r} does not fit its place", f"by its path it is {expected_id!r}")


def _check_patterns(signature: Signature, document: Document) -> None:
    for index, pattern in enumerate(signature.match):
        key = f"match[{index}]"
        if _check_pattern(pattern, key, document) and max(map(len, fixed_texts(pattern))) < _SHORTEST_LITERAL:
            message = f"no fixed text of {_SHORTEST_LITERAL} characters in a row"
            document.problem(key, message, "a pattern needs words of the message to be precise and fast")
        elif bare := bare_words(pattern):
            document.problem(
                key, f"{bare!r} may stand in any log", "add words of the message, or what stands around it"
            )
    for index, pattern in enumerate(signature.exclude):
        _check_pattern(pattern, f"exclude[{index}]", document)


def _check_pattern(pattern: str, key: str, document: Document) -> bool:
    """Whether a pattern is sound; what is wrong with it is noted."""
    try:
        compiled = regex.compile(pattern.encode())
        exploding = explodes(pattern.encode())
    except (regex.error, UnsupportedPattern) as error:
        document.problem(key, f"not a valid regular expression: {error}", "see docs/writing-signatures.md")
        return False
    if compiled.search(b""):
        document.problem(key, "the pattern matches the empty string", "it would fire on every record")
    elif exploding:
        hint = "repeat only one of the two, or put something between the rounds"
        document.problem(key, "a repeat within a repeat takes for ever on some texts", hint)
    else:
        return True
    return False


def fixed_texts(pattern: str) -> list[str]:
    """The runs of plain characters, as a rough measure of how specific a pattern is."""
    classes = regex.sub(r"\\[AbBdDsSwWZ]", "\0", pattern)
    letters = regex.sub(r"\\(.)", "x", classes)  # an escaped character stands for itself
    plain = regex.sub(r"\(\?P<\w+>|\(\?[imsx:]+|\[[^\]]*\]|[.^$*+?{}()|]", "\0", letters)
    return plain.split("\0")


def _check_captures(signature: Signature, document: Document) -> None:
    for index, pattern in enumerate(signature.match):
        try:
            names = regex.compile(pattern.encode()).groupindex
        except regex.error:
            continue
        for name in names:
            if not is_known(name):
                document.problem(
                    f"match[{index}]", f"unknown capture {name!r}", "see the vocabulary in docs/writing-signatures.md"
                )
    defined = captures_of(signature)
    for index, sample in enumerate(signature.samples):
        for name in sample.captures:
            if name not in defined:
                document.problem(f"samples[{index}].captures.{name}", "no pattern defines this capture")


def _check_placeholders(signature: Signature, document: Document) -> None:
    defined = captures_of(signature)
    _check_template(signature.title, "title", defined, document)
    for index, step in enumerate(signature.fix):
        if step.command is not None:
            _check_template(step.command, f"fix[{index}].command", defined, document)
    for name in ("verify", "prevent"):
        for index, text in enumerate(getattr(signature, name)):
            _check_template(text, f"{name}[{index}]", defined, document)


def _check_template(text: str, key: str, defined: frozenset[str], document: Document) -> None:
    try:
        names = placeholders(text)
    except ValueError as error:
        document.problem(key, f"unbalanced braces: {error}", "write a literal brace twice: {{ }}")
        return
    for name in names:
        if name not in defined:
            hint = f"captures here: {', '.join(sorted(defined)) or 'none'}; a literal brace is written twice"
            document.problem(key, f"unknown placeholder {{{name}}}", hint)


def _check_completeness(signature: Signature, document: Document) -> None:
    matches = bool(signature.match or signature.request or (signature.where and signature.where.sqlstate))
    if matches == (signature.correlation is not None):
        document.problem("match", "needs match, request or where.sqlstate, or else correlation, and not both")
    if signature.category not in CATEGORIES and not signature.category.startswith(_UNWRITTEN):
        document.problem("category", f"unknown category {signature.category!r}", "see docs/writing-signatures.md")
    if signature.kind == "failure":
        for name in ("cause", "impact", "fix", "references"):
            if not getattr(signature, name):
                document.problem(name, f"a failure needs {name!r}")
    if matches:
        if len(signature.samples) < 2 and signature.kind == "failure":
            document.problem("samples", "a failure needs at least two samples, from two programs where it can be")
        elif not signature.samples:
            document.problem("samples", "at least one sample is needed")
        if not signature.near_misses:
            document.problem("near_misses", "at least one near miss is needed")


def _check_correlation(signature: Signature, document: Document) -> None:
    rule = signature.correlation
    if rule is None:
        return
    try:
        parse_timespan(rule.timespan)
    except ValueError as error:
        document.problem("correlation.timespan", str(error), "like 30s, 5m, 2h")
    if rule.type in ("absence", "contradiction") and not rule.counterpart:
        document.problem("correlation.counterpart", f"{rule.type} needs a counterpart")
    if rule.type in ("event_count", "value_count") and rule.condition is None:
        document.problem("correlation.condition", f"{rule.type} needs a condition")
    if rule.type == "value_count" and rule.condition is not None and rule.condition.field is None:
        document.problem("correlation.condition.field", "value_count needs the key to count")


def _check_where(signature: Signature, document: Document) -> None:
    if signature.where is None:
        return
    for index, code in enumerate(signature.where.sqlstate):
        if not _SQLSTATE.fullmatch(code):
            hint = "five digits and capitals like '23505', or a class like '08*'"
            document.problem(f"where.sqlstate[{index}]", f"{code!r} is no SQLSTATE", hint)
    for index, status in enumerate(signature.where.status):
        if not _STATUS.fullmatch(status):
            document.problem(f"where.status[{index}]", f"{status!r} is no HTTP status", "like '404' or 5xx")


def _check_written(value: Any, key: str, document: Document) -> None:
    """Find what `patterns new` left to be written by a person."""
    if isinstance(value, str) and value.startswith(_UNWRITTEN):
        document.problem(key, "still to be written", value.removeprefix(_UNWRITTEN).strip())
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_written(item, f"{key}[{index}]", document)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_written(item, f"{key}.{name}" if key else name, document)


def _check_references(signature: Signature, document: Document, known: Collection[str]) -> None:
    references = {f"leads_to[{index}]": name for index, name in enumerate(signature.leads_to)}
    if signature.refines:
        references["refines"] = signature.refines
    if signature.correlation:
        for name in ("rules", "counterpart"):
            for index, target in enumerate(getattr(signature.correlation, name)):
                references[f"correlation.{name}[{index}]"] = target
    for key, name in references.items():
        if name == signature.id:
            document.problem(key, f"{name!r} is this signature itself", "name another one")
        elif name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else ""
            document.problem(key, f"no signature {name!r} in the catalogue", hint)
