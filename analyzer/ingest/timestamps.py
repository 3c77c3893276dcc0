"""Timestamp text -> int64 microseconds UTC: one at a time with care, or many lines at once.

`parse_timestamp` knows the formats. `TimestampReader` reads the timestamps of a whole block: it
gathers a fixed-width window per line, replaces the digits of seconds and fraction by zeros, parses
each *distinct* remainder (one per minute, usually) with `parse_timestamp`, and adds seconds and
fraction by arithmetic on the digits. So every format is fast, and none is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt

from analyzer.ingest.windows import gather

Micros = npt.NDArray[np.int64]
NO_TIME = np.iinfo(np.int64).min
"""Stands for "no timestamp" in arrays of microseconds."""

_CACHE_LIMIT = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = {
    name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}
_ZONES = {b"z": 0, b"utc": 0, b"gmt": 0, b"cet": 60, b"cest": 120, b"eet": 120, b"eest": 180, b"bst": 60, b"wet": 0,
          b"msk": 180, b"jst": 540, b"kst": 540, b"est": -300, b"edt": -240, b"cst": -360, b"cdt": -300,
          b"mst": -420, b"mdt": -360, b"pst": -480, b"pdt": -420}  # fmt: skip
"""Zone names in minutes east of UTC; RFC 2822 fixes the American ones, the rest are unambiguous in Europe."""

_CLOCK = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FRACTION = rb"(?:[.,:](?P<fraction>\d{1,9}))?"
_ZONE = rb"(?: ?(?P<zone>Z|[+-]\d\d:?\d\d|[+-]\d\d\b|(?:UTC|GMT|CES?T|EES?T|BST|WET|MSK|JST|KST|[ECMP][SD]T)\b))?"
_MONTH = rb"(?P<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
FORMATS: tuple[bytes, ...] = (
    rb"(?P<year>\d{4})[-/.](?P<month>\d\d)[-/.](?P<day>\d\d)[T _-]" + _CLOCK + _FRACTION + _ZONE,
    rb"(?P<day>\d\d)/" + _MONTH + rb"/(?P<year>\d{4})[: ]" + _CLOCK + _FRACTION + _ZONE,
    rb"(?:[A-Z][a-z]{2} )?" + _MONTH + rb" +(?P<day>\d{1,2}) " + _CLOCK + _FRACTION + _ZONE + rb" (?P<year>\d{4})",
    _MONTH + rb" +(?P<day>\d{1,2}) " + _CLOCK + _FRACTION,
    rb"(?P<day>\d{1,2})[ -]" + _MONTH + rb"[ -](?P<year>\d{4}) " + _CLOCK + _FRACTION + _ZONE,
    rb"(?P<epoch>\d{10}(?:\d{3}|\d{6}|\d{9})?)(?:\.(?P<fraction>\d{1,9}))?\b",
)
_COMPILED = tuple(re.compile(pattern) for pattern in FORMATS)
TIMESTAMP = b"(?:" + b"|".join(re.sub(rb"\?P<\w+>", b"?:", pattern) for pattern in FORMATS) + b")"
"""Any timestamp this module knows, as one expression without groups."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a timestamp does not say itself: the zone of naive ones, the year of those without.

    A year-less time is put into the latest year that does not place it more than a day after
    `latest`, the time the file was last written.
    """

    zone: tzinfo = UTC
    latest: datetime = field(default_factory=lambda: datetime.now(UTC))


def parse_timestamp(text: bytes, clock: Clock) -> int | None:
    """Microseconds since 1970 of the timestamp at the start of `text`, or None if there is none."""
    for pattern in _COMPILED:
        match = pattern.match(text)
        if match is not None:
            try:
                return _from_epoch(match) if "epoch" in match.groupdict() else _from_calendar(match, clock)
            except (ValueError, OverflowError):
                return None
    return None


def lacks_year(text: bytes) -> bool:
    """Whether the timestamp at the start of `text` names no year."""
    match = next((found for pattern in _COMPILED if (found := pattern.match(text))), None)
    return match is not None and not {"year", "epoch"} & match.groupdict().keys()


def lacks_zone(text: bytes) -> bool:
    """Whether the timestamp at the start of `text` leaves its time zone open."""
    match = next((found for pattern in _COMPILED if (found := pattern.match(text))), None)
    return match is not None and "epoch" not in match.groupdict() and not match.groupdict().get("zone")


def shape_of(text: bytes) -> bytes:
    """The shape of a timestamp: its text with all digits and letters made alike."""
    return re.sub(rb"[A-Za-z]", b"a", re.sub(rb"\d", b"0", text))


def _from_epoch(match: re.Match[bytes]) -> int:
    digits = match["epoch"]
    micros = int(digits) * 10 ** (16 - len(digits)) if len(digits) <= 16 else int(digits) // 1000
    return micros + _fraction_micros(match["fraction"])


def _from_calendar(match: re.Match[bytes], clock: Clock) -> int:
    part = match.groupdict()
    month = _MONTHS[part["month"].lower()] if not part["month"].isdigit() else int(part["month"])
    second = int(part["second"])
    zone = part.get("zone")
    moment = datetime(
        int(part.get("year") or 2000), month, int(part["day"]),
        int(part["hour"]), int(part["minute"]), 59 if second == 60 else second,
        tzinfo=UTC if zone else clock.zone,
    )  # fmt: skip
    if zone:
        moment -= timedelta(minutes=_zone_minutes(zone))
    elif "year" not in part:
        moment = _with_year(moment, clock.latest)
    return (moment - _EPOCH) // timedelta(microseconds=1) + _fraction_micros(part.get("fraction"))


def _with_year(moment: datetime, latest: datetime) -> datetime:
    """The moment in the latest year that does not place it after the clock; 29 February may have
    to go back by eight."""
    for year in range(latest.year + 1, latest.year - 9, -1):
        try:
            dated = moment.replace(year=year)
        except ValueError:  # 29 February in a common year
            continue
        if dated <= latest + timedelta(days=1):
            return dated
    return moment


def _zone_minutes(zone: bytes) -> int:
    name = zone.lower()
    if name in _ZONES:
        return _ZONES[name]
    digits = zone[1:].replace(b":", b"").ljust(4, b"0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if zone[:1] == b"-" else minutes


def _fraction_micros(digits: bytes | None) -> int:
    return int(digits[:6].ljust(6, b"0")) if digits else 0


class TimestampReader:
    """Reads timestamps of one shape (all of the same width) from many places of a block at once."""

    def __init__(self, example: bytes, clock: Clock, behind: bytes = b" ") -> None:
        """Learn the shape from `example`, a timestamp that `parse_timestamp` understands.

        `behind` is the byte that usually follows; others that could go on with a timestamp (a
        fraction, a zone) tell that one of another shape stands there.
        """
        match = next(found for pattern in _COMPILED if (found := pattern.match(example)))
        self.width = match.end()
        self._clock = clock
        self._digits = _counted_digits(match)
        self._second = None if match.groupdict().get("epoch") else match.start("second")
        self._fixed = [(at, code) for at, code in enumerate(example[: self.width]) if not chr(code).isalnum()]
        self._goes_on = np.zeros(256, dtype=bool)
        self._goes_on[[code for code in b"0123456789.,:+Z" if code not in behind]] = True
        self._cache: dict[bytes, int] = {}

    def read(self, data: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> Micros:
        """Microseconds of the timestamps that begin at the offsets `at`; `NO_TIME` where none of
        this shape stands there."""
        window = gather(data, at, self.width)
        valid = ~self._goes_on[data[np.minimum(at + self.width, len(data) - 1)]]
        for column, code in self._fixed:
            valid &= window[:, column] == code
        counted = np.zeros(len(at), dtype=np.int64)
        if self._second is not None:
            seconds = _two_digits(window, self._second)
            valid &= seconds <= 60
            # A leap second counts as the second before it.
            counted -= np.where(seconds == 60, 1_000_000, 0)
        for column, weight in self._digits:
            digit = window[:, column] - np.uint8(48)  # wraps around below "0"
            valid &= digit < 10
            if weight:
                counted += digit.astype(np.int64) * weight
            window[:, column] = 48
        window[:, self.width :] = 0
        window[~valid] = 0
        base = self._base(window)
        return np.where(base == NO_TIME, NO_TIME, base + counted)

    def _base(self, window: npt.NDArray[np.uint8]) -> Micros:
        """The parsed remainder of each row; neighbouring rows that are equal are parsed once."""
        words = window.view(np.uint64)
        changed = np.ones(len(words), dtype=bool)
        changed[1:] = (words[1:] != words[:-1]).any(axis=1)
        starts = np.flatnonzero(changed)
        bases = np.fromiter((self._lookup(window[row].tobytes()) for row in starts), dtype=np.int64, count=len(starts))
        return np.repeat(bases, np.diff(np.append(starts, len(words))))

    def _lookup(self, remainder: bytes) -> int:
        known = self._cache.get(remainder)
        if known is None:
            if len(self._cache) > _CACHE_LIMIT:
                self._cache.clear()
            parsed = parse_timestamp(remainder[: self.width], self._clock) if self._fills(remainder) else None
            known = self._cache[remainder] = NO_TIME if parsed is None else parsed
        return known

    def _fills(self, remainder: bytes) -> bool:
        """Whether a timestamp is as wide as the window: `...:07.` is a part of one."""
        match = next((found for pattern in _COMPILED if (found := pattern.match(remainder[: self.width]))), None)
        return match is not None and match.end() == self.width


def _two_digits(window: npt.NDArray[np.uint8], column: int) -> npt.NDArray[np.uint8]:
    """The number that two digits make; some number above 60 where they are none."""
    tens, ones = window[:, column] - np.uint8(48), window[:, column + 1] - np.uint8(48)
    return np.where((tens < 10) & (ones < 10), tens * np.uint8(10) + ones, np.uint8(255))


def _counted_digits(match: re.Match[bytes]) -> Sequence[tuple[int, int]]:
    """Columns whose digits are added by arithmetic, each with its weight in microseconds."""
    columns: list[tuple[int, int]] = []
    groups = match.groupdict()
    if groups.get("epoch"):
        unit = 10 ** (16 - len(groups["epoch"]))
        last = match.end("epoch") - 1
        # The last minute or so of an epoch number: as many digits as make up 100 seconds.
        count = 2 + len(groups["epoch"]) - 10
        columns += [(last - place, int(unit * 10**place)) for place in range(count)]
    else:
        second = match.start("second")
        columns += [(second, 10_000_000), (second + 1, 1_000_000)]
    if groups.get("fraction"):
        start = match.start("fraction")
        columns += [(start + place, 10 ** (5 - place) if place < 6 else 0) for place in range(len(groups["fraction"]))]
    return columns
