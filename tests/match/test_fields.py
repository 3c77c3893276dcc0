"""Ids and services of records, found by name and shape."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from analyzer.ingest.layout import JSON_LINES, PLAIN, layout_named
from analyzer.match.fields import identifiers, service_of_path, services, writers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("request_id=abc-123 done", {"request_id": "abc-123"}),
        ("[req-6ab0b428] done", {"request_id": "6ab0b428"}),
        ('{"reqId":"r42","x":1}', {"request_id": "r42"}),
        (r'{"log":"{\"trace_id\":\"4bf92f35\"}"}', {"trace_id": "4bf92f35"}),
        ("X-Correlation-ID: c0ffee1", {"request_id": "c0ffee1"}),
        ("session id 0d89c95a lost", {"session_id": "0d89c95a"}),
        ("for user_id: 42a7", {"user_id": "42a7"}),
        ("job id=9001", {"job_id": "9001"}),
        ("GET /orders/46ddcd05-5ebe-4086-9612-b52f21c66515", {"id": "46ddcd05-5ebe-4086-9612-b52f21c66515"}),
        ('{"req":{"id":"req-7","method":"GET"},"msg":"x"}', {"request_id": "req-7"}),
        (
            '{"otelTraceID":"4bf92f3577b34da6","otelSpanID":"00f067aa"}',
            {"trace_id": "4bf92f3577b34da6", "span_id": "00f067aa"},
        ),
        ('{"dd.trace_id":"8123456789","dd.span_id":"77123"}', {"trace_id": "8123456789", "span_id": "77123"}),
        ('{"trace":{"id":"4bf92f35"},"span":{"id":"00f067aa"}}', {"trace_id": "4bf92f35", "span_id": "00f067aa"}),
        ('"x-request-id": "c0ffee-1"', {"request_id": "c0ffee-1"}),
        ("x_request_id=c0ffee-1", {"request_id": "c0ffee-1"}),
        ("[traceId=4bf92f35, spanId=00f067aa] x", {"trace_id": "4bf92f35", "span_id": "00f067aa"}),
        (
            "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"},
        ),
        (
            "INFO [shop,4bf92f3577b34da6a3ce929d0e0e4736,00f067aa0ba902b7] 1 --- x",
            {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"},
        ),
        (
            '"logging.googleapis.com/trace":"projects/p/traces/4bf92f3577b34da6a3ce929d0e0e4736"',
            {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"},
        ),
        ("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", {"trace_id": "1-5759e988-bd862e3fe1be46a994272793"}),
        ('{"usr":{"id":"u-42"}}', {"user_id": "u-42"}),
        ("RequestId: 3f2a4b5c-0000-4000-8000-000000000001 END", {"request_id": "3f2a4b5c-0000-4000-8000-000000000001"}),
        ("user_id is missing", {}),
        ("session identity unknown", {}),
        ("nothing here", {}),
    ],
)
def test_identifiers(text: str, expected: dict[str, str]) -> None:
    found = identifiers(pa.array([b"other", text.encode()]))
    told = {name: values[1] for name, values in found.items() if values[1] is not None}
    if len(told) > len(expected) and told.get("id") in expected.values():
        del told["id"]  # a named identifier may be a UUID, too
    assert told == expected
    assert all(values[0] is None for values in found.values())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("logs/api.log", "api"),
        ("api-2025-10-24.log.gz", "api"),
        ("/var/log/syslog.1", "syslog"),
        ("worker.log.2.zst", "worker"),
        ("-", "stdin"),
        ("/x/week.zip!api.log.gz", "api"),
        ("week.tar.gz!logs/api.log#2", "api"),
        ("api.20251024.jsonl", "api"),
        (".log", ".log"),
    ],
)
def test_the_service_of_a_path(path: str, name: str) -> None:
    assert service_of_path(path) == name


@pytest.mark.parametrize(
    ("record", "service"),
    [
        (b'{"service":"api","msg":"x"}', "api"),
        (b'{"logger":"shop.orders","msg":"x"}', "shop.orders"),
        (b'{"name":"billing","service":"api"}', "api"),
        (b'{"msg":"x"}', "file"),
        (b'{"service":"caf\xff"}', "caf\ufffd"),
    ],
)
def test_the_service_of_json_records(record: bytes, service: str) -> None:
    places = np.zeros(1, dtype=np.int8)
    assert services(pa.array([record]), [JSON_LINES], places, "file.log") == [service]


def test_records_without_a_layout_have_the_service_of_the_file() -> None:
    places = np.zeros(2, dtype=np.int8)
    assert services(pa.array([b"a", b"b"]), [PLAIN], places, "web.log") == ["web", "web"]


def test_the_envelope_says_the_service_where_the_record_does_not() -> None:
    records = pa.array([b'{"service":"api"}', b'{"msg":"x"}', b'{"msg":"x"}', b'{"msg":"x"}'])
    origins = [{"service": "web"}, {"service": "web", "container": "web-1"}, {"container": "web-1"}, {}]
    found = services(records, [JSON_LINES], np.zeros(4, dtype=np.int8), "file.log", origins)
    assert found == ["api", "web", "web-1", "file"]


@pytest.mark.parametrize(
    ("layout", "record", "expected"),
    [
        ("json-lines", '{"pid":7,"hostname":"web-1","msg":"x"}', {"pid": "7", "host": "web-1"}),
        ("json-lines", '{"thread_name":"exec-1","kubernetes":{"pod_name":"api-1","container_name":"api"}}',
         {"thread": "exec-1", "pod": "api-1", "container": "api"}),
        ("json-lines", '{"host":{"name":"web-1"},"process":{"pid":3}}', {"host": "web-1", "pid": "3"}),
        ("json-lines", '{"host":"www.example.com","url":"/"}', {}),
        ("syslog", "Oct 24 02:14:07 web-1 api[4711]: x", {"host": "web-1", "pid": "4711"}),
        ("logback", "2025-10-24 02:14:07,113 [main] ERROR com.example.Orders - x", {"thread": "main"}),
    ],
)  # fmt: skip
def test_who_wrote_a_record(layout: str, record: str, expected: dict[str, str]) -> None:
    found = writers(pa.array([record.encode()]), [layout_named(layout)], np.zeros(1, dtype=np.int8))
    assert {name: values[0] for name, values in found.items() if values[0]} == expected


@pytest.mark.parametrize("text", ["request id" + " " * 60_000, 'session\\"' * 6_000, 'user": {"' * 8_000])
def test_text_that_makes_expressions_backtrack_is_soon_read(text: str) -> None:
    assert identifiers(pa.array([text.encode()])) == {}  # hours, were an expression quadratic in it
