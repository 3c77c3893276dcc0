"""The mitigation of a CRE rule, a text in Markdown, as steps to take one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ITEM = re.compile(r"^(\s*)(?:[-*+•]|\d+[.)])\s+(.*)$")
_HEADING = re.compile(r"^\s*(?:#+\s*(?P<marked>.+?)|\*\*(?P<bold>.+?)\*\*:?|(?P<plain>\S.*):)\s*$")
_FENCE = re.compile(r"^\s*```")
_DESTROYS = re.compile(
    r"(?i)\b(?:delete|drop|truncate|purge|flushall|flushdb|wipe|destroy|mkfs|rm\s+-\w*[rf]|reset\s+--hard|--force)\b"
)


def steps_of(mitigation: str) -> list[tuple[str, str | None]]:
    """The steps (text, command) in a mitigation: its list items, else its paragraphs. A block of code
    is the command of the step before it; a heading is put before the first step below it."""
    steps: list[tuple[str, str | None]] = []
    heading = ""
    for text, commands in _parts(mitigation):
        title = None if commands else _HEADING.match(text)
        if title is not None:
            heading = (title["marked"] or title["bold"] or title["plain"]).strip("* :") + ": "
        else:
            steps.append((heading + text if text else "Run this.", "\n".join(commands) or None))
            heading = ""
    return steps or [(text, None) for text, _ in _parts(mitigation)]


def _parts(mitigation: str) -> Iterator[tuple[str, list[str]]]:
    """Items, headings and paragraphs, each with the code that follows it."""
    lines: list[str] = []
    commands: list[str] = []
    fenced = False
    for line in mitigation.splitlines():
        item = _ITEM.match(line)
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced:
            commands.append(line.strip())
        else:
            starts = item is not None or not line.strip() or commands or _HEADING.match(line) or _ends(lines)
            if starts and (lines or commands):
                yield " ".join(lines), commands
                lines, commands = [], []
            if line.strip():
                lines.append(item[2].strip() if item else line.strip())
    if lines or commands:
        yield " ".join(lines), commands


def _ends(lines: list[str]) -> bool:
    """Whether what was read so far is a heading, to which the next line does not belong."""
    return len(lines) == 1 and _HEADING.match(lines[0]) is not None


def destroys(command: str | None) -> bool:
    """Whether a command looks as if it could lose data."""
    return command is not None and _DESTROYS.search(command) is not None
