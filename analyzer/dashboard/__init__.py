"""The dashboard: the report's picture and incidents as pages. Widgets only; all thinking is done elsewhere."""

from __future__ import annotations


def main() -> None:
    """Draw the page that the address asks for. Streamlit calls this anew on every click."""
    import streamlit as st

    from analyzer.dashboard.choose import chosen_question
    from analyzer.dashboard.load import answer
    from analyzer.dashboard.overview import show_overview
    from analyzer.dashboard.show import style
    from analyzer.dashboard.sources import show_sources

    st.set_page_config(page_title="Log incidents", layout="wide")
    style()
    question = chosen_question()
    pages = [
        st.Page(lambda: show_overview(answer(question)), title="Incidents", url_path="incidents", default=True),
        st.Page(lambda: show_sources(answer(question)), title="Sources", url_path="sources"),
    ]
    st.navigation(pages, position="top").run()
