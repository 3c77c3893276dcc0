"""What timestamps leave open and had to be assumed, and which of them are doubtful: said in every report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from analyzer.ingest.timeformats import DateOrder, lacks, match_timestamp
from analyzer.ingest.zones import is_shared

_READINGS: dict[DateOrder, str] = {"mdy": "month/day/year", "dmy": "day/month/year", "ymd": "year/month/day"}


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the timestamps of a file leave open."""

    year: bool = False
    date: bool = False
    zone: bool = False
    order: DateOrder | None = None
    """How dates were read that might as well be the other way round."""
    shown: DateOrder | None = None
    """How dates made of numbers were read because of what the dates of the file are."""
    shared_zone: str | None = None
    """A zone's abbreviation that means different zones to different people."""

    def __or__(self, other: Assumed) -> Assumed:
        return Assumed(
            year=self.year or other.year,
            date=self.date or other.date,
            zone=self.zone or other.zone,
            order=self.order or other.order,
            shown=self.shown or other.shown,
            shared_zone=self.shared_zone or other.shared_zone,
        )

    def texts(self, zone: str, last_year: int | None) -> Sequence[str]:
        """The assumptions as sentences for people; `zone` is that of naive times."""
        said = {
            f"timestamps without a year; taken to end in {last_year or '?'}": self.year,
            "timestamps without a date; taken for those of the day before the file was last written": self.date,
            f"timestamps without a time zone; read as {zone}": self.zone,
            f"dates that may be read in more than one way; read as {_READINGS.get(self.order or 'mdy')}": self.order,
            f"dates read as {_READINGS.get(self.shown or 'mdy')}, as the dates of the file show": self.shown,
            f"the time zone {self.shared_zone} means different zones; --timezone says which": self.shared_zone,
        }
        return [text for text, applies in said.items() if applies]


NOTHING_ASSUMED = Assumed()


def assumed_of(texts: Iterable[bytes], order: DateOrder | None = None, shown: DateOrder | None = None) -> Assumed:
    """What some timestamps leave open; `order` is how their dates are read if nothing but habit decides that,
    `shown` if the dates of the file do."""
    few = list(texts)
    zones = (found[1].groupdict().get("zone") for text in few if (found := match_timestamp(text)))
    return Assumed(
        year=any(lacks(text, "year") for text in few),
        date=any(lacks(text, "date") for text in few),
        zone=any(lacks(text, "zone") for text in few),
        order=order,
        shown=shown,
        shared_zone=next((zone.decode("ascii") for zone in zones if zone and is_shared(zone)), None),
    )


@dataclass(frozen=True, slots=True)
class Doubts:
    """How many timestamps are doubtful, by reason."""

    twice: int = 0
    """In the hour that clocks pass through twice when they are set back."""
    skipped: int = 0
    """In the hour that clocks leave out when they are set forward."""
    absurd: int = 0
    """Decades ago or in a far future, as of a clock that was never set."""

    def __add__(self, other: Doubts) -> Doubts:
        return Doubts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def texts(self) -> Sequence[tuple[str, int]]:
        """The doubts as sentences for people, each with the number of timestamps."""
        said = (
            ("timestamps in the hour that is passed twice when clocks go back; told apart by their order", self.twice),
            ("timestamps in the hour that is left out when clocks go forward", self.skipped),
            ("timestamps before 1990 or in the far future; not believed", self.absurd),
        )
        return [(text, count) for text, count in said if count]


NO_DOUBTS = Doubts()
