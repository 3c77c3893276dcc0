"""The ways in which one failure reaches a log file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

HEAD = "2025-10-24 02:14:07,113 ERROR [api] "


def plain(text: str) -> str:
    """Behind a timestamp and a level."""
    return HEAD + text


def coloured(text: str) -> str:
    """With colours around its words."""
    return f"\x1b[90m{HEAD}\x1b[0m" + " ".join(
        f"\x1b[31m{word}\x1b[39m" if n % 3 else word for n, word in enumerate(text.split(" "))
    )


def in_json(text: str) -> str:
    """As the message of a JSON logger that escapes all but ASCII."""
    return json.dumps({"level": "error", "time": "2025-10-24T02:14:07.113Z", "msg": text})


def in_utf8_json(text: str) -> str:
    """As the message of a JSON logger that writes UTF-8."""
    return json.dumps({"level": 50, "time": 1761272047113, "msg": text}, ensure_ascii=False, separators=(",", ":"))


def in_html_safe_json(text: str) -> str:
    """As the message of Go's or .NET's JSON logger."""
    escaped = in_json(text)
    for character in "<>&'+`":
        escaped = escaped.replace(character, f"\\u{ord(character):04x}")
    return escaped


def in_php_json(text: str) -> str:
    """As the message of PHP's JSON logger, which escapes slashes."""
    return in_json(text).replace("/", "\\/")


def in_docker(text: str) -> str:
    """As a JSON line inside Docker's JSON."""
    return json.dumps({"log": in_json(text) + "\n", "stream": "stderr", "time": "2025-10-24T02:14:07.113Z"})


def in_coloured_json(text: str) -> str:
    """As coloured text inside JSON."""
    return in_json(f"\x1b[31m{text}\x1b[39m")


def in_logfmt(text: str) -> str:
    """As the quoted message of a logfmt line."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'2025-10-24T02:14:07.113Z level=error msg="{quoted}" caller=db.go:42'


def in_curly_quotes(text: str) -> str:
    """As a word processor or a chat program passes it on."""
    return HEAD + re.sub(r'"([^"]*)"', r"“\1”", text).replace("'", "’")


WRAPPINGS: Mapping[str, Callable[[str], str]] = {
    wrapping.__name__: wrapping
    for wrapping in (
        plain, coloured, in_json, in_utf8_json, in_html_safe_json, in_php_json, in_docker, in_coloured_json, in_logfmt,
        in_curly_quotes,
    )
}  # fmt: skip
