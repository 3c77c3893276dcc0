"""Nothing counted twice, nothing missed, whatever happens to the files."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.nightly.nights import House, lines

FIRST = lines("2025-10-25T01:00:00", 60, "ERROR connection to redis refused, try #")
MORE = lines("2025-10-25T03:00:00", 40, "ERROR connection to redis refused, again #")
NEXT = lines("2025-10-25T08:00:00", 30, "ERROR connection to redis refused, at last #")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, f"sqlite:///{tmp_path}/store.db")


def texts(house: House) -> list[str]:
    return sorted(row["text"] for row in house.events())


def expected(*parts: str) -> list[str]:
    return sorted("".join(parts).splitlines())


def test_a_second_run_over_the_same_changes_nothing(house: House) -> None:
    house.write("app.log", FIRST)
    assert house.run().records == 60
    again = house.run()
    assert (again.records, again.nights) == (0, [])
    assert (house.records(), texts(house)) == (60, expected(FIRST))


def test_only_what_was_appended_is_read(house: House) -> None:
    house.write("app.log", FIRST)
    house.run()
    house.append("app.log", MORE)
    assert house.run().records == 40
    assert texts(house) == expected(FIRST, MORE)
    assert [row["line"] for row in house.events()] == list(range(1, 101))


def rename(house: House) -> None:
    house.path("app.log").rename(house.path("app.log.1"))


def copy_and_truncate(house: House) -> None:
    shutil.copy2(house.path("app.log"), house.path("app.log.1"))
    house.path("app.log").write_text("")


def compress(house: House) -> None:
    rename(house)
    content = house.path("app.log.1").read_bytes()
    house.path("app.log.1").unlink()
    house.write("app.log.1.gz", gzip.compress(content))


def rename_twice(house: House) -> None:
    house.path("app.log").rename(house.path("app.log.2"))
    house.write("app.log.1", "")


def move_away(house: House) -> None:
    house.path("old").mkdir()
    house.path("app.log").rename(house.path("old") / "app-20251025.log")


ROTATIONS = [rename, copy_and_truncate, compress, rename_twice, move_away]


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_what_was_written_before_a_rotation_and_after_it_is_read_once(
    house: House, rotate: Callable[[House], None]
) -> None:
    house.write("app.log", FIRST)
    house.run()
    house.append("app.log", MORE)
    rotate(house)
    house.write("app.log", NEXT)
    assert house.run().records == 70
    assert house.run().records == 0
    assert texts(house) == expected(FIRST, MORE, NEXT)


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_a_rotation_without_anything_new_adds_nothing(house: House, rotate: Callable[[House], None]) -> None:
    house.write("app.log", FIRST)
    house.run()
    rotate(house)
    assert house.run().records == 0
    assert texts(house) == expected(FIRST)


def test_rotation_after_rotation_until_it_is_compressed(house: House) -> None:
    house.write("app.log", FIRST)
    house.run()
    house.path("app.log").rename(house.path("app.log.1"))
    house.write("app.log", MORE)
    house.run()
    house.write("app.log.2.gz", gzip.compress(house.path("app.log.1").read_bytes()))
    house.path("app.log").rename(house.path("app.log.1"))
    house.write("app.log", NEXT)
    assert house.run().records == 30
    assert texts(house) == expected(FIRST, MORE, NEXT)


def test_short_logs_that_begin_alike_are_told_apart_after_a_rotation(house: House) -> None:
    banner = "service started, version 1.4.2\n"
    house.write("app.log", banner)
    house.run()
    house.path("app.log").rename(house.path("app.log.1"))
    house.write("app.log", banner + FIRST)
    house.run()
    assert house.records() == 62
    assert texts(house) == expected(FIRST)


def test_new_content_of_the_same_size_and_time_is_read(house: House) -> None:
    """Bad input 56."""
    path = house.write("app.log", FIRST)
    status = path.stat()
    house.run()
    path.write_text(FIRST.replace("redis", "kafka"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    house.run()
    assert texts(house) == expected(FIRST, FIRST.replace("redis", "kafka"))


def test_a_file_that_was_cut_back_is_not_read_again_and_goes_on_from_there(house: House) -> None:
    house.write("app.log", FIRST + MORE)
    house.run()
    house.write("app.log", FIRST)
    assert house.run().records == 0
    house.append("app.log", NEXT)
    assert house.run().records == 30
    assert texts(house) == expected(FIRST, MORE, NEXT)


def test_a_copy_that_is_not_whole_yet(house: House) -> None:
    house.write("app.log", FIRST + MORE)
    house.run()
    house.write("copy.log", FIRST)
    assert house.run().records == 0
    house.write("copy.log", FIRST + MORE + NEXT)
    assert house.run().records == 30
    assert texts(house) == expected(FIRST, MORE, NEXT)


def test_the_same_log_twice_counts_once(house: House) -> None:
    house.write("a/app.log", FIRST)
    house.write("b/app.log", FIRST)
    assert house.run().records == 60
    assert house.run().records == 0


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(house: House) -> None:
    last = "2025-10-25 02:30:00 ERROR connection to kafka refused"
    house.write("app.log", FIRST + last[:40], age=timedelta())
    assert house.run().records == 60
    assert house.run().records == 0
    house.append("app.log", last[40:] + "\n", age=timedelta())
    assert house.run().records == 1
    assert texts(house) == expected(FIRST, last)


def test_a_last_line_without_its_end_is_read_once_nobody_writes_any_more(house: House) -> None:
    last = "2025-10-25 02:30:00 ERROR connection to kafka refused"
    house.write("app.log", FIRST + last, age=timedelta())
    house.run()
    house.clock += timedelta(hours=1)
    assert house.run().records == 1
    assert texts(house) == expected(FIRST, last)


def test_a_compressed_file_that_was_cut_off_goes_on_when_it_is_whole(house: House) -> None:
    whole = gzip.compress((FIRST + MORE).encode())
    house.write("app.log.gz", whole[: len(whole) // 2])
    first = house.run()
    assert "cut off" in first.trouble[str(house.path("app.log.gz"))]
    house.write("app.log.gz", whole)
    second = house.run()
    assert second.trouble == {}
    assert first.records + second.records == 100
    assert texts(house) == expected(FIRST, MORE)


def test_a_log_that_grew_in_many_small_steps_equals_one_read_at_once(house: House, tmp_path: Path) -> None:
    content = FIRST + MORE + NEXT
    house.write("app.log", "")
    for start in range(0, len(content), 777):
        house.append("app.log", content[start : start + 777], age=timedelta())
        house.run()
    house.clock += timedelta(hours=1)
    house.run()
    once = House(tmp_path / "once", f"sqlite:///{tmp_path}/once.db")
    once.write("app.log", content)
    once.run()
    assert [r["text"] for r in house.events()] == [r["text"] for r in once.events()]
    assert [r["line"] for r in house.events()] == [r["line"] for r in once.events()]
    nights, others = house.store.nights(), once.store.nights()
    for total in ("bytes", "lines"):
        assert sum(getattr(n, total) for n in nights) == sum(getattr(n, total) for n in others)
    for night, other in zip(nights, others, strict=True):
        assert (night.date, night.records, night.errors) == (other.date, other.records, other.errors)
        told = [house.incidents(str(night.date)), once.incidents(str(night.date))]
        assert [(i.id, i.status, i.event_count) for i in told[0]] == [(i.id, i.status, i.event_count) for i in told[1]]


def test_a_source_that_is_gone_is_told(house: House) -> None:
    house.write("app.log", FIRST)
    house.sources = (str(house.path("app.log")), str(house.folder / "nowhere" / "*.log"))
    assert set(house.run().trouble) == {str(house.folder / "nowhere" / "*.log")}
    house.path("app.log").unlink()
    assert house.run().trouble[str(house.path("app.log"))] == "no such file or folder"
    night = house.store.night()
    assert night.completeness.missing[str(house.path("app.log"))] == "no such file or folder"
    assert not night.completeness.complete
