r"""A signature's pattern -> the wider pattern that Hyperscan looks for in raw bytes.

Whatever the pattern finds in a record's canonical text, the relaxed one finds in its raw bytes:

* a character that programs escape also matches in its escaped forms, and a quote in its curly ones;
* anchors, word boundaries and look-around are dropped, back-references match anything;
* an upper bound of a repeat is dropped where escapes can make the raw text longer;
* repeats at either end shrink to their minimum, so that one occurrence is reported about once
  and not at every byte of its tail.

Widening costs nothing in precision: what the engine finds is confirmed by the pattern itself.
The dialect is that of Python's `re`, whose parser is used here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

from analyzer.catalogue.dialect import UnsupportedPattern, parse_pattern
from analyzer.match.canonical import ESCAPED

_CARRIAGE = rb"(?:\r|\\+(?:r|u000[dD]))?"
_ESCAPED = _CARRIAGE + rb"""\\+(?:["'/nrt]|u[0-9a-fA-F]{4})"""
_QUOTES = frozenset(b"\"'")
_CURLY = rb"\xe2\x80[\x98-\x9f]"
_INSIDE_CURLY = frozenset(b"\xe2\x80") | frozenset(range(0x98, 0xA0))
_INSIDE_ESCAPES = frozenset(b"\\nrtu\"'/0123456789abcdefABCDEF")
_EVERYTHING = frozenset(range(256))
_HIGH = frozenset(range(0x80, 0x100))
_SECOND = frozenset(range(0x80, 0xC0))
_MOST_COPIES = 8
_CLASSES = (op.ANY, op.IN, op.NOT_LITERAL)
_SPACES = frozenset(b" \t\n\r\f\v")
_DIGITS = frozenset(b"0123456789")
_WORDS = _DIGITS | frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_CATEGORIES = {
    op.CATEGORY_DIGIT: _DIGITS,
    op.CATEGORY_NOT_DIGIT: _EVERYTHING - _DIGITS,
    op.CATEGORY_SPACE: _SPACES,
    op.CATEGORY_NOT_SPACE: _EVERYTHING - _SPACES,
    op.CATEGORY_WORD: _WORDS,
    op.CATEGORY_NOT_WORD: _EVERYTHING - _WORDS,
}


def relax(pattern: bytes) -> tuple[bytes, bool]:
    """The wider pattern, and whether it ignores case. Raises `UnsupportedPattern`."""
    tree = parse_pattern(pattern)
    ignore_case = bool(tree.state.flags & re.IGNORECASE)
    body = _sequence(_trim(list(tree)), dotall=bool(tree.state.flags & re.DOTALL))
    if not body:
        raise UnsupportedPattern("nothing of the pattern is left once its optional ends are dropped")
    return body, ignore_case


def _trim(items: list[Any]) -> list[Any]:
    """Drop what is optional at both ends, and shrink repeats there to their minimum."""
    items = _trim_end(items, end=-1)
    return _trim_end(items, end=0)


def _trim_end(items: list[Any], end: int) -> list[Any]:
    while items:
        kind, value = items[end]
        if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            del items[end]
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            low, high, body = value
            if low == 0:
                del items[end]
            elif low != high and low <= _MOST_COPIES:
                # Spelled out: of a repeat of bytes that may be escaped, the upper bound would be dropped.
                items[end : end + 1 or None] = list(body) * low
            elif low != high:
                items[end] = (op.MAX_REPEAT, (low, low, body))
            else:
                return items
        elif kind is op.SUBPATTERN and not value[1] and not value[2]:
            inner = _trim_end(list(value[3]), end)
            items[end : end + 1 or None] = inner
            if not inner:
                continue
            return items
        else:
            return items
    return items


def _sequence(items: Iterable[Any], dotall: bool) -> bytes:
    return b"".join(_item(kind, value, dotall) for kind, value in items)


def _item(kind: Any, value: Any, dotall: bool) -> bytes:
    if kind is op.LITERAL:
        return _literal(value)
    if kind in _CLASSES:
        return _single(_class_members(kind, value, dotall))
    if kind is op.BRANCH:
        return b"(?:" + b"|".join(_sequence(branch, dotall) for branch in value[1]) + b")"
    if kind is op.SUBPATTERN:
        _, add, remove, body = value
        inside = bool((dotall or add & re.DOTALL) and not remove & re.DOTALL)
        prefix = b"(?i:" if add & re.IGNORECASE else b"(?-i:" if remove & re.IGNORECASE else b"(?:"
        return prefix + _sequence(body, inside) + b")"
    if kind is op.ATOMIC_GROUP:
        return b"(?:" + _sequence(value, dotall) + b")"
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        low, high, body = value
        return _repeat(low, high, body, dotall)
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return b""
    if kind is op.GROUPREF:
        return rb"[\x00-\xff]*"
    raise UnsupportedPattern(f"{kind} is not supported")


def _repeat(low: int, high: Any, body: Any, dotall: bool) -> bytes:
    """A repeat; of a class of bytes that may be escaped, the upper bound is dropped, as raw text can
    be longer, and the lower one shrinks, as one escape stands for up to four bytes of UTF-8."""
    if len(body) == 1 and body[0][0] in _CLASSES:
        kind, value = body[0]
        members = _class_members(kind, value, dotall)
        inner, top = _byte_class(members), b"" if members & ESCAPED else _bound(high)
        low = -(-low // 4) if members & _HIGH else low
    else:
        inner, top = _sequence(body, dotall), _bound(high)
    if not inner:
        return b""
    if (low, top) == (0, b"1"):
        count = b"?"
    elif not top:
        count = {0: b"*", 1: b"+"}.get(low, b"{%d,}" % low)
    else:
        count = b"{%d,%s}" % (low, top)
    return b"(?:" + inner + b")" + count


def _bound(high: Any) -> bytes:
    return b"" if high is op.MAXREPEAT else str(high).encode()


def _literal(code: int) -> bytes:
    # Wider than `\\*"|\\+u0022`: Hyperscan 5.4 overlooks some texts where those are alternatives and
    # words of different length follow.
    if code in _QUOTES:
        return rb"(?:\\*[\x%02xu\xe2](?:[02]0[0-9][0-9a-fA-F])?\x80?[\x98-\x9f]?)" % code
    if code == 0x2F:
        return rb"(?:\\*[\x%02xu](?:00%s)?)" % (code, _any_case(b"%02x" % code))
    if code == 0x0A:
        return b"(?:" + _CARRIAGE + rb"(?:\n|\\+(?:n|u000[aA])))"
    if code in (0x0D, 0x09):
        letter = {0x0D: b"r", 0x09: b"t"}[code]
        return rb"(?:\x%02x|\\+(?:%s|u00%s))" % (code, letter, _any_case(b"%02x" % code))
    if code >= 0x80:
        # One byte of a UTF-8 sequence: the escape of the whole character stands where its first
        # byte would; continuation bytes become optional.
        return rb"(?:\x%02x|\\+u[0-9a-fA-F]{4}(?:\\+u[0-9a-fA-F]{4})?)" % code if code >= 0xC0 else rb"\x%02x?" % code
    if code in ESCAPED:
        return rb"(?:\x%02x|\\+u00%s)" % (code, _any_case(b"%02x" % code))
    return rb"\x%02x" % code


def _any_case(digits: bytes) -> bytes:
    return b"".join(b"[%c%c]" % (d, d - 32) if d >= 0x61 else b"%c" % d for d in digits)


def _class_members(kind: Any, value: Any, dotall: bool) -> frozenset[int]:
    """The bytes that a class of any kind takes."""
    if kind is op.ANY:
        return _EVERYTHING if dotall else _EVERYTHING - {0x0A}
    return _EVERYTHING - {value} if kind is op.NOT_LITERAL else _members(value)


def _members(items: Iterable[Any]) -> frozenset[int]:
    members: frozenset[int] = frozenset()
    negate = False
    for kind, value in items:
        if kind is op.NEGATE:
            negate = True
        elif kind is op.LITERAL:
            members |= {value}
        elif kind is op.RANGE:
            members |= frozenset(range(value[0], value[1] + 1))
        elif kind is op.CATEGORY:
            members |= _CATEGORIES[value]
        else:
            raise UnsupportedPattern(f"{kind} in a set is not supported")
    return _EVERYTHING - members if negate else members


def _single(members: frozenset[int]) -> bytes:
    """A class that stands for one byte; where that byte may be the second of a character, the
    escape of the whole character has been taken for its first."""
    plain = _plain(members)
    if not members & ESCAPED:
        return plain
    curly = b"|" + _CURLY if members & _QUOTES else b""
    return b"(?:" + plain + curly + b"|" + _ESCAPED + b")" + (b"?" if members & _SECOND else b"")


def _byte_class(members: frozenset[int]) -> bytes:
    """A class that may repeat; where it takes a byte that may be escaped, also its escaped forms."""
    plain = _plain(members)
    if members & _QUOTES and not members >= _INSIDE_CURLY:
        plain += b"|" + _CURLY
    if members & ESCAPED and not _takes_escapes_apart(members):
        return plain + b"|" + _ESCAPED
    return plain


def _plain(members: frozenset[int]) -> bytes:
    return b"[" + b"".join(rb"\x%02x-\x%02x" % pair for pair in _ranges(members)) + b"]"


def _takes_escapes_apart(members: frozenset[int]) -> bool:
    """Whether the set takes every byte of an escape by itself (quotes count only if it takes them)."""
    return (_INSIDE_ESCAPES - frozenset(b"\"'/")) <= members


def _ranges(members: frozenset[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for code in sorted(members):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return ranges
