"""Rotated logs: which files are parts of one log, and in which order they were written.

Names tell: `app.log`, `app.log.1`, `app.log.2.gz`, `app-2025-10-24.log.gz`, `app.log-20251024.gz`,
`app-2025-10-24T02-14-07.113.log`. The one without a number or date is written to now; the higher a
number, the older the part. Programs that count upwards exist, so what the parts say of their time
themselves is believed before their numbers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from analyzer.ingest.discover import Input

_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst|zstd|lz4|zip|tgz|tar)$", re.IGNORECASE)
_COPY = re.compile(r"#\d+$")
_LOG = re.compile(r"\.(?:log|txt|out|err|jsonl?|ndjson|csv)$", re.IGNORECASE)
_NUMBER = re.compile(r"\.(\d{1,4})$")
_DATE = re.compile(
    r"[-_.]?(?P<year>20\d\d)(?P<dash>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=dash)(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[-_.T]?(?P<clock>(?:[01]\d|2[0-3])(?:[-_.:]?[0-5]\d){0,2}(?:[.,]\d{3})?)Z?)?(?!\d)"
)
_EPOCH = re.compile(r"[-_.](1\d{9})$")


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """A file as a part of a log: `log` is what all parts have in common."""

    log: str
    written: datetime | None
    number: int


def part_of(path: str) -> Part:
    """What the name of a file says about its place in a rotated log."""
    folder, name = os.path.split(path)
    # In the folder of an archive, the path goes on behind the archive's name.
    inside, mark, name = name.rpartition("!")
    name = _COPY.sub("", name) if mark else name
    while shorter := _PACKED.sub("", name):
        if shorter == name:
            break
        name = shorter
    number, written = 0, None
    if found := _NUMBER.search(name):
        number, name = int(found[1]), name[: found.start()]
    if found := _EPOCH.search(name):
        written, name = datetime.fromtimestamp(int(found[1]), UTC), name[: found.start()]
    elif (found := _DATE.search(name)) and (written := _moment(found)):
        name = name[: found.start()] + name[found.end() :]
    ending = _LOG.search(name)
    if ending and (found := _NUMBER.search(name[: ending.start()])):  # app.1.log
        number, name = int(found[1]), name[: found.start()] + ending[0]
    return Part(os.path.join(folder, inside + mark + name), written, number)


def parts_together(items: Iterable[T], path: Callable[[T], str]) -> list[list[T]]:
    """The items by the log that they are parts of, each in the order in which its parts were written."""
    logs: dict[str, list[T]] = {}
    for item in items:
        logs.setdefault(part_of(path(item)).log, []).append(item)
    return [sorted(parts, key=lambda item: _age(path(item))) for parts in logs.values()]


def in_time_order(inputs: Iterable[Input], begins: Callable[[Input], int | None]) -> list[list[Input]]:
    """The inputs by the log that they are parts of, the oldest part first.

    `begins` tells when the first record of a part was written, if it says so; it is asked only
    where there are several.
    """
    return [_by_content(parts, begins) for parts in parts_together(inputs, lambda source: source.path)]


def _by_content(parts: list[Input], begins: Callable[[Input], int | None]) -> list[Input]:
    if len(parts) == 1:
        return parts
    times = {source: time for source in parts if (time := begins(source)) is not None}
    return sorted(parts, key=times.__getitem__) if len(times) == len(parts) else parts


def _age(path: str) -> tuple[bool, datetime, int, bool]:
    """A key by which older parts come first, and of two equally old ones the one that is not packed."""
    part = part_of(path)
    current = part.written is None and part.number == 0
    return current, part.written or datetime.max.replace(tzinfo=UTC), -part.number, bool(_PACKED.search(path))


def _moment(found: re.Match[str]) -> datetime | None:
    digits = re.sub(r"\D", "", found["clock"] or "")[:6].ljust(6, "0")
    try:
        return datetime(
            int(found["year"]), int(found["month"]), int(found["day"]),
            int(digits[:2]), int(digits[2:4]), int(digits[4:6]), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
