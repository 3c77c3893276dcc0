"""Envelopes that are JSON documents: exports of journald, GCP, CloudWatch and OpenTelemetry, and what
log shippers make of a container's lines. Each document holds one record or many.

They differ in their keys alone: each has a function that tells whether a document is one of it, and
one that takes the records out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.envelopes.cut import Cutter, Document, Entry, Fields, Keys, Records, records_of, with_own
from analyzer.ingest.envelopes.envelope import Coder
from analyzer.ingest.levels import level_kind, level_of
from analyzer.ingest.logical import Lines, Wrapping
from analyzer.ingest.stamps import bytes_of
from analyzer.ingest.timestamps import Clock
from analyzer.ingest.windows import Offsets

_LEAST = 0.6
_SHORT = 1 << 15
_BEFORE_OBJECT = b" \t\r\n\xef\xbb\xbf"
"""White space, and the byte order mark that some programs put before each line."""
as_json = json.JSONEncoder(ensure_ascii=False).encode
_ATTRIBUTE_KEYS = {
    "service.name": "service",
    "k8s.pod.name": "pod",
    "k8s.container.name": "container",
    "k8s.namespace.name": "namespace",
    "host.name": "host",
    "container.name": "container",
    "process.pid": "pid",
    "thread.name": "thread",
    "session.id": "session_id",
    "user.id": "user_id",
    "enduser.id": "user_id",
}
_CONTAINER_KEYS = {
    "tag": "service",
    "com.docker.compose.service": "service",
    "com.docker.swarm.service.name": "service",
    "container_name": "container",
    "pod_name": "pod",
    "namespace_name": "namespace",
    "host": "host",
    "io.kubernetes.container.name": "container",
    "io.kubernetes.pod.name": "pod",
    "io.kubernetes.pod.namespace": "namespace",
}
_JOURNAL_KEYS = {
    "_HOSTNAME": "host",
    "_SYSTEMD_UNIT": "unit",
    "SYSLOG_IDENTIFIER": "service",
    "_PID": "pid",
    "CONTAINER_NAME": "container",
    "_TRANSPORT": "transport",
}
_RESOURCE_KEYS = {
    "service_name": "service",
    "function_name": "service",
    "container_name": "container",
    "pod_name": "pod",
    "namespace_name": "namespace",
    "instance_id": "host",
    "module_id": "service",
    "job_name": "service",
}


@dataclass(frozen=True, slots=True)
class Documents:
    """One kind of document: how to recognise it and what is in it."""

    name: str
    recognise: Callable[[Document], bool]
    entries: Callable[[Document], Iterator[Entry]]
    cutter: Cutter | None = None
    """Reads the usual documents quickly, where each holds one record."""

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        if sum(map(_is_object, lines)) < _LEAST * len(lines):
            return 0.0
        share = sum(self._fits(line) is not None for line in lines) / len(lines) if lines else 0.0
        return share if share >= _LEAST else 0.0

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002
        """See `Envelope`. Exports always say the whole time."""
        return []

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:
        """See `Envelope`."""
        texts = lines.texts()
        if self.cutter is None:
            return as_lines(lines, self._records(texts, np.arange(len(texts)), clock))
        cut = self.cutter.cut(texts, clock)
        left = np.delete(np.arange(len(texts)), cut.parents)
        if len(left):
            cut = cut.and_of_others(self._records([texts[row] for row in left.tolist()], left, clock))
        return as_lines(lines, cut, self.cutter.own_of)

    def _records(self, texts: Sequence[bytes], rows: Offsets, clock: Clock) -> Records:
        """The records in some lines, by the function that looks into each document as a whole."""
        found = [self._entries_in(text) for text in texts]
        entries = [entry for each in found for entry in each]
        return records_of(entries, np.repeat(rows, [len(each) for each in found]), clock)

    def _entries_in(self, text: bytes) -> list[Entry]:
        """The records in a line; the line itself where it is no such document, or an absurd one."""
        document = self._fits(text)
        try:
            return [Entry(text)] if document is None else list(self.entries(document))
        except (ValueError, RecursionError):  # a number of thousands of digits, a depth without end
            return [Entry(text)]

    def _fits(self, text: bytes) -> Document | None:
        """The document in a line, if it is one of this kind."""
        document = _parsed(text)
        return document if document is not None and self.recognise(document) else None


def _is_object(text: bytes) -> bool:
    """Whether a text begins as a JSON object does."""
    return text.lstrip(_BEFORE_OBJECT).startswith(b"{")


def _parsed(text: bytes) -> Document | None:
    """The JSON object that a text is, if it is one."""
    return (_parsed_short if len(text) <= _SHORT else _parsed_long)(text)


def _read(text: bytes) -> Document | None:
    if not _is_object(text):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


# All kinds are asked about the same lines of a sample, one after the other. Many long ones would fill the memory.
_parsed_short = lru_cache(maxsize=512)(_read)
_parsed_long = lru_cache(maxsize=1)(_read)


def as_lines(outer: Lines, records: Records, own_of: Callable[[bytes], Fields] | None = None) -> Lines:
    """The records of documents as lines. `own_of` says what the values that a record has of its own mean."""
    entries, code = records.entries, records.codes
    shown = pa.array([entry.shown for entry in entries], pa.binary())
    whole = pc.binary_join_element_wise(shown.take(code), records.texts, pa.scalar(b"\n", pa.binary()), b"")
    data, edges = bytes_of(whole)
    groups, origins = Coder(), Coder()
    group = np.array([groups.place(entry.fields) for entry in entries], dtype=np.int32)[code]
    origin = np.array([origins.place({**entry.fields, **entry.own}) for entry in entries], dtype=np.int32)[code]
    fields: Sequence[Fields] = origins.fields
    if own_of is not None and records.own is not None:
        origin, fields = with_own(origin, fields, records.own, own_of)
    wrapping = Wrapping(
        times=records.times,
        levels=np.array([entry.level for entry in entries], dtype=np.int8)[code],
        groups=group,
        origins=origin,
        fields=fields,
    )
    outside = outer.wrapping.take(records.parents) if outer.wrapping is not None else None
    return Lines(
        data=data,
        starts=edges[:-1] + np.array([len(entry.shown) for entry in entries], dtype=np.int64)[code],
        ends=edges[1:] - 1,
        heads=edges[:-1],
        raw=outer.raw_lines()[records.parents],
        wrapping=wrapping.inside(outside),
    )


# --- log shippers --------------------------------------------------------------------------------


def container_fields(labels: Document) -> dict[str, str]:
    """Who wrote a line, by the labels that container platforms give."""
    return _renamed(labels, _CONTAINER_KEYS)


def _is_shipped(document: Document) -> bool:
    return isinstance(document.get("log"), str) and ("stream" in document or "kubernetes" in document)


def _shipped(document: Document) -> Iterator[Entry]:
    """Docker's and CRI's lines as fluentd, fluent-bit and the like write them."""
    labels = document.get("kubernetes")
    fields = container_fields(labels) if isinstance(labels, dict) else {}
    if isinstance(document.get("stream"), str):
        fields["stream"] = document["stream"]
    time = document.get("time") or document.get("@timestamp")
    yield Entry(_text(document["log"]), time=time if isinstance(time, str) else None, fields=fields)


# --- journald ------------------------------------------------------------------------------------


def _is_journal(document: Document) -> bool:
    return "MESSAGE" in document and ("__REALTIME_TIMESTAMP" in document or "_HOSTNAME" in document)


def _journal(document: Document) -> Iterator[Entry]:
    """`journalctl -o json`."""
    yield journal_entry(document)


def journal_entry(document: Document) -> Entry:
    """An entry of the journal by its fields. The priority of what a service merely prints is a
    default, and says nothing."""
    fields = _renamed(document, _JOURNAL_KEYS)
    printed = fields.pop("transport", "") == "stdout" and document.get("PRIORITY") == "6"
    time = document.get("_SOURCE_REALTIME_TIMESTAMP") or document.get("__REALTIME_TIMESTAMP")
    service, pid = fields.get("service"), fields.get("pid")
    tag = f"{service}[{pid}]: " if service and pid else f"{service}: " if service else ""
    if "service" not in fields and "unit" in fields:
        fields["service"] = fields["unit"].removesuffix(".service")
    return Entry(
        text=_message(document["MESSAGE"]),
        time=int(time) if isinstance(time, (str, int)) and str(time).isdigit() else None,
        level=0 if printed else _level(document.get("PRIORITY"), "priority"),
        fields=fields,
        shown=tag.encode("utf-8", "replace"),
    )


def _message(value: Any) -> bytes:
    """journald writes what is no UTF-8 as a list of bytes, and repeated fields as a list of texts."""
    if isinstance(value, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
        return bytes(value).rstrip(b"\n")
    return _text(value[0] if isinstance(value, list) and value else value)


# --- GCP -----------------------------------------------------------------------------------------


def _is_gcp(document: Document) -> bool:
    payload = any(key in document for key in ("textPayload", "jsonPayload", "protoPayload"))
    return payload and any(key in document for key in ("logName", "insertId", "resource"))


def _gcp(document: Document) -> Iterator[Entry]:
    """A LogEntry. What a container prints to stderr gets the severity ERROR, whatever it says."""
    resource = document.get("resource")
    labels = resource.get("labels") if isinstance(resource, dict) else None
    fields = _renamed(labels, _RESOURCE_KEYS) if isinstance(labels, dict) else {}
    by_stream = str(document.get("logName", "")).endswith("stderr") and document.get("severity") == "ERROR"
    payload = next(document[key] for key in ("textPayload", "jsonPayload", "protoPayload") if key in document)
    yield Entry(
        text=_text(payload),
        time=_timestamp(document.get("timestamp") or document.get("receiveTimestamp")),
        level=0 if by_stream else _level(document.get("severity"), "level"),
        fields=fields,
        own=_traced(document),
    )


def _traced(document: Document) -> dict[str, str]:
    own = {"trace_id": str(document.get("trace", "")).rpartition("/")[2], "span_id": str(document.get("spanId", ""))}
    return {name: value for name, value in own.items() if value}


# --- CloudWatch ----------------------------------------------------------------------------------


def _is_cloudwatch(document: Document) -> bool:
    events = document.get("events", document.get("logEvents"))
    if isinstance(events, list):
        return all(isinstance(event, dict) and "message" in event for event in events)
    return _is_cloudwatch_event(document)


def _is_cloudwatch_event(event: Document) -> bool:
    return "message" in event and "timestamp" in event and ("ingestionTime" in event or "logStreamName" in event)


def _cloudwatch(document: Document) -> Iterator[Entry]:
    """`aws logs filter-log-events` and `get-log-events`, one event of them, or a subscription's batch."""
    events = document.get("events", document.get("logEvents"))
    for event in events if isinstance(events, list) else [document]:
        named = {
            "log_group": document.get("logGroup"),
            "log_stream": event.get("logStreamName") or document.get("logStream"),
        }
        time = event.get("timestamp")
        yield Entry(
            text=_text(event.get("message")),
            time=time * 1000 if isinstance(time, int) else _timestamp(time),
            fields={name: str(value) for name, value in named.items() if value},
        )


# --- OpenTelemetry -------------------------------------------------------------------------------


def _is_otlp(document: Document) -> bool:
    return isinstance(document.get("resourceLogs"), list)


def _otlp(document: Document) -> Iterator[Entry]:
    """OTLP/JSON: resources, each with scopes, each with records."""
    for resource in _dicts(document.get("resourceLogs")):
        about = resource.get("resource")
        fields = _renamed(_attributes(about.get("attributes") if isinstance(about, dict) else None), _ATTRIBUTE_KEYS)
        for scope in _dicts(resource.get("scopeLogs") or resource.get("instrumentationLibraryLogs")):
            for record in _dicts(scope.get("logRecords")):
                yield _otlp_record(record, fields)


def _otlp_record(record: Document, fields: Mapping[str, str]) -> Entry:
    attributes = _attributes(record.get("attributes"))
    own = _renamed(attributes, _ATTRIBUTE_KEYS)
    own |= {name: str(record[key]) for key, name in (("traceId", "trace_id"), ("spanId", "span_id")) if record.get(key)}
    text = _text(_value(record.get("body")))
    for key in ("exception.stacktrace", "exception.message"):
        detail = _text(attributes[key]) if key in attributes else b""
        if detail and detail not in text:
            text += b"\n" + detail
    nanos = record.get("timeUnixNano") or record.get("observedTimeUnixNano")
    number = record.get("severityNumber")
    return Entry(
        text=text,
        time=int(nanos) // 1000 if isinstance(nanos, (str, int)) and str(nanos).isdigit() else None,
        level=(min(max(number - 1, 0) // 4, 5) + 1) if isinstance(number, int) and number else
        _level(record.get("severityText"), "level"),
        fields=fields,
        own=own,
    )  # fmt: skip


def _attributes(pairs: Any) -> dict[str, Any]:
    return {str(pair.get("key")): _value(pair.get("value")) for pair in _dicts(pairs)}


def _value(wrapped: Any) -> Any:
    """The value in OTLP's `{"stringValue": ...}`, maps and lists included."""
    if not isinstance(wrapped, dict) or len(wrapped) != 1:
        return wrapped
    kind, value = next(iter(wrapped.items()))
    if kind == "kvlistValue" and isinstance(value, dict):
        return _attributes(value.get("values"))
    if kind == "arrayValue" and isinstance(value, dict):
        return [_value(item) for item in value.get("values") or []]
    return value


# --- shared --------------------------------------------------------------------------------------


def _dicts(values: Any) -> Iterator[Document]:
    return (value for value in values if isinstance(value, dict)) if isinstance(values, list) else iter(())


def _renamed(values: Document, names: Mapping[str, str]) -> dict[str, str]:
    """The values under the given keys that are simple, by their usual names; the first key wins."""
    found: dict[str, str] = {}
    for key, name in names.items():
        value = values.get(key)
        if isinstance(value, (str, int)) and value != "" and name not in found:
            found[name] = str(value)
    return found


def _text(value: Any) -> bytes:
    """A message as bytes; what is no text, as JSON."""
    text = value if isinstance(value, str) else "" if value is None else as_json(value)
    return text.encode("utf-8", "replace").rstrip(b"\r\n")


def _timestamp(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _level(word: Any, group: str) -> int:
    if not isinstance(word, (str, int)) or isinstance(word, bool):
        return 0
    text = str(word).encode("utf-8", "replace")
    return level_of(text, level_kind(text, group)) if text else 0


_SHIPPED_KEYS = Keys(shared=("stream", "kubernetes"), text=("log",), time=("time", "@timestamp"))
_JOURNALD_KEYS = Keys(
    shared=(*_JOURNAL_KEYS, "PRIORITY"),
    text=("MESSAGE",),
    time=("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"),
    micros=True,
)
_GCP_KEYS = Keys(
    shared=("resource", "logName", "severity"),
    text=("textPayload", "jsonPayload", "protoPayload"),
    objects=True,
    time=("timestamp", "receiveTimestamp"),
    own=("trace", "spanId"),
)
DOCUMENTS: tuple[Documents, ...] = (
    Documents("docker", _is_shipped, _shipped, Cutter(_SHIPPED_KEYS, _is_shipped, _shipped)),
    Documents("journald", _is_journal, _journal, Cutter(_JOURNALD_KEYS, _is_journal, _journal)),
    Documents("gcp", _is_gcp, _gcp, Cutter(_GCP_KEYS, _is_gcp, _gcp, _traced)),
    Documents("cloudwatch", _is_cloudwatch, _cloudwatch),
    Documents("opentelemetry", _is_otlp, _otlp),
)
