"""The same thing is called the same everywhere."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from analyzer.model import Skipped, Source, Totals
from analyzer.report import words
from tests.make_analysis import CHANGES, DEPLOY, at, clean_analysis, make_analysis, silent_201


@pytest.mark.parametrize(
    ("count", "noun", "expected"),
    [(1, "event", "1 event"), (2, "event", "2 events"), (24310, "line", "24,310 lines"), (0, "entry", "0 entries"),
     (2, "day", "2 days")],
)  # fmt: skip
def test_counted(count: int, noun: str, expected: str) -> None:
    assert words.counted(count, noun) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (611_000, "611 kB"),
        (4_612_894, "4.6 MB"),
        (4 * 10**15, "4000 TB"),
    ],
)
def test_size(count: int, expected: str) -> None:
    assert words.size(count) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, "unknown duration"), (0, "under 1 s"), (41, "41 s"), (2246, "37 min 26 s"), (3600, "1 h"),
     (3661, "1 h 1 min"), (90_000, "1 d 1 h"), (86_460, "1 d")],
)  # fmt: skip
def test_duration(seconds: float | None, expected: str) -> None:
    assert words.duration(seconds) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, "very likely"), (0.85, "very likely"), (0.7, "likely"), (0.4, "plausible"), (0.1, "a guess")],
)
def test_confidence(value: float, expected: str) -> None:
    assert words.confidence(value) == expected


def test_span_names_the_second_day_only_where_it_differs() -> None:
    assert words.span(at("02:14:07"), at("02:51:33")) == "2025-10-24 02:14:07 to 02:51:33"
    assert (
        words.span(at("23:00:00"), at("01:00:00", day=1), with_date=False)
        == "2025-10-24 23:00:00 to 2025-10-25 01:00:00"
    )
    assert words.span(at("02:14:07"), at("02:51:33"), with_date=False) == "02:14:07 to 02:51:33"
    assert words.span(None, None) == "at an unknown time"


def test_headline_counts_by_severity() -> None:
    assert words.headline(make_analysis()) == "2 incidents: 1 critical, 1 medium"
    assert words.headline(make_analysis([])) == "No incident"


def test_clean_result_never_claims_more_than_was_read() -> None:
    clean = clean_analysis()
    nothing = dataclasses.replace(clean, totals=Totals(bytes=0, lines=0, records=0, events=0, incidents=0, unknown=0))
    assert "3,100 records" in words.clean_result(clean)
    assert "no error-like record that it does not know" in words.clean_result(clean)
    assert "does not know" not in words.clean_result(dataclasses.replace(clean, unknown=make_analysis().unknown))
    assert words.clean_result(nothing).startswith("Nothing could be read")


def test_clean_result_names_failures_that_are_no_incident() -> None:
    mild = dataclasses.replace(make_analysis(), incidents=[], unknown=[])
    assert "none shows a failure" not in words.clean_result(mild)
    assert f"{mild.events['signature'][0].as_py()} (" in words.clean_result(mild)


def test_change_before_tells_before_from_after() -> None:
    incident = silent_201()
    later = dataclasses.replace(DEPLOY, timestamp=incident.start and incident.start + timedelta(seconds=5))
    assert words.change_before(incident, DEPLOY) == "41 s before it began"
    assert words.change_before(incident, later) == "5 s after it began"
    assert words.change_before(dataclasses.replace(incident, start=None), CHANGES[0]) == ""


def test_beginning_does_not_repeat_the_title() -> None:
    incident = silent_201()
    named = dataclasses.replace(incident, title=incident.root_cause.title)
    assert words.beginning(incident).startswith('first: insert into "sessions"')
    assert words.beginning(named) == "deploy 41 s before it began"
    assert words.beginning(dataclasses.replace(named, change=None)) == ""


def test_doubts_put_trouble_first_and_notice_missing_times() -> None:
    found = [(doubt.sources, doubt.trouble) for doubt in words.doubts(make_analysis())]
    assert found == [(("logs/broken.gz",), True), (("logs/api.log",), False), (("logs/=cmd.log",), False)]


def test_doubts_for_the_same_reason_are_one_with_all_sources_and_the_whole_count() -> None:
    sources = [
        Source(path="logs/README.md", skipped=(Skipped(reason="not a log, by its name", sample="README.md"),)),
        Source(path="expected.yaml", skipped=(Skipped(reason="not a log, by its name", sample="expected.yaml"),)),
        Source(path="a.log", skipped=(Skipped(reason="no time", count=3, sample="log"), Skipped(reason="x"))),
        Source(path="b.log", skipped=(Skipped(reason="no time", count=4), Skipped(reason="x", trouble=True))),
    ]
    found = words.doubts(dataclasses.replace(make_analysis([]), sources=sources))
    told = [(doubt.reason, doubt.sources, doubt.times(), doubt.sample) for doubt in found]
    assert told == [
        ("x", ("b.log",), "", None),
        ("not a log, by its name", ("logs/README.md", "expected.yaml"), "", None),
        ("no time", ("a.log", "b.log"), "7 times", "log"),
        ("x", ("a.log",), "", None),
    ]


def test_a_record_that_proves_several_failures_is_shown_once() -> None:
    incident = silent_201()
    again = dataclasses.replace(incident.evidence[0], signature="another.failure")
    twice = dataclasses.replace(incident, evidence=(*incident.evidence, again))
    assert words.proofs(twice) == list(incident.evidence)


def test_rhythm_is_that_of_the_root_or_of_the_most_frequent_effect() -> None:
    incident = silent_201()
    unnamed = tuple(dataclasses.replace(member, rhythm=None) for member in incident.cascade)
    root, *effects = unnamed
    assert words.rhythm(dataclasses.replace(incident, cascade=unnamed)) == ""
    steady = [dataclasses.replace(effect, rhythm="steady") for effect in effects]
    assert words.rhythm(dataclasses.replace(incident, cascade=(root, *steady))) == "a steady drip"
    burst = dataclasses.replace(root, rhythm="burst")
    assert words.rhythm(dataclasses.replace(incident, cascade=(burst, *steady))) == "in one burst"


def test_moments_of_an_incident_name_the_date_where_it_is_another_day_than_the_first() -> None:
    incident = silent_201()
    assert incident.start is not None
    assert words.moment_of(incident, incident.start) == "02:14:07"
    assert words.moment_of(incident, incident.start - timedelta(hours=3)).endswith(" 23:14:07")
    assert words.moment_of(incident, incident.start - timedelta(hours=3)).startswith("20")
    assert words.moment_of(incident, None) == "unknown time"
