"""Log text made safe to look at: what a terminal or browser would obey or hide becomes visible."""

from __future__ import annotations

import unicodedata

_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks by category that nevertheless show nothing."""


class _Table(dict[int, str]):
    """Code point -> what to show, computed at first sight."""

    def __missing__(self, code: int) -> str:
        shown = _shown(chr(code))
        self[code] = shown
        return shown


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    category = unicodedata.category(character)
    # Cc: C1 controls, Cf: bidi and zero-width, Cs: lone surrogates, Zl and Zp: line breaks in disguise.
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in _INVISIBLE_LETTERS:
        return f"<U+{code:04X}>"
    return character


_TABLE = _Table()


def visible(text: str) -> str:
    """The text with control, bidi and zero-width characters made visible; line feeds and tabs stay."""
    return text.replace("\r\n", "\n").translate(_TABLE)


def one_line(text: str, limit: int | None = None) -> str:
    """The text on one line, runs of white space as one space, shortened to `limit` characters."""
    line = " ".join(visible(text).split())
    if limit is None or len(line) <= limit:
        return line
    return line[: max(limit - 1, 0)].rstrip() + "…"
