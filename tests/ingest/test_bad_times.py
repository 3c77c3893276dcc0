"""The bad inputs about time, 57 to 68: what is not known is assumed aloud, and nothing is guessed silently."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import analyzer
from analyzer.ingest.blocks import Block, read_blocks
from tests.ingest.reading import Record, records_in, stream_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 12, 1, tzinfo=UTC)


def read(text: str, zone: tzinfo = UTC, modified: datetime = NOW) -> tuple[list[Record], Block]:
    """The records of a file, and its only block."""
    with stream_of(text.encode()) as stream:
        stream.modified = modified
        (block,) = read_blocks(stream, zone)
        return list(records_in(block)), block


def times(text: str, zone: tzinfo = UTC, modified: datetime = NOW) -> list[str | None]:
    return [record.time for record in read(text, zone, modified)[0]]


def reasons(text: str, tmp_path: Path, timezone: str = "UTC") -> dict[str, int]:
    """What a run says about a file with this content."""
    path = tmp_path / "app.log"
    path.write_text(text)
    (source,) = analyzer.analyze([path], timezone=timezone).sources
    return {skipped.reason: skipped.count for skipped in source.skipped}


def test_57_records_without_a_time_inherit_one_and_a_file_without_any_has_none(tmp_path: Path) -> None:
    mixed = '{"time":"2025-10-24T02:14:07Z","msg":"a"}\n{"msg":"b"}\n' * 5
    assert set(times(mixed)) == {"2025-10-24T02:14:07+00:00"}
    assert set(times("started\nstopped\n" * 5)) == {None}
    assert "no timestamp found in any record" in reasons("started\nstopped\n" * 5, tmp_path)


@pytest.mark.parametrize(
    ("lines", "modified", "expected"),
    [
        (["Dec 31 23:59:59", "Jan  1 00:00:01"], datetime(2026, 1, 2, tzinfo=UTC), ["2025-12-31", "2026-01-01"]),
        (["Feb 29 10:00:00", "Mar  1 10:00:00"], datetime(2024, 3, 2, tzinfo=UTC), ["2024-02-29", "2024-03-01"]),
        (["Feb 29 10:00:00"], datetime(2025, 3, 2, tzinfo=UTC), ["2024-02-29"]),
    ],
)
def test_58_a_missing_year_comes_from_the_age_of_the_file_and_is_flagged(
    lines: list[str], modified: datetime, expected: list[str], tmp_path: Path
) -> None:
    text = "".join(f"{line} web-1 api[7]: ok\n" for line in lines * 3)
    found = times(text, modified=modified)
    assert [(time or "")[:10] for time in found] == expected * 3
    assert any(reason.startswith("timestamps without a year") for reason in reasons(text, tmp_path))


def test_59_an_hour_passed_twice_is_told_apart_by_the_order_of_the_file(tmp_path: Path) -> None:
    clocks = ["01:50", "02:10", "02:50", "02:05", "02:40", "03:10"]
    text = "".join(f"2025-10-26 {clock}:00 INFO api - ok\n" for clock in clocks)
    assert times(text, BERLIN) == [
        "2025-10-25T23:50:00+00:00",
        "2025-10-26T00:10:00+00:00",
        "2025-10-26T00:50:00+00:00",
        "2025-10-26T01:05:00+00:00",
        "2025-10-26T01:40:00+00:00",
        "2025-10-26T02:10:00+00:00",
    ]
    said = reasons(text, tmp_path, "Europe/Berlin")
    assert any("passed twice" in reason and count == 4 for reason, count in said.items())
    assert not any("passed twice" in reason for reason in reasons(text, tmp_path, "UTC"))


def test_59_a_lone_time_in_that_hour_is_of_the_first_pass() -> None:
    text = "".join(f"2025-10-26 {clock}:00 INFO api - ok\n" for clock in ["01:50", "02:10", "03:10"])
    assert times(text, BERLIN)[1] == "2025-10-26T00:10:00+00:00"


def test_59_small_steps_back_of_threads_are_no_second_pass() -> None:
    text = "".join(f"2025-10-26 02:10:{second:02d} INFO api - ok\n" for second in (5, 3, 7, 6, 9))
    assert times(text, BERLIN)[-1] == "2025-10-26T00:10:09+00:00"


def test_60_an_hour_left_out_is_flagged(tmp_path: Path) -> None:
    text = "".join(f"2025-03-30 {clock}:00 INFO api - ok\n" for clock in ["01:50", "02:10", "02:50", "03:55"])
    assert times(text, BERLIN)[:3] == [
        "2025-03-30T00:50:00+00:00", "2025-03-30T01:10:00+00:00", "2025-03-30T01:50:00+00:00",
    ]  # fmt: skip
    said = reasons(text, tmp_path, "Europe/Berlin")
    assert any("left out" in reason and count == 2 for reason, count in said.items())


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z INFO api - leap\n", "Dec 31 23:59:60 web-1 api[7]: leap\n"])
def test_61_a_leap_second_counts_as_the_second_before_it(text: str) -> None:
    assert all((time or "").endswith("12-31T23:59:59+00:00") for time in times(text * 4))


def test_62_where_the_clock_steps_back_the_order_of_the_file_is_kept() -> None:
    clocks = ["02:14:07", "02:14:09", "01:59:00", "01:59:01", "02:14:08"]
    records, _ = read("".join(f"2025-10-24 {clock} INFO api - at {clock}\n" for clock in clocks))
    assert [record.text[-8:] for record in records] == clocks
    assert [(record.time or "")[11:19] for record in records] == clocks


@pytest.mark.parametrize("number", ["1761272047", "1761272047000", "1761272047000000", "1761272047000000000"])
@pytest.mark.parametrize(
    "line", ['{{"ts":{},"level":"info","msg":"ok"}}\n', "ts={} level=info msg=ok\n", "{} INFO ok\n"]
)
def test_63_numbers_are_seconds_or_less_by_their_size(number: str, line: str) -> None:
    assert set(times(f"{line.format(number)}\n" * 4)) == {"2025-10-24T02:14:07+00:00"}


def test_64_times_that_cannot_be_are_flagged_and_off_the_time_axis(tmp_path: Path) -> None:
    stamps = ["2025-10-24T02:14:07Z", "1970-01-01T00:00:03Z", "9999-12-31T23:59:59Z", "2025-10-24T02:14:09Z"]
    text = "".join(f"{stamp} INFO api - ok\n" for stamp in stamps)
    records, block = read(text)
    assert len(records) == 4
    assert [(record.time or "")[:19] for record in records] == ["2025-10-24T02:14:07"] * 3 + ["2025-10-24T02:14:09"]
    assert block.read().doubts.absurd == 2
    path = tmp_path / "app.log"
    path.write_text(text)
    analysis = analyzer.analyze([path])
    assert (analysis.start, analysis.end) == (
        datetime(2025, 10, 24, 2, 14, 7, tzinfo=UTC),
        datetime(2025, 10, 24, 2, 14, 9, tzinfo=UTC),
    )
    assert reasons(text, tmp_path)["timestamps before 1990 or in the far future; not believed"] == 2


def test_65_mixed_zones_become_utc_and_the_text_keeps_its_own() -> None:
    stamps = [
        "2025-10-24T02:14:07Z",
        "2025-10-24T04:14:08+02:00",
        "2025-10-23T22:14:09-04:00",
        "2025-10-24T02:14:10 UTC",
    ]
    records, _ = read("".join(f"{stamp} INFO api - ok\n" for stamp in stamps * 3))
    assert [(record.time or "")[:19] for record in records[:4]] == [f"2025-10-24T02:14:{s:02d}" for s in (7, 8, 9, 10)]
    assert [record.text.split(" INFO")[0] for record in records[:4]] == stamps


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["23/10/2025", "24/10/2025"], ["2025-10-23", "2025-10-24"]),
        (["10/23/2025", "10/24/2025"], ["2025-10-23", "2025-10-24"]),
        (["09/10/2025", "10/10/2025", "25/10/2025"], ["2025-10-09", "2025-10-10", "2025-10-25"]),
        (["30/10/25", "01/11/25"], ["2025-10-30", "2025-11-01"]),
        (["17/06/09", "17/06/30"], ["2017-06-09", "2017-06-30"]),
        # Days follow each other; months do not.
        (
            ["05/11/2025", "06/11/2025", "07/11/2025", "08/11/2025"],
            ["2025-11-05", "2025-11-06", "2025-11-07", "2025-11-08"],
        ),
    ],
)
def test_66_day_and_month_are_told_apart_by_the_dates_of_the_file(
    dates: list[str], expected: list[str], tmp_path: Path
) -> None:
    text = "".join(f"{date} 02:14:07 INFO api - ok\n" for date in dates)
    assert [(time or "")[:10] for time in times(text)] == expected
    assert not any("more than one way" in reason for reason in reasons(text, tmp_path))
    assert any(re.fullmatch("dates read as .*, as the dates of the file show", why) for why in reasons(text, tmp_path))


def test_66_where_nothing_decides_it_is_said(tmp_path: Path) -> None:
    text = "03/04/2025 02:14:07 INFO api - ok\n" * 4
    assert any("read as month/day/year" in reason for reason in reasons(text, tmp_path))


@pytest.mark.parametrize("separator", [",", ".", ":"])
@pytest.mark.parametrize("decimals", ["1", "113", "113456", "113456789"])
def test_67_decimals_behind_a_comma(separator: str, decimals: str) -> None:
    found = times(f"2025-10-24 02:14:07{separator}{decimals} INFO api - ok\n" * 4)
    assert found == [f"2025-10-24T02:14:07.{decimals[:6]:<06}+00:00"] * 4


@pytest.mark.parametrize(
    "line",
    [
        "invoice {n} of 2019-05-0{d} 10:00:00 was paid\n",
        "copied {pad} from backup 2019-0{d}-01 00:00:00\n",
        "user {n} was last seen on 2019-05-0{d}T10:00:00Z, {pad}\n",
        "Error: token expired at 2019-05-0{d} 10:00:00\n",
    ],
)
def test_68_a_date_in_the_message_is_not_that_of_the_record(line: str) -> None:
    text = "".join(line.format(n=n * 37 % 1000, d=n * 5 % 9 + 1, pad="x" * (n * 7 % 11)) for n in range(60))
    assert set(times(text)) == {None}


def test_68_nor_where_the_record_has_one_of_its_own() -> None:
    plain = "2025-10-24 02:14:07 INFO api - backup of 2019-05-01 10:00:00 restored\n" * 5
    nested = (
        '{"data":{"time":"2019-05-01T10:00:00Z"},"msg":"at 2019-05-01 10:00:00","time":"2025-10-24T02:14:07Z"}\n' * 5
    )
    for text in (plain, nested):
        assert set(times(text)) == {"2025-10-24T02:14:07+00:00"}


def test_a_shared_abbreviation_means_the_users_own_zone_or_is_flagged(tmp_path: Path) -> None:
    text = "2025-10-24 02:14:07 IST INFO api - ok\n" * 4
    assert set(times(text)) == {"2025-10-23T20:44:07+00:00"}
    assert set(times(text, ZoneInfo("Europe/Dublin"))) == {"2025-10-24T01:14:07+00:00"}
    assert any("the time zone IST" in reason for reason in reasons(text, tmp_path))


def test_a_clock_without_a_date_is_of_the_last_day(tmp_path: Path) -> None:
    text = "02:14:07.113 [main] INFO com.example.Api -- ok\n" * 4
    assert set(times(text, modified=datetime(2025, 10, 24, 3, tzinfo=UTC))) == {"2025-10-24T02:14:07.113000+00:00"}
    assert set(times(text, modified=datetime(2025, 10, 24, 1, tzinfo=UTC))) == {"2025-10-23T02:14:07.113000+00:00"}
    assert any(reason.startswith("timestamps without a date") for reason in reasons(text, tmp_path))
