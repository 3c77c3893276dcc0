"""`analyzer scan`: read, explain, and write the report in the form that was asked for."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from analyzer import pipeline
from analyzer.catalogue import Catalogue
from analyzer.commands.catalogue import CatalogueOptions, chosen_catalogue, not_used
from analyzer.commands.outcome import outcome
from analyzer.commands.output import (
    Look,
    Status,
    check_target,
    complain,
    emit,
    is_terminal,
    look_of_output,
    progress,
    write_file,
)
from analyzer.errors import InputError
from analyzer.model import Analysis, Severity

Format = Literal["text", "json", "markdown", "html", "csv", "parquet"]

_BY_ENDING: dict[str, Format] = {
    ".json": "json", ".md": "markdown", ".html": "html", ".htm": "html", ".csv": "csv", ".parquet": "parquet",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOptions:
    """The command line of `scan`, as given."""

    paths: list[str]
    format: Format | None = None
    output: str | None = None
    events: str | None = None
    catalogue: CatalogueOptions = field(default_factory=CatalogueOptions)
    since: str | None = None
    until: str | None = None
    timezone: str = "UTC"
    encoding: str | None = None
    jobs: int | None = None
    fail_on: Severity | None = None
    redact: bool = True
    quiet: bool = False


def scan(options: ScanOptions) -> Status:
    """Run one scan from the command line to the exit status."""
    started = time.perf_counter()
    form = _form(options)
    for target in (options.output, options.events):
        if target is not None:
            check_target(target, options.paths)
    catalogue, catalogue_status = chosen_catalogue(options.catalogue)
    analysis = _analyze(options, catalogue)
    told = replace(analysis, sources=[*analysis.sources, *not_used(catalogue)])
    look = look_of_output() if options.output is None else Look()
    written = _write(options, render(form, told, look, time.perf_counter() - started), analysis)
    in_trouble = not written or catalogue_status is Status.TROUBLE
    return outcome(analysis.sources, analysis.incidents, options.fail_on, in_trouble=in_trouble)


def _form(options: ScanOptions) -> Format:
    """The form asked for, else the one that the name of the output file implies, else text."""
    form = options.format
    if form is None:
        form = _BY_ENDING.get(Path(options.output).suffix.lower(), "text") if options.output else "text"
    if form == "parquet" and options.output is None and is_terminal(sys.stdout):
        raise InputError("Parquet is not for the terminal: name a file with --output, or redirect")
    return form


def _analyze(options: ScanOptions, catalogue: Catalogue) -> Analysis:
    with progress(quiet=options.quiet) as show:
        return pipeline.analyze(
            options.paths,
            catalogue=catalogue,
            since=options.since,
            until=options.until,
            timezone=options.timezone,
            encoding=options.encoding,
            jobs=options.jobs,
            redact=options.redact,
            progress=show,
        )


def render(form: Format, analysis: Analysis, look: Look, elapsed: float | None = None) -> str | bytes:
    """The report in one of its forms."""
    from analyzer.report import csv, html, json, markdown, parquet, text

    match form:
        case "text":
            return text.render(analysis, width=look.width, colour=look.colour, elapsed=elapsed)
        case "json":
            return json.render(analysis)
        case "markdown":
            return markdown.render(analysis)
        case "html":
            return html.render(analysis)
        case "csv":
            return csv.render(analysis)
        case "parquet":
            return parquet.render(analysis)


def _write(options: ScanOptions, report: str | bytes, analysis: Analysis) -> bool:
    """Write events and report to where they belong; whether all of it could be written."""
    from analyzer.report import parquet

    written = True
    try:
        if options.events is not None:
            write_file(options.events, parquet.render(analysis))
    except InputError as error:
        complain(str(error))
        written = False
    if options.output is None:
        emit(report)
    else:
        write_file(options.output, report)
    return written
