"""Which line format a file is in, and where its fields stand.

A layout is data: a regular expression for the head of a record with named groups, and sample lines
with the fields they must yield (`layouts/*.yaml`). Groups `timestamp`, `level` (or `status`,
`priority`) and `message` steer reading; `service`, `logger`, `host`, `pid` and the rest become
fields of matched records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Literal

import yaml

from analyzer.ingest.levels import level_kind, level_of
from analyzer.ingest.timestamps import TIMESTAMP
from analyzer.model import LEVEL_CODES

LEVEL_WORD = (
    rb"(?i:trace|verbose|debug|dbg|info|information|notice|warn|warning|error|err|severe|"
    rb"critical|crit|fatal|panic|alert|emerg|emergency|fine[rst]*|silly|config|log)"
)
_NAME_WORD = rb"[A-Za-z][A-Za-z_]*(?:\d{1,2}[A-Za-z_]*)?"
_MACROS = {
    b"%TIME%": b"(?P<timestamp>" + TIMESTAMP + b")",
    b"%LEVEL%": rb"(?:[\w-]+\.)?(?P<level>" + LEVEL_WORD + rb")\b",
    # The name of a service: words joined by dots, dashes or slashes, with few digits in each.
    b"%NAME%": _NAME_WORD + rb"(?:[./-](?:" + _NAME_WORD + rb"|\d{1,2}))*",
    # Ids in brackets, of requests, threads and the like; never the name of a service.
    b"%IDS%": rb"(?:\[(?:(?i:req|request|trace|span|session|job|tid|pid|corr|correlation)(?:id)?[-_:=# ][^\]]*"
    rb"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F-]+)?|[0-9a-fA-F]{12,}|\d+|-)\]\s+)*",
}
_TIME_KEYS = rb"(?:timestamp|@timestamp|time|ts|asctime|datetime|date|eventTime|_time|t)"
_LEVEL_KEYS = rb"(?:level|severity|levelname|log\.level|lvl|loglevel|log_level|level_name|severity_text)"
_JSON_TIME = rb'"' + _TIME_KEYS + rb'"\s*:\s*"?(?P<timestamp>' + TIMESTAMP + rb")"
_JSON_LEVEL = rb'"' + _LEVEL_KEYS + rb'"\s*:\s*"?(?P<level>[A-Za-z]+|\d{2})'
_SERVICE_KEYS = ("service", "app", "application", "service.name", "component", "container_name", "logger", "name")
_MESSAGE_KEYS = ("msg", "message", "event", "log", "error", "err")

Style = Literal["text", "json", "plain"]
Understood = tuple[bytes, dict[str, tuple[int, int]]]
"""A line of some layout, with where its fields stand."""

_LONGEST_HEAD = 4096
"""Bytes of a line within which its head must end."""


@dataclass(frozen=True)
class Fields:
    """What a layout says about one record."""

    level: int = 0
    service: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """One line format. `style` is how a record's fields are found: by `head`, as JSON, or not at all."""

    name: str
    head: str = ""
    style: Style = "text"
    service: str | None = None
    levels: Mapping[str, str] = field(default_factory=dict)
    continuation: Sequence[str] = ()
    indented_continues: bool = False
    samples: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The head as a compiled expression, anchored at the start of a line by `match`."""
        pattern = self.head.encode()
        for macro, expansion in _MACROS.items():
            pattern = pattern.replace(macro, expansion)
        return re.compile(pattern)

    def search_pattern(self, group: str) -> str:
        """The expression that finds one group in a line, in the syntax of RE2."""
        if self.style == "json":
            return (_JSON_TIME if group == "timestamp" else _JSON_LEVEL).decode()
        return "^(?:" + self.pattern.pattern.decode() + ")"

    @cached_property
    def level_group(self) -> str | None:
        """The group that says the level, if any."""
        groups = ("level", "status", "priority")
        names = {"level"} if self.style == "json" else self.pattern.groupindex.keys()
        return next((name for name in groups if name in names), None)

    @cached_property
    def has_timestamp(self) -> bool:
        """Whether lines of this layout can carry a timestamp."""
        return self.style == "json" or (self.style == "text" and "timestamp" in self.pattern.groupindex)

    def spans(self, line: bytes) -> dict[str, tuple[int, int]] | None:
        """Where timestamp and level stand in a line, or None if the line is not of this layout."""
        if self.style == "json":
            return _json_spans(line)
        match = self.pattern.match(line[:_LONGEST_HEAD])
        if match is None:
            return None
        return {name: match.span(name) for name in self.pattern.groupindex if match[name] is not None}

    def fields(self, record: bytes) -> Fields:
        """The fields of one record, from its first line."""
        if self.style == "json":
            return _json_fields(record)
        match = self.pattern.match(record[:_LONGEST_HEAD].partition(b"\n")[0])
        if match is None:
            return Fields(service=self.service)
        texts = {name: text.decode("utf-8", "replace") for name, text in match.groupdict().items() if text}
        group = self.level_group
        level = self.level_code(texts[group].encode(), group) if group and group in texts else 0
        service = self.service or texts.get("service") or texts.get("logger")
        return Fields(level=level, service=service, values=texts)

    def level_code(self, word: bytes, group: str) -> int:
        """The level code of the text of this layout's level group."""
        if self.levels:
            return LEVEL_CODES.get(self.levels.get(word.decode("latin-1"), ""), 0)
        return level_of(word, level_kind(word, group))


JSON_LINES = Layout(name="json-lines", head=r"\s*\{", style="json")
PLAIN = Layout(name="plain", style="plain")
"""Console output without any timestamp."""


@lru_cache(maxsize=1)
def all_layouts() -> tuple[Layout, ...]:
    """Every declared layout, in order of preference."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    declared: list[Layout] = []
    folder = resources.files("analyzer.ingest") / "layouts"
    for name in ("web.yaml", "text.yaml"):
        text = (folder / name).read_text(encoding="utf-8")
        declared += [Layout(**entry) for entry in yaml.load(text, Loader=loader)]  # noqa: S506 (a safe loader)
    return (JSON_LINES, *declared)


def is_head(line: bytes) -> bool:
    """Whether a line may begin a record: neither blank nor indented."""
    return bool(line.strip()) and not line[:1].isspace()


def detect_layout(lines: Sequence[bytes], least: int | None = None) -> tuple[Layout, list[Understood], list[bytes]]:
    """The layout that explains most of the given lines; the lines it explains, with the spans of
    their fields; the lines it leaves. `PLAIN` if none explains `least` lines (by default a tenth)."""
    heads = [line for line in lines if is_head(line)] or list(lines)
    best: Layout = PLAIN
    best_lines: list[Understood] = []
    best_score = 0.0
    for layout in all_layouts():
        understood = [(line, spans) for line in heads if (spans := layout.spans(line)) is not None]
        score = sum(_worth(layout, spans) for _, spans in understood)
        if score > best_score:
            best, best_lines, best_score = layout, understood, score
    if len(best_lines) < (max(1, len(heads) // 10) if least is None else least):
        return PLAIN, [], heads
    explained = {line for line, _ in best_lines}
    return best, best_lines, [line for line in heads if line not in explained]


def _worth(layout: Layout, spans: Mapping[str, tuple[int, int]]) -> float:
    """A line counts more the more of it the layout explains; a bare timestamp explains little."""
    return 1.0 + 0.5 * ("timestamp" in spans) + 0.25 * (layout.level_group in spans) + 0.05 * len(spans)


def _json_spans(line: bytes) -> dict[str, tuple[int, int]] | None:
    if line.lstrip()[:1] != b"{" or not line.rstrip().endswith(b"}"):
        return None
    spans = {}
    for pattern, group in ((_JSON_TIME_RE, "timestamp"), (_JSON_LEVEL_RE, "level")):
        if match := pattern.search(line):
            spans[group] = match.span(group)
    return spans


_JSON_TIME_RE = re.compile(_JSON_TIME)
_JSON_LEVEL_RE = re.compile(_JSON_LEVEL)


def _json_fields(record: bytes) -> Fields:
    try:
        values = json.loads(record)
    except (ValueError, RecursionError):
        return Fields()
    if not isinstance(values, dict):
        return Fields()
    flat = _flatten(values)
    level = next((flat[key] for key in ("level", "severity", "levelname", "log.level", "lvl") if key in flat), "")
    word = level.encode("utf-8", "replace")
    service = next((flat[key] for key in _SERVICE_KEYS if flat.get(key)), None)
    return Fields(level=level_of(word, level_kind(word, "level")) if word else 0, service=service, values=flat)


def _flatten(values: Mapping[str, Any], prefix: str = "", depth: int = 3) -> dict[str, str]:
    """Nested JSON as dotted keys with text values, three levels deep; lists are left out."""
    flat: dict[str, str] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            if depth > 1:
                flat.update(_flatten(value, f"{name}.", depth - 1))
        elif isinstance(value, str):
            flat[name] = value
        elif value is not None and not isinstance(value, list):
            flat[name] = json.dumps(value)
    return flat


def message_of(values: Mapping[str, str]) -> str | None:
    """The human part of a JSON record."""
    return next((values[key] for key in _MESSAGE_KEYS if values.get(key)), None)
