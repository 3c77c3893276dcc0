"""What the nightly run knows about one night: an analysis, and how it compares with the nights before.

A night is the 24 hours (23 or 25 where clocks change) of log time that end at a fixed hour of the
morning; it bears the date of that morning. The hour and the time zone belong to the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from analyzer.model import Analysis, Incident, Severity, Status, UnknownTemplate

IncidentState = Literal["open", "muted", "resolved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NightTotals:
    """A night in numbers. `errors` are records of level error or worse; `unknown_new` counts the
    templates of unknown failures that no earlier night has seen."""

    date: date
    start: datetime
    end: datetime
    bytes: int = 0
    lines: int = 0
    records: int = 0
    errors: int = 0
    events: int = 0
    new: int = 0
    regressed: int = 0
    ongoing: int = 0
    resolved: int = 0
    unknown: int = 0
    unknown_new: int = 0

    @property
    def incidents(self) -> int:
        """Incidents seen in this night; those that are resolved were not."""
        return self.new + self.regressed + self.ongoing

    @property
    def error_rate(self) -> float | None:
        """Errors per record, None where nothing was read."""
        return self.errors / self.records if self.records else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How much of the night is known.

    `missing` are configured sources that could not be found or read when last looked for, `silent`
    those that delivered in the night before but not in this one, each with the reason in words.
    """

    over: bool
    """Whether the night was over, by the clock of the last run."""
    first_record: datetime | None
    last_record: datetime | None
    last_run: datetime | None
    missing: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether the night is over and every source delivered."""
        return self.over and self.first_record is not None and not self.missing and not self.silent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Night:
    """Everything that is to be told about one night.

    `analysis` holds the incidents seen in this night (new, regressed or ongoing; worst first), all
    templates of unknown failures, sources and volume; its events are left out (the store has them).
    """

    totals: NightTotals
    analysis: Analysis
    resolved: list[Incident]
    """Incidents of the night before that this night has not seen, as they were last."""
    muted: frozenset[str]
    """Ids of incidents of `analysis` that someone muted and that have not escalated since."""
    unknown_new: list[UnknownTemplate]
    """Those of `analysis.unknown` that no earlier night has seen."""
    earlier: tuple[NightTotals, ...]
    """The nights before that the store knows, at most seven days back, oldest first."""
    trends: Mapping[str, Mapping[date, int]]
    """For each problem of `analysis` and `resolved` (see `problem_id`): its events per night, as far
    back as the store goes."""
    completeness: Completeness

    @property
    def date(self) -> date:
        """The morning on which the night ends."""
        return self.totals.date

    def with_status(self, status: Status) -> list[Incident]:
        """The incidents of one status (new, regressed, ongoing or resolved), worst first."""
        pool = self.resolved if status == "resolved" else self.analysis.incidents
        return [incident for incident in pool if incident.status == status]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What someone wrote about a problem, or did with it (`action`: note, resolve, mute, wake)."""

    at: datetime
    action: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIncident:
    """A problem over all nights. Its `state` is what holds now, also by what people decided; its
    `status` that of the last night. `events` counts per night, for the nights that are still kept."""

    id: str
    title: str
    severity: Severity
    state: IncidentState
    status: Status
    first_seen: datetime
    last_seen: datetime
    occurrences: int
    events: Mapping[date, int]
    notes: tuple[Note, ...]
