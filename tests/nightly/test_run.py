"""What the nights say, and that it does not matter in how many runs or in which order the logs came in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.errors import InputError, StoreBusyError, StoreError
from analyzer.store.actions import act
from analyzer.store.database import Database
from analyzer.store.session import StoreSettings
from tests.nightly.nights import House, content_of, lines

REDIS, KAFKA = "No connection to redis", "No connection to kafka"
QUIET = "INFO served request #"


def refused(start: str, host: str = "redis", count: int = 5) -> str:
    return lines(start, count, f"ERROR connection to {host} refused, try #")


def quiet(night: str) -> str:
    """Ten hours of a night in which nothing is wrong, up to five in the morning."""
    start = datetime.fromisoformat(f"{night}T05:00:00") - timedelta(hours=10)
    return lines(start.isoformat(), 60, QUIET, every=600)


@pytest.fixture
def house(tmp_path: Path, store_url: str) -> House:
    return House(tmp_path, store_url)


def test_new_ongoing_resolved_regressed(house: House) -> None:
    nights = [f"2025-10-{day}" for day in (21, 22, 23, 24, 25)]
    house.write("app.log", "")
    for night, trouble in zip(nights, (True, True, False, False, True), strict=True):
        house.append("app.log", quiet(night) + (refused(f"{night}T05:10:00") if trouble else ""))
        house.run()
    # What comes once a night is not gone before the hour at which it comes has passed.
    assert [house.statuses(night) for night in nights] == [
        {REDIS: "new"}, {REDIS: "ongoing"}, {}, {REDIS: "resolved"}, {REDIS: "regressed"}
    ]  # fmt: skip
    (known,) = house.store.incidents()
    assert (known.title, known.state, known.status, known.occurrences) == (REDIS, "open", "regressed", 3)
    assert known.events == {date(2025, 10, 21): 5, date(2025, 10, 22): 5, date(2025, 10, 25): 5}
    last = house.store.night()
    assert [totals.date.day for totals in last.earlier] == [21, 22, 23, 24]
    assert [totals.resolved for totals in last.earlier] == [0, 0, 0, 1]
    assert last.trends == {known.id: known.events}


def test_a_missed_day_that_is_read_late_is_told_as_if_it_had_come_in_time(house: House, tmp_path: Path) -> None:
    parts = {night: quiet(night) + refused(f"{night}T05:10:00") for night in ("2025-10-21", "2025-10-22", "2025-10-23")}
    for night in ("2025-10-21", "2025-10-23", "2025-10-22"):
        house.write(f"{night}.log", parts[night])
        house.run()
    assert [house.statuses(night)[REDIS] for night in parts] == ["new", "ongoing", "ongoing"]
    once = House(tmp_path / "once", f"sqlite:///{tmp_path}/once.db")
    for night, content in parts.items():
        once.write(f"{night}.log", content)
    once.run()
    for night in parts:
        ours, theirs = house.incidents(night), once.incidents(night)
        assert [(i.id, i.status, i.event_count) for i in ours] == [(i.id, i.status, i.event_count) for i in theirs]


def test_an_incident_over_two_runs_is_one(house: House) -> None:
    house.write("app.log", refused("2025-10-25T01:00:00", count=20))
    house.run()
    (first,) = house.incidents("2025-10-25")
    house.append("app.log", refused("2025-10-25T01:20:00", count=20))
    house.run()
    (both,) = house.incidents("2025-10-25")
    assert (both.id, both.status, both.event_count, both.start) == (first.id, "new", 40, first.start)


def test_an_incident_over_the_end_of_a_night_goes_on_and_nothing_of_it_counts_twice(house: House) -> None:
    house.write("app.log", refused("2025-10-25T05:30:00", count=60))
    house.run()
    before, after = house.incidents("2025-10-25")[0], house.incidents("2025-10-26")[0]
    assert (before.id, before.status, after.status) == (after.id, "new", "ongoing")
    assert (before.event_count, after.event_count) == (30, 30)
    assert sum(member.count for member in after.cascade) == 30


@pytest.mark.parametrize("boundary", ["02:00:03", "06:00:03"], ids=["of a run", "of a night"])
def test_what_contradicts_is_seen_over_a_boundary(house: House, boundary: str) -> None:
    claim = (datetime.fromisoformat(f"2025-10-25T{boundary}") - timedelta(seconds=10)).isoformat()
    house.write("app.log", lines(claim, 1, "INFO created order order-100234"))
    house.run()
    house.append("app.log", lines(f"2025-10-25T{boundary}", 1, "WARN no such order order-100234"))
    house.run()
    night = "2025-10-25" if boundary < "06" else "2025-10-26"
    assert house.statuses(night) == {"Created, then lost": "new"}


def test_what_is_read_late_explains_the_night_after_it(house: House) -> None:
    house.write("late.log", lines("2025-10-25T06:00:03", 1, "WARN no such order order-100234"))
    house.run()
    assert house.statuses("2025-10-26") == {}
    house.write("app.log", lines("2025-10-25T05:59:53", 1, "INFO created order order-100234"))
    house.run()
    assert house.statuses("2025-10-26") == {"Created, then lost": "new"}


def test_evidence_keeps_the_lines_around_it_when_its_file_is_gone(house: House) -> None:
    house.write("app.log", lines("2025-10-25T01:00:00", 3, QUIET) + refused("2025-10-25T01:10:00"))
    house.run()
    kept = house.incidents("2025-10-25")[0].evidence[0].before
    assert len(kept) == 3
    house.write("app.log", lines("2025-10-25T04:00:00", 50, QUIET))  # another log of the same name
    house.run()
    assert house.incidents("2025-10-25")[0].evidence[0].before == kept


def test_unknown_failures_are_new_once(house: House) -> None:
    house.write("app.log", lines("2025-10-24T01:00:00", 4, "ERROR flux capacitor # out of plutonium"))
    house.run()
    house.append("app.log", lines("2025-10-25T01:00:00", 4, "ERROR flux capacitor # out of plutonium"))
    house.append("app.log", lines("2025-10-25T02:00:00", 2, "ERROR hoverboard # needs a charge"))
    house.run()
    first, second = (house.store.night(date(2025, 10, day)) for day in (24, 25))
    assert len(first.unknown_new) == 1
    assert len(second.analysis.unknown) == 2
    assert [template.template for template in second.unknown_new] == ["hoverboard <*> needs a charge"]
    assert (second.totals.unknown, second.totals.unknown_new) == (2, 1)


def test_volume_and_error_rate(house: House) -> None:
    house.write("app.log", lines("2025-10-25T01:00:00", 30, QUIET) + refused("2025-10-25T01:00:30", count=10))
    house.run()
    night = house.store.night()
    assert (night.totals.records, night.totals.errors, night.totals.error_rate) == (40, 10, 0.25)
    volume = night.analysis.volume.to_pylist()
    assert sum(row["records"] for row in volume if row["level"] == "error") == 10
    assert sum(row["records"] for row in volume) == 40


def test_a_night_in_which_nothing_was_logged_is_told_while_the_store_is_in_use(house: House) -> None:
    house.write("app.log", quiet("2025-10-24"))
    house.clock = datetime(2025, 10, 24, 6, 5, tzinfo=UTC)
    house.run()
    house.clock += timedelta(days=1)
    assert house.run().night == date(2025, 10, 25)
    night = house.store.night()
    assert (night.date, night.totals.records, night.completeness.complete) == (date(2025, 10, 25), 0, False)
    assert set(night.completeness.silent) == {str(house.path("app.log"))}
    house.clock += timedelta(days=30)
    assert house.run().nights == []


def test_the_night_that_is_over_is_reported_not_the_one_that_has_just_begun(house: House) -> None:
    house.write("app.log", quiet("2025-10-25") + lines("2025-10-25T05:59:00", 5, QUIET))
    house.clock = datetime(2025, 10, 25, 6, 5, tzinfo=UTC)
    outcome = house.run()
    assert (outcome.night, outcome.nights) == (date(2025, 10, 25), [date(2025, 10, 25), date(2025, 10, 26)])


def test_what_is_older_than_it_should_be_is_dropped(house: House) -> None:
    house.write(
        "app.log", "".join(quiet(f"2025-10-{day}") + refused(f"2025-10-{day}T05:10:00") for day in (20, 22, 24))
    )
    house.run()
    house.keep_days = 3
    house.run()
    assert [night.date.day for night in house.store.nights()] == [22, 24]
    assert {path.parent.name for path in (house.folder / "events").rglob("*.parquet")} == {
        "night=2025-10-22", "night=2025-10-24"
    }  # fmt: skip
    (known,) = house.store.incidents()
    assert (known.first_seen.day, known.occurrences) == (20, 3), "what is known of a problem stays"
    assert house.run().records == 0


def test_a_store_keeps_the_hour_at_which_its_nights_end(house: House) -> None:
    house.settings = StoreSettings(timezone="Europe/Berlin", night_ends="08:00")
    house.write("app.log", lines("2025-10-25T05:30:00", 2, QUIET) + lines("2025-10-25T06:30:00", 2, QUIET))
    house.run()
    assert [night.date.day for night in house.store.nights()] == [25, 26]
    house.settings = StoreSettings()
    with pytest.raises(InputError, match=r"was made with timezone = 'Europe/Berlin', not 'UTC'"):
        house.run()


def test_records_without_a_time_belong_to_the_night_in_which_their_file_was_written(house: House) -> None:
    house.write("app.log", "ERROR connection to redis refused\n" * 5, age=timedelta(hours=26))
    assert house.run().nights[0] == date(2025, 11, 19)
    assert house.statuses("2025-11-19") == {REDIS: "new"}


def test_a_second_run_at_the_same_time_is_refused(house: House) -> None:
    house.write("app.log", refused("2025-10-25T01:00:00"))
    house.run()
    with Database(house.url).lock(), pytest.raises(StoreBusyError, match="another run"):
        house.run()
    house.run()


def test_what_a_killed_run_left_in_the_events_folder_is_no_part_of_the_store(house: House) -> None:
    house.write("app.log", refused("2025-10-25T01:00:00"))
    house.run()
    before = content_of(house)
    (file,) = (house.folder / "events").rglob("*.parquet")
    (file.parent / "0123.parquet").write_bytes(file.read_bytes())
    (file.parent / "0123.tmp").write_bytes(b"PAR1")
    house.run()
    assert content_of(house) == before
    assert list((house.folder / "events").rglob("*.*")) == [file]


def test_a_damaged_checkpoint_stops_the_run_before_anything_is_counted_twice(house: House) -> None:
    """Bad input 89."""
    house.write("app.log", refused("2025-10-25T01:00:00"))
    house.run()
    before = content_of(house)
    with house.store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE streams SET position = position - 60")
    house.append("app.log", refused("2025-10-25T02:00:00"))
    with pytest.raises(StoreError, match=r"checkpoint of .*app\.log is damaged; nothing was read"):
        house.run()
    after = content_of(house)
    assert {**after, "streams": []} == {**before, "streams": []}


def test_log_text_that_a_database_cannot_hold(house: House) -> None:
    house.write("app.log", b"2025-10-25 01:00:00 ERROR flux\0capacitor \xff\xfe \xed\xa0\x80 broke\n" * 3)
    house.run()
    (template,) = house.store.night().analysis.unknown
    assert template.count == 3


def test_one_that_someone_resolved_comes_back_as_regressed(house: House) -> None:
    house.write("app.log", refused("2025-10-24T01:00:00"))
    house.run()
    (known,) = house.store.incidents()
    assert act(house.store, known.id[:3], "resolve", "", house.clock).state == "resolved"
    house.append("app.log", refused("2025-10-25T01:00:00"))
    house.run()
    assert house.statuses("2025-10-25") == {REDIS: "regressed"}
    (known,) = house.store.incidents()
    assert (known.state, [note.action for note in known.notes]) == ("open", ["resolve"])


@pytest.mark.parametrize(
    ("more", "state"),
    [
        (lines("2025-10-25T01:00:00", 20, "ERROR connection to redis refused, try #"), "muted"),
        (lines("2025-10-25T01:00:00", 400, "ERROR connection to redis refused, try #", every=10), "open"),
    ],
)
def test_a_muted_incident_wakes_when_it_escalates(house: House, more: str, state: str) -> None:
    house.write("app.log", refused("2025-10-24T01:00:00", count=20))
    house.run()
    (known,) = house.store.incidents()
    assert act(house.store, known.id, "mute", "", house.clock).state == "muted"
    assert house.store.night().muted == {known.id}
    house.append("app.log", more)
    house.run()
    (known,) = house.store.incidents()
    assert known.state == state
    assert house.store.night().muted == ({known.id} if state == "muted" else set())
    assert act(house.store, known.id, "wake", "", house.clock + timedelta(minutes=1)).state == "open"
