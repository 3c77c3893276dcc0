"""What the clock of a host left open, said by what its programs write behind it.

A syslog line names neither year nor zone; the message of Docker's daemon in it often names both:
`May 24 19:23:12 node-1 dockerd[1]: time="2025-05-24T19:23:12.288866317+08:00" level=info`. Where both show
the same wall clock, the whole host is in that zone, and it was that year.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from analyzer.ingest.timeformats import Clock, parse_timestamp

_PAIR = re.compile(
    rb"(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} (?P<day>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)"
    rb"|\[?(?P<syslog>[A-Z\d\xc4-\xe5][A-Za-z\x80-\xff]{1,8} +\d{1,2} \d\d:\d\d:\d\d)"
    rb"|\[?(?P<iso>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(?![.,\d]| ?[+-]\d\d| ?Z\b| ?[A-Z]{3,4}\b))"
    rb"[\s\]].{0,120}?(?:time|ts|timestamp|datetime|EventTV)[\"']?[=:] ?[\"']?"
    rb"(?P<whole>\d{4}-\d\d-\d\d[ T](?P<clock>\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d)\b))"
)
_LOOKED_AT = 100
_FEWEST_ALIKE = 0.9
_FEWEST = 3
_QUARTER = timedelta(minutes=15)
_APART = timedelta(seconds=2)
_FARTHEST = timedelta(hours=14)
_HALF_A_YEAR = timedelta(days=182)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Said:
    """One line: how far the host's clock is from UTC, whether the message says so, too, and when it was."""

    offset: timedelta
    sure: bool
    moment: datetime


def settle_clock(lines: Sequence[bytes], clock: Clock) -> Clock:
    """The clock with the zone and the year that messages in a sample's lines say; as it is where none does.

    A zone other than UTC has been given by the user, and is not doubted.
    """
    few = lines[:: len(lines) // _LOOKED_AT + 1]
    said = [each for line in few if (match := _PAIR.match(line)) and (each := _said(match)) is not None]
    if not said:
        return clock
    offset, count = Counter(each.offset for each in said).most_common(1)[0]
    alike = [each for each in said if each.offset == offset]
    if count < _FEWEST_ALIKE * len(said) or not (count >= _FEWEST or any(each.sure for each in alike)):
        return clock
    latest = max(each.moment for each in alike) + _HALF_A_YEAR
    zone: tzinfo = timezone(offset) if offset and _is_utc(clock.zone) else clock.zone
    return replace(clock, zone=zone, latest=min(clock.latest, latest))


def _said(match: re.Match[bytes]) -> _Said | None:
    micros = parse_timestamp(match["whole"], Clock())
    if micros is None:
        return None
    moment = _EPOCH + micros * _MICROSECOND
    head = match["syslog"] or match["day"] or match["iso"]
    # The host's year is that of the message, or the one next to it on New Year's Eve.
    local = parse_timestamp(head, Clock(latest=moment + _HALF_A_YEAR))
    if local is None:
        return None
    apart = _EPOCH + local * _MICROSECOND - moment
    offset = round(apart / _QUARTER) * _QUARTER
    if abs(apart - offset) > _APART or abs(offset) > _FARTHEST:
        return None
    return _Said(offset, head[-8:-3] == match["clock"][:5], moment)


def _is_utc(zone: tzinfo) -> bool:
    return zone is UTC or (isinstance(zone, ZoneInfo) and zone.key in ("UTC", "Etc/UTC"))


__all__ = ["settle_clock"]
