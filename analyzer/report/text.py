"""The report for a terminal: calm, width-aware, and complete without colour."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from analyzer.model import Analysis, CascadeMember, Evidence, Fix, Incident
from analyzer.report import words
from analyzer.report.clean import one_line, visible
from analyzer.report.palette import SEVERITY_COLOURS

_INDENT = 10
_IN_FULL = 10
"""Incidents told with root, cascade and fix; the rest get only their line in the list of all."""
_UNKNOWN_SHOWN = 5
_CASCADE_SHOWN = 4
_STEPS_SHOWN = 3
_SOURCES_SHOWN = 4
_BARS = "▁▂▃▅▇"
_SPARK_WIDTH = 12
_LEAST_MINUTES = 2


def render(analysis: Analysis, *, width: int = 100, colour: bool = False, elapsed: float | None = None) -> str:
    """The report of a run; `elapsed` in seconds is shown where it is known.

    Several incidents are listed at the end once more: that is what a terminal still shows when the run is over.
    """
    paper = _Paper(width, colour)
    paper.add_all(_headline(analysis, paper, elapsed))
    with_date = not words.on_one_day(analysis)
    for incident in analysis.incidents[:_IN_FULL]:
        paper.gap()
        paper.add_all(_incident(incident, paper, with_date))
    if not analysis.incidents:
        paper.gap()
        paper.add_all(_clean(analysis, paper))
    paper.add_all(_unknown(analysis, paper))
    paper.add_all(_doubts(analysis, paper))
    paper.add_all(_at_a_glance(analysis, paper, with_date))
    return paper.text()


def render_incident(incident: Incident, *, width: int = 100, colour: bool = False) -> str:
    """One incident in full: every member, every step, every record that proves it."""
    paper = _Paper(width, colour)
    paper.add_all(_title(incident, paper))
    paper.add_all(_facts(incident, paper, with_date=True))
    paper.add_all(_root(incident, paper))
    paper.add_all(_full_cascade(incident, paper))
    for fix in incident.fixes:
        paper.gap()
        paper.add_all(_full_fix(fix, paper))
    for name, values in incident.entities.items():
        shown = ", ".join(one_line(value, 60) for value in values[:8])
        more = f", and {words.number(len(values) - 8)} more" if len(values) > 8 else ""
        paper.add_all(paper.entry("about", Text(f"{one_line(name)}: {shown}{more}")))
    for proof in words.proofs(incident):
        paper.gap()
        paper.add_all(_full_proof(proof))
    return paper.text()


class _Paper:
    """Lines that collect under a fixed width, and the one way to put a label before wrapped text."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = max(width, 40)
        self._buffer = io.StringIO()
        self._console = Console(
            file=self._buffer,
            width=self.width,
            force_terminal=colour,
            color_system="truecolor" if colour else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def add(self, line: Text) -> None:
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    def add_all(self, lines: Iterable[Text]) -> None:
        for line in lines:
            self.add(line)

    def gap(self) -> None:
        self.add(Text())

    def entry(self, label: str, body: Text, style: str = "dim") -> Iterator[Text]:
        """A label at the left and the text beside it, wrapped under itself."""
        margin = f"  {label}" if style == "dim" else label
        for line in self.wrapped(body, self.width - _INDENT):
            yield Text.assemble((margin.ljust(_INDENT), style), line)
            margin = ""

    def wrapped(self, body: Text, width: int | None = None) -> list[Text]:
        """The text as lines of at most `width` cells, that of the paper by default."""
        lines = list(body.wrap(self._console, width or self.width)) or [Text()]
        for line in lines:
            line.rstrip()
        return lines

    def text(self) -> str:
        return self._buffer.getvalue()


def _headline(analysis: Analysis, paper: _Paper, elapsed: float | None) -> Iterator[Text]:
    lines = paper.wrapped(Text(f"{words.reading(analysis)}, {words.period(analysis)}"))
    if elapsed is not None:
        right = f"{elapsed:.2f} s"
        room = paper.width - lines[-1].cell_len - len(right)
        lines[-1].append(" " * max(room, 2) + right)
    yield from lines
    if len(analysis.incidents) > 1:
        yield Text(words.headline(analysis), style="bold")


def _clean(analysis: Analysis, paper: _Paper) -> Iterator[Text]:
    """A night without incidents; only what was read without trouble is called well."""
    well = analysis.totals.records and not any(source.in_trouble for source in analysis.sources)
    yield from paper.entry("OK" if well else "", Text(words.clean_result(analysis)), "bold")


def _incident(incident: Incident, paper: _Paper, with_date: bool) -> Iterator[Text]:
    yield from _title(incident, paper)
    yield from _facts(incident, paper, with_date)
    yield from _root(incident, paper)
    yield from _then(incident, paper)
    yield from _fix(incident, paper)
    if incident.evidence:
        places = [f"{one_line(proof.source)}:{proof.line}" for proof in words.proofs(incident)[:4]]
        yield from paper.entry("proof", Text("  ".join(places)))


def _title(incident: Incident, paper: _Paper) -> Iterator[Text]:
    events = words.counted(incident.event_count, "event")
    right = f"{incident.status}   {events}   {one_line(incident.id)}"
    severity = incident.severity.upper()
    style = f"bold {SEVERITY_COLOURS[incident.severity]}"
    lines = list(paper.entry(severity, Text(one_line(incident.title, 200), style="bold"), style))
    room = paper.width - lines[0].cell_len - len(right)
    if room >= 2:
        lines[0].append(" " * room + right)
        yield from lines
    else:
        yield from lines
        yield from paper.entry("", Text(right))


def _facts(incident: Incident, paper: _Paper, with_date: bool) -> Iterator[Text]:
    facts = (
        words.span(incident.start, incident.end, with_date=with_date),
        sparkline(incident.cascade),
        words.rhythm(incident),
        ", ".join(one_line(service, 40) for service in incident.services[:6]),
        words.main_entity(incident),
    )
    yield from paper.entry("", Text("   ".join(fact for fact in facts if fact)))
    hit = words.impact(incident)
    if hit:
        yield from paper.entry("hit", Text("; ".join(hit)))


def sparkline(cascade: Iterable[CascadeMember]) -> str:
    """When the events came and how thick; empty where that is not known, or all came in one minute."""
    activity = [pair for member in cascade for pair in member.activity]
    if len({minute for minute, _ in activity}) < _LEAST_MINUTES:
        return ""
    start = min(minute for minute, _ in activity)
    width = max(max(minute for minute, _ in activity) - start, 1) / (_SPARK_WIDTH - 0.001)
    columns = [0] * _SPARK_WIDTH
    for minute, count in activity:
        columns[int((minute - start) / width)] += count
    top = max(columns) or 1
    steps = len(_BARS) - 1
    return "".join(_BARS[-(-count * steps // top)] for count in columns)


def _root(incident: Incident, paper: _Paper) -> Iterator[Text]:
    root = incident.root_cause
    sure = words.confident_root(incident)
    yield from paper.entry("root", Text(f"{one_line(root.title, 240)}   {sure}"))
    if root.reasons:
        yield from paper.entry("", Text("; ".join(one_line(reason) for reason in root.reasons), style="dim"))
    if incident.change:
        when = words.change_before(incident, incident.change)
        change = f"{incident.change.kind} at {words.moment_of(incident, incident.change.timestamp)}"
        text = one_line(incident.change.text, 120)
        yield from paper.entry("change", Text(f"{change}{', ' + when if when else ''}: {text}"))


def _then(incident: Incident, paper: _Paper) -> Iterator[Text]:
    effects = [member for member in incident.cascade if member.role != "root"]
    if not effects:
        return
    shown = [f"{one_line(member.title, 100)} ({words.number(member.count)})" for member in effects]
    if len(shown) > _CASCADE_SHOWN:
        shown[_CASCADE_SHOWN:] = [f"{len(shown) - _CASCADE_SHOWN} more"]
    yield from paper.entry("then", Text("  >  ".join(shown)))


def _fix(incident: Incident, paper: _Paper) -> Iterator[Text]:
    steps = [step for fix in incident.fixes[:1] for step in fix.steps]
    label = "fix"
    for place, step in enumerate(steps[:_STEPS_SHOWN], start=1):
        yield from paper.entry(label, Text(f"{place}  {one_line(step.text)}"))
        yield from _command(step.command, step.destructive)
        label = ""


def _command(command: str | None, destructive: bool) -> Iterator[Text]:
    """A command to copy: never wrapped, and never without a warning where it can lose data."""
    if command is None:
        return
    if destructive:
        yield Text(" " * (_INDENT + 3) + "CAREFUL, this can lose data:", style="bold")
    for line in visible(command).splitlines():
        yield Text(" " * (_INDENT + 3) + line)


def _at_a_glance(analysis: Analysis, paper: _Paper, with_date: bool) -> Iterator[Text]:
    """When each incident began, and how to see all of it."""
    if not analysis.incidents:
        return
    yield Text()
    if len(analysis.incidents) > 1:
        yield Text(words.headline(analysis), style="bold")
        for incident in analysis.incidents:
            began = words.date_and_time(incident.start) if with_date else words.clock(incident.start)
            line = Text(f"{began}  {one_line(incident.title, 60)}   {one_line(incident.id)}")
            yield from paper.entry(incident.severity.upper(), line, SEVERITY_COLOURS[incident.severity])
    yield from paper.entry(
        "In full", Text("the same command with --output report.html; or --output report.json, then"), "none"
    )
    yield Text(f"{'':{_INDENT}}analyzer show {one_line(analysis.incidents[0].id)} --from report.json")


def _unknown(analysis: Analysis, paper: _Paper) -> Iterator[Text]:
    if not analysis.unknown:
        return
    yield Text()
    yield Text.assemble(("UNKNOWN", "bold"), "   failures that no signature knows")
    for template in analysis.unknown[:_UNKNOWN_SHOWN]:
        level = f"{template.level}  " if template.level else ""
        line = Text(f"{level}{one_line(template.template, 160)}")
        yield from paper.entry(f"{words.number(template.count):>6} x", line, "none")
    hidden = len(analysis.unknown) - _UNKNOWN_SHOWN
    if hidden > 0:
        yield from paper.entry("", Text(f"and {words.counted(hidden, 'template')} more"))


def _doubts(analysis: Analysis, paper: _Paper) -> Iterator[Text]:
    found = words.doubts(analysis)
    if not found:
        return
    yield Text()
    yield Text.assemble(("NOT READ OR NOT UNDERSTOOD", "bold"))
    for doubt in found:
        yield from paper.entry("trouble" if doubt.trouble else "note", Text(_doubt(doubt)))
        if doubt.sample:
            yield from paper.entry("", Text(one_line(doubt.sample, 160), style="dim"))


def _doubt(doubt: words.Doubt) -> str:
    said = f"{one_line(doubt.reason)}{f' ({doubt.times()})' if doubt.times() else ''}"
    shown = ", ".join(map(one_line, doubt.sources[:_SOURCES_SHOWN]))
    hidden = len(doubt.sources) - _SOURCES_SHOWN
    if len(doubt.sources) == 1:
        return f"{shown}: {said}"
    return f"{said}: {shown}{f', and {words.number(hidden)} more sources' if hidden > 0 else ''}"


def _full_cascade(incident: Incident, paper: _Paper) -> Iterator[Text]:
    yield Text()
    for member in incident.cascade:
        if member.role == "root":
            continue
        when = words.moment_of(incident, member.first_seen)
        label = "then" if member.role == "effect" else "also"
        yield from paper.entry(label, Text(f"{when}  {one_line(member.title)} ({words.number(member.count)})"))


def _full_fix(fix: Fix, paper: _Paper) -> Iterator[Text]:
    yield from paper.entry("FIX", Text(one_line(fix.title), style="bold"), "bold")
    if fix.cause:
        yield from paper.entry("why", Text(one_line(fix.cause)))
    for place, step in enumerate(fix.steps, start=1):
        yield from paper.entry("do" if place == 1 else "", Text(f"{place}  {one_line(step.text)}"))
        yield from _command(step.command, step.destructive)
    for label, lines in (("verify", fix.verify), ("prevent", fix.prevent), ("see", fix.references)):
        for place, line in enumerate(lines):
            yield from paper.entry("" if place else label, Text(one_line(line)))


def _full_proof(proof: Evidence) -> Iterator[Text]:
    yield Text.assemble(("  proof".ljust(_INDENT), "dim"), (f"{one_line(proof.source)}:{proof.line}", "bold"))
    for mark, records in (("  ", proof.before), ("> ", (proof.text,)), ("  ", proof.after)):
        for record in records:
            for line in visible(record).splitlines():
                yield Text(" " * _INDENT + mark + line, style="" if mark == "> " else "dim")
