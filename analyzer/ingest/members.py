"""What archives of every kind consist of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in an archive, to be read before the next one is asked for.

    `holes` counts the bytes that a sparse file does not really have, and that are left out.
    """

    name: str
    modified: datetime | None
    chunks: Callable[[], Iterator[bytes]]
    holes: int = 0


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry that is not read, and why."""

    name: str
    reason: str
    trouble: bool = False


Entry = Member | Unread
