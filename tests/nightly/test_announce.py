"""Nightly runs that tell people: once, and again where telling failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer.nightly.announce import announce
from analyzer.notify import NotifySettings
from tests.nightly.nights import House, lines
from tests.test_notify import Desk

MORNING = datetime(2025, 11, 18, 7, tzinfo=UTC)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.server.shutdown()
    desk.server.server_close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    home = House(tmp_path, f"sqlite:///{tmp_path}/store.db", clock=MORNING)
    home.write("app.log", lines("2025-11-18 02:00:00", 30, "ERROR connection to db1 refused"))
    home.run()
    return home


def test_each_incident_is_told_once(house: House, desk: Desk) -> None:
    rules = [NotifySettings(urls=(desk.url,))]
    assert announce(house.store, rules, MORNING) == []
    assert announce(house.store, rules, MORNING) == []
    assert [message["title"] for message in desk.received] == ["HIGH new: No connection to db1"]


def test_what_failed_is_sent_by_the_next_run(house: House, desk: Desk) -> None:
    rules = [NotifySettings(urls=(desk.url,))]
    desk.refusals = 3
    (trouble,) = announce(house.store, rules, MORNING, lambda _: None)
    assert trouble.startswith("notify[0]: json-")
    assert announce(house.store, rules, MORNING) == []
    assert len(desk.received) == 1


def test_quiet_hours_hold_back_and_let_go(house: House, desk: Desk) -> None:
    rules = [NotifySettings(urls=(desk.url,), quiet_hours="22:00-08:00")]
    assert announce(house.store, rules, MORNING) == []
    assert desk.received == []
    assert announce(house.store, rules, MORNING.replace(hour=9)) == []
    assert len(desk.received) == 1


def test_old_nights_are_no_news(house: House, desk: Desk) -> None:
    assert announce(house.store, [NotifySettings(urls=(desk.url,))], MORNING.replace(day=25)) == []
    assert desk.received == []


def test_a_bad_address_does_not_keep_the_others_from_being_told(house: House, desk: Desk) -> None:
    (trouble,) = announce(house.store, [NotifySettings(urls=("nonsense://x", desk.url))], MORNING)
    assert "no address that apprise knows" in trouble
    assert len(desk.received) == 1
