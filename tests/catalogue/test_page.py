"""The page under `docs/` shows the catalogue as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from analyzer.catalogue import load_catalogue
from analyzer.commands.listing import as_markdown
from analyzer.model import Signature

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "catalogue.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == as_markdown(load_catalogue().signatures), "write it anew: make docs"


def test_a_title_cannot_break_the_table() -> None:
    lost = Signature(id="shop.lost", title="a | b <c> {{d}} *e*", category="crash", severity="low", kind="change")
    page = as_markdown([lost, replace(lost, id="shop.sunk", title="s", severity="critical", kind="failure")])
    assert page.index("`shop.sunk` | critical | s |") < page.index("`shop.lost`")
    assert "| `shop.lost` | low | a \\| b &lt;c> {d} \\*e\\* (change) |" in page
