"""Line formats as data, and what one of them says about one line.

A layout is a regular expression for the head of a record with named groups, or the keys of a JSON or
logfmt record, together with sample lines and the fields they must yield (`layouts/*.yaml`). Groups
`timestamp`, `level` (or `status`, `priority`) and `message` steer reading; `service`, `logger`,
`host`, `pid` and the rest become fields of matched records. Which layout a file is in is found out
by `analyzer.ingest.detect`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import regex
import yaml

from analyzer.ingest import keyed
from analyzer.ingest.levels import level_kind, level_of
from analyzer.ingest.timeformats import (
    GENERAL,
    SPECIAL,
    TIMESTAMP,
    DateOrder,
    is_timestamp,
    match_timestamp,
    without_names,
)
from analyzer.model import LEVEL_CODES, Level

LEVEL_WORD = (
    rb"(?i:trace[1-8]?|verbose|debug[1-5]?|dbg|info|information|notice|warn|warning|error|erro|err|severe|"
    rb"critical|crit|fatal|panic|alert|emerg|emergency|fine[rst]*|silly|config|log)"
)
_SHORT_LEVEL = (
    rb"(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL|TRC|DBG|DBUG|INF|WRN|ERR|FTL|PNC|VRB|VERBOSE|NOTICE|WARNING|CRITICAL"
    rb"|SEVERE|ALERT|EMERG|PANIC|CRIT|DPANIC)"
)
_NAME_WORD = rb"[A-Za-z][A-Za-z_]*(?:\d{1,2}[A-Za-z_]*)?"
_MACROS: Mapping[bytes, bytes] = {
    b"%TIME%": b"(?P<timestamp>" + TIMESTAMP + b")",
    **{b"%" + name.upper().replace(" ", "_").encode() + b"%": b"(?P<timestamp>" + without_names(pattern) + b")"
       for name, pattern in {**SPECIAL, "ISO": GENERAL["ISO 8601"], "EPOCH": GENERAL["seconds since 1970"]}.items()},
    b"%LEVEL%": rb"(?:[\w-]+\.)?(?P<level>" + LEVEL_WORD + rb")\b",
    b"%CAPITALS%": rb"(?P<level>" + _SHORT_LEVEL + rb")",
    # The name of a service: words joined by dots, dashes or slashes, with few digits in each.
    b"%NAME%": _NAME_WORD + rb"(?:[./-](?:" + _NAME_WORD + rb"|\d{1,2}))*",
    # Ids in brackets, of requests, threads and the like; never the name of a service.
    b"%IDS%": rb"(?:\[(?:(?i:req|request|trace|span|session|job|tid|pid|corr|correlation)(?:id)?[-_:=# ][^\]]*"
    rb"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F-]+)?|[0-9a-fA-F]{12,}|\d+|-)\]\s+)*",
}  # fmt: skip
_LOOSE_MACROS = {**_MACROS, b"%TIME%": rb".*\d.*", b"%ISO%": rb".*\d.*"}
FAMILIES = ("python", "java", "javascript", "go", "ruby", "php", "dotnet", "rust", "databases", "web", "system", "json",
            "general")  # fmt: skip
"""The files of declared layouts, in order of preference where two layouts explain the same lines equally well."""

Style = Literal["text", "json", "logfmt", "plain"]
Spans = dict[str, tuple[int, int]]
Understood = tuple[bytes, Spans]
"""A line of some layout, with where its fields stand."""

_ZONE_FOLLOWS = (b" ", b"Z", b"+", b"-")
_LONGEST_ZONE = 50
LONGEST_HEAD = 4096
"""Bytes of a line within which its head must end."""


@dataclass(frozen=True)
class Fields:
    """What a layout says about one record."""

    level: int = 0
    service: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """One line format. `style` is how a record's fields are found: by `head`, by keys, or not at all."""

    name: str
    family: str = ""
    """The file that declares it."""
    head: str = ""
    style: Style = "text"
    service: str | None = None
    levels: Mapping[str, Level] = field(default_factory=dict)
    """Levels by their text, where they are not said in words that everybody uses."""
    default_level: Level | None = None
    """The level of records that state none, where the format defines one."""
    text_below: bool = False
    """Whether a record's first line holds its time alone, and what it says begins below."""
    one_line: bool = False
    """Whether nothing ever goes on from one line to the next, so that undated lines are of somebody else."""
    spread: bool = False
    """Whether the head goes on over several lines, which an envelope has made one."""
    below: str | None = None
    """The layout of a line right above, to which a line of this one belongs where it stands."""
    level_below: bool = False
    """Whether the level stands at the beginning of the record's second line."""
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The keys of `time`, `level`, `message` and `service` where they are not the usual ones."""
    requires: Sequence[str] = ()
    """Keys that a line must have to be of this layout; `a|b` means either."""
    zone: str | None = None
    """The time zone that this format always uses without saying so."""
    order: DateOrder | None = None
    """The order of dates made of numbers, where the format defines one."""
    continuation: Sequence[str] = ()
    """Levels whose lines belong to the record before them."""
    indented_continues: bool = False
    indented_heads: bool = False
    """Whether records may begin with white space."""
    anywhere: bool = False
    """Whether the timestamp has no fixed place: it counts only where the lines of a file agree on one."""
    undated_only: bool = False
    """Whether lines of this layout begin records only in a file without timestamps."""
    samples: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The head as a compiled expression, anchored at the start of a line by `match`."""
        return re.compile(self._written_out(_MACROS))

    @cached_property
    def first_bytes(self) -> npt.NDArray[np.bool_]:
        """For each byte whether a line of this layout may begin with it, which is quickly seen."""
        # The module `regex` tells whether a text is a part of one that fits.
        partly = regex.compile(self.pattern.pattern)
        return np.array([partly.match(bytes([code]), partial=True) is not None for code in range(256)])

    def _written_out(self, macros: Mapping[bytes, bytes]) -> bytes:
        pattern = self.head.encode()
        for macro, expansion in macros.items():
            pattern = pattern.replace(macro, expansion)
        return pattern

    @property
    def look(self) -> bytes:
        """An expression that every line of this layout fits, and few others do: anything may be a timestamp."""
        return b"^(?:" + without_names(self._written_out(_LOOSE_MACROS)) + b")"

    def search_pattern(self, group: str) -> str:
        """The expression that finds one group in a line, in the syntax of RE2."""
        if self.style == "json":
            return keyed.json_pattern(self.time_keys if group == "timestamp" else self.level_keys, group)
        if self.style == "logfmt":
            return keyed.logfmt_pattern(self.time_keys if group == "timestamp" else self.level_keys, group)
        named = b"(?P<" + group.encode() + b">"
        alone = without_names(self.pattern.pattern.replace(named, b"(?P\0")).replace(b"(?P\0", named)
        return "^(?:" + alone.decode() + ")"

    @cached_property
    def _finders(self) -> dict[str, Callable[[bytes], re.Match[bytes] | None]]:
        return {}

    def finder(self, group: str) -> Callable[[bytes], re.Match[bytes] | None]:
        """What finds one group in a line, as `search_pattern` does."""
        if not self.has_keys:
            return self.pattern.match
        if group not in self._finders:
            self._finders[group] = re.compile(self.search_pattern(group).encode()).search
        return self._finders[group]

    @property
    def time_keys(self) -> Sequence[str]:
        """The keys that may hold the time, the most telling one first."""
        return self.keys.get("time", keyed.TIME_KEYS)

    @property
    def level_keys(self) -> Sequence[str]:
        """The keys that may hold the level, the most telling one first."""
        return self.keys.get("level", keyed.LEVEL_KEYS)

    @property
    def has_keys(self) -> bool:
        """Whether lines name their fields."""
        return self.style in ("json", "logfmt")

    def level_group_of(self, spans: Mapping[str, object]) -> str | None:
        """The one of a line's groups that says its level."""
        return next((name for name in ("level", "status", "priority") if name in spans), None)

    @cached_property
    def level_group(self) -> str | None:
        """The group that may say the level, if any."""
        return "level" if self.has_keys else self.level_group_of(self.pattern.groupindex)

    @cached_property
    def has_timestamp(self) -> bool:
        """Whether lines of this layout can carry a timestamp."""
        return self.has_keys or (self.style == "text" and "timestamp" in self.pattern.groupindex)

    def spans(self, line: bytes) -> Spans | None:
        """Where the fields stand in a line, or None if the line is not of this layout."""
        if self.style == "json":
            return keyed.json_spans(line, self.requires, self.time_keys, self.level_keys)
        if self.style == "logfmt":
            return keyed.logfmt_spans(line, self.requires, self.time_keys, self.level_keys)
        match = self.pattern.match(line[:LONGEST_HEAD])
        if match is None:
            return None
        if self.has_timestamp and match["timestamp"] is not None and not is_timestamp(match["timestamp"]):
            return None
        spans = {name: match.span(name) for name in self.pattern.groupindex if match[name] is not None}
        if "timestamp" in spans:
            spans["timestamp"] = whole_timestamp(line, spans["timestamp"])
        return spans

    def fields(self, record: bytes) -> Fields:
        """The fields of one record, from its first line (of JSON, from all of it)."""
        if self.has_keys:
            return self._fields_by_key(record)
        line = record[:LONGEST_HEAD]
        line = line if self.spread else line.partition(b"\n")[0]
        match = self.pattern.match(line)
        if match is None:
            return Fields(service=self.service)
        texts = {name: text.decode("utf-8", "replace") for name, text in match.groupdict().items() if text}
        group = self.level_group_of(texts)
        level = self.level_code(texts[group].encode(), group) if group else 0
        service = self.service or texts.get("service") or texts.get("logger")
        return Fields(level=level or LEVEL_CODES.get(self.default_level or "", 0), service=service, values=texts)

    def _fields_by_key(self, record: bytes) -> Fields:
        values = keyed.json_values(record) if self.style == "json" else keyed.logfmt_values(record)
        spans = self.spans(record) or {}
        group = self.level_group_of(spans)
        level = self.level_code(record[slice(*spans[group])], group) if group else 0
        keys = self.keys.get("service", keyed.SERVICE_KEYS)
        service = self.service or next((values[key] for key in keys if values.get(key)), None)
        return Fields(level=level or LEVEL_CODES.get(self.default_level or "", 0), service=service, values=values)

    def level_code(self, word: bytes, group: str) -> int:
        """The level code of the text of this layout's level group."""
        if self.levels:
            return LEVEL_CODES.get(self.levels.get(word.decode("utf-8", "replace"), ""), 0)
        return level_of(word, level_kind(word, group))

    def message_of(self, values: Mapping[str, str]) -> str | None:
        """The human part of a record."""
        keys = self.keys.get("message", keyed.MESSAGE_KEYS) if self.has_keys else ("message",)
        return next((values[key] for key in keys if values.get(key)), None)


def whole_timestamp(line: bytes, span: tuple[int, int]) -> tuple[int, int]:
    """A timestamp with the zone that an expression may have left to what follows."""
    if line[span[1] : span[1] + 1] not in _ZONE_FOLLOWS:
        return span
    found = match_timestamp(line[span[0] : span[1] + _LONGEST_ZONE])
    if found is None or not found[1].groupdict().get("zone") or found[1].start("zone") < span[1] - span[0]:
        return span
    return span[0], span[0] + found[1].end()


JSON_LINES = Layout(name="json-lines", style="json")
"""JSON, one object a line, by a library that no declared layout is of."""
STRAY = Layout(name="timestamped", head=r"[\[(<]?%ISO%[\])>]?:?,?(?:[\s|;\[](?P<message>.*)|$)")
"""A line that begins with a full date and time, in a file whose other lines are of some other layout."""
PLAIN = Layout(name="plain", style="plain")
"""Console output without any timestamp."""


@lru_cache(maxsize=1)
def all_layouts() -> tuple[Layout, ...]:
    """Every declared layout, in order of preference."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    declared: list[Layout] = []
    folder = resources.files("analyzer.ingest") / "layouts"
    for name in FAMILIES:
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        declared += [Layout(family=name, **entry) for entry in yaml.load(text, Loader=loader)]  # noqa: S506 (a safe loader)
    return (*declared, JSON_LINES)


def layout_named(name: str) -> Layout:
    """The declared layout of a name. Raises KeyError where there is none."""
    return {layout.name: layout for layout in all_layouts()}[name]
