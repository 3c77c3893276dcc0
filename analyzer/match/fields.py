"""Service and correlation ids of matched records, for all records of a block at once.

Ids are looked for by name (`reqId=`, `"session_id": "`, `[req-...]`), in text and JSON alike; an
identifier without a name, like a UUID in a path, goes by `id`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.layout import Layout

_NAMED = r"[-_ .]?id\\*\"?'?\s*(?:[=:]|\s)\s*\\*\"?'?#?(?P<v>[A-Za-z0-9][A-Za-z0-9_.-]{2,63})"
IDENTIFIERS: Mapping[str, str] = {
    "request_id": r"(?i)\b(?:x[-_])?(?:request|req|correlation|corr)" + _NAMED + r"|\[req-(?P<w>[0-9a-f-]{6,})",
    "trace_id": r"(?i)\btrace" + _NAMED,
    "session_id": r"(?i)\b(?:session|sess)" + _NAMED,
    "user_id": r"(?i)\b(?:user|account|customer)" + _NAMED,
    "job_id": r"(?i)\b(?:job|task|message|order)" + _NAMED,
    "id": r"\b(?P<v>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\b",
}
_HINT = (
    r"(?i)(?:request|req|correlation|corr|trace|session|sess|user|account|customer|job|task|message|order)[-_ .]?id"
    r"|\[req-|[0-9a-f]{8}-[0-9a-f]{4}-"
)
_JSON_SERVICE = r'"(?:service|service\.name|app|application|component|container_name)\\*"\s*:\s*\\*"(?P<v>[^"\\]{1,80})'
_JSON_LOGGER = r'"(?:logger|logger_name|name)\\*"\s*:\s*\\*"(?P<v>[^"\\]{1,80})'
ORIGIN_KEYS = frozenset({"host", "pod", "container", "namespace", "unit", "pid", "thread", "dyno", "job", "step",
                         "trace_id", "span_id", "session_id", "user_id"})  # fmt: skip
"""What is worth keeping of what envelopes say of an event."""

_DIGIT = re.compile(r"\d")
_ROTATION = re.compile(
    r"(?:[-_.]?\d{4}-?\d{2}-?\d{2}.*|\.\d+|\.gz|\.zst|\.bz2|\.xz|\.lz4|#\d+|\.log|\.txt|\.out|\.jsonl?|\.ndjson)$",
    re.IGNORECASE,
)


def identifiers(records: pa.Array) -> dict[str, list[str | None]]:
    """For each name, its value in every record, or None; names found nowhere are left out."""
    suspects = pc.indices_nonzero(pc.match_substring_regex(records, _HINT))
    if not len(suspects):
        return {}
    texts = _as_text(records.take(suspects))
    places = suspects.to_pylist()
    found: dict[str, list[str | None]] = {}
    for name, pattern in IDENTIFIERS.items():
        values = [value if value and _DIGIT.search(value) else None for value in _first(texts, pattern)]
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
        texts = _as_text(records)
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


def _first(texts: pa.Array, pattern: str) -> list[str | None]:
    """What the first group that took part captured in each text."""
    struct = pc.extract_regex(texts, pattern)
    columns = [struct.field(index).to_pylist() for index in range(struct.type.num_fields)]
    values = columns[0] if len(columns) == 1 else [a or b for a, b in zip(*columns, strict=True)]
    return [value or None for value in values]


def _as_text(records: pa.Array) -> pa.Array:
    try:
        return records.cast(pa.string())
    except pa.ArrowInvalid:  # not UTF-8 somewhere
        return pa.array([value.decode("utf-8", "replace") for value in records.to_pylist()], pa.string())


def _group(records: pa.Array, layout: Layout, group: str) -> list[str | None]:
    struct = pc.extract_regex(_as_text(records), layout.search_pattern(group))
    return [value or None for value in struct.field(group).to_pylist()]
