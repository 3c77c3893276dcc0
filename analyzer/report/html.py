"""The report as one HTML file that opens from disk and asks the network for nothing."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from analyzer.model import SEVERITIES, Analysis
from analyzer.report import words
from analyzer.report.clean import one_line, visible
from analyzer.report.figure import remarks, timeline
from analyzer.report.palette import SEVERITY_COLOURS, SEVERITY_INKS, SEVERITY_LETTERS

if TYPE_CHECKING:
    from jinja2 import Environment

PlotlyJs = Literal["inline", "directory"]

PLOTLY_FILE = "plotly.min.js"
"""With `plotlyjs="directory"`, the file that has to lie beside the report (`plotly_script()`)."""

_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\]+")


def render(analysis: Analysis, *, plotlyjs: PlotlyJs = "inline") -> str:
    """The whole report; plotly.js inside it (4.6 MB), or beside it for many reports in one folder."""
    return environment().get_template("report.html.j2").render(contents(analysis, plotlyjs))


def contents(analysis: Analysis, plotlyjs: PlotlyJs) -> dict[str, Any]:
    """What the template of a report, and those that extend it, put on the page."""
    figure = timeline(analysis)
    return {
        "analysis": analysis,
        "figure": _script_safe(figure) if figure else None,
        "remarks": remarks(analysis),
        "doubts": words.doubts(analysis),
        "one_day": words.on_one_day(analysis),
        "plotly": plotly_script() if plotlyjs == "inline" and figure else None,
        "plotly_file": PLOTLY_FILE,
    }


def with_plotly_inside(page: str) -> str:
    """A page that was made to lie beside plotly.js, with that inside it."""
    return page.replace(f'<script src="{PLOTLY_FILE}"></script>', f"<script>{plotly_script()}</script>", 1)


@cache
def plotly_script() -> str:
    """The text of plotly.js as it comes with plotly, which need not be imported for that."""
    return Path(str(distribution("plotly").locate_file(f"plotly/package_data/{PLOTLY_FILE}"))).read_text("utf-8")


@cache
def environment() -> Environment:
    """The templates, with all that they may call."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    from analyzer.report.compiled import compiled_templates

    def shown(value: object) -> object:
        """Whatever a template puts out: hidden characters visible; escaped afterwards by autoescape."""
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=PackageLoader("analyzer.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        bytecode_cache=compiled_templates(Path(__file__)),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"one_line": one_line, "address": _address, "verbatim": Markup}
    environment.globals |= {
        "words": words,
        "severities": SEVERITIES,
        "letters": SEVERITY_LETTERS,
        "colours": SEVERITY_COLOURS,
        "inks": SEVERITY_INKS,
        # Our own files, not text from anywhere else.
        "style": Markup(_asset("report.css")),  # noqa: S704
        "script": Markup(_asset("report.js")),  # noqa: S704
    }
    return environment


def _asset(name: str) -> str:
    return (files("analyzer.report") / "assets" / name).read_text("utf-8")


def _address(text: str) -> str | None:
    """The text as the target of a link, if it plainly is a web address."""
    return text if _ADDRESS.fullmatch(text) else None


def _script_safe(value: dict[str, Any]) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")
