"""Envelopes that stand before the text of each line: a time, and a tag that says where it comes from.

Each is data: an expression of the whole prefix with the groups `time` and `tag`, searched by Arrow in
all lines at once, and one for the parts of a tag, applied to each distinct tag once.
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
from analyzer.ingest.levels import level_kind, level_of
from analyzer.ingest.locate import line_array
from analyzer.ingest.logical import Levels, Lines, Wrapping
from analyzer.ingest.stamps import Stamps
from analyzer.ingest.timestamps import Clock
from analyzer.ingest.windows import Offsets

_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_MACHINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"


@dataclass(frozen=True)
class Prefix:
    """An envelope in front of each line.

    `head` is the whole prefix in the syntax of RE2; of its groups, `time` and `tag` say when and
    whence, `priority` is syslog's number, and from `keep` on the prefix stays in the text that is
    shown and searched. `tag` names in its groups the fields of a tag; `level` says the level,
    `partial` that the line goes on in the next one. `probe` is a stricter expression to recognise
    lines by; `most_tags` bounds the share of distinct tags where any word could be one.
    """

    name: str
    head: str
    tag: str = ""
    probe: str = ""
    least: float = 0.6
    most_tags: float = 1.0

    @cached_property
    def _probe(self) -> re.Pattern[bytes]:
        return re.compile((self.probe + self.head).encode())

    @cached_property
    def _tag(self) -> re.Pattern[bytes]:
        return re.compile(self.tag.encode())

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        matches = [match for line in lines if (match := self._probe.match(line))]
        share = len(matches) / len(lines) if lines else 0.0
        if share < self.least:
            return 0.0
        if self.most_tags < 1.0 and len({match["tag"] for match in matches}) > max(3, self.most_tags * len(matches)):
            return 0.0
        return share

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:
        """See `Envelope`."""
        if "time" not in self._probe.groupindex:
            return []
        return [match["time"] for line in lines if (match := self._probe.match(line))]

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:
        """See `Envelope`."""
        array = line_array(lines.data, lines.starts, lines.ends)
        found = pc.extract_regex(array, f"^(?P<whole>{self.head})")
        parts = {found.type.field(index).name: found.field(index) for index in range(found.type.num_fields)}
        length = _lengths(parts["whole"])
        fits = parts["whole"].is_valid().to_numpy(zero_copy_only=False)
        starts = lines.starts + length
        wrapping, partial = self._tagged(parts.get("tag"), fits)
        if "time" in parts:
            wrapping = replace(wrapping, times=Stamps(clock).read(parts["time"]))
        if "priority" in parts:
            wrapping = replace(wrapping, levels=_priorities(parts["priority"]))
        heads = starts - _lengths(parts["keep"]) if "keep" in parts else starts
        bare = replace(lines, starts=starts, heads=heads, wrapping=wrapping.inside(lines.wrapping))
        return join_parts(bare, partial)

    def _tagged(self, tags: pa.Array | None, fits: Flags) -> tuple[Wrapping, Flags]:
        """What the tags say, and which lines are partial; a line without the prefix belongs to the line before it."""
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
        origins = origins[np.maximum.accumulate(np.where(fits, np.arange(len(fits)), 0))]
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


def _lengths(texts: pa.Array) -> Offsets:
    lengths: Offsets = pc.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _level(word: str) -> int:
    return level_of(word.encode(), level_kind(word.encode(), "level")) if word else 0


def _priorities(texts: pa.Array) -> Levels:
    """The levels that syslog's numbers stand for."""
    encoded = texts.dictionary_encode()
    levels = [level_of(text, "priority") for text in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(levels)).to_numpy(zero_copy_only=False)
    found: Levels = np.array([*levels, 0], dtype=np.int8)[codes]
    return found


_LEVELS = "(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|panic|alert|emerg)"
_NO_LEVEL = rf"(?!(?:[A-Z][a-z]{{2}} )?\S+(?: \S+)?(?: UTC)? {_LEVELS}\b)"
_PROGRAM = r"[\w./@()\\-]+(?:\[\d+\])?:(?: |$)"
_SYSLOG_TIME = (
    r"(?:[A-Z][a-z]{2} )?(?P<time>[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d(?:\.\d{1,6})?"
    rf"|{_MACHINE}|\d{{10}}\.\d{{6}}|\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{{1,6}})? [A-Z]{{3,4}})"
)
_STRUCTURED = r"(?:-|(?:\[(?:[^\]\\\"]|\"(?:[^\"\\]|\\.)*\"|\\.)*\])+)"
_BOM = r"(?:\xEF\xBB\xBF)?"
_SYSLOG_TAG = r"(?P<host>[\w.:-]+) (?P<service>[^\s\[]+?)(?:\[(?P<pid>\d+)\])?:"
PREFIXES: tuple[Prefix, ...] = (
    Prefix(
        "kubernetes",
        rf"(?P<time>{_MACHINE}) (?P<tag>(?:stdout|stderr) [FP](?::[^ ]*)?)(?: |$)",
        r"(?P<stream>\w+) (?:F|(?P<partial>P))",
    ),
    Prefix("kubectl", r"(?P<tag>\[pod/[^/\] ]+/[^\] ]+\])(?: |$)", r"\[pod/(?P<pod>[^/]+)/(?P<container>[^\]]+)\]"),
    Prefix(
        "compose",
        r"(?:\d\d:\d\d:\d\d )?(?P<tag>[A-Za-z][\w.-]*) +\|(?: |$)",
        r"(?P<container>(?P<service>.+?)(?:[-_.]\d+)?)$",
        probe=rf"(?!{_LEVELS}\b)",
        most_tags=0.125,
    ),
    Prefix(
        "github-actions",
        rf"(?P<tag>[^\t]+\t[^\t]+\t){_BOM}",
        r"(?P<job>[^\t]+)\t(?P<step>[^\t]+)",
        probe=rf"(?=[^\t]+\t[^\t]+\t{_BOM}{_MACHINE} )",
    ),
    Prefix(
        "github-actions",
        rf"{_BOM}(?P<time>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{7}}Z) (?P<tag>(?:##\[\w+\])?)",
        r"##\[(?P<level>error|warning|notice|debug)\]",
    ),
    Prefix(
        "heroku",
        rf"(?P<time>{_MACHINE}) (?P<keep>(?P<tag>(?:app|heroku)\[[\w.-]+\]:)(?: |$))",
        r"\w+\[(?P<dyno>(?P<service>[a-zA-Z_-]+)(?:\.\w+)?)\]:",
    ),
    Prefix(
        "cloudwatch",
        rf"(?P<time>{_MACHINE}) (?P<tag>[\w.$-]+(?:/[\w.$\[\]-]+)+)(?: |$)",
        r"(?P<log_stream>(?:ecs/(?P<service>[\w.-]+)/)?.*)",
        most_tags=0.125,
    ),
    Prefix(
        "syslog-5424",
        rf"<(?P<priority>\d{{1,3}})>1 (?P<time>\S+) (?P<keep>(?P<tag>\S+ \S+ \S+) \S+(?: {_STRUCTURED})?(?: {_BOM}|$))",
        r"(?:-|(?P<host>\S+)) (?:-|(?P<service>\S+)) (?:-|(?P<pid>\S+))",
    ),
    Prefix(
        "syslog",
        rf"(?:<(?P<priority>\d{{1,3}})>)?{_SYSLOG_TIME} (?P<tag>[\w.:-]+ (?P<keep>{_PROGRAM}))",
        _SYSLOG_TAG,
        probe=_NO_LEVEL,
    ),
    Prefix(
        "syslog",
        r"\[ *\d+\.\d{6}\] (?P<tag>[\w.-]+ (?P<keep>(?:kernel|[\w./@()-]+\[\d+\]):(?: |$)))",
        _SYSLOG_TAG,
    ),
)
"""The platforms' prefixes; where two explain equally many lines, the first one wins."""

TIMESTAMPED = Prefix("timestamped", rf"(?P<keep>\[?(?P<time>{_ISO})\]?(?:: | |$))", probe=rf"(?!{_ISO}\]?:? \s{{2}})")
"""A bare time, as `docker logs -t`, Render and CloudWatch's exports put before each line; whether that
is an envelope or the line's own depends on what is behind it."""
