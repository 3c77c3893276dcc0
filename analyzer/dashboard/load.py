"""From what the user asked for to its analysis, once; later clicks find it ready."""

from __future__ import annotations

import glob
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

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
    run = _memory().run_for(question)
    place = st.empty()
    while not run.result.done():
        place.text(run.progress)
        wait([run.result], timeout=_PAUSE)
    place.empty()
    try:
        return run.result.result()
    except AnalyzerError as error:
        st.error("These logs could not be analyzed.")
        st.code(str(error), language=None, wrap_lines=True)
        return None


@dataclass(slots=True)
class Run:
    """One analysis under way or done.

    It works in a thread of its own: Streamlit drops a page that is drawn anew, and an analysis that
    belonged to the page would begin again with every click of somebody impatient.
    """

    result: Future[Analysis] = field(init=False)
    progress: str = "Reading …"

    def analyse(self, question: Question) -> Analysis:
        """Do the work; `progress` tells how far it is."""
        import analyzer
        from analyzer.catalogue.own import own_catalogue
        from analyzer.config import user_settings

        return analyzer.analyze(
            list(question.paths),
            catalogue=own_catalogue(user_settings().catalogue).whole(),
            since=question.since,
            until=question.until,
            timezone=question.timezone,
            progress=self.tell,
        )

    def tell(self, path: str, count: int) -> None:
        """Note what is being read."""
        self.progress = f"Reading {one_line(path, 120)}, {words.size(count)} so far"


class Memory:
    """The latest runs, each for one question about logs in one state."""

    def __init__(self) -> None:
        self._runs: OrderedDict[object, Run] = OrderedDict()
        self._lock = Lock()
        self._workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="analyze")

    def run_for(self, question: Question) -> Run:
        """The run for a question, begun now if there is none or its logs have changed; failures are tried again."""
        key = (question, fingerprint(question.paths))
        with self._lock:
            run = self._runs.get(key)
            if run is None or (run.result.done() and run.result.exception() is not None):
                run = Run()
                run.result = self._workers.submit(run.analyse, question)
                self._runs[key] = run
            self._runs.move_to_end(key)
            while len(self._runs) > _KEPT:
                self._runs.popitem(last=False)
            return run


@st.cache_resource(show_spinner=False)
def _memory() -> Memory:
    """One memory for all visitors of this dashboard."""
    return Memory()


def fingerprint(paths: tuple[str, ...]) -> tuple[tuple[str, int, int], ...]:
    """Something that changes when a file behind the paths changes, appears or goes."""
    return tuple(sorted(entry for path in paths for entry in _files(path)))


def _files(path: str) -> Iterator[tuple[str, int, int]]:
    named = [Path(match) for match in glob.glob(path, recursive=True)] or [Path(path)]
    for file in (inner for each in named for inner in (each.rglob("*") if each.is_dir() else [each])):
        try:
            status = file.stat()
        except OSError:
            continue
        yield str(file), status.st_size, status.st_mtime_ns
