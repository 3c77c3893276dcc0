"""The fast engine on whole blocks finds exactly what the slow one finds record by record."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.ingest.blocks import Block
from analyzer.match.engine import HyperscanEngine
from analyzer.match.reference import Match, match_record
from analyzer.match.scan import BlockScan, Scanner, Window, patterns_of
from analyzer.model import EVENTS_SCHEMA, UNKNOWN_PREFIX, Request, Signature
from analyzer.redact import MARK
from tests.ingest.reading import blocks_of
from tests.match.wrapping import WRAPPINGS

EVERY = 8
"""The slow engine takes some milliseconds for a record and the whole catalogue; every eighth will do."""


@lru_cache(maxsize=1)
def _some_signatures() -> Catalogue:
    return Catalogue(tuple(load_catalogue())[::EVERY])


_ENGINES: dict[tuple[str, ...], HyperscanEngine] = {}


def _engine(catalogue: Catalogue) -> HyperscanEngine:
    """Compiled once for each catalogue: it takes seconds for the whole one."""
    patterns = tuple(patterns_of(catalogue))
    if patterns not in _ENGINES:
        _ENGINES[patterns] = HyperscanEngine.of(patterns)
    return _ENGINES[patterns]


def _scanner(catalogue: Catalogue, window: Window = Window(), redact: bool = False) -> Scanner:  # noqa: B008
    return Scanner(catalogue, _engine(catalogue), window, redact)


def _rows(scans: list[BlockScan], unknown: bool = False) -> list[dict[str, Any]]:
    """The events of some blocks, those of no signature only where they are asked for."""
    batches = [scan.events for scan in scans if scan.events is not None]
    return [
        {**row, "keys": dict(row["keys"])}
        for row in pa.Table.from_batches(batches, EVENTS_SCHEMA).to_pylist()
        if unknown or not row["signature"].startswith(UNKNOWN_PREFIX)
    ]


def _expected(block: Block, catalogue: Catalogue) -> list[tuple[int, Match]]:
    table = block.read()
    content = bytes(table.content())
    numbers = block.line_numbers(table.first_line, table)
    return [
        (int(line), match)
        for line, start, end, layout in zip(
            numbers, table.record_start(), table.record_end(), table.layouts, strict=True
        )
        for match in match_record(content[start:end], catalogue, block.reader.layouts[layout])
    ]


def _assert_equal(data: bytes, catalogue: Catalogue, size: int = 1 << 20) -> int:
    """Both engines agree on a file; the number of events."""
    scanner = _scanner(catalogue)
    blocks = blocks_of(data, size)
    found = _rows([scanner.scan(block, "logs/api.log") for block in blocks])
    expected = [pair for block in blocks for pair in _expected(block, catalogue)]
    assert [(row["line"], row["signature"]) for row in found] == [(line, match.signature) for line, match in expected]
    for row, (_, match) in zip(found, expected, strict=True):
        assert match.captures.items() <= row["keys"].items()
    return len(found)


def found_by_both(text: str, catalogue: Catalogue) -> list[tuple[int, dict[str, str]]]:
    """The lines and captures of the events in a text, on which both engines agree."""
    data = text.encode()
    _assert_equal(data, catalogue)
    scanner = _scanner(catalogue)
    rows = _rows([scanner.scan(block, "logs/api.log") for block in blocks_of(data, 1 << 20)])
    return [(row["line"], row["keys"]) for row in rows]


SAMPLES = [sample.text for signature in _some_signatures() for sample in signature.samples]
NOISE = st.binary(min_size=1, max_size=6)
MUTATIONS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), NOISE), max_size=2)


def _mutated(text: bytes, mutations: list[tuple[float, int, bytes]]) -> bytes:
    for place, deleted, inserted in mutations:
        at = int(place * len(text))
        text = text[:at] + inserted + text[at + deleted :]
    return text


RECORDS = st.builds(
    lambda sample, wrapping, mutations: _mutated(WRAPPINGS[wrapping](sample).encode(), mutations),
    st.sampled_from(SAMPLES),
    st.sampled_from(sorted(WRAPPINGS)),
    st.one_of(st.just([]), MUTATIONS),
)


@settings(max_examples=40)
@given(st.lists(RECORDS, min_size=1, max_size=8), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_both_engines_find_the_same(records: list[bytes], newline: bytes, ended: bool) -> None:
    _assert_equal(newline.join(records) + (newline if ended else b""), _some_signatures())


@settings(max_examples=20)
@given(st.lists(RECORDS, min_size=6, max_size=12), st.integers(2000, 8000))
def test_both_engines_find_the_same_in_small_blocks(records: list[bytes], size: int) -> None:
    _assert_equal(b"\n".join(records), _some_signatures(), size)


@pytest.mark.parametrize("wrapping", sorted(WRAPPINGS))
def test_samples_in_each_wrapping(wrapping: str) -> None:
    """Every sample of the whole catalogue is found by its own signature, or by one that refines it."""
    catalogue = load_catalogue()
    owners = [(signature.id, sample.text) for signature in catalogue for sample in signature.samples]
    texts = [(owner, text) for owner, text in owners if '"' not in text[:2] and not text.startswith(("{", "["))]
    data = "".join(WRAPPINGS[wrapping](text) + "\n" for _, text in texts).encode()
    scanner = _scanner_of_all()
    found: dict[int, set[str]] = {}
    (block,) = blocks_of(data)
    for row in _rows([scanner.scan(block, "logs/api.log")]):
        found.setdefault(row["line"], set()).update((row["signature"], *catalogue.ancestors(row["signature"])))
    line, missed = 1, []
    for owner, text in texts:
        lines = WRAPPINGS[wrapping](text).count("\n") + 1
        if not any(owner in found.get(number, ()) for number in range(line, line + lines)):
            missed.append(owner)
        line += lines
    # A few patterns are tied to the beginning of a line and rightly do not look into wrappings.
    assert len(missed) <= len(texts) * 0.1, missed


@lru_cache(maxsize=1)
def _scanner_of_all() -> Scanner:
    return _scanner(load_catalogue())


LOST = Signature(
    id="shop.order_lost",
    title="Order lost",
    category="data_loss",
    severity="high",
    match=(r'order "(?P<id>\w+)" was lost', r"lost order #(?P<id>\d+)"),
    exclude=("in transit",),
)
LOST_AT_SEA = Signature(
    id="shop.order_lost_at_sea",
    title="Order lost at sea",
    category="data_loss",
    severity="critical",
    match=(r"was lost at sea near (?P<host>\w+)",),
    refines="shop.order_lost",
)
REFUSED = Signature(
    id="http.refused", title="Refused", category="http_contract", severity="low", request=Request(statuses=("4xx",))
)
SHOP = Catalogue((REFUSED, LOST, LOST_AT_SEA))


def _events(data: str, window: Window = Window(), redact: bool = False) -> list[dict[str, Any]]:  # noqa: B008
    scanner = _scanner(SHOP, window, redact)
    return _rows([scanner.scan(block, "logs/api.log") for block in blocks_of(data.encode())])


def test_the_columns_of_an_event() -> None:
    lines = [
        "2025-10-24T02:14:06Z [shop] info: begin",
        '2025-10-24T02:14:07.113Z [shop] error: order "a7" was lost request_id=r-77',
        "    at save (x.js:1:2)",
        "2025-10-24T02:14:08Z [desk] warn: lost order #42 in transit",
        "2025-10-24T02:14:09Z [desk] warn: lost order #43",
    ]
    first, second = _events("\n".join(lines * 1))
    assert (first["line"], first["offset"]) == (2, len(lines[0]) + 1)
    assert (first["signature"], first["severity"]) == ("shop.order_lost", "high")
    assert (first["level"], first["service"], first["source"]) == ("error", "shop", "logs/api.log")
    assert first["timestamp"].isoformat() == "2025-10-24T02:14:07.113000+00:00"
    assert first["keys"] == {"id": "a7", "request_id": "r-77"}
    assert first["text"] == "\n".join(lines[1:3])
    assert (second["line"], second["level"], second["service"], second["keys"]) == (5, "warn", "desk", {"id": "43"})


def test_offsets_are_those_of_the_file_where_colours_were_removed() -> None:
    ok = "\x1b[32m2025-10-24 02:14:06\x1b[0m INFO ok\r\n"
    data = ok + "\x1b[32m2025-10-24 02:14:07\x1b[0m ERROR lost order #\x1b[1m42\x1b[0m\r\n"
    (event,) = _events(data * 3)[:1]
    assert data[event["offset"] :].startswith("\x1b[32m2025-10-24 02:14:07")
    assert event["text"] == "2025-10-24 02:14:07 ERROR lost order #42"
    assert (event["line"], event["keys"]) == (2, {"id": "42"})


def test_the_more_specific_signature_takes_over() -> None:
    (event,) = _events('2025-10-24 02:14:07 ERROR order "a7" was lost at sea near rhodes\n')
    assert event["signature"] == "shop.order_lost_at_sea"
    assert event["keys"] == {"id": "a7", "host": "rhodes"}


def test_services_are_those_of_each_line_where_layouts_mix() -> None:
    text = "2025-10-24 02:14:07 [shop] error: lost order #1\n"
    structured = '{"level":"error","time":"2025-10-24T02:14:08Z","service":"desk","msg":"lost order #2"}\n'
    events = _events((text + structured) * 20)
    assert [event["service"] for event in events] == ["shop", "desk"] * 20
    assert all(event["timestamp"] is not None for event in events)


def test_http_exchanges_are_events() -> None:
    access = '203.0.113.7 - - [24/Oct/2025:02:14:07 +0000] "GET /orders/42?x=1 HTTP/1.1" 404 12 "-" "curl"\n'
    coloured = "\x1b[0mGET /orders/43 \x1b[33m404\x1b[0m 3.2 ms - -\x1b[0m\n"
    for line, identifier in ((access, "42"), (coloured, "43")):
        event = _events(line * 3)[0]
        assert event["signature"] == "http.refused"
        assert event["keys"] == {"method": "GET", "endpoint": "/orders/:id", "status": "404", "id": identifier}


def test_secrets_are_taken_out_of_the_text_of_events() -> None:
    line = "2025-10-24 02:14:07 ERROR lost order #42 password=hunter22\n"
    assert _events(line, redact=True)[0]["text"] == line.rstrip().replace("hunter22", MARK)
    assert _events(line)[0]["text"] == line.rstrip()


def test_what_is_said_again_is_an_event_of_its_own() -> None:
    lines = [
        f"2025-10-24T02:14:{second:02d}Z [{service}] error: lost order #{order} token=abcdef{second:02d}\n"
        for second, (service, order) in enumerate([("shop", 7), ("shop", 8), ("desk", 7)] * 4)
    ]
    events = _events("".join(lines), redact=True)
    assert [event["line"] for event in events] == list(range(1, 13))
    assert [event["timestamp"].second for event in events] == list(range(12))
    assert [(event["service"], event["keys"]["id"]) for event in events] == [
        ("shop", "7"), ("shop", "8"), ("desk", "7")] * 4  # fmt: skip
    assert [event["text"] for event in events] == [line.split("abcdef")[0] + MARK for line in lines]


def test_only_records_inside_the_window_count() -> None:
    data = "".join(f"2025-10-24T02:14:{second:02d}Z ERROR lost order #{second}\n" for second in range(60))
    begin = 1761272040_000_000
    window = Window(since=begin + 10_000_000, until=begin + 20_000_000)
    assert [event["keys"]["id"] for event in _events(data, window)] == [str(second) for second in range(10, 21)]


@pytest.mark.parametrize("behind", [10, 70_000, 131_072, 300_000])
def test_what_stands_far_behind_in_a_line_is_found(behind: int) -> None:
    filler = ("payload " * (1 + behind // 8))[:behind]
    line = f"2025-10-24T02:14:07Z ERROR {filler} lost order #42 {'rest ' * 30_000}\n"
    events = _events("2025-10-24T02:14:06Z INFO begun\n" + line * 2 + "2025-10-24T02:14:08Z ERROR lost order #7\n")
    assert [(event["line"], event["keys"]) for event in events] == [
        (2, {"id": "42"}),
        (3, {"id": "42"}),
        (4, {"id": "7"}),
    ]


def test_bytes_that_are_no_text_do_not_stop_anything() -> None:
    scanner = _scanner(SHOP)
    (block,) = blocks_of(b"2025-10-24 02:14:07 ERROR \xff\xfe lost order #42 \xe9\n" * 3)
    assert [row["keys"] for row in _rows([scanner.scan(block, "logs/api.log")])] == [{"id": "42"}] * 3


def test_an_error_that_no_signature_knows_is_an_event_named_by_its_text() -> None:
    (block,) = blocks_of(b"2025-10-24 02:14:07 ERROR lost order #42\n2025-10-24 02:14:08 ERROR strange 7\n")
    scan = _scanner(SHOP).scan(block, "logs/api.log")
    rows = _rows([scan], unknown=True)
    assert [row["signature"] for row in rows] == ["shop.order_lost", UNKNOWN_PREFIX + "strange <*>"]
    assert (rows[1]["level"], rows[1]["line"], rows[1]["service"]) == ("error", 2, "api")
    assert (scan.lines, scan.records, scan.dated_records) == (2, 2, 2)
    assert sum(scan.volume.values()) == 2


def test_records_in_envelopes_are_matched_with_what_the_envelope_says() -> None:
    line = "<30>Oct 24 02:14:{:02d} web-1 shop[{}]: {}\n"
    texts = ['{"level":"error","msg":"order \\"A1\\" was lost"}', "order &quot;B&quot; arrived", "lost order #7"]
    events = _events("".join(line.format(n, 4711, text) for n, text in enumerate(texts)))
    assert [(e["line"], e["signature"], e["service"], e["level"]) for e in events] == [
        (1, "shop.order_lost", "shop", "error"),
        (3, "shop.order_lost", "shop", "info"),
    ]
    assert events[0]["keys"] == {"id": "A1", "host": "web-1", "pid": "4711"}
    assert events[1]["text"] == "shop[4711]: lost order #7"
