"""The reports of a run in a folder: a page, Markdown and JSON for each night, and a page over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from analyzer.errors import InputError
from analyzer.files import write_whole
from analyzer.report import night as report
from analyzer.report import night_index
from analyzer.report.html import PLOTLY_FILE, PlotlyJs, plotly_script
from analyzer.store.store import Store

INDEX = "index.html"


def publish(store: Store, nights: Iterable[date], folder: Path, plotlyjs: PlotlyJs = "inline") -> list[Path]:
    """Write the reports of some nights and the index over all; the files written, the index last.

    Each file is whole or as it was before. With `plotlyjs="directory"` the pages share one copy of
    plotly.js in the folder. Raises `InputError` where something cannot be written.
    """
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if plotlyjs == "directory" and not (folder / PLOTLY_FILE).exists():
            _write(folder / PLOTLY_FILE, plotly_script())
        for day in nights:
            night = store.night(day)
            for suffix, text in (
                (".md", report.render_markdown(night)),
                (".json", report.render_json(night)),
                (".html", report.render_html(night, plotlyjs=plotlyjs)),
            ):
                written.append(_write(folder / f"{day.isoformat()}{suffix}", text))
        known = store.nights()
        pages = frozenset(each.date for each in known if (folder / night_index.page_name(each.date)).exists())
        written.append(_write(folder / INDEX, night_index.render(known, store.incidents(), pages)))
    except OSError as error:
        raise InputError(f"{error.filename or folder}: the report cannot be written: {error.strerror}") from error
    return written


def _write(file: Path, text: str) -> Path:
    write_whole(file, text.encode("utf-8", "backslashreplace"))
    return file
