"""Markdown that stays what it is, whatever the logs say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzer.report.markdown import code, fence, prose, render, render_incident
from tests.make_analysis import HOSTILE, HOSTILE_MARKDOWN, clean_analysis, make_analysis, silent_201

COMMONMARK = MarkdownIt("gfm-like", {"linkify": False})


def tokens(markdown: str) -> list[Token]:
    """All tokens, those inside a line among them."""
    parsed = COMMONMARK.parse(markdown)
    return parsed + [inner for token in parsed for inner in token.children or ()]


def test_report_has_its_parts() -> None:
    text = render(make_analysis())
    assert text.startswith("# 2 incidents: 1 critical, 1 medium\n")
    assert "\n## C · `Session created, then lost (silent 201)`\n" in text
    assert "**Root cause**, very likely (0.94): `insert into" in text
    assert "3. Remove the orphans once nothing writes them any more **Careful, this can lose data:**" in text
    assert "- See: <https://www.postgresql.org/docs/current/ddl-constraints.html>" in text
    assert "\n## Failures that no signature knows\n" in text
    assert "\n## Not read or not understood\n" in text
    assert "\n\n\n" not in text


def test_log_text_becomes_nothing_but_code() -> None:
    found = tokens(render(make_analysis()))
    assert not [token for token in found if token.type.startswith("html") or token.type == "image"]
    links = [str(token.attrs["href"]) for token in found if token.type == "link_open"]
    assert links == ["https://www.postgresql.org/docs/current/ddl-constraints.html"]
    headings = [token.content for token in found if token.type == "inline" and "not a heading" in token.content]
    assert all(content.startswith("`") for content in headings)
    fences = [token.content for token in found if token.type == "fence"]
    assert any(HOSTILE_MARKDOWN in content for content in fences)


def test_commands_arrive_whole() -> None:
    fences = [token.content for token in tokens(render_incident(silent_201())) if token.type == "fence"]
    assert "DELETE FROM sessions s\nWHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id);\n" in fences


def test_clean_night() -> None:
    assert "No incident: 3,100 records" in render(clean_analysis())


@given(st.text())
def test_code_span_holds_any_text(text: str) -> None:
    inline = [token for token in tokens(f"x {code(text)} y") if token.type == "inline"]
    kinds = [child.type for child in inline[0].children or ()]
    assert kinds in (["text", "code_inline", "text"], ["text"])


@given(st.text())
def test_fence_holds_any_text(text: str) -> None:
    parsed = COMMONMARK.parse("\n".join(["before", "", *fence(text), "", "after"]))
    assert [token.type for token in parsed if token.level == 0] == [
        "paragraph_open", "paragraph_close", "fence", "paragraph_open", "paragraph_close",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [HOSTILE, HOSTILE_MARKDOWN, "# heading", "- item", "1. item", "> quote", "* * *", "---", "a | b", "[x]: http://x",
     "~~~", "===", "<b>", "&lt;", "![i](j)", "_a_ *b*", "\\", "@team see http://x.y/z", "+ plus"],
)  # fmt: skip
def test_prose_is_one_plain_paragraph(text: str) -> None:
    found = {token.type for token in tokens(prose(text))}
    assert found <= {"paragraph_open", "inline", "paragraph_close", "text", "code_inline", "text_special"}


def test_prose_keeps_its_words() -> None:
    shown = "".join(
        token.content for token in tokens(prose("Map *23503* to a 4xx, e.g. in_one.place")) if not token.children
    )
    assert shown == "Map *23503* to a 4xx, e.g. in_one.place"


def test_mentions_and_addresses_are_code() -> None:
    assert prose("ask @team at www.example.com or a@b.c") == "ask `@team` at `www.example.com` or `a@b.c`"
