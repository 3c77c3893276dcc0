"""How a command ends that read logs: its troubles said, and the exit status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from analyzer.commands.output import Status, complain
from analyzer.model import SEVERITIES

if TYPE_CHECKING:
    from analyzer.model import Incident, Severity, Source


def outcome(
    sources: Iterable[Source],
    found: Iterable[Incident] = (),
    fail_on: Severity | None = None,
    *,
    in_trouble: bool = False,
) -> Status:
    """`TROUBLE` where any source was in trouble, which is said, or something else was; otherwise `FOUND`
    where an incident is as severe as `fail_on`, or worse."""
    for source in sources:
        for skipped in source.skipped:
            if skipped.trouble:
                complain(f"{source.path}: {skipped.reason}")
                in_trouble = True
    if in_trouble:
        return Status.TROUBLE
    grave = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on else ()
    return Status.FOUND if any(incident.severity in grave for incident in found) else Status.DONE
