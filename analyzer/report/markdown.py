"""The report as Markdown, for issues, chats and wikis.

Log text stands only inside code spans and fences longer than any run of backticks in it. Prose of the
catalogue may have been filled from log text, so its punctuation is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.model import Analysis, Evidence, Fix, Incident
from analyzer.report import words
from analyzer.report.clean import one_line, visible
from analyzer.report.palette import SEVERITY_LETTERS

_RUNS = re.compile(r"`+")
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#|~&$^])|^([-+=])")
_ADDRESS = re.compile(r"https?://[^\s<>\\`]+")
LINKED = re.compile(r"(?:https?://|www\.|mailto:|\S*@)\S*")
"""What Markdown renders as a link or a mention although nothing marks it as one."""


def render(analysis: Analysis) -> str:
    """The whole report, incidents worst first."""
    lines = [
        f"# {words.headline(analysis)}",
        "",
        f"{words.period(analysis)}. {words.reading(analysis)}.",
        "",
        *([] if analysis.incidents else [words.clean_result(analysis), ""]),
        *(line for incident in analysis.incidents for line in _incident(incident)),
        *_unknown(analysis),
        *_sources(analysis),
    ]
    return "\n".join(lines).rstrip() + "\n"


def render_incident(incident: Incident) -> str:
    """One incident, ready to be pasted into an issue."""
    return "\n".join(_incident(incident)).rstrip() + "\n"


def code(text: str) -> str:
    """A code span that its text cannot end; empty text gives an empty string."""
    line = one_line(text)
    if not line:
        return ""
    ticks = "`" * (max((len(run) for run in _RUNS.findall(line)), default=0) + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str, indent: str = "") -> list[str]:
    """A fenced block that its text cannot end."""
    body = visible(text).splitlines() or [""]
    ticks = "`" * max(3, max(len(run) for line in body for run in [*_RUNS.findall(line), ""]) + 1)
    return [f"{indent}{line}".rstrip() for line in (f"{ticks}text", *body, ticks)]


def prose(text: str, verbatim: re.Pattern[str] = LINKED) -> str:
    """Words as they are: punctuation escaped; what `verbatim` finds (addresses, mentions) as code."""
    line = one_line(text)
    parts: list[str] = []
    end = 0
    for found in verbatim.finditer(line):
        parts += [_escaped(line[end : found.start()]), code(found.group())]
        end = found.end()
    return "".join([*parts, _escaped(line[end:])])


def _escaped(text: str) -> str:
    return re.sub(r"^(\s*\d+)([.)])", r"\1\\\2", _PUNCTUATION.sub(r"\\\1\2", text))


def _incident(incident: Incident) -> Iterator[str]:
    root = incident.root_cause
    yield f"## {SEVERITY_LETTERS[incident.severity]} · {code(incident.title)}"
    yield ""
    when = words.span(incident.start, incident.end)
    lasted = ", ".join(filter(None, (words.duration(incident.duration_seconds), words.rhythm(incident))))
    events = words.counted(incident.event_count, "event")
    yield f"**{incident.severity}**, {incident.status}, {when} UTC ({lasted}), {events}, id {code(incident.id)}"
    yield ""
    hit = words.impact(incident)
    if hit:
        yield f"**Impact:** {prose('; '.join(hit))}"
        yield ""
    yield f"**Root cause**, {words.confident_root(incident)}: {code(root.title)}"
    yield ""
    yield from (f"- {prose(reason)}" for reason in root.reasons)
    if incident.change:
        change = incident.change
        before = words.change_before(incident, change)
        yield f"- {prose(change.kind)} at {words.moment_of(incident, change.timestamp)}, {before}: {code(change.text)}"
    yield ""
    yield from _cascade(incident)
    for fix in incident.fixes:
        yield from _fix(fix)
    yield from _evidence(words.proofs(incident))


def _cascade(incident: Incident) -> Iterator[str]:
    yield "**What happened**"
    yield ""
    for place, member in enumerate(incident.cascade, start=1):
        seen = words.moment_of(incident, member.first_seen)
        yield f"{place}. {seen} {member.role}: {code(member.title)}, {words.counted(member.count, 'event')}"
    yield ""


def _fix(fix: Fix) -> Iterator[str]:
    yield f"**What to do:** {code(fix.title)}"
    yield ""
    if fix.cause:
        yield prose(fix.cause)
        yield ""
    for place, step in enumerate(fix.steps, start=1):
        warning = " **Careful, this can lose data:**" if step.destructive else ""
        yield f"{place}. {prose(step.text)}{warning}"
        yield from ["", *fence(step.command, indent="   "), ""] if step.command is not None else []
    if fix.steps and fix.steps[-1].command is None:
        yield ""
    notes = [
        f"- {label}: {prose(line)}"
        for label, lines in (("Verify", fix.verify), ("Prevent", fix.prevent))
        for line in lines
    ]
    notes += [f"- See: {_reference(line)}" for line in fix.references]
    yield from [*notes, ""] if notes else []


def _reference(text: str) -> str:
    """A reference as a link where it is plainly a web address."""
    return f"<{text}>" if _ADDRESS.fullmatch(text) else prose(text)


def _evidence(evidence: Iterable[Evidence]) -> Iterator[str]:
    for proof in evidence:
        yield f"{code(f'{proof.source}:{proof.line}')}"
        yield ""
        yield from fence(proof.text)
        yield ""


def _unknown(analysis: Analysis) -> Iterator[str]:
    if not analysis.unknown:
        return
    yield "## Failures that no signature knows"
    yield ""
    for template in analysis.unknown:
        yield f"- {words.number(template.count)} × {code(template.template)}"
    yield ""


def _sources(analysis: Analysis) -> Iterator[str]:
    yield "## What was read"
    yield ""
    for source in analysis.sources:
        layout = prose(source.layout or "layout not understood")
        lines = words.counted(source.lines, "line")
        yield f"- {code(source.path)}: {layout}, {lines}, {words.size(source.bytes)}"
    yield ""
    found = words.doubts(analysis)
    if not found:
        return
    yield "## Not read or not understood"
    yield ""
    for doubt in found:
        sample = f": {code(doubt.sample)}" if doubt.sample else ""
        times = f" ({doubt.times()})" if doubt.times() else ""
        yield f"- {', '.join(map(code, doubt.sources))}: {prose(doubt.reason)}{times}{sample}"
