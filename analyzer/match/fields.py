"""Service and correlation ids of matched records, for all records of a block at once.

Ids are looked for by name (`reqId=`, `"session_id": "`, `[req-...]`), in text and JSON alike; an
identifier without a name, like a UUID in a path, goes by `id`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import PurePath

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.layout import LONGEST_HEAD, Layout

_VALUE = r"(?:\s*+[=:]\s*+|\s++)\\*+\"?'?#?(?P<v>[A-Za-z0-9][A-Za-z0-9_.-]{2,63})"
_NAMED = r"[-_ .]?id\\*\"?'?" + _VALUE
_NESTED = r'\\*+"\s*+:\s*+\{[^{}]{0,300}?\\*+"id\\*+"\s*+:\s*+\\*+"?(?P<n>[A-Za-z0-9][A-Za-z0-9_.-]{2,63})'
_TRACE, _SPAN = r"[0-9a-f]{32}", r"[0-9a-f]{16}"
_PAIR = rf"\b00-(?P<v>{_TRACE})-{_SPAN}-[0-9a-f]{{2}}\b|[\[,](?P<w>{_TRACE}|{_SPAN})[,-]{_SPAN}[\],]"
_PAIR_SPAN = rf"\b00-{_TRACE}-(?P<v>{_SPAN})-[0-9a-f]{{2}}\b|[\[,](?:{_TRACE}|{_SPAN})[,-](?P<w>{_SPAN})[\],]"
_PAIR_HINT = r"[0-9a-f]{16}[,-][0-9a-f]{16}"
"""A trace and a span without names: W3C's `traceparent`, and the brackets of Spring."""

IDENTIFIERS: Mapping[str, str] = {
    "request_id": rf"(?i)(?:\b|_)(?:x[-_])?(?:amzn[-_])?(?:request|req|correlation|corr)(?:{_NAMED}|{_NESTED})"
    r"|\[req-(?P<w>[0-9a-f-]{6,})",
    "trace_id": rf"(?i)(?:\b|_|otel|b3[-_])trace(?:{_NAMED}|{_NESTED})|\btraces/(?P<w>{_TRACE})\b"
    r"|\bRoot=(?P<x>1-[0-9a-f]{8}-[0-9a-f]{24})",
    "span_id": rf"(?i)(?:\b|_|otel|b3[-_])span(?:{_NAMED}|{_NESTED})",
    "session_id": rf"(?i)(?:\b|_)(?:session|sess)(?:{_NAMED}|{_NESTED})",
    "user_id": rf"(?i)(?:\b|_)(?:user|usr|account|customer)(?:{_NAMED}|{_NESTED})",
    "job_id": r"(?i)(?:\b|_)(?:job|task|message|order)" + _NAMED,
    "id": r"\b(?P<v>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\b",
}
"""How each identifier is found, whatever a program calls it. What is found must hold a digit."""

_HINT = (
    r"(?i)(?:request|req|correlation|corr|trace|span|session|sess|user|usr|account|customer|job|task|message|order)"
    r"(?:[-_ .]?id|\\*\"\s*:\s*\{)|\[req-|[0-9a-f]{8}-[0-9a-f]{4}-|traces/|Root=1-"
)
_TEXT_VALUE = r'\\*"\s*:\s*\\*"?(?P<v>[^"\\,{}\[\]\s][^"\\,{}\[\]]{0,127})'
WRITERS: Mapping[str, str] = {
    "thread": r'"(?:thread|thread_?[nN]ame|threadname|thread\.name|process\.thread\.name)' + _TEXT_VALUE,
    "pid": r'"(?:pid|process_?[iI]d|process\.pid)' + _TEXT_VALUE,
    "host": r'"(?:host_?[nN]ame|host\.name|host\\*"\s*:\s*\{\s*\\*"name)' + _TEXT_VALUE,
    "pod": r'"(?:pod|pod_?[nN]ame|k8s\.pod\.name|kubernetes\.pod(?:_name|\.name)|pod\\*"\s*:\s*\{\s*\\*"name)'
    + _TEXT_VALUE,
    "container": r'"(?:container_?[nN]ame|k8s\.container\.name|container\.name)' + _TEXT_VALUE,
}
"""The keys of JSON records that say who wrote them."""

_WRITER_HINT = r'"(?:process[._])?(?:thread|pid|process_?[iI]d|host|pod|k8s|kubernetes|container)'
_LAYOUT_GROUPS = {"pid": "pid", "thread": "thread", "thread2": "thread", "host": "host", "pod": "pod",
                  "container": "container"}  # fmt: skip
_JSON_SERVICE = r'"(?:service|service\.name|app|application|component|container_name)\\*"\s*:\s*\\*"(?P<v>[^"\\]{1,80})'
_JSON_LOGGER = r'"(?:logger|logger_name|name)\\*"\s*:\s*\\*"(?P<v>[^"\\]{1,80})'
ORIGIN_KEYS = frozenset({"host", "pod", "container", "namespace", "unit", "pid", "thread", "dyno", "job", "step",
                         "trace_id", "span_id", "session_id", "user_id"})  # fmt: skip
"""What is worth keeping of what envelopes say of an event."""

_ANYTHING = re.compile("")
_DIGIT = re.compile(r"\d")
_ROTATION = re.compile(
    r"(?:[-_.]?\d{4}-?\d{2}-?\d{2}.*|\.\d+|\.gz|\.zst|\.bz2|\.xz|\.lz4|#\d+|\.log|\.txt|\.out|\.jsonl?|\.ndjson)$",
    re.IGNORECASE,
)


def identifiers(records: pa.Array) -> dict[str, list[str | None]]:
    """For each name, its value in every record, or None; names found nowhere are left out."""
    found = _found(records, _HINT, IDENTIFIERS, _DIGIT)
    pairs = _found(records, _PAIR_HINT, {"trace_id": _PAIR, "span_id": _PAIR_SPAN}, _DIGIT)
    for name, column in pairs.items():
        known = found.get(name, column)
        found[name] = [one or other for one, other in zip(known, column, strict=True)]
    return found


def writers(records: pa.Array, layouts: Sequence[Layout], places: npt.NDArray[np.int8]) -> dict[str, list[str | None]]:
    """Thread, process, host, pod and container of each record, as far as it names them itself: in the
    keys of JSON, or in the places that its layout has for them."""
    found = _found(records, _WRITER_HINT, WRITERS, _ANYTHING)
    for place in np.unique(places).tolist():
        layout = layouts[place]
        if layout.style != "text":
            continue
        rows = np.flatnonzero(places == place)
        for group in _LAYOUT_GROUPS.keys() & layout.pattern.groupindex.keys():
            column = found.setdefault(_LAYOUT_GROUPS[group], [None] * len(records))
            for row, value in zip(rows.tolist(), _group(records.take(rows), layout, group), strict=True):
                column[row] = value or column[row]
    return found


def _found(
    records: pa.Array, hint: str, patterns: Mapping[str, str], fitting: re.Pattern[str]
) -> dict[str, list[str | None]]:
    """What patterns capture in the records in which the hint is found."""
    suspects = pc.indices_nonzero(pc.match_substring_regex(records, hint))
    if not len(suspects):
        return {}
    texts = records.take(suspects).to_pylist()
    places = suspects.to_pylist()
    found: dict[str, list[str | None]] = {}
    for name, pattern in patterns.items():
        values = [value if value and fitting.search(value) else None for value in _first(texts, pattern)]
        if any(values):
            column: list[str | None] = [None] * len(records)
            for place, value in zip(places, values, strict=True):
                column[place] = value
            found[name] = column
    return found


def services(
    records: pa.Array,
    layouts: Sequence[Layout],
    places: npt.NDArray[np.int8],
    path: str,
    origins: Sequence[Mapping[str, str]] = (),
) -> list[str]:
    """The service that wrote each record: as it says itself, else as its envelope says, else by its
    logger or the product whose layout (`layouts[place]`) it has, else by the name of the file."""
    fallback = service_of_path(path)
    names = [""] * len(records)
    for place in np.unique(places).tolist():
        rows = np.flatnonzero(places == place)
        layout = layouts[place]
        said, supposed = _services_of(records.take(rows), layout)
        for row, own, other in zip(rows.tolist(), said, supposed, strict=True):
            origin = origins[row] if origins else {}
            names[row] = own or origin.get("service") or origin.get("container") or other or layout.service or fallback
    return names


def _services_of(records: pa.Array, layout: Layout) -> tuple[list[str | None], list[str | None]]:
    """The services that records name themselves, and their loggers, which may stand for such."""
    none: list[str | None] = [None] * len(records)
    if layout.style == "json":
        texts = records.to_pylist()
        return _first(texts, _JSON_SERVICE), _first(texts, _JSON_LOGGER)
    if layout.style == "text" and not layout.service and "service" in layout.pattern.groupindex:
        return _group(records, layout, "service"), none
    return none, none


def service_of_path(path: str) -> str:
    """`logs/api-2025-10-24.log.gz` -> `api`, also in an archive: `week.zip!api.log` -> `api`."""
    name = PurePath(path).name.rpartition("!")[2] if path != "-" else "stdin"
    while (shorter := _ROTATION.sub("", name)) != name and shorter:
        name = shorter
    return name


def _first(texts: Sequence[bytes], pattern: str) -> list[str | None]:
    """What the first group that took part captured in each text."""
    search = _searcher(pattern)
    return [_decoded(match[match.lastgroup or 0]) if (match := search(text)) else None for text in texts]


@cache
def _searcher(pattern: str) -> Callable[[bytes], re.Match[bytes] | None]:
    # Not RE2, by which Arrow would compile the pattern anew for each block: 5 ms for some twenty records.
    return re.compile(pattern.encode()).search


def _group(records: pa.Array, layout: Layout, group: str) -> list[str | None]:
    """What a group of a layout captures in the first line of each record."""
    heads = (record[:LONGEST_HEAD].partition(b"\n")[0] for record in records.to_pylist())
    return [_decoded(match[group]) if (match := layout.pattern.match(head)) else None for head in heads]


def _decoded(value: bytes | None) -> str | None:
    return value.decode("utf-8", "replace") if value else None
