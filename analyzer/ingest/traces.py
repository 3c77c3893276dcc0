"""Stack traces and crash reports held together where no timestamp tells where a record begins.

Most lines of a trace are indented, and so continue the record before them. The rest is told by its
words: `Caused by:`, `During handling of the above exception`, the last line of a Python traceback,
Go's goroutines, Elixir's `** (`, Node's report of an uncaught error, PHP's `#0`, Rust's notes,
the box that Terraform draws.

Only lines with such words are looked at one by one; all others are sorted out by one expression.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from analyzer.ingest.locate import line_array
from analyzer.ingest.windows import Bytes, Offsets

Flags = npt.NDArray[np.bool_]

_WORDS = {
    "python": r"Traceback \(most recent call last\):",
    "pydantic": r"[\w.]*ValidationError: \d+ validation errors? for ",
    "chain": r"During handling of the above exception|The above exception was the direct cause",
    "note": r"\[SQL: |\[parameters: |\(Background on this error at|DETAIL:  |HINT:  |CONTEXT:  |LINE \d+: ",
    "asyncio": r"future: <(?:\w*Future|Task) ",
    "cause": r"Caused(?: by)?: ?|Suppressed: |\.\.\. \d+ (?:more|common frames omitted)|--- End of |---> "
    r"|Node\.js v\d+\.",
    "java": r'(?:Exception in thread "[^"\n]*" )?(?:[\w$]+\.)+[\w$]*(?:Exception|Error|Throwable)(?::|$)',
    "panic": r"panic: |fatal error: ",
    "goroutine": r"goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[",
    "go": r"\[signal |created by |exit status \d",
    "node": r"(?:/|[A-Za-z]:\\|node:|file://|webpack)[^\n]*:\d+$",
    "php": r"Stack trace:|\[stacktrace\]|PHP Stack trace:|PHP +\d+\. ",
    "frame": r'#\d+ |"\} *$',
    "elixir": r"\*\* \(",
    "genserver": r"(?:Last message|State|Client)(?: \([^)\n]*\)|:)",
    "rust": r"thread '[^'\n]*' (?:\(\d+\) )?panicked at ",
    "rusty": r"note: |stack backtrace:",
    "heap": r"FATAL ERROR: [^\n]*(?:heap|memory)",
    "native": r"-{3,5} ?(?:Native|JS) ?stack ?trace|\d{1,2}: (?:0x)?[0-9a-fA-F]{6,16} ",
    "box": "╷|│|╵",
    "ruby": r"[\w./:-]+\.rb:\d+:in |[A-Z]\w*(?:::\w+)* \([^\n]*\):$",
}
PARTS = "^(?:" + "|".join(_WORDS.values()) + ")"
"""How lines begin that may be a part of a trace although they are not indented."""
_KIND = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _WORDS.items()).encode())
_FAILURE = re.compile(rb"\W{0,2}(?:\w+[-_. ]){0,2}(?i:error|critical|fatal|severe|exception|warn(?:ing)?)\b")
_PLACE_IN_GO = re.compile(rb"(?:\t|\s+\S.{0,300}?\.(?:go|s):\d+(?: \+0x[0-9a-f]+)?\s*$)")
"""Below a function in a goroutine; the tab has become blanks where a trace was copied from a page."""
_REFUSED_FIELDS = re.compile(rb"\d+ validation errors? for \w")
_FIELD = re.compile(rb"[\w.\[\]-]+\s*$")
_CARET = re.compile(rb"\s*[\^~]+\s*$")
_CARET_REACH = 4
_GO = frozenset({"panic", "goroutine", "go", "go function"})
_FOLLOWS: dict[str, frozenset[str]] = {
    "goroutine": _GO,
    "go": _GO,
    "frame": frozenset({"php", "frame"}),
    "rusty": frozenset({"rust", "rusty"}),
    "native": frozenset({"heap", "native"}),
    "ruby": frozenset({"ruby"}),
    "python": frozenset({"chain", "asyncio"}),
    "genserver": frozenset({"elixir", "genserver"}),
}
"""What continues a trace only where the line before it was a part of such a one."""

_LOGGED = frozenset({"python", "java", "elixir"})
"""What belongs to the line before it where that says that something failed."""

_ALWAYS = frozenset({"chain", "note", "cause", "php", "asyncio"})


def hold_traces(
    data: Bytes, starts: Offsets, ends: Offsets, begins: Flags, loose: Flags, telling: Flags, order: Offsets
) -> Flags:
    """Which lines begin a record, once the parts of traces have been joined to what they continue.

    `begins` says which lines do by their first character, `loose` which of them are of no layout, `telling`
    which of them may begin with any such words.
    `order` puts the lines of one writer next to each other.
    """
    rows = np.flatnonzero(begins & loose & telling)
    if not len(rows):
        return begins
    suspects = rows[
        pc.match_substring_regex(line_array(data, starts[rows], ends[rows]), PARTS).to_numpy(zero_copy_only=False)
    ]
    if not len(suspects):
        return begins
    held = _Traces(data, starts, ends, begins, loose, order)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    for at in np.sort(place[suspects]).tolist():
        held.look_at(at)
    return held.result()


class _Traces:
    """Goes through the suspect lines in order; `at` counts lines in the order of their writers."""

    def __init__(
        self, data: Bytes, starts: Offsets, ends: Offsets, begins: Flags, loose: Flags, order: Offsets
    ) -> None:
        self._data, self._starts, self._ends, self._order = data, starts[order], ends[order], order
        self._begins, self._loose = begins[order], loose[order]
        self._standing = np.flatnonzero(self._begins)
        self._kinds: dict[int, str] = {}

    def result(self) -> Flags:
        """Which lines begin a record, in the order of the file."""
        begins = np.empty_like(self._begins)
        begins[self._order] = self._begins
        return begins

    def look_at(self, at: int) -> None:
        """Join a suspect line to the record before it where it is a part of that."""
        if at in self._kinds:
            return
        match = _KIND.match(self._text(at))
        kind = match.lastgroup if match else None
        if kind is None:
            return
        self._kinds[at] = kind
        before = self._kinds.get(self._before(at), "")
        if kind == "box" and not self._text(at).startswith("╷".encode()) and before == "box":
            self._join(at)
        logged = kind in _LOGGED and (kind == "elixir" or self._is_indented(at + 1)) and self._is_failure(at - 1)
        if kind in _ALWAYS or before in _FOLLOWS.get(kind, ()) or logged:
            self._join(at)
        if kind == "python":
            self._end_of_traceback(at)
        elif kind in ("goroutine", "panic", "go"):
            self._go_functions(at)
        elif kind == "node":
            self._uncaught(at)
        elif kind == "pydantic":
            self._fields(at)
        elif kind == "rust" and self._text(at).rstrip().endswith(b":"):
            self._take(at + 1, "rust")

    def _end_of_traceback(self, at: int) -> None:
        """The first line at the left edge behind the indented ones names the exception."""
        end = self._after(at)
        if end is not None and end > at + 1 and self._is_indented(end - 1):
            self._take(end, "note")
            self._fields(end)

    def _fields(self, at: int) -> None:
        """pydantic names each field that it refuses at the left edge, with what is wrong indented below."""
        if _REFUSED_FIELDS.search(self._text(at)) is None:
            return
        field = self._after(at)
        while field is not None and _FIELD.match(self._text(field)) and self._is_indented(field + 1):
            if not self._take(field, "note"):
                return
            field = self._after(field)

    def _go_functions(self, at: int) -> None:
        """Functions stand at the left edge, each with an indented place below."""
        following = self._after(at)
        while following is not None and _PLACE_IN_GO.match(self._text(following + 1)):
            if not self._take(following, "go function"):
                return
            following = self._after(following)

    def _uncaught(self, at: int) -> None:
        """Node's report of an uncaught error: the place, the line of code, a caret, the error."""
        caret = next((n for n in range(at + 2, at + _CARET_REACH) if _CARET.match(self._text(n))), None)
        if caret is None:
            return
        for line in range(at + 1, caret + 1):
            self._take(line, "node")
        error = self._after(caret)
        if error is not None and not any(self._text(n).strip() for n in range(caret + 1, error)):
            self._take(error, "node")

    def _take(self, at: int, kind: str) -> bool:
        """Join a line, if it is of no layout."""
        if at >= len(self._order) or not (self._loose[at] or not self._begins[at]):
            return False
        self._join(at)
        self._kinds[at] = kind
        return True

    def _join(self, at: int) -> None:
        self._begins[at] = at == 0

    def _before(self, at: int) -> int:
        """The line at the left edge before a line, -1 if there is none."""
        place = int(np.searchsorted(self._standing, at)) - 1
        return int(self._standing[place]) if place >= 0 else -1

    def _after(self, at: int) -> int | None:
        """The line at the left edge after a line."""
        place = int(np.searchsorted(self._standing, at, side="right"))
        return int(self._standing[place]) if place < len(self._standing) else None

    def _is_failure(self, at: int) -> bool:
        """Whether a line says that something failed, so that a trace right behind it belongs to it."""
        return at >= 0 and bool(self._begins[at]) and _FAILURE.match(self._text(at)) is not None

    def _is_indented(self, at: int) -> bool:
        return at < len(self._order) and self._text(at)[:1] in (b" ", b"\t")

    def _text(self, at: int) -> bytes:
        if at >= len(self._order):
            return b""
        start = int(self._starts[at])
        return bytes(self._data[start : min(int(self._ends[at]), start + 400)])
