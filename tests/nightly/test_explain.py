"""What a night means: the same whether its logs are scanned at once or read night by night."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.catalogue import Catalogue
from analyzer.model import Correlation, Signature
from tests.nightly.nights import House, lines

UNANSWERED = Catalogue(
    (
        Signature(
            id="app.asked", title="Asked", kind="observation", category="observation", severity="info",
            match=("asked for (?P<id>order-[0-9]+)",),
        ),
        Signature(
            id="app.given", title="Given", kind="observation", category="observation", severity="info",
            match=("gave (?P<id>order-[0-9]+)",),
        ),
        Signature(
            id="app.unanswered", title="Asked in vain", category="silent_failure", severity="critical",
            correlation=Correlation(
                type="absence", rules=("app.asked",), counterpart=("app.given",), group_by=("id",), timespan="10m"
            ),
        ),
    )
)  # fmt: skip


@pytest.fixture
def house(tmp_path: Path, store_url: str) -> House:
    return House(tmp_path, store_url, UNANSWERED)


def test_what_never_came_is_missed_where_the_log_goes_on(house: House) -> None:
    asked = lines("2025-10-21T02:00:00", 1, "INFO asked for order-4711")
    house.write("app.log", asked + lines("2025-10-21T02:01:00", 60, "INFO served request #"))
    house.run()
    assert house.statuses("2025-10-21") == {"Asked in vain": "new"}


def test_what_may_come_after_the_end_of_the_log_is_not(house: House) -> None:
    house.write("app.log", lines("2025-10-21T02:00:00", 5, "INFO asked for order-4711"))
    house.run()
    assert house.statuses("2025-10-21") == {}


def test_a_burst_of_what_no_signature_knows_is_an_incident_from_night_to_night(house: House) -> None:
    for night in ("2025-10-21", "2025-10-22"):
        quiet = lines(f"{night}T00:00:00", 120, "INFO served request #")
        house.write(f"app-{night}.log", quiet + lines(f"{night}T02:00:00", 30, "ERROR coil # broke", every=10))
        house.run()
    assert [house.statuses(night) for night in ("2025-10-21", "2025-10-22")] == [
        {"coil … broke": "new"}, {"coil … broke": "ongoing"}
    ]  # fmt: skip
    assert [totals.events for totals in house.store.nights()] == [0, 0]
    (template,) = house.store.night().analysis.unknown
    (incident,) = house.incidents("2025-10-22")
    assert incident.root_cause.signature == f"unknown.{template.id}"
