"""What matters of a night, told by chat, mail or pager: which incidents, in which words, to whom.

Addresses are those of apprise (https://github.com/caronc/apprise/wiki): `slack://...`, `mailtos://...`,
`pagerduty://...` and a hundred others. `${NAME}` in one stands for an environment variable, so that
no secret needs to be in the configuration.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import time as clock
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from analyzer.config import SettingsModel
from analyzer.model import SEVERITIES, Incident, Severity, Status
from analyzer.night import Night
from analyzer.report import night_words, words
from analyzer.report.clean import one_line

ATTEMPTS = 3
_FIRST_PAUSE = 2.0
_IN_FULL = 10
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_MENTION = re.compile(r"(?<=@)(?=(?:channel|here|everyone|all)\b)|(?<=<)(?=[!@#])")


def _hours(value: str) -> str:
    try:
        first, last = (clock.fromisoformat(part.strip()) for part in value.split("-"))
    except ValueError as error:
        raise ValueError(f"{value!r} is no span of hours: write it like 22:00-07:00") from error
    return f"{first:%H:%M}-{last:%H:%M}"


class NotifySettings(SettingsModel):
    """Whom to tell, and of what: incidents at least so severe, of one of the statuses."""

    urls: tuple[str, ...] = Field(min_length=1)
    severity: Severity = "high"
    status: tuple[Status, ...] = ("new", "regressed")
    digest: bool = True
    """One message for all of a night's incidents, or one for each."""
    quiet_hours: Annotated[str, AfterValidator(_hours)] | None = None
    """Within these hours (in the zone of the nights) nothing is sent; the next run after them sends it."""
    wake_for: Severity | None = "critical"
    """Incidents at least so severe are sent in quiet hours as well; null: none are."""

    def wants(self, night: Night, incident: Incident) -> bool:
        """Whether an incident is to be told."""
        grave = SEVERITIES.index(incident.severity) <= SEVERITIES.index(self.severity)
        return grave and incident.status in self.status and incident.id not in night.muted

    def may_send(self, incident: Incident, now: datetime, zone: ZoneInfo) -> bool:
        """Whether this is an hour for it."""
        if self.quiet_hours is None or not _within(self.quiet_hours, now.astimezone(zone).time()):
            return True
        return self.wake_for is not None and SEVERITIES.index(incident.severity) <= SEVERITIES.index(self.wake_for)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at once: plain text, and the incidents that it tells of."""

    title: str
    body: str
    incidents: tuple[Incident, ...]


def compose(night: Night, incidents: Sequence[Incident], digest: bool, see: str = "") -> list[Message]:
    """The messages about some incidents of a night, worst first. `see` is what `analyzer show` has to be told to
    find them."""
    ordered = sorted(incidents, key=lambda incident: SEVERITIES.index(incident.severity))
    groups = [ordered] if digest and ordered else [[incident] for incident in ordered]
    return [_message(night, group, see) for group in groups]


def channel_of(url: str) -> str:
    """A name for an address that gives no secret away."""
    scheme = url.partition("://")[0]
    return f"{one_line(scheme, 20)}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def send(url: str, message: Message, pause: Callable[[float], None] = time.sleep) -> str | None:
    """Send a message, trying again where that fails; the reason why it could not be sent, or None."""
    import apprise

    missing = [name for name in _VARIABLE.findall(url) if name not in os.environ]
    if missing:
        return f"the environment variable {missing[0]} is not set"
    target = apprise.Apprise()
    with apprise.LogCapture(level=logging.INFO) as log:  # type: ignore[no-untyped-call]  # it has no types
        if not target.add(_VARIABLE.sub(lambda found: os.environ[found[1]], url)):
            return "this is no address that apprise knows; see https://github.com/caronc/apprise/wiki"
        for attempt in range(ATTEMPTS):
            if attempt:
                pause(_FIRST_PAUSE * 4 ** (attempt - 1))
            if target.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT):
                return None
        said = [line for line in log.getvalue().splitlines() if line.strip()]
    return f"not delivered in {ATTEMPTS} attempts" + (f": {one_line(_last_words(said), 200)}" if said else "")


def _last_words(lines: Sequence[str]) -> str:
    """The last thing that went wrong, without the clock before it."""
    return re.sub(r"^[\d\- :,]+(?:-\s*)?(?:[A-Z]+\s*-\s*)?", "", lines[-1])


def _message(night: Night, incidents: Sequence[Incident], see: str) -> Message:
    counts = [
        f"{number} {status}"
        for status in night_words.STATUSES
        if (number := sum(incident.status == status for incident in incidents))
    ]
    if len(incidents) == 1:
        (incident,) = incidents
        title = f"{incident.severity.upper()} {incident.status}: {one_line(incident.title, 120)}"
    else:
        title = f"{', '.join(counts)}: {one_line(incidents[0].title, 80)} and {len(incidents) - 1} more"
    parts = [_told(night, incident, see) for incident in incidents[:_IN_FULL]]
    parts += [f"- {i.severity} {i.status}: {one_line(i.title, 100)}" for i in incidents[_IN_FULL:]]
    footer = f"Night {night.date}. {night_words.rates(night)}"
    gaps = [f"Not complete: {gap}" for gap in night_words.gaps(night)]
    return Message(_inert(title), _inert("\n\n".join([*parts, "\n".join([footer, *gaps])])), tuple(incidents))


def _told(night: Night, incident: Incident, see: str) -> str:
    """One incident as someone needs it who has nothing but this message."""
    root = incident.root_cause
    facts = [
        f"{words.span(incident.start, incident.end)}{' UTC' if incident.start else ''}",
        words.counted(incident.event_count, "event"),
        *([", ".join(one_line(service, 40) for service in incident.services[:5])] if incident.services else []),
    ]
    lines = [
        f"{incident.severity.upper()} {incident.status}: {one_line(incident.title, 160)}",
        f"  {', '.join(facts)}; {night_words.standing(night, incident)}",
        f"  cause: {one_line(root.title, 160)} ({words.confident_root(incident)})",
    ]
    if incident.change:
        before = words.change_before(incident, incident.change)
        lines.append(f"  change: {incident.change.kind} {before}: {one_line(incident.change.text, 120)}")
    steps = [step for fix in incident.fixes[:1] for step in fix.steps[:2]]
    for step in steps:
        lines.append(f"  fix: {one_line(step.text, 160)}")
        if step.command:
            careful = "careful, can lose data: " if step.destructive else ""
            lines.append(f"       {careful}{one_line(step.command, 200)}")
    lines += [f"  proof: {one_line(proof.source, 100)}:{proof.line}" for proof in incident.evidence[:1]]
    return "\n".join([*lines, f"  see: analyzer show {incident.id}{see}"])


def _inert(text: str) -> str:
    """Text in which a chat program finds nobody to call: log text may hold `@channel`."""
    return _MENTION.sub("\u2060", text)


def _within(hours: str, moment: clock) -> bool:
    first, last = (clock.fromisoformat(part) for part in hours.split("-"))
    return first <= moment < last if first <= last else moment >= first or moment < last
