"""Every sample of every declared layout is recognised, and yields the fields that stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.detect import detect_layout
from analyzer.ingest.layout import JSON_LINES, PLAIN, Layout, all_layouts
from analyzer.ingest.timeformats import Clock, parse_timestamp
from analyzer.model import LEVEL_CODES
from tests.ingest.reading import records_of

CLOCK = Clock(latest=datetime(2025, 12, 1, tzinfo=UTC))
SAMPLES = [
    pytest.param(layout, sample["line"], sample["fields"], id=f"{layout.name}-{number}")
    for layout in all_layouts()
    for number, sample in enumerate(layout.samples)
]
TEXT = [layout for layout in all_layouts() if layout.style == "text"]
FIXED = ("timestamp", "level")


def head_of(layout: Layout, sample: str) -> bytes:
    """The line that begins the record of a sample; all of it, where the head goes on over several lines."""
    return (sample if layout.spread else sample.partition("\n")[0]).encode()


def test_every_declared_layout_has_samples() -> None:
    assert [layout.name for layout in all_layouts() if not layout.samples] == [JSON_LINES.name]


@pytest.mark.parametrize("layout", TEXT, ids=lambda it: it.name)
def test_every_head_can_be_searched_by_arrow(layout: Layout) -> None:
    """Arrow's expressions know no looking ahead or back."""
    for group in layout.pattern.groupindex:
        pc.match_substring_regex(pa.array([b"x"]), layout.search_pattern(group))


@pytest.mark.parametrize("layout", TEXT, ids=lambda it: it.name)
def test_samples_begin_as_lines_of_their_layout_may(layout: Layout) -> None:
    assert all(layout.first_bytes[head_of(layout, sample["line"])[0]] for sample in layout.samples)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("layout", [each for each in TEXT if not each.has_timestamp], ids=lambda it: it.name)
def test_no_line_of_a_layout_begins_in_another_way(layout: Layout, data: st.DataObject) -> None:
    line = data.draw(st.from_regex(layout.pattern.pattern))
    assert layout.pattern.match(line) is None or layout.first_bytes[line[0]]


@pytest.mark.parametrize("thread", ["main", "http-nio-8080-exec-1", "pool-2-thread-1", "scheduling-1"])
def test_a_thread_in_brackets_is_no_service(thread: str) -> None:
    layout, *_ = detect_layout([f"ERROR [{thread}] could not save".encode()] * 5)
    assert layout.fields(f"ERROR [{thread}] could not save".encode()).service is None


def test_layouts_have_names_of_their_own() -> None:
    names = [layout.name for layout in all_layouts()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("layout", "line", "fields"), SAMPLES)
@pytest.mark.parametrize("copies", [1, 40])
def test_a_sample_is_detected_as_its_own_layout(
    layout: Layout, line: str, fields: Mapping[str, Any], copies: int
) -> None:
    if (layout.anywhere and copies < 3) or layout.below:
        return  # one line alone cannot agree with others, and some lines only mean something below others
    detected, understood, rest = detect_layout([head_of(layout, line)] * copies)
    assert detected.name == layout.name
    assert len(understood) == copies
    assert not rest


@pytest.mark.parametrize(("layout", "line", "fields"), SAMPLES)
def test_a_sample_yields_its_fields(layout: Layout, line: str, fields: Mapping[str, Any]) -> None:
    found = layout.fields(line.encode())
    named = {name: value for name, value in fields.items() if name not in FIXED}
    assert {name: found.values.get(name) for name in named} == named
    spans = layout.spans(head_of(layout, line)) or {}
    if "level" in fields and (layout.level_group_of(spans) or layout.default_level):
        assert found.level == LEVEL_CODES[fields["level"]]
    if "timestamp" in fields:
        micros = parse_timestamp(head_of(layout, line)[slice(*spans["timestamp"])], CLOCK)
        assert micros == round(datetime.fromisoformat(fields["timestamp"]).timestamp() * 1_000_000)


@pytest.mark.parametrize(("layout", "line", "fields"), SAMPLES)
def test_a_file_of_like_lines_is_read_by_column_arithmetic_with_the_same_result(
    layout: Layout, line: str, fields: Mapping[str, Any]
) -> None:
    if layout.below:
        return
    records = records_of((line + "\n").encode() * 30, modified=CLOCK.latest)
    assert len(records) == 30
    assert {record.layout for record in records} == {layout.name}
    if "level" in fields:
        assert {record.level for record in records} == {fields["level"]}
    if "timestamp" in fields:
        expected = datetime.fromisoformat(fields["timestamp"])
        assert {datetime.fromisoformat(record.time or "1970-01-01") for record in records} == {expected}


@pytest.mark.parametrize(("layout", "line", "fields"), SAMPLES)
def test_colours_make_no_difference(layout: Layout, line: str, fields: Mapping[str, Any]) -> None:
    coloured = f"\x1b[32m{line[:5]}\x1b[0m{line[5:]}\x1b[K\n".encode() * 30
    plain = [(r.time, r.level, r.text, r.layout) for r in records_of((line + "\n").encode() * 30)]
    assert [(r.time, r.level, r.text, r.layout) for r in records_of(coloured)] == plain


JSON_RECORDS = [
    pytest.param(
        '{"level":50,"time":1761272047113,"pid":7,"hostname":"web-1","msg":"insert failed"}',
        ("2025-10-24T02:14:07.113000+00:00", "error", None, "insert failed"),
        id="pino",
    ),
    pytest.param(
        '{"level":"warn","message":"slow query","service":"api","timestamp":"2025-10-24T02:14:07.113Z"}',
        ("2025-10-24T02:14:07.113000+00:00", "warn", "api", "slow query"),
        id="winston",
    ),
    pytest.param(
        '{"name":"billing","hostname":"h","pid":1,"level":40,"msg":"late","time":"2025-10-24T02:14:07.113Z","v":0}',
        ("2025-10-24T02:14:07.113000+00:00", "warn", "billing", "late"),
        id="bunyan",
    ),
    pytest.param(
        '{"event": "saved", "level": "info", "timestamp": "2025-10-24T02:14:07.113456Z"}',
        ("2025-10-24T02:14:07.113456+00:00", "info", None, "saved"),
        id="structlog",
    ),
    pytest.param(
        '{"@timestamp":"2025-10-24T04:14:07.113+02:00","message":"no rows","logger_name":"c.e.Orders","level":"ERROR"}',
        ("2025-10-24T02:14:07.113000+00:00", "error", None, "no rows"),
        id="json-lines",
    ),
]


@pytest.mark.parametrize(("line", "expected"), JSON_RECORDS)
def test_json_lines(line: str, expected: tuple[str, str, str | None, str], request: pytest.FixtureRequest) -> None:
    layout = request.node.callspec.id
    time, level, service, message = expected
    (record, *_) = records_of((line + "\n").encode() * 3)
    fields = JSON_LINES.fields(line.encode())
    assert (record.time, record.level, record.layout) == (time, level, layout)
    assert (fields.service, JSON_LINES.message_of(fields.values)) == (service, message)


@pytest.mark.parametrize("line", ["", "   ", "{", "plain words", "a: b", "---", "}", "\t at x (y.js:1:2)"])
def test_text_without_any_structure_is_plain(line: str) -> None:
    assert detect_layout([line.encode()] * 5)[0] is PLAIN


@pytest.mark.parametrize(
    "service",
    ["req-6ab0b428", "9f1c2d3e-77aa-4a0b-8f0e-0a1b2c3d4e5f", "140283746182976", "-", "trace=4bf92f3577b34da6"],
)
def test_an_id_in_brackets_is_no_service(service: str) -> None:
    (layout,) = (layout for layout in all_layouts() if layout.name == "leveled-text")
    fields = layout.fields(f"2025-10-24T02:14:07Z [{service}] info: hello".encode())
    assert fields.service is None
    assert fields.values["message"] == "hello"


@pytest.mark.parametrize("service", ["api", "api-2", "auth.v2", "k8s-proxy", "s3", "node_18/worker", "Worker"])
def test_a_name_in_brackets_is_a_service(service: str) -> None:
    (layout,) = (layout for layout in all_layouts() if layout.name == "leveled-text")
    assert layout.fields(f"2025-10-24T02:14:07Z [{service}] info: hello".encode()).service == service
