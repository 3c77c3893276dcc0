r"""The text that signatures are matched against: a record with every wrapping undone.

The same failure reaches us plain, inside a JSON string (`relation \"orders\" does not exist`),
inside JSON inside Docker's JSON (escaped twice), with ANSI colours, with CRLF, with the curly quotes that
word processors and chat programs put for straight ones. Canonical text has none of these, so an author
writes a pattern once.

Backslashes before a quote, an apostrophe or a slash are dropped however many there are; `\n`, `\r`
and `\t` become the character, `\uXXXX` becomes UTF-8 (of ASCII only the few characters that programs
do escape). Escapes are undone only in records that hold a double quote:
without one nothing is quoted, and `C:\new` keeps its backslash.

The digits of the timestamp with which a record begins read as 0: milliseconds are no status codes,
and what is said a thousand times is the same text a thousand times.
"""

from __future__ import annotations

import re

from analyzer.ingest.ansi import strip_ansi

_ESCAPE = re.compile(rb"""\\+(?:(["'/])|([nrt])|u([0-9a-fA-F]{4})(?:\\+u([dD][c-fC-F][0-9a-fA-F]{2}))?)""")
ESCAPED = frozenset(b"\"'/<>&=+`\t\n\r") | frozenset(range(0x80, 0x100))
"""The bytes of canonical text that may stand escaped in a record: JSON's own, those that Go, Gson
and .NET escape for HTML's sake, and everything outside ASCII."""

LEADING_TIME = (
    r"(?:[\[({<]{0,2}(?:[A-Z]{3,8}[\])>:]*)?[ |,-]{0,6}[\[({<]{0,2}|\{\"[@\w.]{1,12}\": ?\")"
    r"(?:\d{4}[-/.]\d\d[-/.]\d\d[T _-]|\d\d[ /-][A-Z][a-z]{2}[ /-]\d{4}[: ]|[A-Z][a-z]{2} +\d{1,2} )"
    r"\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?"
)
"""The time with which a record begins, as an expression of `re` and RE2 alike: right at the beginning,
behind a bracket, a level in capitals, or the key of a JSON object. A date that a sentence names is no
timestamp."""

_TIME = re.compile(LEADING_TIME.encode())
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_CURLY = re.compile(rb"\xe2\x80([\x98-\x9f])")
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def canonical(record: bytes) -> bytes:
    """A record's bytes as patterns see them."""
    text = strip_ansi(record)
    if b"\\" in text and b'"' in text:
        text = _ESCAPE.sub(_unescape, text)
    if b"\xe2\x80" in text:
        text = _CURLY.sub(lambda curly: b"'" if curly[1] < b"\x9c" else b'"', text)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").removesuffix(b"\r")
    head = _TIME.match(text)
    return head.group().translate(_ZEROS) + text[head.end() :] if head else text


def _unescape(match: re.Match[bytes]) -> bytes:
    plain, control, first, second = match.groups()
    if plain:
        return plain
    if control:
        return _CONTROL[control]
    code = int(first, 16)
    if 0xD800 <= code < 0xDC00 and second:
        code = 0x10000 + ((code - 0xD800) << 10) + (int(second, 16) - 0xDC00)
        return chr(code).encode()
    if (code < 0x80 and code not in ESCAPED) or 0xD800 <= code < 0xE000:
        return match.group()
    text = chr(code).encode()
    return text + chr(int(second, 16)).encode("utf-8", "replace") if second else text
