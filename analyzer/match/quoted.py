"""Lines that quote a failure and report none: a test that passed and is named after what it expects, the subject
of a commit that repairs it, a line of source code that would log it, a statement that a database writes down with
the texts that it stores, a line that says in the same breath that it is over.

No signature of a failure sees them, so that none of a thousand has to except them by itself. What else a record says
stays: the failing test below those that passed, the error below the line of code that a stack trace shows.
"""

from __future__ import annotations

import re

from analyzer.ingest.levels import COMMIT_SUBJECT, PASSED_TEST

_FAILED = re.compile(rb"FAIL|[1-9]\d* failed|\xe2\x9c[\x95-\x98]|\xe2\x9d\x8c|\xc3\x97")
"""What tells of a failure even beside tests that passed."""


def _lines(expression: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?m)^(?:" + expression + rb")$")


_KINDS = (
    (
        (b"PASS", b"\xe2\x9c", b"\xe2\x88\x9a", b"... ok", b"...ok"),
        _lines(PASSED_TEST.encode()),
    ),
    (
        (b"feat", b"fix", b"docs", b"chore", b"refactor", b"perf", b"style", b"revert"),
        _lines(COMMIT_SUBJECT.encode()),
    ),
    (
        (b"log.", b"logger.", b"logging.", b"console."),
        _lines(
            rb"\s*(?:\d+ ?[|:] ?|> ?)?(?:await |return )?(?:this\.|self\.)?_?"
            rb"(?:logger|log|console|logging)\.\w+\(['\"`f][^\n]*"
        ),
    ),
    (
        (b"LOG:  statement: ", b"LOG:  execute "),
        _lines(rb"[^\n]*\bLOG:  (?:statement|execute [^:\n]{1,80}): [\s\S]*"),
    ),
    (
        (b"now ", b" again", b"to normal", b"succeeded"),
        _lines(
            rb"[^\n]*\b(?:now (?:healthy|up|available|reachable|connected)|(?:healthy|available|reachable) again"
            rb"|back to normal|retry succeeded"
            rb"|succeeded (?:after|on) (?:a |the )?(?:retry|\d+ (?:retries|attempts)|attempt \d+))\b[^\n]*"
        ),
    ),
)
"""Words of which one is in every such line, and those lines: most records hold none, which is found out faster."""
_ANY_HINT = re.compile(b"|".join(re.escape(hint) for hints, _ in _KINDS for hint in hints))


def without_quoted(text: bytes) -> bytes:
    """Canonical text with those lines empty."""
    if _ANY_HINT.search(text) is None:
        return text
    for hints, lines in _KINDS:
        if any(hint in text for hint in hints):
            text = lines.sub(_blank, text)
    return text


def _blank(line: re.Match[bytes]) -> bytes:
    return line[0] if _FAILED.search(line[0]) else b""
