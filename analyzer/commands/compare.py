"""`analyzer compare`: what is in one set of logs that was not in another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from analyzer import pipeline
from analyzer.catalogue import Catalogue
from analyzer.commands.catalogue import CatalogueOptions, chosen_catalogue
from analyzer.commands.outcome import outcome
from analyzer.commands.output import Status, emit, progress
from analyzer.commands.show import read_report
from analyzer.contract import incident_to_dict
from analyzer.model import Analysis, Incident, Severity, UnknownTemplate
from analyzer.reason.lifecycle import problem_id
from analyzer.report import words
from analyzer.report.clean import one_line

Format = Literal["text", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """The command line of `compare`: `before` and `after` are logs, or JSON reports of `scan`."""

    before: str
    after: str
    format: Format = "text"
    catalogue: CatalogueOptions
    timezone: str = "UTC"
    fail_on: Severity | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed: problems are the same where their ids are, unknown failures where their templates are."""

    new: list[Incident]
    gone: list[Incident]
    both: list[tuple[Incident, int, int]]
    """The incident as it is after, with its events before and after."""
    unknown_new: list[UnknownTemplate]
    unknown_gone: list[UnknownTemplate]


def compare_analyses(before: Analysis, after: Analysis) -> Comparison:
    """What is in `after` that was not in `before`, and the other way round."""
    old, young = _events(before.incidents), _events(after.incidents)
    templates = [{each.template for each in analysis.unknown} for analysis in (before, after)]
    return Comparison(
        new=[each for each in _problems(after.incidents) if problem_id(each) not in old],
        gone=[each for each in _problems(before.incidents) if problem_id(each) not in young],
        both=[
            (each, old[problem_id(each)], young[problem_id(each)])
            for each in _problems(after.incidents)
            if problem_id(each) in old
        ],
        unknown_new=[each for each in after.unknown if each.template not in templates[0]],
        unknown_gone=[each for each in before.unknown if each.template not in templates[1]],
    )


def compare(options: CompareOptions) -> Status:
    """Read both sides and tell the difference; status `FOUND` where something new is as severe as `fail_on`."""
    catalogue, status = chosen_catalogue(options.catalogue)
    sides = [_analysis(path, catalogue, options) for path in (options.before, options.after)]
    found = compare_analyses(*sides)
    emit(_as_json(found) if options.format == "json" else "".join(f"{line}\n" for line in _lines(found, sides)))
    sources = [source for side in sides for source in side.sources]
    return outcome(sources, found.new, options.fail_on, in_trouble=status is Status.TROUBLE)


def _analysis(path: str, catalogue: Catalogue, options: CompareOptions) -> Analysis:
    if path.endswith(".json"):
        return read_report(path)
    with progress(quiet=options.quiet) as show:
        return pipeline.analyze([path], catalogue=catalogue, timezone=options.timezone, progress=show)


def _events(incidents: Iterable[Incident]) -> dict[str, int]:
    """The events of each problem, over all its occurrences."""
    counts: dict[str, int] = {}
    for incident in incidents:
        counts[problem_id(incident)] = counts.get(problem_id(incident), 0) + incident.event_count
    return counts


def _problems(incidents: Iterable[Incident]) -> Iterator[Incident]:
    """The first incident of each problem."""
    seen: set[str] = set()
    for incident in incidents:
        if problem_id(incident) not in seen:
            seen.add(problem_id(incident))
            yield incident


def _lines(found: Comparison, sides: list[Analysis]) -> Iterator[str]:
    yield f"before  {words.period(sides[0])}, {words.reading(sides[0])}"
    yield f"after   {words.period(sides[1])}, {words.reading(sides[1])}"
    if not (found.new or found.gone or found.both or found.unknown_new or found.unknown_gone):
        yield "no incident and no unknown failure on either side"
    for name, incidents in (("new", found.new), ("gone", found.gone)):
        for incident in incidents:
            events = words.counted(incident.event_count, "event")
            yield f"{name:6}  {incident.severity:8}  {incident.id:8}  {one_line(incident.title, 100)}, {events}"
    for incident, before, after in found.both:
        events = f"{words.number(before)} events before, {words.number(after)} after"
        yield f"{'still':6}  {incident.severity:8}  {incident.id:8}  {one_line(incident.title, 100)}, {events}"
    for name, templates in (("new", found.unknown_new), ("gone", found.unknown_gone)):
        for template in templates:
            yield f"{name:6}  unknown   {words.number(template.count):>8}  {one_line(template.template, 120)}"


def _as_json(found: Comparison) -> str:
    def known(template: UnknownTemplate) -> dict[str, object]:
        return {"id": template.id, "template": template.template, "count": template.count, "example": template.example}

    told = {
        "schema_version": 1,
        "new": [incident_to_dict(incident) for incident in found.new],
        "gone": [incident_to_dict(incident) for incident in found.gone],
        "both": [
            {"incident": incident_to_dict(incident), "events_before": before, "events_after": after}
            for incident, before, after in found.both
        ],
        "unknown_new": [known(template) for template in found.unknown_new],
        "unknown_gone": [known(template) for template in found.unknown_gone],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
