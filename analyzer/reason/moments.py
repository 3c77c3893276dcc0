"""Microseconds of a table as a datetime, and time spans in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from analyzer.reason.columns import NO_TIME

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(micros: int) -> datetime | None:
    """The aware datetime of a number of microseconds, None for `NO_TIME` or beyond the calendar."""
    if micros == NO_TIME:
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(micros))
    except OverflowError:
        return None


def microseconds(time: datetime) -> int:
    """Microseconds since 1970 of an aware datetime: the way back from `moment`."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def in_words(micros: int) -> str:
    """A span of time for a reader: `17 s`, `2 min 5 s`, `3 h 10 min`."""
    seconds = abs(micros) / 1e6
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
