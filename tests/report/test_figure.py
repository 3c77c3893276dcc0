"""The timeline: what is drawn, where, and what it says."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa
import pytest

from analyzer.model import VOLUME_SCHEMA, Analysis, Change
from analyzer.report.axis import HOUR, MINUTE, Axis, time_axis, to_micros
from analyzer.report.figure import remarks, timeline
from analyzer.report.lanes import LANES, lay_out, place_marks
from analyzer.report.palette import AMBER, GREY, RED, SEVERITY_COLOURS
from tests.make_analysis import (
    NIGHT,
    at,
    clean_analysis,
    make_analysis,
    many_incidents,
    micros,
    moved,
    redis_down,
    several_nights,
    silent_201,
    volume,
)


def drawn(analysis: Analysis) -> dict[str, Any]:
    """The figure, accepted by plotly and by JSON."""
    figure = timeline(analysis)
    assert figure is not None
    go.Figure(figure)
    assert json.loads(json.dumps(figure)) == figure
    return figure


def trace(figure: dict[str, Any], name: str) -> dict[str, Any]:
    """The one trace of a name."""
    (found,) = (each for each in figure["data"] if each["name"] == name)
    return dict(found)


def test_strip_stacks_all_records_by_level() -> None:
    figure = drawn(make_analysis())
    bands = [trace(figure, name) for name in ("other", "warnings", "errors")]
    assert [band["marker"]["color"] for band in bands] == [GREY, AMBER, RED]
    records = make_analysis().volume.to_pylist()
    timed = sum(row["records"] for row in records if row["minute"])
    assert sum(sum(band["y"]) for band in bands) == timed
    assert bands[0]["x"][0] == NIGHT.timestamp() * 1000


def test_columns_of_the_strip_stand_on_those_below_them_wherever_they_are() -> None:
    """Left to itself, Plotly takes columns that lie side by side for one where the axis leaves out years."""
    figure = drawn(make_analysis())
    tops: dict[float, float] = {}
    for name in ("other", "warnings", "errors"):
        band = trace(figure, name)
        assert band["base"] == [tops.get(column, 0) for column in band["x"]]
        tops |= {x: base + count for x, base, count in zip(band["x"], band["base"], band["y"], strict=True)}
    assert figure["layout"]["barmode"] == "overlay"


def test_one_lane_per_incident_worst_first() -> None:
    figure = drawn(make_analysis())
    bars = trace(figure, "incidents")
    assert bars["customdata"] == ["7c1e9a", "b20f44"]
    assert bars["y"][0] < bars["y"][1]
    assert bars["base"][0] == pytest.approx(at("02:14:07.125").timestamp() * 1000)
    assert bars["x"][0] == pytest.approx(2_245_875)
    assert bars["marker"]["line"]["color"] == [SEVERITY_COLOURS["critical"], SEVERITY_COLOURS["medium"]]


def test_labels_say_letter_title_beginning_status_and_count() -> None:
    texts = [note["text"] for note in drawn(make_analysis())["layout"]["annotations"]]
    assert any("<b>C</b>" in text for text in texts)
    (label,) = (text for text in texts if "silent" in text)
    assert "from 02:14:07, 37 min 26 s<br>new, 549 events" in label


def test_rows_are_as_thick_as_events_came_and_stay_in_their_time() -> None:
    figure = drawn(make_analysis([silent_201()]))
    density = trace(figure, "events")
    first, last = (at(clock).timestamp() * 1000 for clock in ("02:14:07.125", "02:51:33"))
    assert min(density["x"]) >= first
    assert all(x + width <= last + density["width"][0] for x, width in zip(density["x"], density["width"], strict=True))
    assert max(density["y"]) == pytest.approx(11)
    assert len(set(density["y"])) > 3


def test_root_is_on_top_whatever_the_order_of_the_cascade() -> None:
    incident = silent_201()
    shuffled = dataclasses.replace(incident, cascade=tuple(reversed(incident.cascade)))
    (lane,) = lay_out([shuffled])
    assert lane.rows[0].member.role == "root"


def test_curves_lead_from_the_root_to_each_effect() -> None:
    curves = trace(drawn(make_analysis([silent_201()])), "causes")
    assert curves["x"].count(None) == 2
    (lane,) = lay_out([silent_201()])
    assert curves["x"][0] == lane.start / 1000
    assert curves["y"][0] == lane.rows[0].middle
    assert curves["x"][-2] == at("02:14:24").timestamp() * 1000
    assert curves["y"][-2] == lane.rows[2].middle


def test_hover_says_what_when_how_often_whom_and_the_fix() -> None:
    hover = trace(drawn(make_analysis()), "incidents")["hovertext"][0]
    for part in ("CRITICAL: Session created", "first 2025-10-24 02:14:07", "last 2025-10-24 02:51:33", "549 events",
                 "137 sessions", "Fix: Run the insert in one transaction"):  # fmt: skip
        assert part in hover


def test_hostile_text_is_escaped_for_plotly() -> None:
    text = json.dumps(drawn(make_analysis()), ensure_ascii=False)
    assert "<script" not in text
    assert "<img" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_changes_that_lie_close_share_a_line() -> None:
    figure = drawn(make_analysis())
    labels = [note["text"] for note in figure["layout"]["annotations"] if note["xref"] == "x"]
    assert labels == ["config 01:30", "deploy, restart 02:13", "restart 03:05"]
    assert "Started mockmate-api.service" in trace(figure, "changes")["hovertext"][1]
    upright = [shape for shape in figure["layout"]["shapes"] if shape["yref"] == "paper"]
    assert len(upright) == 3


def test_labels_of_changes_never_overlap() -> None:
    axis = Axis(start=0, end=4 * HOUR, bucket=MINUTE)
    changes = [Change(timestamp=at("00:00:00") + timedelta(minutes=3 * i), kind="deploy", text="x") for i in range(80)]
    shift = micros(at("00:00:00"))
    axis = Axis(start=shift, end=shift + 4 * HOUR, bucket=MINUTE)
    marks = place_marks(changes, axis)
    assert len(marks) == 80
    for level in range(3):
        spans = []
        for mark in (mark for mark in marks if mark.level == level):
            place, width = axis.fraction(mark.micros) * 900, len(mark.label) * 6.5
            spans.append((place - width, place) if mark.leftward else (place, place + width))
        assert all(left[1] < right[0] for left, right in zip(sorted(spans), sorted(spans)[1:], strict=False))
    assert 0 < sum(mark.level is not None for mark in marks) < 80


def test_height_grows_with_incidents_and_stops_at_sixty_lanes() -> None:
    heights = [drawn(make_analysis(many_incidents(count)))["layout"]["height"] for count in (1, 40, 70)]
    assert heights[0] < 300
    assert heights[1] > 40 * 60
    assert len(trace(drawn(make_analysis(many_incidents(70))), "incidents")["y"]) == LANES
    assert remarks(make_analysis(many_incidents(70))) == [
        "The picture shows the first 60 incidents; 10 more are in the list below it."
    ]


def test_number_of_bars_is_bounded() -> None:
    incident = silent_201()
    minute = micros(NIGHT)
    busy = tuple((minute + i * MINUTE, 5) for i in range(148))
    crowded = dataclasses.replace(
        incident, cascade=tuple(dataclasses.replace(member, activity=busy, first_seen=NIGHT, last_seen=at("03:40:00"))
                                for member in incident.cascade * 3),
    )  # fmt: skip
    density = trace(drawn(make_analysis([crowded] * 60)), "events")
    assert 2000 < len(density["x"]) <= 8000


def test_each_of_several_nights_is_readable() -> None:
    analysis = several_nights(3)
    axis = time_axis(analysis)
    assert axis is not None
    assert len(axis.breaks) == 2
    for night in range(3):
        start, end = (axis.fraction(micros(NIGHT) + night * 24 * HOUR + offset) for offset in (0, 148 * MINUTE))
        assert end - start > 0.28
    assert len(drawn(analysis)["layout"]["xaxis"]["rangebreaks"]) == 2
    assert remarks(analysis) == [
        "Stretches without any record are cut out at the dotted lines: 21 h 14 min, 21 h 14 min."
    ]


def test_a_pause_within_a_night_is_not_cut_out() -> None:
    late = moved(redis_down(), timedelta(hours=2), "late")
    axis = time_axis(make_analysis([silent_201(), late]))
    assert axis is not None
    assert axis.breaks == ()


@pytest.mark.parametrize(("minutes", "bucket"), [(148, MINUTE), (400, 2 * MINUTE), (1400, 10 * MINUTE)])
def test_columns_grow_with_the_time_that_is_shown(minutes: int, bucket: int) -> None:
    axis = time_axis(dataclasses.replace(make_analysis(), volume=volume(minutes=minutes)))
    assert axis is not None
    assert axis.bucket == bucket


def test_buckets_keep_the_sum() -> None:
    axis = Axis(start=0, end=HOUR, bucket=10 * MINUTE)
    assert list(axis.bucketed([(0, 1), (9 * MINUTE, 2), (10 * MINUTE, 4)])) == [(0, 3), (10 * MINUTE, 4)]


def test_micros_are_exact() -> None:
    assert to_micros(at("02:14:07.125001")) % 1_000_000 == 125_001


def test_incidents_without_a_time_are_said_in_words() -> None:
    timeless = dataclasses.replace(silent_201(), start=None, end=None)
    analysis = make_analysis([timeless])
    assert remarks(analysis) == [
        "Without a known time, so not in the picture: Session created, then lost (silent 201)."
    ]
    assert "xaxis2" not in drawn(analysis)["layout"]


def test_a_clean_night_shows_its_volume() -> None:
    figure = drawn(clean_analysis())
    assert sum(trace(figure, "other")["y"]) > 0
    assert figure["layout"]["height"] < 250


def test_nothing_with_a_time_gives_no_picture() -> None:
    nothing = dataclasses.replace(clean_analysis(), volume=VOLUME_SCHEMA.empty_table())
    assert timeline(nothing) is None


def test_dates_stand_in_the_labels_of_changes_where_a_clock_time_is_not_enough() -> None:
    nights = several_nights()
    labels = [note["text"] for note in drawn(nights)["layout"]["annotations"] if note["xref"] == "x"]
    assert labels == ["deploy Oct 24 02:13", "deploy Oct 25 02:13", "deploy Oct 26 02:13"]
    moment = at("02:13:26").replace(year=2027)
    years = dataclasses.replace(nights, changes=[*nights.changes, Change(timestamp=moment, kind="deploy", text="x")])
    labels = [note["text"] for note in drawn(years)["layout"]["annotations"] if note["xref"] == "x"]
    assert labels[-1] == "deploy 2027-10-24 02:13"


def test_times_below_the_picture_never_overlap() -> None:
    nights = [several_nights(30), several_nights(4)]
    crowded, few = (drawn(each)["layout"]["xaxis"]["ticktext"] for each in nights)
    assert len(crowded) == 30
    assert "" in crowded
    assert all(few)


def test_records_are_counted_per_unit_of_time_that_has_a_name() -> None:
    long = dataclasses.replace(
        make_analysis([]), volume=pa.concat_tables([volume(NIGHT), volume(NIGHT + timedelta(days=4000))])
    )
    labels = [note["text"] for note in drawn(long)["layout"]["annotations"]]
    assert any(label.startswith("<b>Records per ") for label in labels)
    assert not any("per 1 " in label for label in labels)
