"""Envelopes that have nothing to do with lines: documents printed over many, and frames that may share one."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analyzer.ingest.envelopes.cut import records_of
from analyzer.ingest.envelopes.documents import as_lines, journal_entry
from analyzer.ingest.logical import Lines
from analyzer.ingest.timeformats import Clock
from analyzer.ingest.windows import Offsets

Flags = npt.NDArray[np.bool_]
_PART = re.compile(
    rb'\s*(?:[\[{}\]]+,?|"(?:[^"\\]|\\.)*"\s*:.*|"(?:[^"\\]|\\.)*",?|(?:-?[\d.eE+-]+|true|false|null),?)\s*$'
)
_OPENS = re.compile(rb"( *|\t*)\{$")
_BRACKETS, _PARTS = np.frombuffer(b"[]{}", np.uint8), np.frombuffer(b' \t"', np.uint8)
_GOES_ON = re.compile(rb"[\[({:=]\s*$")
"""The end of a text that the next line goes on with."""
_CLOSES = re.compile(rb" *\},?$|\t*\},?$")
_MOSTLY = 0.8
_SPACE, _OPEN, _CLOSE = 32, ord("{"), ord("}")


@dataclass(frozen=True)
class PrettyJson:
    """JSON printed over many lines: objects one after the other, or those of one long list. `indent` is
    the column in which the objects that are records open and close."""

    indent: int
    name: str = "pretty-json"

    @classmethod
    def learn(cls, lines: Sequence[bytes]) -> PrettyJson | None:
        """The envelope of a sample, if its lines are such."""
        if sum(_PART.match(line) is not None for line in lines) < _MOSTLY * len(lines):
            return None
        opens = Counter(len(match[1]) for line in lines if (match := _OPENS.match(line)))
        if _belong_to_text(lines):
            return None
        if not opens or not any(map(_CLOSES.match, lines)):
            return None
        # The one object around a list of many is no record.
        return cls(min((column for column, count in opens.items() if count > 1), default=min(opens)))

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        return sum(_PART.match(line) is not None for line in lines) / len(lines) if lines else 0.0

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002
        """See `Envelope`."""
        return []

    @staticmethod
    def _text(lines: Lines) -> Flags:
        """Which lines stand for themselves where they are in no object: not its parts, not brackets around it."""
        first = lines.data[np.minimum(lines.starts, len(lines.data) - 1)]
        last = lines.data[np.maximum(lines.ends - 1, 0)]
        around = np.isin(first, _BRACKETS) & ((lines.ends - lines.starts <= 2) | np.isin(last, _BRACKETS[::2]))
        text: Flags = ~np.isin(first, _PARTS) & ~around
        return text

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:  # noqa: ARG002
        """See `Envelope`. Every object becomes one logical line; brackets around them are no text."""
        data, widths = lines.data, lines.ends - lines.starts
        at = np.minimum(lines.starts + self.indent, len(data) - 1)
        opens = np.flatnonzero((data[at] == _OPEN) & (widths == self.indent + 1))
        closes = np.flatnonzero((data[at] == _CLOSE) & (widths >= self.indent + 1) & (widths <= self.indent + 2))
        following = np.append(opens[1:], len(lines))
        closed = np.append(closes, len(lines))[np.searchsorted(closes, opens)]
        last = np.minimum(closed, following - 1)
        ends = np.where(closed < following, at[np.minimum(closed, len(lines) - 1)] + 1, lines.ends[last])
        covered = np.zeros(len(lines) + 1, dtype=np.int64)
        np.add.at(covered, opens, 1)
        np.add.at(covered, last + 1, -1)
        rows = np.flatnonzero((np.cumsum(covered)[:-1] == 0) & (widths > 0) & self._text(lines))
        chosen = np.concatenate((opens, rows))
        order = np.argsort(chosen, kind="stable")
        chosen = chosen[order]
        starts = np.concatenate((at[opens], lines.starts[rows]))[order]
        wrapping = lines.wrapping.take(chosen) if lines.wrapping is not None else None
        ends = np.concatenate((ends, lines.ends[rows]))[order]
        return Lines(data, starts, ends, starts, lines.raw_lines()[chosen], wrapping=wrapping)


def _belong_to_text(lines: Sequence[bytes]) -> bool:
    """Whether most of the objects are what the text right above them ends with (`source[`, `payload:`)."""
    above = [before for before, line in itertools.pairwise(lines) if _PART.match(before) is None and line == b"{"]
    alone = sum(line == b"{" for line in lines)
    return sum(_GOES_ON.search(line) is not None for line in above) > alone / 2


_FEWEST_FIELDS = 0.2
_FEWEST_FRAMES = 0.3
_CURSOR = b"__CURSOR="
_JOURNAL_FIELD = re.compile(
    rb"^(MESSAGE|PRIORITY|SYSLOG_IDENTIFIER|CONTAINER_NAME|__REALTIME_TIMESTAMP|_SOURCE_REALTIME_TIMESTAMP"
    rb"|_(?:HOSTNAME|SYSTEMD_UNIT|PID|TRANSPORT))=(.*)$",
    re.MULTILINE,
)
_BINARY_MESSAGE = re.compile(rb"^MESSAGE\n(.*?)(?=\n[A-Z_][A-Z0-9_]*[=\n]|\n*\Z)", re.MULTILINE | re.DOTALL)


class JournalExport:
    """`journalctl -o export`: a field in each line, a blank line between entries."""

    name = "journald"

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        fields = sum(re.match(rb"_{0,2}[A-Z][A-Z0-9_]*=", line) is not None for line in lines)
        known = any(line.startswith((_CURSOR, b"__REALTIME_TIMESTAMP=")) for line in lines)
        return fields / len(lines) if known and fields >= _FEWEST_FIELDS * len(lines) else 0.0

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002
        """See `Envelope`. The journal always says the whole time."""
        return []

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:
        """See `Envelope`."""
        cursor = np.frombuffer(_CURSOR, np.uint8)
        window = lines.data[np.minimum(lines.starts[:, None] + np.arange(len(cursor)), len(lines.data) - 1)]
        opens = np.flatnonzero((window == cursor).all(axis=1))
        ends = lines.ends[np.append(opens[1:], len(lines)) - 1]
        entries = []
        for start, end in zip(lines.starts[opens].tolist(), ends.tolist(), strict=True):
            entries.append(journal_entry(_journal_fields(bytes(lines.data[start:end]))))
        return as_lines(lines, records_of(entries, opens, clock))


def _journal_fields(entry: bytes) -> dict[str, object]:
    fields: dict[str, object] = {
        match[1].decode(): match[2].decode("utf-8", "replace") for match in _JOURNAL_FIELD.finditer(entry)
    }
    if "MESSAGE" not in fields:
        match = _BINARY_MESSAGE.search(entry)
        fields["MESSAGE"] = _without_size(match[1]).decode("utf-8", "replace") if match else ""
    return fields


def _without_size(body: bytes) -> bytes:
    """A binary field without its size before it: eight bytes, of which the NULs are gone already."""
    for width in range(1, 5):
        size = (len(body) - width).to_bytes(8, "little", signed=True)
        if size.replace(b"\0", b"") == body[:width]:
            return body[width:]
    return body


_FRAME = re.compile(rb"(\d{1,6}) (?=<\d{1,3}>(?:1 |[A-Z][a-z]{2} ))")


class OctetCounted:
    """Syslog over TCP as RFC 6587 counts it: the length of each message before it, no newline behind."""

    name = "octet-counted"

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        if not lines or _FRAME.match(lines[0]) is None:
            return 0.0
        # A message may hold newlines; the count of the next one stands behind its last line.
        share = sum(_FRAME.search(line) is not None for line in lines) / len(lines)
        return share if share >= _FEWEST_FRAMES else 0.0

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002
        """See `Envelope`."""
        return []

    def last_start(self, data: bytes) -> int:
        """Where the last frame begins, 0 if there is but one."""
        return max((match.start() for match in _FRAME.finditer(data)), default=0)

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:  # noqa: ARG002
        """See `Envelope`."""
        first, end = int(lines.starts[0]), int(lines.ends[-1])
        text = bytes(lines.data[first:end])
        frames = _frames(text)
        heads = first + np.array([start for start, _, _ in frames], dtype=np.int64)
        starts = first + np.array([begin for _, begin, _ in frames], dtype=np.int64)
        ends = first + np.array([stop for _, _, stop in frames], dtype=np.int64)
        row = np.searchsorted(lines.starts, heads, side="right") - 1
        wrapping = lines.wrapping.take(row) if lines.wrapping is not None else None
        within: Offsets = heads - lines.starts[row]
        return replace(
            lines, starts=starts, ends=ends, heads=starts, raw=lines.raw_lines()[row], within=within, wrapping=wrapping
        )


def _frames(text: bytes) -> list[tuple[int, int, int]]:
    """For each message where its count, its text and its end are. A count that leads to no other one is
    not believed: the next one that can be found ends the message."""
    heads = [match.span() for match in _FRAME.finditer(text)]
    begins = [start for start, _ in heads]
    frames: list[tuple[int, int, int]] = []
    place = 0
    while place < len(heads):
        start, begin = heads[place]
        stop = begin + int(text[start:begin])
        following = bisect_right(begins, begin)
        counted = bisect_right(begins, stop - 1)
        if counted < len(begins) and not text[stop : begins[counted]].strip():
            following = counted
        elif not text[stop:].strip():
            following = len(begins)
        end = min(stop, len(text)) if following == counted or following == len(begins) else begins[following]
        frames.append((start, begin, begin + len(text[begin:end].rstrip(b"\r\n"))))
        place = following
    return frames


SPREAD = (JournalExport(), OctetCounted())
