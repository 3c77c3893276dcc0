"""Templates that were compiled before say the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.cache import cache_folder
from analyzer.report import html
from tests.make_analysis import make_analysis


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    html.environment.cache_clear()
    yield
    html.environment.cache_clear()


def test_compiled_restored_and_compiled_again_where_it_is_broken() -> None:
    analysis, told = make_analysis(), []
    for _ in ("compiled", "restored", "compiled again"):
        html.environment.cache_clear()
        told.append(html.render(analysis, plotlyjs="directory"))
        kept = sorted(cache_folder().glob("template-*"))
        assert kept
        if len(told) == 2:
            for file in kept:
                file.write_bytes(file.read_bytes()[:-50])
    assert told[0] == told[1] == told[2]


def test_plotly_gets_into_a_page_that_was_made_to_lie_beside_it() -> None:
    analysis = make_analysis()
    page = html.render(analysis, plotlyjs="directory")
    assert html.with_plotly_inside(page) == html.render(analysis, plotlyjs="inline")
