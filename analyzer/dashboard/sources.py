"""What was read, how it was understood, and what was not."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyzer.dashboard import show
from analyzer.model import Analysis, Source
from analyzer.report import words
from analyzer.report.clean import one_line


def show_sources(analysis: Analysis | None) -> None:
    """A table of all inputs, and below it everything that was skipped, with a sample."""
    st.title("Sources", anchor=False)
    if analysis is None:
        st.write("Nothing has been read yet.")
        return
    show.plain(f"{words.period(analysis)}, {words.reading(analysis)}", soft=True)
    st.dataframe(pd.DataFrame([_row(source) for source in analysis.sources]), hide_index=True)
    found = words.doubts(analysis)
    if not found:
        show.plain("Everything was read and understood.")
        return
    st.subheader("Not read or not understood", anchor=False)
    for doubt in found:
        times = f", {doubt.times()}" if doubt.times() else ""
        show.plain(f"{doubt.reason}{times}: {', '.join(doubt.sources)}", strong=doubt.trouble)
        if doubt.sample:
            show.record(doubt.sample)


def _row(source: Source) -> dict[str, object]:
    return {
        "Source": one_line(source.path),
        "Understood as": source.layout or "not understood",
        "Compression": source.compression or "",
        "Lines": source.lines,
        "Records": source.records,
        "With a time": source.timestamped_records,
        "From": words.date_and_time(source.first_timestamp),
        "To": words.date_and_time(source.last_timestamp),
        "Size": words.size(source.bytes),
    }
