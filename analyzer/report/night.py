"""The report of one night: as an HTML page, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from analyzer.model import Incident
from analyzer.night import Night
from analyzer.report import markdown, night_words, words
from analyzer.report.html import PlotlyJs, contents, environment
from analyzer.report.palette import SEVERITY_LETTERS

NIGHT_SCHEMA_VERSION = 1


def render_html(night: Night, *, plotlyjs: PlotlyJs = "inline") -> str:
    """One self-contained page; plotly.js inside it (4.6 MB), or beside it for many nights in one folder."""
    new = {template.id for template in night.unknown_new}
    return (
        environment()
        .get_template("night.html.j2")
        .render(
            **contents(night.analysis, plotlyjs),
            night=night,
            night_words=night_words,
            groups=[(status, night.with_status(status)) for status in night_words.STATUSES],
            unknown_before=[template for template in night.analysis.unknown if template.id not in new],
            rows=list(_rows(night)),
        )
    )


def _rows(night: Night) -> Iterator[dict[str, Any]]:
    """This night and those before, latest first; `records` and `errors` in percent of the most."""
    nights = [night.totals, *reversed(night.earlier)]
    most_records = max(totals.records for totals in nights) or 1
    most_errors = max(totals.errors for totals in nights) or 1
    for totals in nights:
        yield {
            "totals": totals,
            "records": round(100 * totals.records / most_records),
            "errors": round(100 * totals.errors / most_errors),
        }


def render_markdown(night: Night) -> str:
    """The night in short, then its incidents in full."""
    told = f"**{night_words.headline(night)}.** {night_words.rates(night)}"
    lines = [f"# {night_words.heading(night)}", "", told, ""]
    lines += [f"- **Not complete:** {markdown.prose(gap)}" for gap in night_words.gaps(night)]
    lines += [""] if lines[-1] else []
    for status in night_words.STATUSES:
        lines += [_line(night, incident) for incident in night.with_status(status)]
    lines += [""] if night.analysis.incidents or night.resolved else []
    return "\n".join(lines) + "\n" + markdown.render(night.analysis)


def _line(night: Night, incident: Incident) -> str:
    muted = ", muted" if incident.id in night.muted else ""
    letter = SEVERITY_LETTERS[incident.severity]
    title = markdown.code(incident.title)
    return f"- {letter} **{incident.status}**{muted}: {title}, {words.counted(incident.event_count, 'event')}"


def render_json(night: Night) -> str:
    """The night as data: the analysis as of any run, and beside it how the night compares with others."""
    analysis = night.analysis.to_dict()
    return (
        json.dumps(
            {
                "schema_version": NIGHT_SCHEMA_VERSION,
                "night": _plain(asdict(night.totals)),
                "resolved": [incident.id for incident in night.resolved],
                "muted": sorted(night.muted),
                "unknown_new": [template.id for template in night.unknown_new],
                "earlier": [_plain(asdict(totals)) for totals in night.earlier],
                "completeness": {"complete": night.completeness.complete, **_plain(asdict(night.completeness))},
                "analysis": analysis,
            },
            ensure_ascii=False,
            indent=2,
        )
        + "\n"
    )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date | datetime) else value for name, value in values.items()}
