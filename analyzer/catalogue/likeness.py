"""Patterns that say too little, and signatures that say the same twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

import regex

from analyzer.model import Signature

_LONGEST = 24
"""From so many characters on, the same fixed texts in two patterns are no coincidence."""

_ESCAPE = regex.compile(r"\\(?:([AbBdDsSwWZ])|(.))")
_NO_TEXT = regex.compile(r"\(\?P<\w+>|\(\?(?:[a-zA-Z-]*[:)]|<?[=!])|\[\^?\]?[^\]]*\]|\{[\d,]+\}|[.^$*+?()|]")
_HIDDEN = 0xE000
"""Where escaped characters are kept, out of the private use area, while what is no text is taken out."""

_PLAIN_WORDS = regex.compile(r"[A-Za-z][a-z]*(?: [A-Za-z]?[a-z]+){0,2}|[A-Z]{1,8}|\d+")
_COMMON = frozenset(
    """
    a an and are at be been by can cannot could denied error errors exception exceptions fail failed failing
    fails failure failures for found from had has have in invalid is lost missing no not of on or out refused
    reset the timed to too unable unexpected unknown was warning were with access client code connect connection
    connections core data database file files host job key lock login memory message network password permission
    process query read request requests response secret server service session status table task timeout token
    type user users value values write
    """.split()
)


class Twins(NamedTuple):
    """Two signatures that say the same: the key in the second that repeats what, and in which first."""

    first: Signature
    second: Signature
    key: str
    what: str


def fixed_texts(pattern: str) -> list[str]:
    """The runs of plain characters in a pattern."""

    def hidden(escape: regex.Match[str]) -> str:
        return "\0" if escape[1] else chr(_HIDDEN + ord(escape[2]) % 0x1000)

    plain = _NO_TEXT.sub("\0", _ESCAPE.sub(hidden, pattern))
    shown = regex.sub(f"[{chr(_HIDDEN)}-{chr(_HIDDEN + 0xFFF)}]", lambda each: chr(ord(each[0]) - _HIDDEN), plain)
    return [run for run in shown.split("\0") if run]


def bare_words(pattern: str) -> str | None:
    """An alternative of a pattern that is nothing but a word or common words, as any log may hold them."""
    body = regex.sub(r"^\(\?i\)|\\b", "", pattern)
    body = regex.sub(r"^\((?:\?:|\?P<\w+>)?([^()]*)\)$", r"\1", body)
    if regex.search(r"[()\[\]]", body):
        return None
    for way in body.split("|"):
        words = way.strip().split(" ")
        if _PLAIN_WORDS.fullmatch(way.strip()) and (len(words) == 1 or all(w.lower() in _COMMON for w in words)):
            return way.strip()
    return None


def twins(signatures: Iterable[Signature]) -> Iterator[Twins]:
    """Pairs of unrelated signatures with the same title in one technology, or patterns of the same words."""
    by_title: dict[tuple[str, str], list[Signature]] = {}
    by_words: dict[tuple[str, ...], list[tuple[Signature, int]]] = {}
    for signature in signatures:
        title = " ".join(regex.sub(r"\{\w*\}", " ", signature.title).lower().split())
        by_title.setdefault((signature.id.partition(".")[0], title), []).append(signature)
        for index, pattern in enumerate(signature.match):
            words = tuple(run for run in map(str.strip, fixed_texts(pattern)) if run)
            if sum(map(len, words)) >= _LONGEST:
                by_words.setdefault(words, []).append((signature, index))
    for same in by_title.values():
        yield from (Twins(first, second, "title", "the same title as") for first, second in combinations(same, 2))
    for alike in by_words.values():
        for (first, _), (second, index) in combinations(alike, 2):
            if first.id != second.id and not _related(first, second):
                yield Twins(first, second, f"match[{index}]", "the same words as a pattern of")


def _related(first: Signature, second: Signature) -> bool:
    return first.yields != second.yields or first.refines == second.id or second.refines == first.id
