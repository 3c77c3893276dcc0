"""Lines that quote a failure and report none: a test that passed and is named after what it expects, the subject
of a commit that repairs it, a line of source code that would log it, a statement that a database writes down with
the texts that it stores.

No signature of a failure sees them, so that none of a thousand has to except them by itself. What else a record says
stays: the failing test below those that passed, the error below the line of code that a stack trace shows.
"""

from __future__ import annotations

import re

_PASSED = (
    rb"[^\n]*(?:\xe2\x9c[\x93\x94\x85]|\xe2\x88\x9a|--- PASS:|\bPASSED\b|\.\.\. ?ok\b)[^\n]*"
    rb"|[^\S\n]*(?:\S+Z )?PASS[: ][^\n]*"
)
_SUBJECT = rb"\W{0,3}(?:[0-9a-f]{7,40} )?(?:feat|fix|docs|chore|refactor|perf|style|revert)(?:\([^)\n]*\))?!?: [^\n]*"
_CODE = (
    rb"\s*(?:\d+ ?[|:] ?|> ?)?(?:await |return )?(?:this\.|self\.)?_?(?:logger|log|console|logging)\.\w+\(['\"`f][^\n]*"
)
_STATEMENT = rb"[^\n]*\bLOG:  (?:statement|execute [^:\n]{1,80}): [\s\S]*"
_QUOTED = re.compile(b"(?m)^(?:" + b"|".join((_PASSED, _SUBJECT, _CODE, _STATEMENT)) + b")$")
_FAILED = re.compile(rb"FAIL|[1-9]\d* failed|\xe2\x9c[\x95-\x98]|\xe2\x9d\x8c|\xc3\x97")
_HINTS = (
    b"PASS", b"\xe2\x9c", b"\xe2\x88\x9a", b"... ok", b"...ok", b"statement: ", b"execute ",
    b"log.", b"logger.", b"logging.", b"console.",
    b"feat", b"fix", b"docs", b"chore", b"refactor", b"perf", b"style", b"revert",
)  # fmt: skip
"""Of which one is in every such line: most records hold none, which is found out faster."""


def without_quoted(text: bytes) -> bytes:
    """Canonical text with those lines empty."""
    if not any(hint in text for hint in _HINTS):
        return text
    return _QUOTED.sub(_blank, text)


def _blank(line: re.Match[bytes]) -> bytes:
    return line[0] if _FAILED.search(line[0]) else b""
