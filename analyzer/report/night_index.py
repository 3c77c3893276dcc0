"""The page over all nights: a calendar, and how each problem went from night to night."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analyzer.model import SEVERITIES
from analyzer.night import KnownIncident, NightTotals
from analyzer.report import night_words
from analyzer.report.html import environment

_MONTHS = 12
_TREND_NIGHTS = 30
_PROBLEMS = 200


def page_name(night: date) -> str:
    """The file of a night's page, beside the index."""
    return f"{night.isoformat()}.html"


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of the calendar; `totals` of the night that ended in its morning, None where there is none."""

    number: int
    totals: NightTotals | None
    page: str | None

    @property
    def kind(self) -> str:
        """What a glance must tell: something new or come back, only what was known, or nothing."""
        if self.totals is None:
            return "unread"
        if self.totals.new or self.totals.regressed:
            return "new"
        return "known" if self.totals.ongoing else "quiet"


@dataclass(frozen=True, slots=True)
class _Month:
    """A month as a calendar shows it: weeks from Monday on, None for days of other months."""

    name: str
    weeks: list[list[_Day | None]]


def render(nights: Sequence[NightTotals], incidents: Sequence[KnownIncident], pages: frozenset[date]) -> str:
    """The index; `pages` are the nights that have a page of their own beside it."""
    known = sorted(incidents, key=lambda each: (each.state == "resolved", SEVERITIES.index(each.severity)))
    last = max((totals.date for totals in nights), default=date.min)
    return (
        environment()
        .get_template("nights.html.j2")
        .render(
            months=list(_months(nights, pages)),
            incidents=[(each, _trend(each.events, last)) for each in known[:_PROBLEMS]],
            left_out=max(len(known) - _PROBLEMS, 0),
            night_words=night_words,
        )
    )


def _months(nights: Sequence[NightTotals], pages: frozenset[date]) -> Iterator[_Month]:
    """The months that have nights, latest first."""
    by_day = {totals.date: totals for totals in nights}
    months = sorted({(day.year, day.month) for day in by_day}, reverse=True)[:_MONTHS]

    def shown(day: date, month: int) -> _Day | None:
        return _Day(day.day, by_day.get(day), page_name(day) if day in pages else None) if day.month == month else None

    for year, month in months:
        weeks = calendar.Calendar().monthdatescalendar(year, month)
        yield _Month(f"{date(year, month, 1):%B %Y}", [[shown(day, month) for day in week] for week in weeks])


def _trend(events: Mapping[date, int], last: date) -> str:
    """Events per night up to the last one, as a row of bars; where there were none for so long, in words."""
    earliest = last - timedelta(days=_TREND_NIGHTS - 1)
    if max(events, default=date.min) < earliest:
        return f"none in the last {_TREND_NIGHTS} nights"
    first = max(min(events), earliest)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return night_words.bars([events.get(day, 0) for day in days])
