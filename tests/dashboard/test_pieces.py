"""The parts of the dashboard that think, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.dashboard import load, show


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
    before = load._fingerprint(paths)
    assert load._fingerprint(paths) == before
    (inner / "b.log").write_text("two", "utf-8")
    after = load._fingerprint(paths)
    assert after != before
    (inner / "a.log").write_text("longer", "utf-8")
    assert load._fingerprint(paths) not in (before, after)


def test_progress_is_told_at_most_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([10.0, 10.1, 10.3])
    monkeypatch.setattr(load.time, "monotonic", lambda: next(moments))
    said: list[str] = []
    tell = load._progress(said.append)
    for count in (1_000, 2_000, 3_000):
        tell("api\x1b.log", count)
    assert said == ["Reading …", "Reading api␛.log, 1.0 kB so far", "Reading api␛.log, 3.0 kB so far"]
