"""The parts of the dashboard that think, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

import analyzer
from analyzer.dashboard import show
from analyzer.dashboard.load import Memory, Question, Run, fingerprint
from analyzer.errors import InputError
from analyzer.model import Analysis
from tests.make_analysis import make_analysis


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", "plain words"),
        ("**bold** [x](y)", r"\*\*bold\*\* \[x\](y)"),
        ("cheer :tada: now", "cheer `:tada:` now"),
        (":material/home:", "`:material/home:`"),
        (":red[x] $x$", r":red\[x\] \$x\$"),
        ("a\nb\x1b", "a b␛"),
    ],
)
def test_labels_hold_log_text_as_plain_words(text: str, expected: str) -> None:
    assert show.label(text) == expected


def test_badge_names_its_severity() -> None:
    assert 'title="critical"' in show.badge("critical")
    assert ">C</span>" in show.badge("critical")


def test_fingerprint_notices_changes_behind_files_folders_and_globs(tmp_path: Path) -> None:
    inner = tmp_path / "logs" / "deep"
    inner.mkdir(parents=True)
    (inner / "a.log").write_text("one", "utf-8")
    paths = (str(tmp_path / "logs"), str(tmp_path / "logs" / "*" / "*.log"), str(tmp_path / "missing"))
    before = fingerprint(paths)
    assert fingerprint(paths) == before
    (inner / "b.log").write_text("two", "utf-8")
    after = fingerprint(paths)
    assert after != before
    (inner / "a.log").write_text("longer", "utf-8")
    assert fingerprint(paths) not in (before, after)


def test_a_question_is_analysed_once_until_its_logs_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def analyze(paths: list[str], **_: object) -> Analysis:
        asked.append(paths)
        return make_analysis()

    monkeypatch.setattr(analyzer, "analyze", analyze)
    log = tmp_path / "a.log"
    log.write_text("one", "utf-8")
    memory, question = Memory(), Question((str(log),))
    first = memory.run_for(question)
    assert memory.run_for(question) is first
    assert len(first.result.result(timeout=10).incidents) == 2
    assert memory.run_for(question) is first
    assert asked == [[str(log)]]
    log.write_text("longer", "utf-8")
    second = memory.run_for(question)
    elsewhere = memory.run_for(Question((str(log),), timezone="Europe/Berlin"))
    assert len({id(run) for run in (first, second, elsewhere)}) == 3
    for run in (second, elsewhere):
        run.result.result(timeout=10)


def test_what_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(paths: object, **_: object) -> None:
        raise InputError(str(paths))

    monkeypatch.setattr(analyzer, "analyze", refuse)
    memory, question = Memory(), Question(("nowhere",))
    first = memory.run_for(question)
    assert isinstance(first.result.exception(timeout=10), InputError)
    assert memory.run_for(question) is not first


def test_old_runs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzer, "analyze", lambda *_, **__: make_analysis())
    memory = Memory()

    def finished(path: str) -> Run:
        run = memory.run_for(Question((path,)))
        run.result.result(timeout=10)
        return run

    first = finished("0")
    for number in range(1, 8):
        finished(str(number))
    assert finished("0") is first
    for number in range(10, 18):
        finished(str(number))
    assert finished("0") is not first


def test_progress_is_safe_to_show() -> None:
    run = Run()
    run.tell("api\x1b.log", 3_000)
    assert run.progress == "Reading api␛.log, 3.0 kB so far"
