"""Patterns that any log may hold, and signatures that say the same twice, are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.catalogue.likeness import bare_words, fixed_texts, twins
from analyzer.catalogue.load import read_catalogue
from analyzer.model import Signature
from tests.catalogue.test_load import GOOD

LOST = Signature(
    id="shop.lost",
    title="Order {id} lost",
    category="data_loss",
    severity="high",
    match=(r'the warehouse has lost order "(?P<id>\d+)"',),
)
STOLEN = replace(LOST, id="shop.stolen", title="Order {id} stolen", match=(r'lorry robbed, order "(?P<id>\d+)"',))


@pytest.mark.parametrize(
    "pattern",
    ["401", "core", "secret", "Killed", "FATAL", "(?i)timeout", r"\btimeout\b", "connection refused",
     "request timed out", "(?:core dumped file|error)", "(?P<reason>panic)"],
)  # fmt: skip
def test_bare_words(pattern: str) -> None:
    assert bare_words(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["OutOfMemoryError", "EADDRINUSE", "ER_DUP_ENTRY", "connection refused by peer policy", "database is locked now",
     r"status (?P<status>\d+) refused", "error: core", "PrismaClientKnownRequestError", "could not bind socket"],
)  # fmt: skip
def test_words_that_tell(pattern: str) -> None:
    assert bare_words(pattern) is None


def test_fixed_texts_of_a_pattern() -> None:
    assert fixed_texts(r'(?i)could not (?:open|read) "(?P<file>[^"\]]+)": \[errno \d{1,3}\]') == [
        "could not ", "open", "read", ' "', '": [errno ', "]"
    ]  # fmt: skip


def test_the_same_words_in_two_signatures() -> None:
    again = replace(STOLEN, match=(r'the warehouse has lost order "(?P<value>[^"]+)"',))
    (twin,) = twins([LOST, again])
    assert (twin.first.id, twin.second.id, twin.key) == ("shop.lost", "shop.stolen", "match[0]")
    assert list(twins([LOST, replace(again, refines="shop.lost")])) == []
    assert list(twins([LOST, replace(again, yields=True)])) == []
    assert list(twins([LOST, STOLEN])) == []


def test_the_same_title_in_one_technology() -> None:
    named_alike = replace(STOLEN, title="order {value} lost")
    (twin,) = twins([LOST, named_alike])
    assert (twin.second.id, twin.key) == ("shop.stolen", "title")
    assert list(twins([LOST, replace(named_alike, id="desk.stolen")])) == []


def test_lint_tells_where(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.yaml").write_text(GOOD.replace("order_lost", name), "utf-8")
    (problem,) = read_catalogue([tmp_path], lint_built_in=True)[1]
    assert (Path(problem.path).name, problem.line, problem.key) == ("second.yaml", 2, "title")
    assert problem.message == "the same title as shop.first"
    assert read_catalogue([tmp_path])[1] == []
