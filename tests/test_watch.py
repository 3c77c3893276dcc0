"""Following logs as they grow."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from analyzer.store import open_store
from analyzer.watch import Pace, Round, watch
from tests.nightly.nights import House, lines

REFUSED = "ERROR connection to db1 refused"


@pytest.fixture
def house(tmp_path: Path) -> House:
    home = House(tmp_path, f"sqlite:///{tmp_path}/store.db", clock=datetime.now(UTC))
    home.write("app.log", at(60, 5))
    return home


def at(minutes_ago: int, count: int, text: str = "INFO served request") -> str:
    return lines(f"{datetime.now(UTC) - timedelta(minutes=minutes_ago):%Y-%m-%dT%H:%M:%S}", count, text, every=1)


def rounds_of(house: House) -> Iterator[Round]:
    """Rounds long enough apart, by the clock of the pace, that each of them explains what it has read."""
    clock = (moment for number in count() for moment in (number * 1000.0,) * 2)
    return watch(house.options(), house.catalogue, threading.Event(), every=0, pace=Pace(clock.__next__))


def turns(turn: Round) -> list[tuple[str, str]]:
    return [(news.turn, news.incident.title) for news in turn.news]


def test_an_incident_opens_escalates_and_closes(house: House) -> None:
    rounds = rounds_of(house)
    assert (next(rounds).records, turns(next(rounds))) == (5, [])
    house.append("app.log", at(50, 3, REFUSED))
    assert turns(next(rounds)) == [("opened", "No connection to db1")]
    house.append("app.log", at(49, 3, REFUSED))
    assert turns(next(rounds)) == []
    house.append("app.log", at(48, 40, REFUSED))
    assert turns(next(rounds)) == [("escalated", "No connection to db1")]
    house.append("app.log", at(20, 2))
    assert turns(next(rounds)) == [("closed", "No connection to db1")]
    assert turns(next(rounds)) == []


def test_rotation_loses_nothing_and_tells_nothing_twice(house: House) -> None:
    rounds = rounds_of(house)
    next(rounds)
    house.append("app.log", at(50, 3, REFUSED))
    assert len(turns(next(rounds))) == 1
    house.path("app.log").rename(house.path("app.log.1"))
    house.write("app.log", at(49, 4, REFUSED))
    turn = next(rounds)
    assert (turn.records, turns(turn)) == (4, [])


def test_a_restart_goes_on_where_reading_stopped(house: House) -> None:
    rounds = rounds_of(house)
    next(rounds)
    house.append("app.log", at(50, 3, REFUSED))
    next(rounds)
    rounds = rounds_of(house)
    turn = next(rounds)
    assert (turn.records, turns(turn)) == (0, [])


def test_a_missing_source_is_told_once(house: House) -> None:
    house.sources = (str(house.folder / "logs"), str(house.folder / "gone.log"))
    rounds = rounds_of(house)
    assert list(next(rounds).trouble) == [str(house.folder / "gone.log")]
    assert next(rounds).trouble == {}


def test_while_another_run_writes_watching_waits(house: House) -> None:
    stop = threading.Event()
    rounds = watch(house.options(), house.catalogue, stop, every=0.01)
    next(rounds)
    with open_store(house.url).database.lock():
        threading.Timer(0.5, stop.set).start()
        assert list(rounds) == []


@pytest.mark.parametrize("interrupt", [signal.SIGINT, signal.SIGTERM])
def test_the_program_follows_until_it_is_interrupted(tmp_path: Path, interrupt: signal.Signals) -> None:
    log = tmp_path / "app.log"
    log.write_text(at(50, 3))
    process = subprocess.Popen(
        [sys.executable, "-m", "analyzer", "watch", str(log), "--store", f"sqlite:///{tmp_path}/store.db"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    assert "watching" in process.stdout.readline()
    with log.open("a") as file:
        file.write(at(40, 3, 'ERROR relation "orders" does not exist'))
    assert "opened" in process.stdout.readline()
    process.send_signal(interrupt)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "analyzer: interrupted\n")


def test_standard_input_is_followed_to_its_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "watch", "-", "--store", f"sqlite:///{tmp_path}/store.db"],
        input=at(40, 3, 'ERROR relation "orders" does not exist'), capture_output=True, text=True, check=False,
        cwd=tmp_path, timeout=300, env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Table orders does not exist" in done.stdout
