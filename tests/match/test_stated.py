"""A signature can ask for what a record states, and one that yields steps back before any other failure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.catalogue import Catalogue
from analyzer.ingest.detect import detect_layout
from analyzer.match.reference import match_record
from analyzer.match.stated import stated_by
from analyzer.model import Request, Signature, Where
from tests.match.test_scan import found_by_both

LOST = Signature(
    id="shop.lost", title="Lost", category="data_loss", severity="high", match=(r"order #?(?P<id>\d+) was lost",)
)
FAILED = Signature(
    id="app.failed", title="Failed", category="crash", severity="low", match=(r"[Oo]rder|failed",), yields=True
)


def _asking(**where: tuple[str, ...]) -> Catalogue:
    return Catalogue((replace(LOST, where=Where(**where)),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "level", "logger", "service", "status"),
    [
        ("2025-10-24 02:14:07,113 - app.db - ERROR - order 7 was lost", "error", "app.db", "app.db", None),
        ('{"time":"2025-10-24T02:14:07Z","level":"warn","service":"a","logger":"db"}', "warn", "db", "a", None),
        ('10.0.0.7 - - [24/Oct/2025:02:14:24 +0000] "GET /x HTTP/1.1" 503 31 "-" "curl"', "error", None, None, "503"),
        ("order 7 was lost", None, None, None, None),
    ],
)  # fmt: skip
def test_what_a_record_states(
    line: str, level: str | None, logger: str | None, service: str | None, status: str | None
) -> None:
    layout, _, _ = detect_layout([line.encode()], least=1)
    stated = stated_by(line.encode(), layout)
    assert (stated.level, stated.logger, stated.service, stated.status) == (level, logger, service, status)


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        ({"level": ("error", "fatal")}, [1]),
        ({"level": ("info",)}, [2]),
        ({"logger": ("app.*",)}, [1]),
        ({"logger": ("app.*", "job.*")}, [1, 2]),
        ({"level": ("error",), "logger": ("job.*",)}, []),
        ({"status": ("5xx",)}, [1, 2]),
    ],
)
def test_a_field_that_is_stated_otherwise_vetoes(where: dict[str, tuple[str, ...]], lines: list[int]) -> None:
    data = (
        "2025-10-24 02:14:07,113 - app.db - ERROR - order 7 was lost\n"
        "2025-10-24 02:14:08,113 - job.nightly - INFO - order 8 was lost\n"
        "2025-10-24 02:14:09,113 - app.db - INFO - order 9 was found\n"
    )
    assert [line for line, _ in found_by_both(data, _asking(**where))] == lines


def test_a_field_that_is_not_stated_vetoes_nothing() -> None:
    assert len(found_by_both("order 7 was lost\n", _asking(level=("error",), logger=("app.*",)))) == 1


PREFIXED = "2025-10-24 02:14:07.113 UTC [812] {} app@shop {}:  {}\n"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (PREFIXED.format("23503", "ERROR", "order 7 was lost"), True),
        (PREFIXED.format("23503", "FEHLER", "Bestellung 7 ging verloren"), True),
        (PREFIXED.format("23505", "ERROR", "order 7 was lost"), False),
        (PREFIXED.format("00000", "LOG", "order 7 was found"), False),
        ("order 7 was lost\n", True),
        ('{"error_severity":"ERREUR","state_code":"23503","message":"commande 7 perdue"}\n', True),
        ('2025-10-24 02:14:07.1 UTC,"app","shop",812,"[local]",68f.3,3,"INSERT",,4/1,0,FEHLER,23503,"weg"\n', True),
        ('2025-10-24 02:14:07.1 UTC,"app","shop",812,"[local]",68f.3,3,"INSERT",,4/1,0,FEHLER,23505,"weg"\n', False),
    ],
)
def test_a_stated_sqlstate_decides_whatever_the_words_are(data: str, found: bool) -> None:
    events = found_by_both(data, _asking(sqlstate=("23503",)))
    assert bool(events) is found
    if "23503" in data:
        assert events[0][1]["sqlstate"] == "23503"


def test_a_sqlstate_suffices() -> None:
    only = Signature(id="a.b", title="t", category="crash", severity="low", where=Where(sqlstate=("08*",)))
    data = "".join(PREFIXED.format(code, "FATAL", "adieu") for code in ("08006", "23503", "08P01"))
    data += PREFIXED.format("08006", "STATEMENT", "SELECT 1")
    assert [keys["sqlstate"] for _, keys in found_by_both(data, Catalogue((only,)))] == ["08006", "08P01"]


def test_words_that_exclude_hold_against_a_sqlstate_too() -> None:
    signature = replace(LOST, where=Where(sqlstate=("23503",)), exclude=("retried",))
    data = PREFIXED.format("23503", "ERROR", "weg, retried")
    assert found_by_both(data, Catalogue((signature,))) == []


def test_an_exchange_is_held_against_the_fields_too() -> None:
    request = replace(LOST, match=(), request=Request(statuses=("5xx",)), where=Where(status=("503",)))
    line = '10.0.0.7 - - [24/Oct/2025:02:14:24 +0000] "GET /x HTTP/1.1" {} 31 "-" "curl"\n'
    events = found_by_both(line.format(503) + line.format(500), Catalogue((request,)))
    assert [keys["status"] for _, keys in events] == ["503"]


def _names(record: str, *signatures: Signature) -> list[str]:
    catalogue = Catalogue(signatures)
    found = [match.signature for match in match_record(record.encode(), catalogue)]
    assert len(found_by_both(record + "\n", catalogue)) == len(found)
    return found


def test_one_that_yields_steps_back_before_any_other_failure() -> None:
    assert _names("order 7 was lost", FAILED, LOST) == ["shop.lost"]
    assert _names("order 7 failed", FAILED, LOST) == ["app.failed"]


def test_it_does_not_step_back_before_what_is_no_failure() -> None:
    assert _names("order 7 was lost", FAILED, replace(LOST, kind="change")) == ["app.failed", "shop.lost"]


def test_it_stays_beside_an_effect_in_the_words_of_the_application() -> None:
    assert _names("order 7 was lost", replace(FAILED, id="java.failed"), replace(LOST, id="app.lost")) == [
        "app.lost",
        "java.failed",
    ]


def test_two_that_yield_both_stay() -> None:
    assert _names("order 7 was lost", FAILED, replace(LOST, yields=True)) == ["app.failed", "shop.lost"]


def test_one_that_yields_still_replaces_what_it_refines() -> None:
    assert _names("order 7 was lost", replace(FAILED, refines="shop.lost"), LOST) == ["app.failed"]
