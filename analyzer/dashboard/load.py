"""From what the user asked for to its analysis, once; later clicks find it ready."""

from __future__ import annotations

import glob
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from analyzer.errors import AnalyzerError
from analyzer.model import Analysis
from analyzer.report import words
from analyzer.report.clean import one_line

_PAUSE = 0.2
_KEPT = 8
"""Analyses kept in memory; the one that was not looked at for longest goes first."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which logs to analyse, and how."""

    paths: tuple[str, ...]
    since: str | None = None
    until: str | None = None
    timezone: str = "UTC"


def answer(question: Question | None) -> Analysis | None:
    """The analysis, from memory if its logs have not changed since; trouble is shown and gives None."""
    if question is None:
        return None
    known = _memory()
    key = (question, _fingerprint(question.paths))
    if key not in known:
        analysis = _analysed(question)
        if analysis is None:
            return None
        known[key] = analysis
        while len(known) > _KEPT:
            known.popitem(last=False)
    known.move_to_end(key)
    return known[key]


@st.cache_resource(show_spinner=False)
def _memory() -> OrderedDict[object, Analysis]:
    """One memory for all visitors of this dashboard."""
    return OrderedDict()


def _fingerprint(paths: tuple[str, ...]) -> tuple[tuple[str, int, int], ...]:
    """Changes when a file behind the paths changes, appears or goes."""
    return tuple(sorted(entry for path in paths for entry in _files(path)))


def _files(path: str) -> Iterator[tuple[str, int, int]]:
    named = [Path(match) for match in glob.glob(path, recursive=True)] or [Path(path)]
    for file in (inner for each in named for inner in (each.rglob("*") if each.is_dir() else [each])):
        try:
            status = file.stat()
        except OSError:
            continue
        yield str(file), status.st_size, status.st_mtime_ns


def _analysed(question: Question) -> Analysis | None:
    import analyzer

    place = st.empty()
    try:
        return analyzer.analyze(
            list(question.paths),
            since=question.since,
            until=question.until,
            timezone=question.timezone,
            progress=_progress(place.text),
        )
    except AnalyzerError as error:
        st.error("These logs could not be analyzed.")
        st.code(str(error), language=None, wrap_lines=True)
        return None
    finally:
        place.empty()


def _progress(show: Callable[[str], object]) -> Callable[[str, int], None]:
    """A callback that says what is being read, a few times a second at most."""
    last = 0.0
    show("Reading …")

    def tell(path: str, count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > _PAUSE:
            last = now
            show(f"Reading {one_line(path, 120)}, {words.size(count)} so far")

    return tell
