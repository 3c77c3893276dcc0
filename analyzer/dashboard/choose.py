"""The side bar: which logs to look at, and which part of them."""

from __future__ import annotations

import os
import zoneinfo
from pathlib import Path

import streamlit as st

from analyzer.dashboard.load import Question
from analyzer.dashboard.uploads import keep

_SAMPLES = Path(__file__).resolve().parents[2] / "sample_logs"
_PATH, _SAMPLE, _UPLOAD = "A path on this machine", "Sample logs", "Upload"


def chosen_question() -> Question | None:
    """What the user asked for last, or what the dashboard was started with."""
    given = tuple(path for path in os.environ.get("ANALYZER_PATHS", "").split(os.pathsep) if path)
    if "question" not in st.session_state:
        st.session_state["question"] = Question(given) if given else None
    with st.sidebar:
        st.header("Logs", anchor=False)
        kinds = [_PATH, _SAMPLE, _UPLOAD] if _sample_names() else [_PATH, _UPLOAD]
        start = 0 if given or len(kinds) < 3 else 1
        kind = st.radio("Where the logs are", kinds, index=start, label_visibility="collapsed")
        with st.form("logs"):
            asked = _form(kind, given)
        if asked is not None:
            st.session_state["question"] = asked
            st.query_params.clear()
    question: Question | None = st.session_state["question"]
    return question


def _sample_names() -> list[str]:
    if not _SAMPLES.is_dir():
        return []
    return sorted(folder.name for folder in _SAMPLES.iterdir() if folder.is_dir())


def _form(kind: str, given: tuple[str, ...]) -> Question | None:
    """The question when the form was sent with any logs, otherwise None."""
    path, sample, uploads = "", "", []
    if kind == _PATH:
        path = st.text_area("Files, folders or globs, one per line", value="\n".join(given))
    elif kind == _SAMPLE:
        sample = st.selectbox("Night", _sample_names())
    else:
        uploads = st.file_uploader("Log files, also compressed", accept_multiple_files=True)
    with st.expander("Only a part of the time"):
        since = st.text_input("From", placeholder="2025-10-24 02:00")
        until = st.text_input("Until", placeholder="2025-10-24 04:00")
        zones = ["UTC", *sorted(zoneinfo.available_timezones() - {"UTC"})]
        timezone = st.selectbox("Time zone of times that name none", zones)
    if not st.form_submit_button("Analyze"):
        return None
    if kind == _UPLOAD:
        paths: tuple[str, ...] = (str(keep(uploads)),) if uploads else ()
    elif kind == _SAMPLE:
        paths = (str(_SAMPLES / sample),)
    else:
        paths = tuple(line.strip() for line in path.splitlines() if line.strip())
    if not paths:
        st.warning("No logs are chosen yet.")
        return None
    return Question(paths, since.strip() or None, until.strip() or None, timezone)
