"""An input -> what is in it: itself, or every member of an archive, archives within included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from analyzer.ingest.content import Content, fault_of
from analyzer.ingest.discover import Input, is_hidden, reason_by_name, shown
from analyzer.ingest.limits import LIMITS, BrokenError, Budget, Limits
from analyzer.ingest.members import Entry, Member, Unread
from analyzer.ingest.raw import Raw, open_raw
from analyzer.ingest.tar import tar_entries
from analyzer.ingest.zip import zip_entries
from analyzer.model import Skipped, Source


@dataclass(frozen=True, slots=True)
class Opened:
    """One file or member, ready to be read; nothing in it was written after `modified`.

    `raw` is the file in which the content can be reached at any place, if there is one.
    """

    source: Input
    content: Content
    modified: datetime
    close: Callable[[], object] = lambda: None
    raw: Raw | None = None


def expand(source: Input, limits: Limits = LIMITS, only: Collection[str] | None = None) -> Generator[Opened | Source]:
    """Open an input, or one after the other the members of an archive, each to be read before the next.

    What an archive holds that is not read comes as a `Source`. `only` bounds the members to those
    with the given paths. Raises OSError where the file cannot be opened.
    """
    budget = Budget(limits)
    file = source.container()
    wanted = {source.path} if source.archive is not None else only
    raw = open_raw(file, budget)
    with closing(raw):
        content = Content(raw.chunks(), budget)
        yield from _Walk(budget, wanted).open(file, content, raw.modified, raw if raw.seekable() else None)


class _Walk:
    """One way through a file, the archive that it may be, and the archives in that."""

    def __init__(self, budget: Budget, only: Collection[str] | None) -> None:
        self._budget = budget
        self._limits = budget.limits
        self._only = only

    def open(
        self, place: Input, content: Content, modified: datetime, raw: Raw | None = None, depth: int = 0
    ) -> Iterator[Opened | Source]:
        """What is in a file or member."""
        if content.archive is None:
            yield Opened(place, content, modified, raw.close if raw else _nothing, raw)
            return
        notes = _Notes()
        members = 0
        try:
            for child, member in self._members(place, content, raw, notes, depth):
                members += 1
                packed = Content(member.chunks(), self._budget, (content.archive, *content.compression))
                yield from self.open(child, packed, min(member.modified or modified, modified), depth=depth + 1)
        except BrokenError as error:
            notes.add(content.fault or fault_of(error, self._budget))
        if not members and not notes:
            notes.add(Skipped(reason="no file in this archive", trouble=place.named))
        if notes:
            yield Source(path=place.path, compression="+".join(content.compression) or None, skipped=notes.all())

    def _members(
        self, place: Input, content: Content, raw: Raw | None, notes: _Notes, depth: int
    ) -> Iterator[tuple[Input, Member]]:
        """The members to read; what becomes of the others is noted."""
        if depth >= self._limits.nesting:
            raise BrokenError(f"archives nested more than {self._limits.nesting} deep: not read")
        names: Counter[str] = Counter()
        for number, entry in enumerate(self._entries(content, raw)):
            self._budget.check()
            if number >= self._limits.members:
                raise BrokenError(f"more than {self._limits.members:,} members: the rest is not read")
            name = shown(entry.name.removeprefix("./"))
            reason = _reason_to_pass(entry, name)
            if reason is not None:
                notes.add(reason)
                continue
            names[name] += 1
            child = place.member(name if names[name] == 1 else f"{name}#{names[name]}")
            if isinstance(entry, Member) and self._is_wanted(child.path):
                if entry.holes:
                    notes.add(Skipped(reason="bytes of holes in sparse files left out", count=entry.holes, sample=name))
                yield child, entry

    def _entries(self, content: Content, raw: Raw | None) -> Iterator[Entry]:
        """The entries of an archive: read where it stands if that can be done, else as it streams past."""
        in_place = raw if not content.compression else None
        if content.archive == "zip":
            return zip_entries(in_place or content.spooled(), self._budget)
        if in_place is None:
            return tar_entries(content)
        in_place.seek(0)
        return tar_entries(in_place, leap=in_place.seek)

    def _is_wanted(self, path: str) -> bool:
        return self._only is None or path in self._only or any(each.startswith(f"{path}!") for each in self._only)


class _Notes:
    """What was not read, counted by reason, with the first sample of each."""

    def __init__(self) -> None:
        self._notes: dict[str, Skipped] = {}

    def __bool__(self) -> bool:
        return bool(self._notes)

    def add(self, note: Skipped) -> None:
        """Take in one more."""
        known = self._notes.get(note.reason)
        self._notes[note.reason] = replace(known, count=known.count + note.count) if known else note

    def all(self) -> tuple[Skipped, ...]:
        """Everything noted, troubles first."""
        return tuple(sorted(self._notes.values(), key=lambda note: not note.trouble))


def _reason_to_pass(entry: Entry, name: str) -> Skipped | None:
    """Why an entry is not read; folders need no reason."""
    if isinstance(entry, Unread):
        return Skipped(reason=entry.reason, sample=name, trouble=entry.trouble)
    if is_hidden(name):
        return Skipped(reason="hidden, by its name", sample=name)
    return reason_by_name(name)


def _nothing() -> None:
    """Members need no closing: the archive they are in is closed as a whole."""
