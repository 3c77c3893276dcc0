"""Whether 10/09/25 is in September, October or 2010: settled by the dates of a file, else assumed and said.

What counts, in this order: a number above 12 is no month; a log is not from the future; the last
date is about as old as the file; and a log covers days rather than months, so of two readings the
one in which its dates lie closer together is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from analyzer.ingest.timeformats import Clock, DateOrder, match_timestamp, parse_timestamp

_ORDERS: tuple[DateOrder, ...] = ("ymd", "mdy", "dmy")
_DAY = int(timedelta(days=1) / timedelta(microseconds=1))


Evidence = Literal["none needed", "dates", "habit"]
"""What decides in which order dates are: the format or the only way they can be, the dates of the file, or habit."""


def settle_order(texts: Sequence[bytes], clock: Clock) -> tuple[Clock, Evidence]:
    """The clock with the order of the given timestamps' dates, and what speaks for it."""
    dates = [text for text in texts if (found := match_timestamp(text)) and found[1].groupdict().get("a")]
    if not dates or clock.order is not None:
        return clock, "none needed"
    readings = {order: _times(dates, replace(clock, order=order)) for order in _usual_first(dates[0])}
    most = max(map(len, readings.values()))
    readings = {order: times for order, times in readings.items() if times and len(times) == most}
    latest = int(clock.latest.timestamp() * 1_000_000) + _DAY
    readings = {order: times for order, times in readings.items() if max(times) <= latest} or readings
    recent = {order: times for order, times in readings.items() if latest - max(times) < 3 * _DAY}
    if len(recent) == 1:
        readings = recent
    spans = {order: max(times) - min(times) for order, times in readings.items()}
    best = min(spans, key=lambda order: spans[order])
    rivals = [order for order, span in spans.items() if span <= 2 * spans[best] + _DAY]
    usual = rivals[0] if rivals else best
    distinct = {tuple(readings[order]) for order in rivals}
    return replace(clock, order=usual), "habit" if len(distinct) > 1 else "dates"


def _usual_first(text: bytes) -> list[DateOrder]:
    """The orders that a date may be in, the most usual one first."""
    found = match_timestamp(text)
    part = found[1].groupdict() if found else {}
    if part.get("c") is None:
        return ["mdy", "dmy"]
    if len(part["c"]) == 4:
        return ["dmy", "mdy"] if b"-" in text[:5] else ["mdy", "dmy"]
    return ["mdy", "dmy", "ymd"] if part.get("half") else list(_ORDERS)


def _times(dates: Sequence[bytes], clock: Clock) -> list[int]:
    """The moments of those dates that this order makes dates of."""
    return [time for text in dates if _fits(text, clock) and (time := parse_timestamp(text, clock)) is not None]


def _fits(text: bytes, clock: Clock) -> bool:
    """Whether the numbers of a date can be what the clock's order says they are."""
    found = match_timestamp(text)
    if found is None:
        return False
    part = found[1].groupdict()
    month, day = {"ymd": (part["b"], part.get("c")), "mdy": (part["a"], part["b"]), "dmy": (part["b"], part["a"])}[
        clock.order or "mdy"
    ]
    return day is not None and 1 <= int(month) <= 12 and 1 <= int(day) <= 31
