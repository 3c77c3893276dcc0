"""Where each incident and each member of its cascade stands in the picture, and what it says there."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from analyzer.model import CascadeMember, Change, Incident
from analyzer.report import words
from analyzer.report.axis import DAY, Axis, day, to_micros
from analyzer.report.clean import one_line

LANES = 60
ROWS = 10
ROW_HEIGHT = 15
_PADDING = 8
_LEAST_HEIGHT = 64
_LABEL_WIDTH = 36


@dataclass(frozen=True, slots=True)
class Row:
    """One member of a cascade at its height, in pixels from the top of the lanes to its middle."""

    member: CascadeMember
    middle: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One incident between `top` and `bottom`, in pixels from the top of the lanes."""

    incident: Incident
    start: int
    end: int
    top: float
    bottom: float
    rows: tuple[Row, ...]


def lay_out(incidents: Sequence[Incident]) -> list[Lane]:
    """A lane for each incident that has a time, as many as a page can bear, in the given order."""
    lanes: list[Lane] = []
    top = 0.0
    for incident in incidents:
        if incident.start is None or incident.end is None:
            continue
        if len(lanes) == LANES:
            break
        members = sorted(incident.cascade, key=lambda member: member.role != "root")[:ROWS]
        inner = max(len(members) * ROW_HEIGHT, _LEAST_HEIGHT)
        offset = top + _PADDING + (inner - len(members) * ROW_HEIGHT) / 2
        rows = tuple(Row(member, offset + (i + 0.5) * ROW_HEIGHT) for i, member in enumerate(members))
        bottom = top + inner + 2 * _PADDING
        lanes.append(Lane(incident, to_micros(incident.start), to_micros(incident.end), top, bottom, rows))
        top = bottom
    return lanes


def lane_label(incident: Incident, *, with_date: bool) -> str:
    """Title, when it began, how long it lasted, status and count, as the lines at the left of a lane."""
    title = textwrap.wrap(one_line(incident.title), _LABEL_WIDTH, max_lines=2, placeholder="…") or [""]
    began = words.date_and_time(incident.start) if with_date else words.clock(incident.start)
    events = words.counted(incident.event_count, "event")
    return "<br>".join(
        [
            *(f"<b>{html.escape(line, quote=False)}</b>" for line in title),
            f"from {began}, {words.duration(incident.duration_seconds)}",
            f"{incident.status}, {events}",
        ]
    )


def incident_hover(incident: Incident) -> str:
    """What the bar of an incident says."""
    facts = _facts(incident.start, incident.end, incident.event_count, words.main_entity(incident))
    return _hover(f"{incident.severity.upper()}: {incident.title}", facts, words.fix_headline(incident))


def member_hover(incident: Incident, member: CascadeMember) -> str:
    """What a row of a cascade says."""
    facts = _facts(member.first_seen, member.last_seen, member.count, words.main_entity(incident))
    return _hover(f"{member.role}: {member.title}", facts, words.fix_headline(incident, member))


def _facts(first: datetime | None, last: datetime | None, count: int, entity: str) -> list[str]:
    about = f", {html.escape(entity, quote=False)}" if entity else ""
    return [
        f"first {words.date_and_time(first)}",
        f"last {words.date_and_time(last)}",
        words.counted(count, "event") + about,
    ]


def _hover(what: str, facts: list[str], fix: str) -> str:
    title = [f"<b>{line}</b>" for line in _wrapped(what)]
    return "<br>".join([*title, *facts, *(_wrapped(f"Fix: {fix}") if fix else [])])


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(one_line(text), 64, max_lines=3, placeholder="…")
    return [html.escape(line, quote=False) for line in lines]


@dataclass(frozen=True, slots=True)
class Mark:
    """The changes that fall on one vertical line; `level` is the row of its label, None without one."""

    micros: int
    label: str
    hover: str
    level: int | None
    leftward: bool


_LABEL_LEVELS = 3
_TOLD = 6
ASSUMED_PIXELS = 900
"""How wide the picture is taken to be where labels must not overlap."""
PIXELS_PER_LETTER = 6.5


def place_marks(changes: Sequence[Change], axis: Axis) -> list[Mark]:
    """One line for changes that lie closer together than a column, labels where they do not overlap."""
    columns: dict[int, list[tuple[datetime, Change]]] = {}
    for change in changes:
        if change.timestamp is not None and axis.start <= to_micros(change.timestamp) <= axis.end:
            column = to_micros(change.timestamp) // axis.bucket
            columns.setdefault(column, []).append((change.timestamp, change))
    taken = [-1.0] * _LABEL_LEVELS
    return [_mark(sorted(columns[column], key=itemgetter(0)), axis, taken) for column in sorted(columns)]


def _mark(group: Sequence[tuple[datetime, Change]], axis: Axis, taken: list[float]) -> Mark:
    first = group[0][0]
    kinds = ", ".join(dict.fromkeys(one_line(change.kind, 24) for _, change in group))
    date = f"{day(to_micros(first), axis)} " if axis.end - axis.start > DAY else ""
    label = f"{kinds} {date}{words.clock(first)[:5]}"
    place = axis.fraction(to_micros(first))
    width = (len(label) * PIXELS_PER_LETTER + 8) / ASSUMED_PIXELS
    leftward = place + width > 1
    left, right = (place - width, place) if leftward else (place, place + width)
    level = next((i for i, end in enumerate(taken) if end < left), None)
    if level is not None:
        taken[level] = right
    shown = [f"{words.date_and_time(at)} {change.kind}: {change.text}" for at, change in group[:_TOLD]]
    hover = "<br>".join("<br>".join(_wrapped(line)) for line in shown)
    more = f"<br>and {len(group) - _TOLD} more" if len(group) > _TOLD else ""
    return Mark(to_micros(first), html.escape(label, quote=False), hover + more, level, leftward)
