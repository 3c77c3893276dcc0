"""Names and offsets of time zones as logs write them, and how far east of UTC they are.

Abbreviations are not unique (CST is used in Chicago, Shanghai and Havana). One that the zone given by
the user goes by means that zone; otherwise it means what this table says, and the report tells so.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_HOURS = {
    0: "z utc ut gmt wet", 1: "cet bst west wat met mez", 2: "cest eet sast cat mest mesz", 3: "eest msk eat trt",
    4: "gst msd", 5: "pkt uzt", 6: "bdt", 7: "wib ict krat", 8: "sgt hkt awst pht myt wita irkt", 9: "jst kst wit yakt",
    10: "aest vlat", 11: "aedt", 12: "nzst", 13: "nzdt", -2: "brst", -3: "brt art uyt adt clst", -4: "ast edt clt",
    -5: "est cdt pet cot", -6: "cst mdt", -7: "mst pdt", -8: "pst akdt", -9: "akst hdt", -10: "hst",
}  # fmt: skip
_MINUTES = {"ist": 330, "acst": 570, "acdt": 630, "nst": -210, "ndt": -150, "npt": 345, "irst": 210, "mmt": 390}
_BY_NAME = {name: hours * 60 for hours, names in _HOURS.items() for name in names.split()} | _MINUTES
_SHARED = frozenset("ist cst bst ast gst est edt mst adt met wit cat art bdt ict pst".split())
"""Abbreviations that more than one region uses for different offsets."""

ZONE_NAMES = "|".join(sorted((name.upper() for name in _BY_NAME if name != "z"), key=len, reverse=True)).encode()
_AREAS = (
    rb"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)/[A-Za-z0-9_+/-]{2,40}"
)
_HOURS_OFF = rb"(?:0\d|1[0-4])"
ZONE = (
    rb"(?: ?(?P<zone>Z\b|[+-]" + _HOURS_OFF + rb":?[0-5]\d(?::?[0-5]\d)?\b|[+-]" + _HOURS_OFF + rb"\b"
    rb"|(?:UTC|GMT)[+-]\d{1,2}(?::?\d\d)?\b|(?:" + ZONE_NAMES + rb")\b|" + _AREAS + rb")"
    # Go and Java say a zone twice: `+0000 UTC`, `+02:00[Europe/Berlin]`.
    rb"(?: (?:UTC|GMT|[A-Z]?[ECIJKMPB][SDE]?S?T|MSK|WIB|[A-Z]{2}[SD]T)\b|\[[A-Za-z_+-]+(?:/[A-Za-z_+-]+)*\])?)?"
)
"""An optional zone behind a clock, as an expression with the group `zone`."""


def zone_minutes(text: bytes, moment: datetime, given: tzinfo) -> float:
    """Minutes east of UTC of a zone's text at a (local) moment; `given` is the user's own zone.

    Raises ValueError where no such zone is known.
    """
    name = text.decode("ascii")
    if name[0] in "+-":
        return _offset_minutes(name)
    if "/" in name:
        return _minutes(_named(name), moment)
    if name.lower() in _SHARED and name in (given.tzname(moment), given.tzname(moment.replace(fold=1))):
        return _minutes(given, moment)
    if name.lower() in _BY_NAME:
        return _BY_NAME[name.lower()]
    return _offset_minutes(name[3:])


def is_shared(text: bytes) -> bool:
    """Whether a zone's text is an abbreviation that means different zones to different people."""
    return text.decode("ascii", "replace").lower() in _SHARED


@lru_cache(maxsize=64)
def _named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"no time zone {name}") from error


def _minutes(zone: tzinfo, moment: datetime) -> float:
    offset = moment.replace(tzinfo=zone).utcoffset() or timedelta(0)
    return offset / timedelta(minutes=1)


def _offset_minutes(text: str) -> float:
    """`+0530`, `+05:30`, `-05`, `+2`: signed hours and minutes, maybe seconds."""
    digits = re.sub(r"\D", "", text)
    digits = digits.zfill(2) if len(digits) < 3 else digits
    minutes = int(digits[:2]) * 60 + int(digits[2:4] or 0) + int(digits[4:6] or 0) / 60
    return -minutes if text[0] == "-" else minutes
