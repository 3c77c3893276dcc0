"""Expressions written down compiled match as if they had been compiled here; nothing else is read from a cache."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest
import regex

from analyzer.match import expressions

PATTERNS = [
    r"relation \"(?P<relation>[^\"]+)\" does not exist",
    r"(?i)timed out after (?P<ms>\d+)\s?ms",
    "caf\u00e9 (?!closed)",
]
TEXTS = [b'ERROR: relation "orders" does not exist', b"Timed Out after 30ms", "caf\u00e9 open".encode(), b"nothing"]


@pytest.fixture(autouse=True)
def nothing_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets what another one restored."""
    monkeypatch.setattr(expressions, "_written", {})
    expressions.compile_pattern.cache_clear()


def test_restored_expressions_match_as_compiled_ones() -> None:
    expressions.restore(expressions.written_down(PATTERNS))
    for pattern in PATTERNS:
        for text in TEXTS:
            restored, compiled = expressions.compile_pattern(pattern).search(text), regex.search(pattern.encode(), text)
            assert (restored and (restored.span(), restored.groupdict())) == (
                compiled and (compiled.span(), compiled.groupdict())
            )


def test_a_pattern_that_was_not_written_down_is_compiled() -> None:
    expressions.restore(expressions.written_down(PATTERNS[:1]))
    assert expressions.compile_pattern(PATTERNS[1]).search(TEXTS[1])


def test_a_changed_file_is_refused() -> None:
    written = expressions.written_down(PATTERNS)
    with pytest.raises(ValueError, match="no compiled expressions"):
        expressions.restore(written[:-1])


def test_a_file_that_would_run_something_is_refused(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return open, (str(tmp_path / "ran"), "w")

    content = pickle.dumps({"x": Bomb()})
    with pytest.raises(pickle.UnpicklingError, match="no part of an expression"):
        expressions.restore(hashlib.sha256(content).digest() + content)
    assert not (tmp_path / "ran").exists()
