"""The first page: how many problems, when each began, what came first. A click opens one of them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from analyzer.dashboard import show
from analyzer.dashboard.incident import show_incident
from analyzer.model import Analysis, Incident, UnknownTemplate
from analyzer.report import words
from analyzer.report.figure import remarks, timeline

_LISTED = 100
_UNKNOWN = 20


def show_overview(analysis: Analysis | None) -> None:
    """The incident that the address names, or the overview of all."""
    if analysis is None:
        if st.session_state.get("question") is None:
            st.title("Log incidents", anchor=False)
            st.write("Choose logs at the left and press **Analyze**.")
        return
    wanted = st.query_params.get("incident")
    incident = next((each for each in analysis.incidents if each.id == wanted), None)
    if incident is not None:
        show_incident(incident)
        return
    if wanted is not None:
        st.warning("The incident of this address is not in these logs.")
    _overview(analysis)


def _overview(analysis: Analysis) -> None:
    st.title(words.headline(analysis), anchor=False)
    show.plain(f"{words.period(analysis)}, {words.reading(analysis)}", soft=True)
    if any(source.in_trouble for source in analysis.sources):
        st.warning("Not everything could be read: see Sources.")
    if not analysis.incidents:
        show.plain(words.clean_result(analysis))
    _timeline(analysis)
    for incident in analysis.incidents[:_LISTED]:
        _row(incident, with_date=not words.on_one_day(analysis))
    hidden = len(analysis.incidents) - _LISTED
    if hidden > 0:
        show.plain(f"{words.counted(hidden, 'incident')} more, less severe, are in the report.", soft=True)
    _unknown(analysis.unknown)


def _timeline(analysis: Analysis) -> None:
    figure = timeline(analysis, dark=st.context.theme.type == "dark")
    if figure is not None:
        with st.container(key="picture"):
            st.plotly_chart(
                figure,
                key="timeline",
                theme=None,
                on_select=_open_selected,
                selection_mode="points",
                config={"displayModeBar": False, "showTips": False, "doubleClick": "reset"},
                alt="Records over time, and the incidents of the list as bars below them",
            )
    for remark in remarks(analysis):
        show.plain(remark, soft=True)


def _open_selected() -> None:
    """Follow a click on the picture to the incident that the point belongs to."""
    chart: Any = st.session_state.get("timeline")
    ids = [point.get("customdata") for point in chart.selection.points] if chart else []
    for found in ids:
        chosen = found[0] if isinstance(found, list) else found
        if chosen:
            _open(str(chosen))
            return


def _open(incident_id: str) -> None:
    st.query_params["incident"] = incident_id


def _row(incident: Incident, *, with_date: bool) -> None:
    severity, began, title, count = st.columns([0.4, 1.6, 8, 1.4], vertical_alignment="center")
    severity.html(show.badge(incident.severity))
    began.text(words.date_and_time(incident.start) if with_date else words.clock(incident.start))
    with title.container(gap=None):
        name = show.label(incident.title) or "Untitled"
        st.button(f"**{name}**", key=f"open-{incident.id}", type="tertiary", on_click=_open, args=(incident.id,))
        show.plain(words.beginning(incident), soft=True)
    count.text(f"{incident.status}\n{words.counted(incident.event_count, 'event')}")


def _unknown(templates: list[UnknownTemplate]) -> None:
    if not templates:
        return
    st.subheader("Failures that no signature knows", anchor=False)
    for template in templates[:_UNKNOWN]:
        with st.expander(f"{words.number(template.count)} × {show.label(template.template)}"):
            show.plain(
                f"{words.span(template.first_seen, template.last_seen)}  ·  {', '.join(template.sources)}",
                soft=True,
            )
            show.record(template.example)
    hidden = len(templates) - _UNKNOWN
    if hidden > 0:
        show.plain(f"and {words.counted(hidden, 'template')} more", soft=True)
