"""The words in which one night is told, beside those of a single analysis (`words`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from analyzer.model import Incident, Status
from analyzer.night import Night, NightTotals
from analyzer.report import words
from analyzer.report.clean import one_line

STATUSES: tuple[Status, ...] = ("new", "regressed", "ongoing", "resolved")
"""In the order in which they matter in the morning."""

_BARS = "▁▂▃▄▅▆▇█"
_TREND_NIGHTS = 14


def headline(night: Night) -> str:
    """`2025-10-24: 2 new, 1 regressed, 3 resolved`."""
    counts = [f"{len(found)} {status}" for status in STATUSES if (found := night.with_status(status))]
    return f"{night.date}: {', '.join(counts) or 'no incident'}"


def heading(night: Night) -> str:
    """The night's date as people write it."""
    return f"Night to {night.date.day} {night.date:%B %Y}"


def standing(night: Night, incident: Incident) -> str:
    """Since when a problem is known, and in how many nights it was seen."""
    seen = trend_of(night, incident)
    before = sorted(day for day in seen if day < night.date and seen[day])
    if incident.status == "resolved":
        return f"last seen {words.date_and_time(incident.end)}, silent since"
    if not before:
        return "never seen before"
    gap = (night.date - before[-1]).days
    last = "last night as well" if gap == 1 else f"last {words.counted(gap, 'night')} ago"
    return f"seen in {words.counted(len(before) + 1, 'night')} since {before[0]}, {last}"


def trend_of(night: Night, incident: Incident) -> dict[date, int]:
    """The events of the incident's problem in each night."""
    return dict(night.trends.get(incident.id.partition("-")[0], {}))


def trend(night: Night, incident: Incident) -> str:
    """Events per night of the last two weeks as a row of bars."""
    return bars(list(_last_nights(night, incident).values()))


def bars(counts: Sequence[int]) -> str:
    """A bar for each count, a dot for none."""
    peak = max(counts, default=0)
    return "".join("·" if not count else _BARS[(len(_BARS) - 1) * count // peak] for count in counts)


def trend_title(night: Night, incident: Incident) -> str:
    """The same in numbers."""
    return ", ".join(f"{day}: {words.number(count)}" for day, count in _last_nights(night, incident).items() if count)


def _last_nights(night: Night, incident: Incident) -> dict[date, int]:
    """The nights from the first sighting on, at most two weeks of them."""
    seen = trend_of(night, incident)
    days = [night.date - timedelta(days=back) for back in reversed(range(_TREND_NIGHTS))]
    first = min((day for day in seen if seen[day]), default=night.date)
    return {day: seen.get(day, 0) for day in days if day >= first}


def rate(share: float | None) -> str:
    """An error rate as a person says it."""
    if share is None:
        return "–"
    percent = 100 * share
    if 0 < percent < 0.01:
        return "under 0.01 %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def rates(night: Night) -> str:
    """Volume and error rate against the nights before."""
    totals = night.totals
    told = f"{words.counted(totals.records, 'record')}, error rate {rate(totals.error_rate)}"
    usual = _usual(night.earlier)
    if usual is None:
        return f"{told}. No night before to compare with."
    records, errors = usual
    percent = round(100 * (totals.records / records - 1)) if records else 0
    change = f"{abs(percent)} % {'more' if percent > 0 else 'fewer'} records" if percent else ""
    count = len(night.earlier)
    before = f"the {words.counted(count, 'night')} before" if count > 1 else "the night before"
    return f"{told}. In {before}: error rate {rate(errors)}{f'; this night has {change}' if change else ''}."


def _usual(earlier: tuple[NightTotals, ...]) -> tuple[float, float | None] | None:
    """Mean records, and errors per record, of the nights before."""
    if not earlier:
        return None
    records = sum(totals.records for totals in earlier)
    errors = sum(totals.errors for totals in earlier)
    return records / len(earlier), errors / records if records else None


def gaps(night: Night) -> Iterator[str]:
    """What keeps the night from being known in full."""
    known = night.completeness
    if not known.over:
        until = words.date_and_time(known.last_run) if known.last_run else "an unknown time"
        yield f"the night was not over when the logs were last read, {until} UTC"
    if known.first_record is None:
        yield "no record of this night has a time"
    for path, reason in [*known.missing.items(), *known.silent.items()]:
        yield f"{one_line(path, 120)}: {one_line(reason, 200)}"
