"""The shapes in which logs write a moment, and what each of them says.

A format is a regular expression whose groups name the parts. `GENERAL` ones are safe to look for in
any text; `SPECIAL` ones (a bare clock, `1024 02:14:07`) are times only where a layout says that one
stands. `parse_timestamp` is the careful reader of one text; `analyzer.ingest.timestamps` reads many.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from typing import Literal

from analyzer.ingest.zones import ZONE, ZONE_NAMES, zone_minutes

DateOrder = Literal["ymd", "mdy", "dmy"]
"""Which of the numbers of a date written like 09/10/25 or 10/09/2025 is what."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAI_OFFSET = (1 << 62) + 10
_MONTH_NAMES: Mapping[int, str] = {
    1: "jan january januar janv janvier ene enero gen gennaio janeiro",
    2: "feb february februar f\u00e9vr f\u00e9vrier fevr febr febrero febbraio fev fevereiro",
    3: "mar march m\u00e4r m\u00e4rz mrz mars marzo mar\u00e7o mrt maart",
    4: "apr april avr avril abr abril aprile",
    5: "may mai mayo mag maggio maio mei maj",
    6: "jun june juni juin junio giu giugno junho",
    7: "jul july juli juil juillet julio lug luglio julho",
    8: "aug august ago agosto ao\u00fbt aout augustus",
    9: "sep sept september septembre septiembre set settembre setembro",
    10: "oct october okt oktober octobre octubre ott ottobre out outubro",
    11: "nov november novembre noviembre novembro",
    12: "dec december dez dezember d\u00e9c d\u00e9cembre dic diciembre dicembre dezembro desember",
}
"""English, German, French, Spanish, Italian, Portuguese, Dutch, and what the Scandinavian languages share."""
_SHORT_MONTHS = (
    "sty lut mar kwi maj cze lip sie wrz pa\u017a lis gru",
    "led \xfano b\u0159e dub kv\u011b \u010der \u010den srp z\xe1\u0159 \u0159\xedj lis pro",
    "oca \u015fub mar nis may haz tem a\u011fu eyl eki kas ara",
    "\u044f\u043d\u0432 \u0444\u0435\u0432 \u043c\u0430\u0440 \u0430\u043f\u0440 \u043c\u0430\u0439"
    " \u0438\u044e\u043d \u0438\u044e\u043b \u0430\u0432\u0433 \u0441\u0435\u043d \u043e\u043a\u0442 \u043d\u043e\u044f"
    " \u0434\u0435\u043a",
    "1\u6708 2\u6708 3\u6708 4\u6708 5\u6708 6\u6708 7\u6708 8\u6708 9\u6708 10\u6708 11\u6708 12\u6708",
)
"""Polish, Czech, Turkish, Russian, Chinese and Japanese, as their system logs have them."""

_CHINESE = "一 二 三 四 五 六 七 八 九 十 十一 十二".split()
_EAST_ASIAN = {
    f"{number}{word}": month
    for month in _MONTH_NAMES
    for number, word in ((f"{month:02}", "月"), (_CHINESE[month - 1], "月"), (month, "월"), (f"{month:02}", "월"))
}
"""As Java writes them: Chinese and Japanese with a number before the word for a month, Korean with its own."""
_MONTHS = {name.encode(): month for month, names in _MONTH_NAMES.items() for name in names.split()}
_MONTHS |= {name.encode(): month for names in _SHORT_MONTHS for month, name in enumerate(names.split(), 1)}
_MONTHS |= {name.encode(): month for name, month in _EAST_ASIAN.items()}


def _either(words: list[bytes]) -> bytes:
    """The words as alternatives, the longer first; letters beyond ASCII are matched by their bytes."""
    longer_first = sorted(words, key=len, reverse=True)
    return b"|".join(b"".join(b"%c" % c if c < 128 else b"\\x%02x" % c for c in word) for word in longer_first)


_SECOND = rb"(?P<second>\d\d)(?:[.,:](?P<fraction>\d{1,9}))?"
_AFTERNOON = ("下午", "오후", "午後")
_HALVES = _either([half.encode() for half in ("上午", "오전", "午前", *_AFTERNOON)])
_HALF = rb"(?:(?: |\xe2\x80\xaf)?(?P<half>[AaPp]\.?[Mm]\b\.?|" + _HALVES + rb"))?"
_CLOCK = rb"(?P<hour>\d{1,2}):(?P<minute>\d\d):" + _SECOND + _HALF
_DOTTED = rb"(?P<hour>\d\d)\.(?P<minute>\d\d)\." + _SECOND + rb"(?P<minutes>[+-]\d{3}\b)?"
_SHORT = rb"(?P<hour>\d{1,2}):(?P<minute>\d\d)" + _HALF
_TWO_MONTH, _TWO_DAY = rb"(?P<month>0\d|1[0-2])", rb"(?P<day>[0-2]\d|3[01])"
_MONTH = rb"(?P<month>(?i:" + _either(list(_MONTHS)) + rb"))\.?"
_OFFSET = rb"(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?\b"
_WEEKDAY = rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}\b[.,]? +)?"
_BETWEEN = rb"(?:[T_:t\t-]|,? {1,2}|, ?| --? |; ?)"
_ISO_DATE = rb"(?P<year>\d{4})[-/.:](?P<month>\d{1,2})[-/.:](?P<day>\d{1,2})"
_HALVED = rb"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?: |\xe2\x80\xaf)?(?P<half>[AaPp]\.?[Mm]\b\.?|" + _HALVES + rb")"
_ORDINAL = rb"(?P<year>(?:19|20)\d\d)[-.](?P<yday>[0-3]\d\d)[T ]"
_NUMBERS = rb"(?P<a>\d{1,2})[-/](?P<b>\d{1,2})[-/]"

GENERAL: Mapping[str, bytes] = {
    "ISO 8601": _WEEKDAY + _ISO_DATE + _BETWEEN + _CLOCK + ZONE,
    "DB2": _ISO_DATE + b"-" + _DOTTED,
    "ISO 8601 without separators": rb"(?P<year>(?:19|20)\d\d)" + _TWO_MONTH + _TWO_DAY
    + rb"(?:[T_: -]?(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)" + _SECOND + ZONE + rb"\b)",
    "date without separators": rb"(?P<year>(?:19|20)\d\d)" + _TWO_MONTH + _TWO_DAY
    + rb"[T_ -](?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?:[.,:](?P<fraction>\d{1,9}))?" + ZONE,
    "common log": rb"(?P<day>\d\d)/" + _MONTH + rb"/(?P<year>\d{4})[: ]" + _CLOCK + ZONE,
    "ctime, zone last": _WEEKDAY + _MONTH + rb" +(?P<day>\d{1,2}) " + _CLOCK
    + rb" (?P<year>(?:19|20)\d\d) (?P<zone>[+-]\d\d:?\d\d|UTC|GMT)\b",
    "ctime": _WEEKDAY + _MONTH + rb" +(?P<day>\d{1,2}),? " + _CLOCK + ZONE + rb" (?P<year>(?:19|20)\d\d)\b",
    "month day year": _WEEKDAY + _MONTH + rb" +(?P<day>\d{1,2}),? (?P<year>\d{4})(?:, ?| at |: ?| )" + _CLOCK + ZONE,
    "month-day-year": _MONTH + rb"-(?P<day>\d\d)-(?P<year>\d{4}|\d\d)[ :T]" + _CLOCK + ZONE,
    "day month year": _WEEKDAY + rb"(?P<day>\d{1,2})(?:[ -]|\. ?)" + _MONTH
    + rb"[ -](?P<year>\d{4}|\d\d)(?:::?|, ?| +| - )" + _CLOCK + ZONE,
    "day month year without separators": rb"(?P<day>\d\d)" + _MONTH + rb"(?P<year>20\d\d)[ :T]" + _CLOCK + ZONE,
    "year month day": rb"(?P<year>\d{4})[ -]" + _MONTH + rb"[ -](?P<day>\d{1,2})(?:T|[ ,]+)" + _CLOCK + ZONE,
    "syslog": _WEEKDAY + _MONTH + rb" +(?P<day>\d{1,2})(?:, ?| )" + _CLOCK + ZONE,
    "syslog, zone first": rb"(?P<zone>(?:" + ZONE_NAMES + rb")\b) " + _MONTH + rb" +(?P<day>\d{1,2}) " + _CLOCK,
    "day month": _WEEKDAY + rb"(?P<day>\d{1,2})[ -]" + _MONTH + b" " + _CLOCK + ZONE,
    "numbers, year last": _NUMBERS + rb"(?P<c>\d{4})" + _BETWEEN + _CLOCK + ZONE,
    "day.month.year": rb"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d\d)" + _BETWEEN + _CLOCK + ZONE,
    "numbers, two digits each": rb"(?P<a>\d\d)[-/](?P<b>\d\d)[-/](?P<c>\d\d)" + _BETWEEN + _CLOCK + ZONE,
    "month and day": rb"(?P<a>\d\d)[-/](?P<b>\d\d)[ -]" + _CLOCK + ZONE,
    "clock first": _CLOCK + ZONE + rb",? " + _ISO_DATE + rb"\b",
    "clock first, year last": _CLOCK + ZONE + rb",? " + _NUMBERS + rb"(?P<c>\d{4})\b",
    "clock first, dotted": _CLOCK + ZONE + rb",? (?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})\b",
    "ISO 8601 to the minute": _ISO_DATE + rb"[T ]" + _SHORT + rb"(?P<zone>" + _OFFSET + rb")",
    "numbers, year last, to the minute": _NUMBERS + rb"(?P<c>\d{4}),? " + _HALVED,
    "month day year to the minute": _WEEKDAY + _MONTH + rb" +(?P<day>\d{1,2}),? (?P<year>\d{4})(?:, ?| at | )"
    + _HALVED,
    "ordinal date": _ORDINAL + _CLOCK + ZONE,
    "seconds since 1970, scientific": rb"(?P<mantissa>1\.\d{6,16})[eE]\+?0?9\b",
    "seconds since 1970": rb"(?P<epoch>1\d{9}(?:\d{3}|\d{6}|\d{9})?)(?:\.(?P<fraction>\d{1,9}))?\b",
    "TAI64N": rb"@(?P<tai>4[0-9a-fA-F]{15})(?P<nanos>[0-9a-fA-F]{8})\b",
}  # fmt: skip
SPECIAL: Mapping[str, bytes] = {
    "glog": _TWO_MONTH + _TWO_DAY + rb" (?P<hour>\d\d):(?P<minute>\d\d):" + _SECOND,
    "yymmdd": rb"(?P<year>\d\d)" + _TWO_MONTH + _TWO_DAY
    + rb" +(?P<hour>\d{1,2}):?(?P<minute>[0-5]\d):?(?P<second>[0-5]\d)(?:[.,](?P<fraction>\d{1,9}))?\b",
    "yymmddhhmmss": rb"(?P<year>\d\d)" + _TWO_MONTH + _TWO_DAY
    + rb"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)(?:\.(?P<fraction>\d{1,9}))?\b",
    "chromium": _TWO_MONTH + _TWO_DAY
    + rb"/(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)\.(?P<fraction>\d{3,6})",
    "date and time by name": rb"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)\"? time=\"?" + _CLOCK,
    "clock": _CLOCK,
    "clock to the minute": _SHORT,
}  # fmt: skip


def without_names(pattern: bytes) -> bytes:
    """An expression whose named groups are no groups any more."""
    return re.sub(rb"\?P<\w+>", b"?:", pattern)


# All general formats together, factored so that it is small: every layout holds it. Where it takes too
# much for the name of a month, `parse_timestamp` refuses.
_WORD = (
    rb"(?:[A-Za-z\xc3-\xc5\xd0\xd1][A-Za-z\x80-\xff]{2,15}"
    rb"|(?:\d{1,2}|[\xe4\xe5][\x80-\xff]{2,5})(?:\xe6\x9c\x88|\xec\x9b\x94))\.?"
)
_SECONDS = rb"\d\d(?:[.,:]\d{1,9})?"
_DATE = (
    rb"(?:\d{4}[-/.:]\d{1,2}[-/.:]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d\d(?:\d\d)?)" + _BETWEEN,
    rb"(?:[A-Z]{3,4} )?" + _WORD + rb" +\d{1,2}(?:, ?| |,? \d{4}(?:, ?| at |: ?| ))",
    _WORD + rb"-\d\d-\d\d(?:\d\d)?[ :T]",
    rb"\d{1,2}(?:[ /-]|\. ?)" + _WORD + rb"(?:[ /-]\d\d(?:\d\d)?)?(?:::?|, ?| +| - )",
    rb"\d\d[A-Z][a-z]{2}20\d\d[ :T]",
    rb"\d{4}[ -]" + _WORD + rb"[ -]\d{1,2}(?:T|[ ,]+)",
    rb"\d\d[-/]\d\d[ -]",
    rb"(?:19|20)\d\d[-.][0-3]\d\d[T ]",
)
TIMESTAMP = (
    b"(?:" + _WEEKDAY + b"(?:" + b"|".join(_DATE) + rb")\d{1,2}:\d\d:" + _SECONDS + without_names(_HALF)
    + without_names(ZONE) + rb"(?: (?:19|20)\d\d\b(?: (?:[+-]\d\d:?\d\d|UTC|GMT)\b)?)?"
    + rb"|\d{1,2}:\d\d:" + _SECONDS + without_names(_HALF) + without_names(ZONE)
    + rb",? (?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})\b"
    + rb"|(?:19|20)\d{6}(?:[T_: -]?\d{4}" + _SECONDS + rb"|[T_ -]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,:]\d{1,9})?)"
    + rb"(?:Z\b|[+-]\d\d:?\d\d\b)?"
    + b"|" + without_names(GENERAL["DB2"]) + b"|" + without_names(_ISO_DATE + rb"[T ]" + _SHORT) + _OFFSET
    + rb"|(?:\d{1,2}[-/]\d{1,2}[-/]\d{4},?|" + _WORD + rb" +\d{1,2},? \d{4}(?:,| at)?) " + without_names(_HALVED)
    + rb"|1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d{1,9})?\b|1\.\d{6,16}[eE]\+?0?9\b|@4[0-9a-fA-F]{23}\b)"
)  # fmt: skip
"""Any timestamp that may be looked for anywhere, as one expression without groups."""

_YEARLESS = re.compile(
    rb"(?<!\d)(?<!\d[-/.])(?:"
    + b"|".join(
        without_names(pattern.replace(ZONE, b"").replace(_MONTH, _WORD))
        for pattern in (*GENERAL.values(), *SPECIAL.values())
        if (b"?P<day>" in pattern or b"?P<b>" in pattern) and not (b"?P<year>" in pattern or b"?P<c>" in pattern)
    )
    + b")"
)


def may_lack_year(text: bytes) -> bool:
    """Whether anything in a text looks like a date without a year."""
    return _YEARLESS.search(text) is not None


class Format:
    """One format. Its expression is compiled when a text looks like it: most runs meet one or two."""

    def __init__(self, pattern: bytes) -> None:
        self._pattern = pattern

    @cached_property
    def _compiled(self) -> re.Pattern[bytes]:
        return re.compile(self._pattern)

    @cached_property
    def _look(self) -> re.Pattern[bytes]:
        """What every text of this format fits: any zone may be in it, and any word for a month."""
        return re.compile(without_names(self._pattern.replace(ZONE, b".*").replace(_MONTH, _WORD)))

    def match(self, text: bytes) -> re.Match[bytes] | None:
        """The parts of the timestamp at the start of `text`."""
        if "_compiled" not in self.__dict__ and self._look.match(text) is None:
            return None
        return self._compiled.match(text)


_FORMATS = {name: Format(pattern) for name, pattern in (*GENERAL.items(), *SPECIAL.items())}


@dataclass(frozen=True, slots=True)
class Clock:
    """What a timestamp does not say itself.

    `zone` is that of naive ones. A time without a year is put into the latest year, one without a
    date on the latest day, that does not place it after `latest`, the time the file was last
    written. `order` is that of dates made of numbers only.
    """

    zone: tzinfo = UTC
    latest: datetime = field(default_factory=lambda: datetime.now(UTC))
    order: DateOrder | None = None


ANY_CLOCK = Clock()
"""For questions whose answer depends on no clock."""


@lru_cache(maxsize=4096)
def is_timestamp(text: bytes) -> bool:
    """Whether a text is a timestamp from its beginning to its end, of a date that exists."""
    found = match_timestamp(text)
    return found is not None and found[1].end() == len(text) and parse_timestamp(text, ANY_CLOCK) is not None


# While a layout is found out, the same timestamps are looked at again and again.
@lru_cache(maxsize=1 << 12)
def match_timestamp(text: bytes) -> tuple[str, re.Match[bytes]] | None:
    """The format of the timestamp at the start of `text`, and its parts."""
    for name, each in _FORMATS.items():
        match = each.match(text)
        if match is not None:
            return name, match
    return None


@lru_cache(maxsize=1 << 14)
def parse_timestamp(text: bytes, clock: Clock) -> int | None:
    """Microseconds since 1970 of the timestamp at the start of `text`, or None if there is none."""
    found = match_timestamp(text)
    if found is None:
        return None
    part = {name: value for name, value in found[1].groupdict().items() if value}
    try:
        return _numeric(part) if {"epoch", "mantissa", "tai"} & part.keys() else _calendar(part, clock)
    except (ValueError, OverflowError):
        return None


def never_was(text: bytes, clock: Clock) -> bool:
    """Whether the timestamp at the start of `text` is one that clocks leave out when they are set forward."""
    found = match_timestamp(text)
    if found is None or clock.zone is UTC or not lacks(text, "zone"):
        return False
    micros = parse_timestamp(text, clock)
    if micros is None:
        return False
    local = (_EPOCH + timedelta(microseconds=micros)).astimezone(clock.zone)
    return local.hour != _hour({name: value for name, value in found[1].groupdict().items() if value is not None})


def lacks(text: bytes, *what: Literal["year", "date", "zone"]) -> bool:
    """Whether the timestamp at the start of `text` leaves one of these open."""
    found = match_timestamp(text)
    if found is None:
        return False
    part = {name for name, value in found[1].groupdict().items() if value}
    if part & {"epoch", "mantissa", "tai"}:
        return False
    missing = {
        "date": not part & {"day", "b", "yday"},
        "year": bool(part & {"day", "b"}) and not part & {"year", "c"},
        "zone": not part & {"zone", "minutes"},
    }
    return any(missing[name] for name in what)


def _numeric(part: Mapping[str, bytes]) -> int:
    if "tai" in part:
        return (int(part["tai"], 16) - _TAI_OFFSET) * 1_000_000 + int(part["nanos"], 16) // 1000
    if "mantissa" in part:
        return int(part["mantissa"].replace(b".", b"")[:16].ljust(16, b"0"))
    digits = part["epoch"]
    micros = int(digits) * 10 ** (16 - len(digits)) if len(digits) <= 16 else int(digits) // 1000
    return micros + (_fraction_micros(part.get("fraction")) if len(digits) == 10 else 0)


def _calendar(part: Mapping[str, bytes], clock: Clock) -> int:
    second = int(part.get("second", b"0"))
    hour, minute = _hour(part), int(part["minute"])
    second = 59 if second == 60 else second  # a leap second counts as the second before it
    if "yday" in part:
        moment = _moment(int(part["year"]), 1, 1, hour, minute, second, clock) + timedelta(days=_day_of_year(part) - 1)
    elif "day" not in part and "b" not in part:
        moment = _latest_day(hour, minute, second, clock)
    elif "a" in part:
        moment = _by_order(part, hour, minute, second, clock)
    else:
        year = _year(part["year"]) if "year" in part else None
        moment = _moment(year, _month(part["month"]), int(part["day"]), hour, minute, second, clock)
    offset = _offset(part, moment, clock.zone)
    if offset is not None:
        moment = moment.replace(tzinfo=UTC) - timedelta(minutes=offset)
    return (moment - _EPOCH) // timedelta(microseconds=1) + _fraction_micros(part.get("fraction"))


def _hour(part: Mapping[str, bytes]) -> int:
    hour = int(part["hour"])
    half = part.get("half", b"")
    if not half or hour > 12:
        return hour
    afternoon = half[:1] in b"Pp" or half.decode("utf-8", "replace") in _AFTERNOON
    return hour % 12 + (12 if afternoon else 0)


def _offset(part: Mapping[str, bytes], moment: datetime, zone: tzinfo) -> float | None:
    """Minutes east of UTC, None where the text leaves that open."""
    if "minutes" in part:
        return int(part["minutes"])
    if "zone" not in part:
        return None
    return zone_minutes(part["zone"], moment, zone)


def _month(text: bytes) -> int:
    return int(text) if text.isdigit() else _MONTHS[text.decode("utf-8").lower().encode()]


def _day_of_year(part: Mapping[str, bytes]) -> int:
    day = int(part["yday"])
    if not 1 <= day <= 365 + calendar.isleap(int(part["year"])):
        raise ValueError("no such day of the year")
    return day


def _year(text: bytes) -> int:
    """A year; of two digits, one from 1970 to 2069."""
    year = int(text)
    return year if len(text) > 2 else year + (1900 if year >= 70 else 2000)


def _moment(
    year: int | None, month: int, day: int, hour: int, minute: int, second: int, clock: Clock
) -> datetime:  # fmt: skip
    if year is not None:
        return datetime(year, month, day, hour, minute, second, tzinfo=clock.zone)
    return _with_year(datetime(2000, month, day, hour, minute, second, tzinfo=clock.zone), clock.latest)


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


def _latest_day(hour: int, minute: int, second: int, clock: Clock) -> datetime:
    """A bare clock's time on the last day that does not place it after the clock."""
    local = clock.latest.astimezone(clock.zone)
    moment = local.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return moment if moment <= local + timedelta(minutes=1) else moment - timedelta(days=1)


def _by_order(part: Mapping[str, bytes], hour: int, minute: int, second: int, clock: Clock) -> datetime:
    """A date made of numbers, in the order of the clock, else in the only order that makes a date."""
    failure: ValueError = ValueError("no date")
    for year, month, day in date_readings(part, clock.order):
        try:
            return _moment(year, month, day, hour, minute, second, clock)
        except ValueError as error:
            failure = error
    raise failure


def date_readings(part: Mapping[str, bytes], order: DateOrder | None = None) -> list[tuple[int | None, int, int]]:
    """Year, month and day that the numbers of a date may mean, by `order` first, then the usual one."""
    a, b, c = part["a"], part["b"], part.get("c")
    readings: dict[DateOrder, tuple[int | None, int, int]] = {}
    if c is not None and len(c) == 2:
        readings["ymd"] = (_year(a), int(b), int(c))
    year = _year(c) if c is not None else None
    readings["mdy"] = (year, int(a), int(b))
    readings["dmy"] = (year, int(b), int(a))
    first = [readings[order]] if order in readings else []
    return first + [reading for name, reading in readings.items() if name != order]


def _fraction_micros(digits: bytes | None) -> int:
    return int(digits[:6].ljust(6, b"0")) if digits else 0
