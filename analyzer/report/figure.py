"""The timeline: one picture of the whole night, the same in the HTML report and in the dashboard.

Above, records per bucket of time, stacked by level. Below, a lane per incident, worst first; inside it a
slim row per member of the cascade, the root at the top. Lanes are laid out in pixels from the top, so that
the picture grows with its contents instead of squeezing them.

The figure is a plain dictionary as plotly.js takes it (`data`, `layout`), so that plotly need not be
imported to draw one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow.compute as pc

from analyzer.model import Analysis
from analyzer.report import words
from analyzer.report.axis import (
    DAY,
    HOUR,
    MINUTE,
    Axis,
    day,
    from_micros,
    milliseconds,
    tick_distance,
    time_axis,
    to_micros,
)
from analyzer.report.clean import one_line
from analyzer.report.drawing import Json, draw_lanes
from analyzer.report.lanes import ASSUMED_PIXELS, LANES, PIXELS_PER_LETTER, Lane, Mark, lane_label, lay_out, place_marks
from analyzer.report.palette import LEVEL_BANDS, SEVERITY_COLOURS, SEVERITY_INKS, SEVERITY_LETTERS

_STRIP = 96
_AXIS = 34
_LEFT, _RIGHT, _TOP, _BOTTOM = 292, 18, 26, 42
_TALL = 480
"""From this height of lanes on, the times are written below them as well."""
_MANY_BREAKS = 3
_UNITS = {MINUTE: "minute", HOUR: "hour", DAY: "day"}
_LINE = "rgba(128,128,128,0.28)"
_CURVE = "rgba(128,128,128,0.95)"
_INKS = {False: ("#1F2328", "#FFFFFF"), True: ("#E6EAF0", "#1B2028")}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"


def timeline(analysis: Analysis, *, dark: bool = False) -> Json | None:
    """The picture, or None where nothing has a time. Points carry the id of their incident as customdata."""
    axis = time_axis(analysis)
    if axis is None:
        return None
    lanes = lay_out(analysis.incidents)
    marks = place_marks(analysis.changes, axis)
    peak, strip = _strip(analysis, axis)
    data = [*strip, _mark_points(marks, peak)]
    if lanes:
        data += draw_lanes(lanes, axis)
    return {"data": data, "layout": _layout(axis, lanes, marks, peak, dark)}


def remarks(analysis: Analysis) -> list[str]:
    """What the picture cannot show, in words."""
    said = []
    timeless = [incident for incident in analysis.incidents if incident.start is None or incident.end is None]
    if timeless:
        names = "; ".join(one_line(incident.title, 80) for incident in timeless[:5])
        more = f"; and {len(timeless) - 5} more" if len(timeless) > 5 else ""
        said.append(f"Without a known time, so not in the picture: {names}{more}.")
    hidden = len(analysis.incidents) - len(timeless) - LANES
    if hidden > 0:
        said.append(f"The picture shows the first {LANES} incidents; {hidden} more are in the list below it.")
    axis = time_axis(analysis)
    if axis and axis.breaks:
        lengths = ", ".join(words.duration((end - start) / 1e6) for start, end in axis.breaks[:6])
        said.append(f"Stretches without any record are cut out at the dotted lines: {lengths}.")
    return said


# --- the strip on top ----------------------------------------------------------------------------


def _strip(analysis: Analysis, axis: Axis) -> tuple[float, list[Json]]:
    """The highest column, and the stacked columns for each band of levels."""
    totals: dict[int, int] = {}
    traces = []
    timed = analysis.volume.filter(pc.is_valid(analysis.volume["minute"]))
    minutes = [to_micros(minute) for minute in timed["minute"].to_pylist()]
    rows = list(zip(minutes, timed["level"].to_pylist(), timed["records"].to_pylist(), strict=True))
    for name, (levels, colour) in LEVEL_BANDS.items():
        columns = list(axis.bucketed((minute, count) for minute, level, count in rows if level in levels))
        below = [totals.get(column, 0) for column, _ in columns]
        totals |= {column: base + count for base, (column, count) in zip(below, columns, strict=True)}
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": [milliseconds(column) for column, _ in columns],
                "y": [count for _, count in columns],
                # Plotly takes minutes that lie side by side for one where the axis leaves out years.
                "base": below,
                "customdata": [count for _, count in columns],
                "width": milliseconds(axis.bucket),
                "offset": 0,
                "marker": {"color": colour, "line": {"width": 0}},
                "hovertemplate": f"%{{x|%Y-%m-%d %H:%M}}<br>%{{customdata:,}} {name}<extra></extra>",
                "xaxis": "x",
                "yaxis": "y",
            }
        )
    return float(max(totals.values(), default=0)) * 1.06 or 1.0, traces


def _mark_points(marks: Sequence[Mark], peak: float) -> Json:
    """A small triangle on each line of a change, for what its label has no room to say."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "changes",
        "x": [milliseconds(mark.micros) for mark in marks],
        "y": [peak] * len(marks),
        "marker": {"symbol": "triangle-down", "size": 8, "color": _CURVE},
        "cliponaxis": False,
        "hovertext": [mark.hover for mark in marks],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "xaxis": "x",
        "yaxis": "y",
    }


# --- the frame -----------------------------------------------------------------------------------


def _layout(axis: Axis, lanes: Sequence[Lane], marks: Sequence[Mark], peak: float, dark: bool) -> Json:
    ink, panel = _INKS[dark]
    depth = lanes[-1].bottom if lanes else 0
    plot = _STRIP + (_AXIS + depth if lanes else 0)
    top = _TOP + 15 * max((mark.level or 0 for mark in marks), default=0)
    bottom = 12 if lanes and depth <= _TALL else _BOTTOM
    layout: Json = {
        "height": top + plot + bottom,
        "margin": {"l": _LEFT, "r": _RIGHT, "t": top, "b": bottom, "pad": 0},
        "font": {"family": _FONT, "size": 12, "color": ink},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": panel, "bordercolor": _CURVE, "font": {"color": ink, "size": 12}},
        "dragmode": "zoom",
        "barmode": "overlay",
        "bargap": 0,
        "showlegend": False,
        "xaxis": _x_axis(axis, "y"),
        "yaxis": _strip_scale([1 - _STRIP / plot, 1], peak),
        "shapes": [*_mark_lines(marks), *_break_lines(axis)],
        "annotations": [_strip_label(axis), *_mark_labels(marks)],
    }
    if lanes:
        layout["xaxis2"] = {**_x_axis(axis, "y2"), "matches": "x", "showticklabels": depth > _TALL}
        layout["yaxis2"] = {"domain": [0, depth / plot], "range": [depth, 0], "fixedrange": True, "visible": False}
        layout["shapes"] += _lane_lines(lanes)
        layout["annotations"] += _lane_labels(lanes, with_date=axis.end - axis.start > DAY)
    return layout


def _strip_scale(domain: Sequence[float], peak: float) -> Json:
    return {
        "domain": domain,
        "range": [0, peak],
        "fixedrange": True,
        "nticks": 3,
        "showgrid": False,
        "zeroline": False,
        "tickformat": "~s",
        "tickfont": {"size": 10},
    }


def _x_axis(axis: Axis, anchor: str) -> Json:
    return {
        **_ticks(axis),
        "type": "date",
        "anchor": anchor,
        "range": [milliseconds(axis.start), milliseconds(axis.end)],
        "rangebreaks": [{"bounds": [milliseconds(start), milliseconds(end)]} for start, end in axis.breaks],
        "showgrid": True,
        "gridcolor": "rgba(128,128,128,0.12)",
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": _LINE,
        "showline": True,
        "linecolor": _LINE,
        "tickfont": {"size": 11},
        "hoverformat": "%Y-%m-%d %H:%M:%S",
    }


def _ticks(axis: Axis) -> Json:
    """Where the axis is marked. Where it leaves stretches out, plotly counts the hidden time too when
    it chooses the distance, and finds too few: then the distance, or each beginning, is given."""
    if len(axis.breaks) < _MANY_BREAKS:
        return {"tick0": 0, "dtick": milliseconds(tick_distance(axis.length))} if axis.breaks else {}
    beginnings = [axis.start, *(end for _, end in axis.breaks)]
    return {
        "tickmode": "array",
        "tickvals": [milliseconds(begin) for begin in beginnings],
        "ticktext": list(_tick_labels(beginnings, axis)),
        "tickangle": 0,
    }


def _tick_labels(beginnings: Sequence[int], axis: Axis) -> Iterator[str]:
    """Date and time of each beginning, empty where it would stand upon the one before."""
    right = -1.0
    for begin in beginnings:
        place = axis.fraction(begin)
        lines = (day(begin, axis), f"{from_micros(begin):%H:%M}")
        half = max(map(len, lines)) * PIXELS_PER_LETTER / ASSUMED_PIXELS / 2
        if place - half <= right:
            yield ""
        else:
            right = place + half
            yield "<br>".join(lines)


def _strip_label(axis: Axis) -> Json:
    chips = "<br>".join(
        f'<span style="color:{colour}">■</span> {name}' for name, (_, colour) in reversed(tuple(LEVEL_BANDS.items()))
    )
    unit = _UNITS.get(axis.bucket) or words.duration(axis.bucket / 1e6)
    return _at_left(f"<b>Records per {unit}</b>, UTC<br>{chips}", 1, "paper")


def _at_left(text: str, y: float, yref: str, shift: int = 4) -> Json:
    """A note in the left margin, its top at `y`."""
    return {
        "text": text,
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "xshift": shift - _LEFT,
        "yref": yref,
        "y": y,
        "yanchor": "top",
        "align": "left",
        "showarrow": False,
        "font": {"size": 12},
    }


def _lane_labels(lanes: Sequence[Lane], *, with_date: bool) -> Iterator[Json]:
    for lane in lanes:
        severity = lane.incident.severity
        letter = f'<span style="color:{SEVERITY_INKS[severity]}"><b>{SEVERITY_LETTERS[severity]}</b></span>'
        badge = {"bgcolor": SEVERITY_COLOURS[severity], "width": 12, "align": "center", "borderpad": 3}
        clickable = {"name": lane.incident.id, "captureevents": True}
        yield {**_at_left(letter, lane.top + 9, "y2"), **badge, **clickable}
        yield {**_at_left(lane_label(lane.incident, with_date=with_date), lane.top + 5, "y2", 30), **clickable}


def _lane_lines(lanes: Sequence[Lane]) -> Iterator[Json]:
    for y in (lanes[0].top, *(lane.bottom for lane in lanes)):
        yield {
            "type": "line",
            "xref": "paper",
            "x0": -0.5,
            "x1": 1,
            "yref": "y2",
            "y0": y,
            "y1": y,
            "layer": "below",
            "line": {"color": _LINE, "width": 1},
        }


def _mark_lines(marks: Sequence[Mark]) -> Iterator[Json]:
    for mark in marks:
        yield _upright(mark.micros, {"color": "rgba(128,128,128,0.7)", "width": 1})


def _break_lines(axis: Axis) -> Iterator[Json]:
    for start, _ in axis.breaks:
        yield _upright(start, {"color": _CURVE, "width": 2, "dash": "dot"})


def _upright(micros: int, line: Json) -> Json:
    return {
        "type": "line",
        "xref": "x",
        "x0": milliseconds(micros),
        "x1": milliseconds(micros),
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": line,
    }


def _mark_labels(marks: Sequence[Mark]) -> Iterator[Json]:
    for mark in marks:
        if mark.level is not None:
            yield {
                "text": mark.label,
                "hovertext": mark.hover,
                "xref": "x",
                "x": milliseconds(mark.micros),
                "xanchor": "right" if mark.leftward else "left",
                "yref": "paper",
                "y": 1,
                "yanchor": "bottom",
                "yshift": 6 + mark.level * 15,
                "showarrow": False,
                "font": {"size": 11},
            }
