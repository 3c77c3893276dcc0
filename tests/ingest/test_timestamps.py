"""Timestamps: a table of formats, and the many-at-once reader held against the careful one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.layout import all_layouts
from analyzer.ingest.timeformats import is_timestamp, may_lack_year
from analyzer.ingest.timestamps import NO_TIME, TIMESTAMP, Clock, TimestampReader, lacks, parse_timestamp
from analyzer.ingest.windows import PADDING
from tests.ingest.reading import when

LATEST = datetime(2025, 12, 1, tzinfo=UTC)
CLOCK = Clock(latest=LATEST)
TABLE = {
    "2025-10-24T02:14:07Z": "2025-10-24T02:14:07+00:00",
    "2025-10-24 02:14:07": "2025-10-24T02:14:07+00:00",
    "2025-10-24_02:14:07": "2025-10-24T02:14:07+00:00",
    "2025/10/24 02:14:07": "2025-10-24T02:14:07+00:00",
    "2025.10.24 02:14:07": "2025-10-24T02:14:07+00:00",
    "2025-10-24 02:14:07,113": "2025-10-24T02:14:07.113000+00:00",
    "2025-10-24T02:14:07.113456Z": "2025-10-24T02:14:07.113456+00:00",
    "2025-10-24T02:14:07.113456789Z": "2025-10-24T02:14:07.113456+00:00",
    "2025-10-24T02:14:07.5+02:00": "2025-10-24T00:14:07.500000+00:00",
    "2025-10-24T02:14:07-0530": "2025-10-24T07:44:07+00:00",
    "2025-10-24 02:14:07 +01": "2025-10-24T01:14:07+00:00",
    "2025-10-24 02:14:07.113 UTC": "2025-10-24T02:14:07.113000+00:00",
    "2025-10-24 02:14:07.113 CEST": "2025-10-24T00:14:07.113000+00:00",
    "2025-10-24 02:14:07 PDT": "2025-10-24T09:14:07+00:00",
    "24/Oct/2025:02:14:07 +0000": "2025-10-24T02:14:07+00:00",
    "24/Oct/2025 02:14:07": "2025-10-24T02:14:07+00:00",
    "Fri Oct 24 02:14:07.113456 2025": "2025-10-24T02:14:07.113456+00:00",
    "Sun Dec 04 04:47:44 2005": "2005-12-04T04:47:44+00:00",
    "Oct 24 02:14:07": "2025-10-24T02:14:07+00:00",
    "Oct  4 02:14:07": "2025-10-04T02:14:07+00:00",
    "24 Oct 2025 02:14:07.113": "2025-10-24T02:14:07.113000+00:00",
    "24-Oct-2025 02:14:07.113": "2025-10-24T02:14:07.113000+00:00",
    "1761272047": "2025-10-24T02:14:07+00:00",
    "1761272047.25": "2025-10-24T02:14:07.250000+00:00",
    "1761272047113": "2025-10-24T02:14:07.113000+00:00",
    "1761272047113456": "2025-10-24T02:14:07.113456+00:00",
    "1761272047113456789": "2025-10-24T02:14:07.113456+00:00",
    "2016-12-31T23:59:60Z": "2016-12-31T23:59:59+00:00",
    "2025-10-24, 02:14:07": "2025-10-24T02:14:07+00:00",
    "2025-10-24 2:14:07.113 PM": "2025-10-24T14:14:07.113000+00:00",
    "2025-10-24 02:14": "2025-10-24T02:14:00+00:00",
    "2025-10-24T02:14+02:00": "2025-10-24T00:14:00+00:00",
    "2005-06-03-15.42.50.363779": "2005-06-03T15:42:50.363779+00:00",
    "2015-03-10-10.57.41.123456-240": "2015-03-10T14:57:41.123456+00:00",
    "20251024T021407Z": "2025-10-24T02:14:07+00:00",
    "20251024021407": "2025-10-24T02:14:07+00:00",
    "20171224-0:7:20:444": "2017-12-24T00:07:20.444000+00:00",
    "Fri Oct 24 02:14:07 UTC 2025": "2025-10-24T02:14:07+00:00",
    "Fri Oct 24 02:14:07 2025 -04:00": "2025-10-24T06:14:07+00:00",
    "Fri Oct  3 02:14:07 2025 +0200": "2025-10-03T00:14:07+00:00",
    "Fri, 24 Oct 2025 02:14:07 +0000": "2025-10-24T02:14:07+00:00",
    "Fri 2025-10-24 02:14:07 CEST": "2025-10-24T00:14:07+00:00",
    "Oct 24, 2025 2:14:07 PM": "2025-10-24T14:14:07+00:00",
    "Oct 24, 2025, 2:14:07\u202fPM": "2025-10-24T14:14:07+00:00",
    "Oct 24 02:14:07 CEST": "2025-10-24T00:14:07+00:00",
    "2025 Oct 24 02:14:07.113": "2025-10-24T02:14:07.113000+00:00",
    "24-Oct-2025 02:14:07 Europe/Berlin": "2025-10-24T00:14:07+00:00",
    "24-Oct-2025::02:14:07": "2025-10-24T02:14:07+00:00",
    "24 Oct 02:14:07.113": "2025-10-24T02:14:07.113000+00:00",
    "24-OCT-25 02:14:07": "2025-10-24T02:14:07+00:00",
    "24. Oktober 2025 02:14:07": "2025-10-24T02:14:07+00:00",
    "24 f\u00e9vr. 2025 02:14:07": "2025-02-24T02:14:07+00:00",
    "10/24/2025, 12:14:07 AM": "2025-10-24T00:14:07+00:00",
    "24.10.2025 02:14:07": "2025-10-24T02:14:07+00:00",
    "10/24/25 2:14:07:113 EDT": "2025-10-24T06:14:07.113000+00:00",
    "17/06/09 20:10:40": "2017-06-09T20:10:40+00:00",
    "03-17 16:13:38.811": "2025-03-17T16:13:38.811000+00:00",
    "2025-10-24T02:14:07.113+02:00[Europe/Berlin]": "2025-10-24T00:14:07.113000+00:00",
    "2025-10-24 02:14:07.113456 +0000 UTC": "2025-10-24T02:14:07.113456+00:00",
    "2025-10-24 02:14:07 GMT+2": "2025-10-24T00:14:07+00:00",
    "2025-10-24 02:14:07 AEDT": "2025-10-23T15:14:07+00:00",
    "1.761272047113e+09": "2025-10-24T02:14:07.113000+00:00",
    "@4000000068fae10906bcd0c4": "2025-10-24T02:14:23.113037+00:00",
    "Oct-24-25 02:14:07": "2025-10-24T02:14:07+00:00",
    "Oct-24-2025 02:14:07": "2025-10-24T02:14:07+00:00",
    "2025:10:24-02:14:07": "2025-10-24T02:14:07+00:00",
    "02/sept./2025:00:11:31 +0000": "2025-09-02T00:11:31+00:00",
    "PDT Oct 24 02:14:07": "2025-10-24T09:14:07+00:00",
    "02:14:07 UTC 10/24/2025": "2025-10-24T02:14:07+00:00",
    "02:14:07.113 10/24/2025": "2025-10-24T02:14:07.113000+00:00",
    "02:14:07 24.10.2025": "2025-10-24T02:14:07+00:00",
    "02:14:07,113 2025-10-24": "2025-10-24T02:14:07.113000+00:00",
    "2024-02-29T12:00:00Z": "2024-02-29T12:00:00+00:00",
    "2025-297T02:14:07,113": "2025-10-24T02:14:07.113000+00:00",
    "2024-366 02:14:07": "2024-12-31T02:14:07+00:00",
    "\u5341\u6708 24, 2025 2:14:07 \u4e0b\u5348": "2025-10-24T14:14:07+00:00",
    "10\uc6d4 24, 2025 12:14:07 \uc624\uc804": "2025-10-24T00:14:07+00:00",
    "10\u6708 24, 2025 2:14:07 \u5348\u5f8c": "2025-10-24T14:14:07+00:00",
    "10/24/2025, 2:14 PM": "2025-10-24T14:14:00+00:00",
    "Oct 24, 2025, 02:14 PM": "2025-10-24T14:14:00+00:00",
}
NONE = [
    "", "hello", "2025-10-24", "2025-13-01 00:00:00", "2025-02-30 00:00:00", "2025-10-24 24:00:00",
    "2025-10-24 02:61:07", "2025-10-24 02:14:61", "2025-10-24 02:14:99", "Job 12 10:00:00", "Foo 24 02:14:07",
    "2025-366T02:14:07", "2025-000T02:14:07", "10/24/2025 2:14",
    "123", "12345678901", "99999-10-24 02:14:07", "24/Foo/2025:02:14:07 +0000",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TABLE.items())
def test_formats(text: str, expected: str) -> None:
    micros = parse_timestamp(text.encode(), CLOCK)
    assert micros is not None
    assert when(micros) == expected


SPECIAL = {
    "251024021407.113": "2025-10-24T02:14:07.113000+00:00",
    "1024 02:14:07.113456": "2025-10-24T02:14:07.113456+00:00",
    "1024/021407.113456": "2025-10-24T02:14:07.113456+00:00",
    "081109 203615": "2008-11-09T20:36:15+00:00",
    "251024  2:14:07": "2025-10-24T02:14:07+00:00",
    "02:14:07.113": "2025-11-30T02:14:07.113000+00:00",
    "2:14AM": "2025-11-30T02:14:00+00:00",
}


@pytest.mark.parametrize("text", TABLE)
def test_a_format_is_found_whole_wherever_a_timestamp_may_be(text: str) -> None:
    match = re.match(TIMESTAMP, text.encode())
    assert match is not None
    assert match[0] == text.encode()
    assert is_timestamp(text.encode())


@pytest.mark.parametrize(("text", "expected"), SPECIAL.items())
def test_formats_that_only_a_layout_can_tell_of(text: str, expected: str) -> None:
    micros = parse_timestamp(text.encode(), CLOCK)
    assert micros is not None
    assert when(micros) == expected
    assert re.match(TIMESTAMP, text.encode()) is None


@pytest.mark.parametrize("text", [*TABLE, *SPECIAL])
def test_many_of_a_format_at_once(text: str) -> None:
    _agree([text] * 3, CLOCK)


@pytest.mark.parametrize("text", NONE)
def test_no_timestamp(text: str) -> None:
    assert parse_timestamp(text.encode(), CLOCK) is None


@pytest.mark.parametrize(
    ("text", "latest", "expected"),
    [
        ("Dec 31 23:59:59", datetime(2026, 1, 2, tzinfo=UTC), "2025-12-31T23:59:59+00:00"),
        ("Jan  1 00:00:01", datetime(2026, 1, 2, tzinfo=UTC), "2026-01-01T00:00:01+00:00"),
        ("Jan  1 00:00:01", datetime(2025, 12, 31, 20, tzinfo=UTC), "2026-01-01T00:00:01+00:00"),
        ("Feb 29 10:00:00", datetime(2025, 6, 1, tzinfo=UTC), "2024-02-29T10:00:00+00:00"),
        ("Feb 29 10:00:00", datetime(2024, 1, 1, tzinfo=UTC), "2020-02-29T10:00:00+00:00"),
        ("Feb 29 10:00:00", datetime(1903, 1, 1, tzinfo=UTC), "1896-02-29T10:00:00+00:00"),
    ],
)
def test_a_missing_year_is_the_latest_that_is_not_in_the_future(text: str, latest: datetime, expected: str) -> None:
    micros = parse_timestamp(text.encode(), Clock(latest=latest))
    assert micros is not None
    assert when(micros) == expected


def test_a_missing_zone_is_that_of_the_clock() -> None:
    clock = Clock(zone=ZoneInfo("Europe/Berlin"), latest=LATEST)
    summer = parse_timestamp(b"2025-07-01 12:00:00", clock)
    winter = parse_timestamp(b"Dec  1 12:00:00", Clock(zone=clock.zone, latest=datetime(2025, 12, 2, tzinfo=UTC)))
    stated = parse_timestamp(b"2025-07-01 12:00:00 UTC", clock)
    assert [when(micros or 0) for micros in (summer, winter, stated)] == [
        "2025-07-01T10:00:00+00:00",
        "2025-12-01T11:00:00+00:00",
        "2025-07-01T12:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("text", "year", "zone"),
    [
        ("2025-10-24T02:14:07Z", False, False),
        ("2025-10-24 02:14:07", False, True),
        ("Oct 24 02:14:07", True, True),
        ("1761272047", False, False),
        ("nothing", False, False),
    ],
)
def test_what_a_timestamp_leaves_open(text: str, year: bool, zone: bool) -> None:
    assert (lacks(text.encode(), "year"), lacks(text.encode(), "zone")) == (year, zone)


# strftime patterns of one width; {f} stands for a fraction.
SHAPES = st.sampled_from(
    [
        "%Y-%m-%dT%H:%M:%S.{f}Z", "%Y-%m-%d %H:%M:%S,{f}", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.{f}+02:00",
        "%Y/%m/%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S +0000", "%a %b %d %H:%M:%S.{f} %Y", "%b %d %H:%M:%S",
        "%d %b %Y %H:%M:%S.{f}", "%Y-%m-%d %H:%M:%S.{f} UTC",
    ]
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2001, 9, 9, 2), datetime(2030, 1, 1))  # noqa: DTZ001
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]).map(ZoneInfo)


@given(SHAPES, st.integers(1, 9), st.lists(MOMENTS, min_size=1, max_size=12), ZONES, st.data())
def test_many_calendar_times_at_once(
    shape: str, decimals: int, moments: list[datetime], zone: ZoneInfo, data: st.DataObject
) -> None:
    digits = st.text("0123456789", min_size=decimals, max_size=decimals)
    texts = [moment.strftime(shape).replace("{f}", data.draw(digits)) for moment in moments]
    _agree(texts, Clock(zone=zone, latest=LATEST))


@given(
    st.sampled_from([10, 13, 16, 19]),
    st.lists(st.integers(10**18, 2 * 10**18 - 1), min_size=1, max_size=12),
    st.sampled_from(["", ".5", ".123456"]),
)
def test_many_epoch_numbers_at_once(width: int, numbers: list[int], fraction: str) -> None:
    _agree([str(number)[:width] + (fraction if width == 10 else "") for number in numbers], CLOCK)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=8))
def test_seconds_that_do_not_exist(seconds: list[int]) -> None:
    _agree([f"2016-12-31T23:59:{second:02d}.250Z" for second in seconds], CLOCK, example="2016-12-31T23:59:01.250Z")


@given(st.lists(st.binary(min_size=24, max_size=24), min_size=1, max_size=8))
def test_what_is_no_timestamp_is_read_as_none(texts: list[bytes]) -> None:
    data = b" ".join(texts)
    times = TimestampReader(b"2025-10-24T02:14:07.113Z", CLOCK).read(
        np.frombuffer(data + bytes(PADDING), np.uint8), np.arange(len(texts), dtype=np.int64) * 25
    )
    for text, micros in zip(texts, times.tolist(), strict=True):
        assert micros == NO_TIME or micros == parse_timestamp(text, CLOCK)


def test_a_timestamp_of_another_shape_is_not_read_in_part() -> None:
    reader = TimestampReader(b"2025-10-24T02:14:07Z", CLOCK)
    for text in (b"2025-10-24T02:14:07.113Z", b"2025-10-24T02:14:07+02:00", b"2025-10-24T02:14:07"):
        assert reader.read(np.frombuffer(text + bytes(PADDING), np.uint8), np.array([0])).tolist() == [NO_TIME]
    reader = TimestampReader(b"2025-10-24 02:14:07", CLOCK)
    for text in (
        b"2025-10-24 02:14:07.113",
        b"2025-10-24 02:14:07,113",
        b"2025-10-24 02:14:07Z",
        b"2025-10-24 02:14:07+02",
    ):
        assert reader.read(np.frombuffer(text + bytes(PADDING), np.uint8), np.array([0])).tolist() == [NO_TIME]


def _agree(texts: list[str], clock: Clock, example: str | None = None) -> None:
    """The reader learned from one text reads all the others as `parse_timestamp` does."""
    reader = TimestampReader((example or texts[0]).encode(), clock)
    data = " ".join(texts).encode()
    at = np.cumsum([0, *(len(text.encode()) + 1 for text in texts)])[:-1]
    times = reader.read(np.frombuffer(data + bytes(PADDING), np.uint8), at)
    expected = [parse_timestamp(text.encode(), clock) for text in texts]
    assert times.tolist() == [NO_TIME if micros is None else micros for micros in expected]


def _yearless_samples() -> list[bytes]:
    """The samples of all layouts whose timestamps lack the year."""
    lines = [sample["line"].encode().split(b"\n")[0] for layout in all_layouts() for sample in layout.samples]
    spans = [(line, layout.spans(line)) for layout in all_layouts() for line in lines]
    return sorted({
        line for line, found in spans
        if found and "timestamp" in found and lacks(line[slice(*found["timestamp"])], "year")
    })  # fmt: skip


def test_dates_without_a_year_are_seen_at_a_glance() -> None:
    samples = _yearless_samples()
    assert len(samples) > 10
    assert [line for line in samples if not may_lack_year(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        b"2025-10-24 02:14:07,113 ERROR x", b"2025/10/24 02:14:07 x", b"24/Oct/2025:02:14:07 +0000",
        b"20251024 02:14:07",
        b'{"time":1761272047113,"msg":"at 12:30:00"}', b"24.10.2025 02:14:07", b"Oct 24, 2025 2:14:07 AM",
    ],
)  # fmt: skip
def test_dates_with_a_year_are_not_taken_for_such_without(line: bytes) -> None:
    assert not may_lack_year(line)
