r"""Terminal escapes (colours, titles, links) out of log text: raw, or escaped inside JSON.

Programs that believe to write to a terminal colour their output; a logger may have put the coloured
text into a JSON string, where the escape character stands as `\u001b`. Newlines are never removed.
"""

from __future__ import annotations

import re

# In the order of the alternatives: colours and cursor movement; titles and links, up to their end;
# character sets; the rest of the two-byte escapes. An escape character that begins none is dropped.
_RAW = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-?@-Z\\^_c])?")
_SIGN = rb"\\+(?:u001[bB]|x1[bB]|033)"
_ESCAPED = re.compile(_SIGN + rb"(?:\[[0-?]*[ -/]*[@-~]|\][^\n\"]{0,2048}?(?:\\+u0007|\\+x07|\\+a|" + _SIGN + rb"\\+))")
_ESCAPED_HINT = re.compile(rb"\\(?:u001[bB]|x1[bB]|033)[\[\]]")
_FEW = 1000


def strip_ansi(data: bytes) -> bytes:
    """Bytes without terminal escapes."""
    if b"\x1b" in data:
        data = _RAW.sub(b"", data)
    if has_escaped_ansi(data, len(data)):
        data = _ESCAPED.sub(b"", data)
    return data


def has_ansi(data: bytes | bytearray, end: int) -> bool:
    """Whether there is any sign of a terminal escape before `end`."""
    return data.find(b"\x1b", 0, end) >= 0 or has_escaped_ansi(data, end)


def has_escaped_ansi(data: bytes | bytearray, end: int) -> bool:
    """Whether there is any sign of a terminal escape that was escaped itself."""
    # Looking for one byte is ten times faster than for the expression; most text has few backslashes.
    at = data.find(b"\\", 0, end)
    for _ in range(_FEW):
        if at < 0:
            return False
        if _ESCAPED_HINT.match(data, at, end):
            return True
        at = data.find(b"\\", at + 1, end)
    return at >= 0 and _ESCAPED_HINT.search(data, at, end) is not None
