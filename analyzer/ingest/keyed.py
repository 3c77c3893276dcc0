"""Lines that name their fields: JSON objects and logfmt (`ts=... level=error msg="..."`).

Here a field may stand anywhere, and a message may hold text that looks like one. So the keys of a
line are found by reading its structure, as far as two levels deep; where they are, a file's other
lines nearly always have them behind the same text, which is what `analyzer.ingest.locate` learns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from analyzer.ingest.levels import level_kind, level_of
from analyzer.ingest.timeformats import TIMESTAMP

Spans = dict[str, tuple[int, int]]
"""Where the fields of a line stand; `timestamp_key` and `level_key` are the texts right before them."""

TIME_KEYS = tuple(
    "@timestamp timestamp time ts @t asctime datetime date eventTime _time t t.$date timestamp.seconds timestamp.$date"
    " datetime.date time.$date log_time logTime log.timestamp time_iso8601 time_local timeStamp event_time"
    " requestReceivedTimestamp stageTimestamp StartUTC StartLocal start_time startTime published created"
    " __REALTIME_TIMESTAMP timeUnixNano observedTimeUnixNano receiveTimestamp timegenerated timeMillis"
    " requestTimeEpoch requestTime EventTimeString EdgeStartTimestamp EdgeEndTimestamp".split()
)
LEVEL_KEYS = tuple(
    "level severity levelname log.level @l lvl loglevel log_level level_name levelName LogLevel severity_text"
    " severityText logLevel log_severity error_severity priority PRIORITY Level at"
    " status statusCode status_code response_code DownstreamStatus http.status_code res.statusCode".split()
)
SERVICE_KEYS = ("service", "app", "application", "service.name", "component", "container_name", "logger", "name")
MESSAGE_KEYS = ("msg", "message", "event", "@m", "@mt", "short_message", "log", "error", "err")

_TIME_NAMES = frozenset(
    "time timestamp datetime date ts @timestamp logtime log_time eventtime event_time createdat created_at time_stamp"
    " timecreated timegenerated date_time log_date".split()
)
"""What keys of times are called, in small letters, wherever in a record they stand."""

_TAGS = "tags"
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"(\s*:\s*)?|[{}\[\]]')
_VALUE_TIME = re.compile(rb'\{?"?(?P<timestamp>' + TIMESTAMP + rb")")
_VALUE_LEVEL = re.compile(rb'"?(?P<level>[A-Za-z]{1,12}|\d{1,3})(?:["\s,}\]+:-]|$)')
_VALUE_LEVEL_WORD = re.compile(rb'"?(?P<level>[A-Za-z]{3,12})(?:["\s,}\]+:-]|$)')
_LISTED_LEVEL = rb'\[(?:"[^"]*",\s*)*?"(?P<level>debug|info|warning|error|fatal)"'
_VALUE_LISTED_LEVEL = re.compile(_LISTED_LEVEL)
"""The level among the tags of an event, as Kibana lists them."""
_PAIR = re.compile(rb'(?:^|[\s,])(?P<key>[A-Za-z_@][\w.@-]*)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"]*))')
_DEEPEST = 2
_LONGEST = 1 << 14


def json_pattern(keys: Sequence[str], group: str) -> str:
    """An expression, in the syntax of RE2, that finds the first value of any of these keys in JSON."""
    if group == "level" and list(keys) == [_TAGS]:
        return rf'"{_TAGS}"\s*:\s*{_LISTED_LEVEL.decode("ascii")}'
    names = "|".join(re.escape(key.rpartition(".")[2]) for key in keys if not _is_status(key)) or "level"
    if keys is TIME_KEYS:
        names += "|(?i:" + "|".join(map(re.escape, sorted(_TIME_NAMES))) + ")"
    value = TIMESTAMP.decode("ascii") if group == "timestamp" else r"[A-Za-z]+|\d{1,3}\b"
    return rf'"(?:{names})"\s*:\s*"?(?P<{group}>{value})'


def logfmt_pattern(keys: Sequence[str], group: str) -> str:
    """The same for logfmt."""
    names = "|".join(re.escape(key) for key in keys if not _is_status(key)) or "level"
    value = TIMESTAMP.decode("ascii") if group == "timestamp" else r"[A-Za-z]+|\d{1,3}\b"
    return rf'(?:^|[\s,])(?:{names})="?(?P<{group}>{value})'


@lru_cache(maxsize=2048)
def json_keys(line: bytes) -> Mapping[str, tuple[int, int]]:
    """The keys of an object as dotted names, each with where it begins and where its value begins."""
    keys: dict[str, tuple[int, int]] = {}
    path: list[str] = []
    name = ""
    for token in _TOKEN.finditer(line[:_LONGEST]):
        text = token[0]
        if text in (b"{", b"["):
            path.append(name if text == b"{" else "[]")
            name = ""
        elif text in (b"}", b"]"):
            path = path[:-1]
        elif token[2] is not None and 0 < len(path) <= _DEEPEST and "[]" not in path:
            name = token[1].decode("utf-8", "replace")
            keys.setdefault(".".join((*path[1:], name)), (token.start(), token.end()))
    return keys


def json_spans(
    line: bytes, requires: Sequence[str], time_keys: Sequence[str], level_keys: Sequence[str]
) -> Spans | None:
    """Where time and level stand in a JSON object; None if the line is none or lacks a key."""
    if line.lstrip()[:1] != b"{" or not line.rstrip().endswith(b"}"):
        return None
    keys = json_keys(line[:_LONGEST])
    if not all(any(name in keys for name in wanted.split("|")) for wanted in requires):
        return None
    return _spans(line, keys, time_keys, level_keys)


@lru_cache(maxsize=2048)
def logfmt_keys(line: bytes) -> Mapping[str, tuple[int, int]]:
    """The keys of a logfmt line, each with where it begins and where its value begins."""
    keys: dict[str, tuple[int, int]] = {}
    for pair in _PAIR.finditer(line[:_LONGEST]):
        value = pair.start("bare") if pair["bare"] is not None else pair.start("quoted") - 1
        keys.setdefault(pair["key"].decode("ascii"), (pair.start("key"), value))
    return keys


def logfmt_spans(
    line: bytes, requires: Sequence[str], time_keys: Sequence[str], level_keys: Sequence[str]
) -> Spans | None:
    """Where time and level stand in a logfmt line; None if the line is none or lacks a key."""
    keys = logfmt_keys(line[:_LONGEST])
    if len(keys) < 2 or next(iter(keys.values()))[0] > 0:
        return None
    if not all(any(name in keys for name in wanted.split("|")) for wanted in requires):
        return None
    spans = _spans(line, keys, time_keys, level_keys)
    return spans or None


def _is_status(key: str) -> bool:
    """Whether a key holds the status of an HTTP response."""
    return key.lower().endswith(("status", "code"))


def _spans(
    line: bytes, keys: Mapping[str, tuple[int, int]], time_keys: Sequence[str], level_keys: Sequence[str]
) -> Spans:
    spans: Spans = {}
    for key in time_keys:
        if key in keys and (match := _VALUE_TIME.match(line, keys[key][1])) is not None:
            spans["timestamp"] = match.span("timestamp")
            spans["timestamp_key"] = (keys[key][0], match.start("timestamp"))
            break
    if "timestamp" not in spans and time_keys is TIME_KEYS:
        _other_time(line, keys, spans)
    # A word says more than a number, whose meaning is a matter of taste.
    for pattern in (_VALUE_LISTED_LEVEL,) if list(level_keys) == [_TAGS] else (_VALUE_LEVEL_WORD, _VALUE_LEVEL):
        for key in level_keys:
            if key in keys and (match := pattern.match(line, keys[key][1])) is not None:
                group = "status" if _is_status(key) else "level"
                if level_of(match["level"], level_kind(match["level"], group)):
                    spans[group] = match.span("level")
                    spans["level_key"] = (keys[key][0], match.start("level"))
                    return spans
    return spans


def _other_time(line: bytes, keys: Mapping[str, tuple[int, int]], spans: Spans) -> None:
    """The time under a key that is usual but for its case or where it stands (`LogEntry.Time`)."""
    for key, (start, value) in keys.items():
        if key.rpartition(".")[2].lower() in _TIME_NAMES and (match := _VALUE_TIME.match(line, value)) is not None:
            spans["timestamp"] = match.span("timestamp")
            spans["timestamp_key"] = (start, match.start("timestamp"))
            return


def json_values(record: bytes) -> dict[str, str]:
    """The fields of a JSON record as dotted keys with text values; none where it cannot be parsed."""
    try:
        values = json.loads(record)
    except (ValueError, RecursionError):
        return {}
    return _flatten(values) if isinstance(values, dict) else {}


def logfmt_values(record: bytes) -> dict[str, str]:
    """The fields of a logfmt record."""
    values: dict[str, str] = {}
    for pair in _PAIR.finditer(record):
        text = pair["quoted"].replace(b'\\"', b'"') if pair["quoted"] is not None else pair["bare"]
        values.setdefault(pair["key"].decode("ascii"), text.decode("utf-8", "replace"))
    return values


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
