"""Envelopes that are answers and exports of the places where logs are kept: Loki, Elasticsearch, Splunk,
Datadog, and the services of AWS and Azure that put many records into one document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.ingest.envelopes.cut import Document, Entry
from analyzer.ingest.envelopes.documents import Documents, as_json, container_fields
from analyzer.ingest.levels import level_kind, level_of

_LABELS = {
    "service_name": "service",
    "app": "service",
    "service": "service",
    "job": "service",
    "pod": "pod",
    "container": "container",
    "namespace": "namespace",
    "host": "host",
    "hostname": "host",
    "instance": "host",
}


def _labelled(labels: Any) -> dict[str, str]:
    """Who wrote a line, by the labels that Loki's agents give; the first of several wins."""
    found: dict[str, str] = {}
    if isinstance(labels, dict):
        for label, name in _LABELS.items():
            if isinstance(labels.get(label), str):
                found.setdefault(name, labels[label])
    return found


def _level(word: Any) -> int:
    text = word.encode("utf-8", "replace") if isinstance(word, str) else b""
    return level_of(text, level_kind(text, "level")) if text else 0


def _bytes(text: Any) -> bytes:
    return (text if isinstance(text, str) else as_json(text)).encode("utf-8", "replace").rstrip(b"\r\n")


# --- Loki ----------------------------------------------------------------------------------------


def _is_loki_line(document: Document) -> bool:
    return (
        isinstance(document.get("line"), str) and "timestamp" in document and not {"level", "message"} & set(document)
    )


def _loki_line(document: Document) -> Iterator[Entry]:
    """`logcli -o jsonl`, and what Grafana lets people download."""
    labels = document.get("labels") or document.get("fields")
    yield Entry(_bytes(document["line"]), time=_moment(document["timestamp"]), fields=_labelled(labels))


def _is_loki_answer(document: Document) -> bool:
    data = document.get("data")
    return isinstance(data, dict) and data.get("resultType") == "streams" and isinstance(data.get("result"), list)


def _loki_answer(document: Document) -> Iterator[Entry]:
    """What Loki answers to a query: streams, each with its labels, of pairs of nanoseconds and text."""
    for stream in document["data"]["result"]:
        fields = _labelled(stream.get("stream"))
        for nanos, text, *_ in stream.get("values", []):
            yield Entry(_bytes(text), time=_moment(nanos), fields=fields)


def _moment(time: Any) -> str | int | None:
    """Nanoseconds as microseconds; text as it is."""
    if isinstance(time, str) and not time.isdigit():
        return time
    return int(time) // 1000 if isinstance(time, (int, str)) and len(str(time)) == 19 else None


# --- Elasticsearch, Splunk, Datadog --------------------------------------------------------------


def _is_hits(document: Document) -> bool:
    hits = document.get("hits")
    return isinstance(hits, dict) and isinstance(hits.get("hits"), list)


def _hits(document: Document) -> Iterator[Entry]:
    for hit in document["hits"]["hits"]:
        yield from _hit(hit)


def _is_hit(document: Document) -> bool:
    return isinstance(document.get("_source"), dict) and "_index" in document


def _hit(document: Document) -> Iterator[Entry]:
    """A document of an index; what was logged is in its `_source`."""
    yield Entry(_bytes(document["_source"]))


def _is_splunk(document: Document) -> bool:
    result = document.get("result")
    return isinstance(result, dict) and isinstance(result.get("_raw"), str)


def _splunk(document: Document) -> Iterator[Entry]:
    result = document["result"]
    fields = {"host": result["host"]} if isinstance(result.get("host"), str) else {}
    yield Entry(_bytes(result["_raw"]), time=_text(result.get("_time")), fields=fields)


def _is_datadog(document: Document) -> bool:
    events = document.get("data")
    return isinstance(events, list) and bool(events) and all(_is_datadog_event(event) for event in events)


def _is_datadog_event(event: Any) -> bool:
    return isinstance(event, dict) and event.get("type") == "log" and isinstance(event.get("attributes"), dict)


def _datadog(document: Document) -> Iterator[Entry]:
    for event in document["data"]:
        said = event["attributes"]
        fields = {name: said[name] for name in ("service", "host") if isinstance(said.get(name), str)}
        text = said.get("message") or said.get("attributes", "")
        yield Entry(_bytes(text), time=_text(said.get("timestamp")), level=_level(said.get("status")), fields=fields)


# --- AWS, Azure, Google --------------------------------------------------------------------------


def _is_records(document: Document) -> bool:
    records = document.get("Records", document.get("records"))
    return isinstance(records, list) and bool(records) and all(isinstance(record, dict) for record in records)


def _records(document: Document) -> Iterator[Entry]:
    """CloudTrail's `Records` and the `records` of Azure's diagnostic settings: documents of their own."""
    for record in document.get("Records", document.get("records", ())):
        yield Entry(_bytes(record), fields=container_fields(record))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


EXPORTS: tuple[Documents, ...] = (
    Documents("loki", _is_loki_line, _loki_line),
    Documents("loki", _is_loki_answer, _loki_answer),
    Documents("elasticsearch", _is_hits, _hits),
    Documents("elasticsearch", _is_hit, _hit),
    Documents("splunk", _is_splunk, _splunk),
    Documents("datadog", _is_datadog, _datadog),
    Documents("records", _is_records, _records),
)
