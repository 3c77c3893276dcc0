"""What is drawn inside the lanes of the picture, each kind of mark one plotly trace."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.report.axis import Axis, milliseconds, to_micros
from analyzer.report.clean import one_line
from analyzer.report.lanes import Lane, Row, incident_hover, member_hover
from analyzer.report.palette import SEVERITY_COLOURS

Json = dict[str, Any]

_THICKEST, _THINNEST = 11.0, 2.5
_MOST_BARS = 8000
_SPACE = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"
_LETTERS = 88
"""How many letters fit side by side into the picture on a narrow screen."""
_SHORTEST_NAME, _LONGEST_NAME = 8, 46
_CURVE = "rgba(128,128,128,0.95)"


def draw_lanes(lanes: Sequence[Lane], axis: Axis) -> list[Json]:
    """The traces from back to front; each point carries the id of its incident as customdata."""
    return [
        _hit_areas(lanes, axis),
        _incident_bars(lanes, axis),
        _density(lanes, axis),
        _curves(lanes),
        _first_events(lanes),
        _row_names(lanes, axis),
    ]


def _in_lanes(trace: Json) -> Json:
    return {**trace, "xaxis": "x2", "yaxis": "y2", "showlegend": False}


def _hit_areas(lanes: Sequence[Lane], axis: Axis) -> Json:
    """Nothing to see: a lane can be clicked over its whole width."""
    return _in_lanes(
        {
            "type": "bar",
            "orientation": "h",
            "name": "lanes",
            "y": [(lane.top + lane.bottom) / 2 for lane in lanes],
            "x": [milliseconds(axis.end - axis.start)] * len(lanes),
            "base": [milliseconds(axis.start)] * len(lanes),
            "width": [lane.bottom - lane.top - 1 for lane in lanes],
            "marker": {"color": "rgba(0,0,0,0)", "line": {"width": 0}},
            "customdata": [lane.incident.id for lane in lanes],
            "hoverinfo": "none",
        }
    )


def _incident_bars(lanes: Sequence[Lane], axis: Axis) -> Json:
    least = axis.length / 300
    return _in_lanes(
        {
            "type": "bar",
            "orientation": "h",
            "name": "incidents",
            "y": [(lane.top + lane.bottom) / 2 for lane in lanes],
            "x": [milliseconds(round(max(lane.end - lane.start, least))) for lane in lanes],
            "base": [milliseconds(lane.start) for lane in lanes],
            "width": [lane.bottom - lane.top - 10 for lane in lanes],
            "marker": {
                "color": [_faint(SEVERITY_COLOURS[lane.incident.severity], 0.14) for lane in lanes],
                "line": {"color": [SEVERITY_COLOURS[lane.incident.severity] for lane in lanes], "width": 1},
            },
            "customdata": [lane.incident.id for lane in lanes],
            "hovertext": [incident_hover(lane.incident) for lane in lanes],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    )


def _faint(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _density(lanes: Sequence[Lane], axis: Axis) -> Json:
    """For each row a band, as thick as the events came."""
    bucket = axis.bucket
    bars = list(_density_bars(lanes, axis, bucket))
    while len(bars) > _MOST_BARS:
        bucket *= 2
        bars = list(_density_bars(lanes, axis, bucket))
    return _in_lanes(
        {
            "type": "bar",
            "name": "events",
            "x": [bar["x"] for bar in bars],
            "width": [bar["width"] for bar in bars],
            "offset": 0,
            "y": [bar["thickness"] for bar in bars],
            "base": [bar["row"].middle - bar["thickness"] / 2 for bar in bars],
            "marker": {
                "color": [SEVERITY_COLOURS[bar["lane"].incident.severity] for bar in bars],
                "line": {"width": 0},
            },
            "customdata": [bar["lane"].incident.id for bar in bars],
            "hovertext": [member_hover(bar["lane"].incident, bar["row"].member) for bar in bars],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    )


def _density_bars(lanes: Sequence[Lane], axis: Axis, bucket: int) -> Iterator[Json]:
    for lane in lanes:
        for row in lane.rows:
            for bar in _row_bars(row, axis, bucket):
                yield {"lane": lane, "row": row, **bar}


def _row_bars(row: Row, axis: Axis, bucket: int) -> Iterator[Json]:
    """The columns of one row, cut to the time between its first and its last event."""
    columns = list(axis.bucketed(row.member.activity, bucket))
    most = math.log1p(max((count for _, count in columns), default=1))
    first = row.member.first_seen and to_micros(row.member.first_seen)
    last = row.member.last_seen and to_micros(row.member.last_seen)
    for column, count in columns:
        left = max(column, first or column)
        right = min(column + bucket, last or column + bucket)
        yield {
            "x": milliseconds(left),
            "width": milliseconds(round(max(right - left, axis.length / 500))),
            "thickness": _THINNEST + (_THICKEST - _THINNEST) * math.log1p(count) / most,
        }


def _timed_rows(lane: Lane) -> Iterator[tuple[Row, int]]:
    """The rows whose first event has a time, with that time."""
    for row in lane.rows:
        if row.member.first_seen is not None:
            yield row, to_micros(row.member.first_seen)


def _curves(lanes: Sequence[Lane]) -> Json:
    """From the root's first event to the first of each effect: down, then over."""
    x: list[float | None] = []
    y: list[float | None] = []
    for lane in lanes:
        rows = list(_timed_rows(lane))
        roots = [(row, at) for row, at in rows if row.member.role == "root"]
        for row, at in rows if roots else ():
            if row.member.role != "effect":
                continue
            root, start = roots[0]
            for step in range(13):
                t = step / 12
                x.append(milliseconds(round(start + (at - start) * t * t)))
                y.append(root.middle + (row.middle - root.middle) * (2 * t - t * t))
            x.append(None)
            y.append(None)
    line = {"color": _CURVE, "width": 1.5}
    return _in_lanes(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "causes",
            "x": x,
            "y": y,
            "line": line,
            "hoverinfo": "skip",
        }
    )


def _first_events(lanes: Sequence[Lane]) -> Json:
    """A diamond where it all began, a dot where each effect did."""
    points = [(lane, row, at) for lane in lanes for row, at in _timed_rows(lane)]
    roots = [row.member.role == "root" for _, row, _ in points]
    return _in_lanes(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "first events",
            "x": [milliseconds(at) for _, _, at in points],
            "y": [row.middle for _, row, _ in points],
            "marker": {
                "symbol": ["diamond" if root else "circle" for root in roots],
                "size": [11 if root else 7 for root in roots],
                "color": [SEVERITY_COLOURS[lane.incident.severity] for lane, _, _ in points],
                "line": {"color": "#FFFFFF", "width": 1.2},
            },
            "customdata": [lane.incident.id for lane, _, _ in points],
            "hovertext": [member_hover(lane.incident, row.member) for lane, row, _ in points],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    )


def _row_names(lanes: Sequence[Lane], axis: Axis) -> Json:
    """What each row is, written where there is room: behind its last event or before its first."""
    names: list[tuple[float, float, str, str]] = []
    for lane in lanes:
        before, behind = axis.fraction(lane.start), 1 - axis.fraction(lane.end)
        letters = min(int(max(before, behind) * _LETTERS), _LONGEST_NAME)
        place, side = (lane.start, "middle left") if before > behind else (lane.end, "middle right")
        for row in lane.rows if letters >= _SHORTEST_NAME else ():
            title = row.member.title if row.member.first_seen else f"{row.member.title} (no time)"
            name = html.escape(one_line(title, letters), quote=False)
            names.append((milliseconds(place), row.middle, f"{_SPACE}{name}{_SPACE}", side))
    return _in_lanes(
        {
            "type": "scatter",
            "mode": "text",
            "name": "names",
            "x": [name[0] for name in names],
            "y": [name[1] for name in names],
            "text": [name[2] for name in names],
            "textposition": [name[3] for name in names],
            "textfont": {"size": 11},
            "hoverinfo": "skip",
        }
    )
