"""Patterns that take for ever: found by their syntax tree, before any text has to suffer.

Backtracking doubles with each character where a repeat stands within a repeat and nothing stands
between the rounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

from analyzer.catalogue.dialect import parse_pattern

_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
_MANY = 16
"""Repeating this often or more counts as repeating without end."""


def explodes(pattern: bytes) -> bool:
    """Whether a repeat stands within a repeat with nothing between the rounds, as in `(a+)+`.

    Raises `UnsupportedPattern` for syntax outside the dialect.
    """
    return _explodes(parse_pattern(pattern))


def _explodes(items: Iterable[Any]) -> bool:
    for kind, value in items:
        if kind in _REPEATS and _endless(value) and any(_may_be_one_repeat(part) for part in _ways(value[2])):
            return True
        if any(_explodes(part) for part in _parts(kind, value)):
            return True
    return False


def _endless(repeat: tuple[int, Any, Any]) -> bool:
    return repeat[1] is op.MAXREPEAT or repeat[1] >= _MANY


def _ways(body: Iterable[Any]) -> list[list[Any]]:
    """The alternatives of a body, plain groups around it opened."""
    items = list(body)
    if len(items) == 1:
        kind, value = items[0]
        if kind is op.SUBPATTERN:
            return _ways(value[3])
        if kind is op.BRANCH:
            return [way for branch in value[1] for way in _ways(branch)]
    return [items]


def _may_be_one_repeat(items: list[Any]) -> bool:
    """Whether all that a round has to match is one endless repeat; the rest of it is optional."""
    needed = [(kind, value) for kind, value in items if not _optional(kind, value)]
    endless = [kind for kind, value in items if kind in _REPEATS and _endless(value)]
    if not needed:
        return bool(endless)
    return len(needed) == 1 and needed[0][0] in _REPEATS and _endless(needed[0][1])


def _optional(kind: Any, value: Any) -> bool:
    return kind in (op.AT, op.ASSERT, op.ASSERT_NOT) or (kind in (*_REPEATS, op.POSSESSIVE_REPEAT) and value[0] == 0)


def _parts(kind: Any, value: Any) -> list[Any]:
    """The sequences inside an item."""
    if kind in (*_REPEATS, op.POSSESSIVE_REPEAT):
        return [value[2]]
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    if kind is op.BRANCH:
        return list(value[1])
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [value[1]]
    return []
