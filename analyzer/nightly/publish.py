"""The reports of a run in a folder: a page, Markdown and JSON for each night, and a page over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from analyzer.errors import InputError
from analyzer.files import write_whole
from analyzer.report import night as report
from analyzer.report import night_index
from analyzer.report.html import PLOTLY_FILE, PlotlyJs, plotly_script, with_plotly_inside
from analyzer.store.store import Store

INDEX = "index.html"
LATEST = "latest.html"


def publish(
    store: Store, nights: Iterable[date], folder: Path, plotlyjs: PlotlyJs = "inline", latest: date | None = None
) -> list[Path]:
    """Write the reports of some nights and the index over all; the files written, the index last.

    Each file is whole or as it was before. With `plotlyjs="directory"` the pages share one copy of
    plotly.js in the folder. The page of the `latest` night is also written under a name that stays the
    same, with plotly.js inside it: it opens wherever it is sent. Raises `InputError` where something
    cannot be written.
    """
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if plotlyjs == "directory":
            _share_plotly(folder / PLOTLY_FILE)
        for day in nights:
            night = store.night(day)
            page = report.render_html(night, plotlyjs="directory")
            for suffix, text in (
                (".md", report.render_markdown(night)),
                (".json", report.render_json(night)),
                (".html", page if plotlyjs == "directory" else with_plotly_inside(page)),
            ):
                written.append(_write(folder / f"{day.isoformat()}{suffix}", text))
            if day == latest:
                written.append(_write(folder / LATEST, with_plotly_inside(page)))
        known = store.nights()
        pages = frozenset(each.date for each in known if (folder / night_index.page_name(each.date)).exists())
        written.append(_write(folder / INDEX, night_index.render(known, store.incidents(), pages)))
    except OSError as error:
        raise InputError(f"{error.filename or folder}: the report cannot be written: {error.strerror}") from error
    return written


def _share_plotly(file: Path) -> None:
    """Put plotly.js beside the pages, in place of that of another version."""
    script = plotly_script().encode()
    if not file.exists() or file.stat().st_size != len(script):
        write_whole(file, script)


def _write(file: Path, text: str) -> Path:
    write_whole(file, text.encode("utf-8", "backslashreplace"))
    return file
