"""Why a record is recognised, and what keeps the nearest signatures from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.ingest.detect import detect_layout
from analyzer.match.explain import NEAREST, explanation
from analyzer.match.reference import match_record
from analyzer.model import Signature, Where

LOST = Signature(
    id="shop.lost",
    title="Lost",
    category="data_loss",
    severity="high",
    match=(r'the warehouse has lost order "(?P<id>\d+)" of (?P<resource>\w+)',),
)
RECORD = '2025-10-24 02:14:07,113 - app.db - INFO - the warehouse has lost order "42" of shoes'


def _near(record: str, *signatures: Signature) -> dict[str, str]:
    return {near.signature: near.reason for near in explanation(record.encode(), Catalogue(signatures)).near}


def test_the_engine_s_choice_loses_nothing() -> None:
    catalogue = load_catalogue()
    # What has no pattern of its own to be found by: an HTTP exchange, a SQLSTATE; escaped twice, in colour.
    odd = [
        'GET /orders/42 HTTP/1.1" 404 12',
        '203.0.113.9 - - [24/Oct/2025:02:14:07 +0000] "POST /api/orders HTTP/1.1" 500 312 "-" "curl/8.4.0"',
        "2025-10-24 02:14:07 UTC [7] app@shop FEHLER:  42P01: Relation »orders« existiert nicht",
        r'{"log":"{\"msg\":\"relation \\\"orders\\\" does not exist\"}\n","stream":"stderr"}',
        "\x1b[31mError\x1b[0m: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect",
    ]
    some = [sample.text for signature in catalogue.signatures[::150] for sample in signature.samples]
    for record in map(str.encode, [*odd, *some]):
        layout, _, _ = detect_layout(record.split(b"\n"), least=1)
        assert explanation(record, catalogue).matches == match_record(record, catalogue, layout), record


def test_what_matches_with_its_captures() -> None:
    told = explanation(RECORD.encode(), Catalogue((LOST,)))
    assert [(match.signature, match.captures) for match in told.matches] == [
        ("shop.lost", {"id": "42", "resource": "shoes"})
    ]
    assert (told.near, told.layout) == ([], "python-logging")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exclude": ("of socks", "of shoes")}, "vetoed by its own exclude[1], which finds 'of shoes'"),
        ({"where": Where(level=("error", "fatal"))}, "the record states level info, and it asks for error or fatal"),
        (
            {"match": (r'the warehouse has lost order "(?P<id>[a-z]+)"',)},
            "match[0] fits as far as 'the warehouse has lost order \"'; then it asks for (?P<id>[a-z]+)\"",
        ),
        ({"match": (r"the warehouse has lost order number \d",)}, "then it asks for number"),
    ],
)
def test_what_keeps_a_signature_from_matching(change: dict[str, object], reason: str) -> None:
    told = _near(RECORD, replace(LOST, **change))  # type: ignore[arg-type]
    assert reason in told["shop.lost"]


def test_a_broader_one_gives_way_and_one_that_yields_yields() -> None:
    broad = replace(LOST, id="shop.broad", match=("warehouse has lost",))
    loud = replace(LOST, id="shop.loud", match=("lost order",), yields=True)
    assert _near(RECORD, replace(LOST, refines="shop.broad"), broad, loud) == {
        "shop.broad": "gives way to shop.lost, which refines it",
        "shop.loud": "yields to shop.lost",
    }


def test_only_the_nearest_are_shown() -> None:
    others = [replace(LOST, id=f"shop.other{n}", match=(rf"the warehouse has lost {n} orders",)) for n in range(9)]
    assert len(_near(RECORD, *others)) == NEAREST
    far = replace(LOST, match=(r"lost contact with the lighthouse keeper",))
    assert _near(RECORD, far) == {}


def test_why_a_quoted_failure_is_none() -> None:
    record = 'test_it[the warehouse has lost order "42" of shoes] PASSED [ 26%]'
    assert _near(record, LOST) == {"shop.lost": "the line only quotes a failure: see docs/writing-signatures.md"}
