"""Why a record is recognised as what it is, and which signatures came close: for their authors."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import regex

from analyzer.catalogue import Catalogue
from analyzer.catalogue.likeness import fixed_texts
from analyzer.ingest.detect import detect_layout
from analyzer.match.cache import engine_for
from analyzer.match.expressions import compile_pattern
from analyzer.match.reference import Match, match_signature, most_specific
from analyzer.match.stated import Stated, stated_by, vetoed
from analyzer.model import Signature

NEAREST = 5
"""As many signatures are shown of which only a part of a pattern is in the record."""

_SHARE = 0.6
_LEAST = 12
"""Characters of a pattern that must stand in a record before the two are near."""

_GLIMPSE = 8
"""As many of them must stand there in whole words of letters alone."""

_WORD = re.compile(r"[A-Za-z]{3,}")


@dataclass(frozen=True, slots=True)
class Near:
    """A signature that nearly matches, and what keeps it from it."""

    signature: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What matches a record, what nearly does, and the layout that the record was read by."""

    matches: list[Match]
    near: list[Near]
    layout: str


def explanation(record: bytes, catalogue: Catalogue) -> Explanation:
    """Hold one record against every signature."""
    layout, _, _ = detect_layout(record.split(b"\n"), least=1)
    stated = stated_by(record, layout)
    possible = _possible(record, catalogue)
    found = {s.id: captures for s in possible if (captures := match_signature(stated, s)) is not None}
    matches = most_specific(found, catalogue)
    shown = {match.signature for match in matches}
    near = [Near(name, _gives_way(catalogue[name], shown, catalogue)) for name in sorted(found) if name not in shown]
    vetoed_ones = ((s, _veto(s, stated)) for s in possible if s.id not in found)
    near += [Near(signature.id, reason) for signature, reason in vetoed_ones if reason is not None]
    told = shown.union(each.signature for each in near)
    near += _partly([s for s in catalogue if s.id not in told], stated.text)
    return Explanation(matches, near, layout.name)


def _possible(record: bytes, catalogue: Catalogue) -> list[Signature]:
    """The signatures of which the engine finds a pattern, with those patterns alone; most of the time of an
    explanation would otherwise go into compiling thousands of patterns that have nothing to do with the record."""
    owners = [(number, text) for number, signature in enumerate(catalogue) for text in signature.match]
    patterns = engine_for(catalogue).scan(record, np.zeros(1, dtype=np.int64))[0].tolist()
    found: dict[int, list[str]] = {}
    for number, text in (owners[pattern] for pattern in sorted(set(patterns)) if pattern < len(owners)):
        found.setdefault(number, []).append(text)
    shared = any(pattern >= len(owners) for pattern in patterns)  # those behind the signatures' own serve them all
    return [
        replace(signature, match=tuple(found.get(number, ())))
        for number, signature in enumerate(catalogue)
        if number in found or (shared and _asks_more(signature))
    ]


def _asks_more(signature: Signature) -> bool:
    """Whether a signature can match without one of its own patterns."""
    return signature.request is not None or (signature.where is not None and bool(signature.where.sqlstate))


def _gives_way(signature: Signature, shown: set[str], catalogue: Catalogue) -> str:
    specific = sorted(name for name in shown if signature.id in catalogue.ancestors(name))
    if specific:
        return f"gives way to {', '.join(specific)}, which refines it"
    return f"yields to {', '.join(sorted(shown))}"


def _veto(signature: Signature, stated: Stated) -> str | None:
    """Why a signature does not match although its words are there, or None if they are not."""
    if match_signature(stated, replace(signature, exclude=(), where=None)) is None:
        return (
            "the line only quotes a failure: see docs/writing-signatures.md" if _quoted_in(signature, stated) else None
        )
    for index, pattern in enumerate(signature.exclude):
        if found := compile_pattern(pattern).search(stated.text):
            return f"vetoed by its own exclude[{index}], which finds {_quoted(found[0])}"
    field = vetoed(signature.where, stated) if signature.where else None
    if field is None:
        return None
    wanted = " or ".join(getattr(signature.where, field))
    return f"the record states {field} {getattr(stated, field)}, and it asks for {wanted}"


def _quoted_in(signature: Signature, stated: Stated) -> bool:
    """Whether the words of a signature stand in what a record only quotes."""
    if stated.seen_by(signature) == stated.text:
        return False
    return any(compile_pattern(pattern).search(stated.text) for pattern in signature.match)


def _partly(signatures: list[Signature], text: bytes) -> list[Near]:
    """The signatures of whose patterns most of the fixed text is there, the nearest first."""
    scored = [
        (score, signature.id, index, pattern)
        for signature in signatures
        for index, pattern in enumerate(signature.match)
        if (score := _likeness(pattern, text)) >= _SHARE
    ]
    near: dict[str, Near] = {}
    for _, name, index, pattern in sorted(scored, key=lambda entry: (-entry[0], entry[1])):
        if len(near) == NEAREST:
            break
        near.setdefault(name, Near(name, _how_far(pattern, f"match[{index}]", text)))
    return list(near.values())


def _likeness(pattern: str, text: bytes) -> float:
    """How much of a pattern's fixed words stands in a record, from 0 to 1."""
    if pattern.startswith("(?i)"):
        pattern, text = pattern.lower(), text.lower()
    # Most patterns share hardly a word with the record, which is seen without taking them apart.
    if sum(len(word) for word in set(_WORD.findall(pattern)) if word.encode() in text) < _GLIMPSE:
        return 0.0
    words = [word for run in fixed_texts(pattern) for word in run.split() if len(word) > 2]
    present = sum(len(word) for word in words if word.encode() in text)
    return present / sum(map(len, words)) if present >= _LEAST else 0.0


def _how_far(pattern: str, place: str, text: bytes) -> str:
    """Up to where a pattern fits, and what it asks for then."""
    for length in range(len(pattern) - 1, 0, -1):
        found = _search(pattern[:length], text)
        if found is not None and found.end() > found.start():
            return f"{place} fits as far as {_quoted(found[0])}; then it asks for {pattern[length:]}"
    missing = [run for run in fixed_texts(pattern) if run.encode() not in text]
    return f"{place} needs {', '.join(map(repr, missing)) or pattern}"


def _search(pattern: str, text: bytes) -> regex.Match[bytes] | None:
    try:
        return regex.search(pattern.encode(), text, timeout=1.0)
    except (regex.error, TimeoutError):
        return None


def _quoted(found: bytes) -> str:
    text = found.decode("utf-8", "replace")
    return repr(text if len(text) <= 120 else f"{text[:60]} ... {text[-50:]}")
