"""Envelopes that stand before the text of each line: a time, and a tag that says where it comes from.

Each is data: an expression of the whole prefix with the groups `time` and `tag`, looked for in all lines
at once, and one for the parts of a tag, applied to each distinct tag once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.envelopes.envelope import Coder, Flags, join_parts, nothing_said
from analyzer.ingest.envelopes.escapes import with_control_characters
from analyzer.ingest.envelopes.heads import Head
from analyzer.ingest.levels import level_kind, level_of
from analyzer.ingest.locate import line_array
from analyzer.ingest.logical import Levels, Lines, Wrapping
from analyzer.ingest.stamps import Stamps
from analyzer.ingest.timestamps import Clock
from analyzer.ingest.windows import Bytes, Offsets

_SPACE = 32
_MOST_PADDED = 0.6
_STAMP = r"^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d |\d{4}-\d\d-\d\d[T ])"
_INDENTED = r"^(?P<spaces> +)\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d"


@dataclass(frozen=True)
class Prefix:
    """An envelope in front of each line.

    `head` is the whole prefix in the syntax of RE2; of its groups, `time` and `tag` say when and
    whence, `priority` is syslog's number, and from `keep` on the prefix stays in the text that is
    shown and searched. `tag` names in its groups the fields of a tag; `level` says the level,
    `partial` that the line goes on in the next one. `probe` is a stricter expression to recognise
    lines by; `most_tags` bounds the share of distinct tags where any word could be one, unless tags of
    several lengths are padded `to_one_column`, and some line must be of what `shows` that a program has put
    the tags there. Where a line without the prefix
    `continues` the one before it, it is of the same writer; else it is of the platform itself. With
    `escapes`, control characters were written as their octal numbers.
    """

    name: str
    head: str
    tag: str = ""
    probe: str = ""
    least: float = 0.6
    most_tags: float = 1.0
    to_one_column: bool = False
    shows: str = ""
    continues: bool = False
    escapes: bool = False

    @cached_property
    def _probe(self) -> re.Pattern[bytes]:
        return re.compile((self.probe + self.head).encode())

    @cached_property
    def _head(self) -> Head:
        return Head(self.head)

    @cached_property
    def _tag(self) -> re.Pattern[bytes]:
        return re.compile(self.tag.encode())

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        matches = [match for line in lines if (match := self._probe.match(line))]
        share = len(matches) / len(lines) if lines else 0.0
        if share < self.least or (self.shows and not any(re.match(self.shows.encode(), line) for line in lines)):
            return 0.0
        most = _MOST_PADDED if self.to_one_column and _are_padded(matches) else self.most_tags
        if most < 1.0 and len({match["tag"] for match in matches}) > max(3, most * len(matches)):
            return 0.0
        return share

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:
        """See `Envelope`."""
        if "time" not in self._probe.groupindex:
            return []
        return [match["time"] for line in lines if (match := self._probe.match(line)) and match["time"]]

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:
        """See `Envelope`."""
        data = lines.data
        found = self._head.find(data, lines.starts, lines.ends)
        fits = found.lengths > 0
        starts = lines.starts + found.lengths
        tags = found.texts("tag", data) if "tag" in found.spans else None
        wrapping, partial = self._tagged(tags, fits, _stamped(lines, fits) if self.continues else fits)
        if "time" in found.spans:
            wrapping = replace(wrapping, times=Stamps(clock).read_at(data, *found.spans["time"]))
        if "priority" in found.spans:
            wrapping = replace(wrapping, levels=_priorities(found.texts("priority", data)))
        heads = starts
        if "keep" in found.spans:
            begin, end = found.spans["keep"]
            heads = starts - (end - begin)
        if self.continues:
            starts = starts + _indents(lines.data, starts, lines.ends)
        bare = replace(lines, starts=starts, heads=heads, wrapping=wrapping.inside(lines.wrapping))
        return join_parts(with_control_characters(bare) if self.escapes else bare, partial)

    def _tagged(self, tags: pa.Array | None, fits: Flags, stamped: Flags) -> tuple[Wrapping, Flags]:
        """What the tags say, and which lines are partial; `stamped` ones have no tag, and continue nothing."""
        coder = Coder()
        if tags is None:
            return nothing_said(len(fits)), np.zeros(len(fits), dtype=bool)
        encoded = tags.dictionary_encode()
        places, levels, partial = [], [], []
        for tag in encoded.dictionary.to_pylist():
            fields = self._fields(tag)
            levels.append(_level(fields.pop("level", "")))
            partial.append(fields.pop("partial", "") != "")
            places.append(coder.place(fields))
        codes = encoded.indices.fill_null(len(places)).to_numpy(zero_copy_only=False)
        origins = np.array([*places, coder.place({})], dtype=np.int32)[codes]
        if self.continues:
            origins = origins[np.maximum.accumulate(np.where(fits | stamped, np.arange(len(fits)), 0))]
        wrapping = replace(
            nothing_said(len(fits)),
            levels=np.array([*levels, 0], dtype=np.int8)[codes],
            groups=origins,
            origins=origins,
            fields=coder.fields,
        )
        return wrapping, np.array([*partial, False])[codes]

    def _fields(self, tag: bytes) -> dict[str, str]:
        match = self._tag.match(tag)
        if match is None:
            return {}
        return {name: text.decode("utf-8", "replace") for name, text in match.groupdict().items() if text}


def _are_padded(matches: Sequence[re.Match[bytes]]) -> bool:
    """Whether tags of several lengths are filled up so that what is behind all of them begins in one column."""
    tags = {len(match["tag"]) for match in matches}
    return len(tags) > 1 and len({len(match[0].rstrip()) for match in matches}) == 1


def _lengths(texts: pa.Array) -> Offsets:
    lengths: Offsets = pc.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _stamped(lines: Lines, fits: Flags) -> Flags:
    """Which lines without the whole prefix begin with a time all the same."""
    stamped = np.zeros(len(fits), dtype=bool)
    rows = np.flatnonzero(~fits)
    if len(rows):
        texts = line_array(lines.data, lines.starts[rows], lines.ends[rows])
        stamped[rows] = pc.match_substring_regex(texts, _STAMP).to_numpy(zero_copy_only=False)
    return stamped


def _indents(data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
    """How many spaces stand before the line of a program that indents its own timestamps, as HashiCorp's do."""
    spaces: Offsets = np.zeros(len(starts), dtype=np.int64)
    rows = np.flatnonzero((data[np.minimum(starts, len(data) - 1)] == _SPACE) & (ends > starts))
    if len(rows):
        spaces[rows] = _lengths(pc.extract_regex(line_array(data, starts[rows], ends[rows]), _INDENTED).field("spaces"))
    return spaces


def _level(word: str) -> int:
    return level_of(word.encode(), level_kind(word.encode(), "level")) if word else 0


def _priorities(texts: pa.Array) -> Levels:
    """The levels that syslog's numbers stand for."""
    encoded = texts.dictionary_encode()
    levels = [level_of(text, "priority") for text in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(levels)).to_numpy(zero_copy_only=False)
    found: Levels = np.array([*levels, 0], dtype=np.int8)[codes]
    return found
