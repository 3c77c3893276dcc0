"""The page of one incident: what came first, what followed, what to do, and the proof."""

from __future__ import annotations

import streamlit as st

from analyzer.dashboard import show
from analyzer.model import Evidence, Fix, Incident
from analyzer.report import words


def show_incident(incident: Incident) -> None:
    """Everything there is to say about one incident."""
    st.button("All incidents", icon=":material/arrow_back:", on_click=_back)
    show.heading(incident)
    first, then = st.columns(2, gap="large")
    with first:
        _root(incident)
    with then:
        _cascade(incident)
    if incident.fixes:
        st.subheader("What to do", anchor=False)
        _advice(incident.fixes[0])
        for fix in incident.fixes[1:]:
            with st.expander(f"Also: {show.label(fix.title)}"):
                _advice(fix)
    if incident.evidence:
        st.subheader("Evidence", anchor=False)
        for place, proof in enumerate(words.proofs(incident)):
            _proof(proof, expanded=place == 0)
    if incident.entities:
        st.subheader("Involved", anchor=False)
        show.listing([_entity(name, values) for name, values in incident.entities.items()])


def _back() -> None:
    st.query_params.clear()


def _root(incident: Incident) -> None:
    st.subheader("What came first", anchor=False)
    show.plain(incident.root_cause.title, strong=True)
    show.plain(
        f"{words.confident_root(incident).capitalize()}, {incident.root_cause.category.replace('_', ' ')}", soft=True
    )
    if incident.root_cause.reasons:
        show.listing(list(incident.root_cause.reasons))
    change = incident.change
    if change is not None:
        before = words.change_before(incident, change)
        show.plain(
            f"{change.kind.capitalize()} at {words.date_and_time(change.timestamp)}{', ' + before if before else ''}:"
        )
        show.record(change.text)


def _cascade(incident: Incident) -> None:
    st.subheader("What happened, the cause first", anchor=False)
    lines = [
        f"{words.date_and_time(member.first_seen)}  {member.title}, {words.counted(member.count, 'event')}"
        f"{', related' if member.role == 'related' else ''}"
        for member in incident.cascade
    ]
    show.listing(lines, ordered=True)


def _advice(fix: Fix) -> None:
    if fix.cause:
        show.plain(fix.cause)
    for place, step in enumerate(fix.steps, start=1):
        show.plain(f"{place}. {step.text}")
        if step.destructive:
            st.warning("Careful: this can lose data.")
        if step.command is not None:
            show.record(step.command, language="bash")
    for title, lines in (("Verify", fix.verify), ("Prevent", fix.prevent), ("See", fix.references)):
        if lines:
            st.markdown(f"**{title}**")
            show.listing(list(lines))


def _proof(proof: Evidence, *, expanded: bool) -> None:
    with st.expander(show.label(f"{proof.source}:{proof.line}"), expanded=expanded):
        if proof.before:
            show.plain("just before", soft=True)
            show.record("\n".join(proof.before))
        show.record(proof.text)
        if proof.after:
            show.plain("just after", soft=True)
            show.record("\n".join(proof.after))


def _entity(name: str, values: tuple[str, ...]) -> str:
    more = f", and {words.number(len(values) - 8)} more" if len(values) > 8 else ""
    return f"{name}: {', '.join(values[:8])}{more}"
