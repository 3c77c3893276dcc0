"""Text from logs on a page: never as Markdown, never as HTML of its own."""

from __future__ import annotations

import html
import re

import streamlit as st

from analyzer.model import Incident, Severity
from analyzer.report import words
from analyzer.report.clean import one_line, visible
from analyzer.report.markdown import LINKED, prose
from analyzer.report.palette import SEVERITY_COLOURS, SEVERITY_INKS, SEVERITY_LETTERS

_VERBATIM = re.compile(rf"{LINKED.pattern}|:[\w+/-]+:")
"""Besides addresses, `:name:`: Streamlit makes an emoji or an icon of it, even where it is escaped."""


_STYLE = """<style>
.stMainBlockContainer { padding-top: 4.5rem; }
.st-key-picture { overflow-x: auto; }
.st-key-picture > * { min-width: 900px; }
</style>"""
"""Less empty space on top; and on a telephone the picture is scrolled, as that of the report, not squeezed."""


def style() -> None:
    """What all pages look like, beyond Streamlit's own."""
    st.html(_STYLE)


def label(text: str, limit: int = 160) -> str:
    """Text for widgets that take nothing but Markdown: buttons, expanders."""
    return prose(one_line(text, limit), _VERBATIM)


def plain(text: str, *, soft: bool = False, strong: bool = False) -> None:
    """A paragraph, exactly as it is."""
    look = f"opacity:{0.72 if soft else 1};font-weight:{600 if strong else 400}"
    st.html(f'<p style="margin:0;overflow-wrap:anywhere;{look}">{html.escape(visible(text))}</p>')


def listing(lines: list[str], *, ordered: bool = False) -> None:
    """A list of such paragraphs."""
    kind = "ol" if ordered else "ul"
    items = "".join(f"<li>{html.escape(visible(line))}</li>" for line in lines)
    st.html(f'<{kind} style="margin:0;padding-left:1.3rem;overflow-wrap:anywhere">{items}</{kind}>')


def record(text: str, *, language: str | None = None) -> None:
    """A log record or a command, with Streamlit's button to copy it."""
    st.code(visible(text), language=language, wrap_lines=True)


def badge(severity: Severity) -> str:
    """The letter of a severity on its colour, as HTML."""
    box = "display:inline-block;font-size:.85em;line-height:1.5;min-width:1.5em;border-radius:3px"
    colours = f"background:{SEVERITY_COLOURS[severity]};color:{SEVERITY_INKS[severity]}"
    style = f"{box};text-align:center;font-weight:700;{colours}"
    return f'<span title="{severity}" style="{style}">{SEVERITY_LETTERS[severity]}</span>'


def heading(incident: Incident) -> None:
    """Severity, title and the facts of an incident."""
    title = html.escape(visible(incident.title))
    st.html(f'<h1 style="font-size:1.7rem;overflow-wrap:anywhere">{badge(incident.severity)} {title}</h1>')
    when = words.span(incident.start, incident.end)
    facts = [f"{incident.severity}, {incident.status}", f"{when} UTC" if incident.start else when]
    facts += [
        words.duration(incident.duration_seconds),
        words.rhythm(incident),
        words.counted(incident.event_count, "event"),
    ]
    facts += [", ".join(incident.services), f"id {incident.id}"]
    plain("  ·  ".join(fact for fact in facts if fact), soft=True)
    hit = words.impact(incident)
    if hit:
        plain("Impact:  " + "  ·  ".join(hit))
