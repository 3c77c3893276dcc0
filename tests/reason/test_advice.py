"""Advice: commands filled with what the incident is about."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import EVENTS_SCHEMA, FixStep
from analyzer.reason.advice import fill, fill_title, fix_for, variants_of, without_repetition
from analyzer.reason.columns import columns
from tests.reason.stories import signature

ALTER = 'ALTER TABLE "{relation}" ADD COLUMN "{column}" <type>;'
BROKEN = replace(
    signature("db.column_missing"),
    title="Column {column} does not exist",
    fix=(FixStep(text="Add the column.", command=ALTER), FixStep(text="Think.")),
    verify=("No error for {relation}.",),
)


def test_a_command_is_written_once_for_each_thing_it_differs_for() -> None:
    fix = fix_for(
        BROKEN, [{"relation": "sessions", "column": "metadata"}, {"relation": "messages", "column": "audio_url"}]
    )
    assert fix.steps[0].command == (
        'ALTER TABLE "sessions" ADD COLUMN "metadata" <type>;\nALTER TABLE "messages" ADD COLUMN "audio_url" <type>;'
    )
    assert fix.steps[1].command is None
    assert fix.title == "Column metadata does not exist"
    assert fix.verify == ("No error for sessions.",)


def test_a_value_that_is_not_known_stays_visible() -> None:
    assert fix_for(BROKEN, []).steps[0].command == 'ALTER TABLE "<relation>" ADD COLUMN "<column>" <type>;'
    assert fill_title("{column} does not exist", {}) == "Column does not exist"


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("Port {port} is taken", "Port is taken"),
        ("Sequelize migration {migration} failed", "Sequelize migration failed"),
        ("A push is rejected: {reason}", "A push is rejected"),
        ("Key refused ({column})", "Key refused"),
        ("Cannot connect to MySQL on {host}", "Cannot connect to MySQL"),
        ("Connection to {host} refused", "Connection to a host refused"),
        ("{method} {endpoint} answers {status}", "A request answers a status"),
        ("No route for {method} {endpoint}", "No route for a request"),
        ("nginx refused {path}", "nginx refused a path"),
        ("AWS refuses {operation}", "AWS refuses an operation"),
        ("Apache does not find {path}", "Apache does not find a path"),
        ("Table {relation} does not exist", "Table does not exist"),
        ("The LDAP server {host} cannot be reached", "The LDAP server cannot be reached"),
        ("More than one {model} for get()", "More than one model for get()"),
        ("Redis commands given up after {limit} retries", "Redis commands given up after limit retries"),
        ("Upstream {host}:{port} refuses connections", "Upstream refuses connections"),
        ("{host}:{port} refuses connections", "Host refuses connections"),
        ("Prisma query {model}.{method} failed", "Prisma query model.method failed"),
        ("{queue}{exchange} was declared with other properties", "Queue was declared with other properties"),
    ],
)
def test_a_title_reads_well_without_its_values(template: str, shown: str) -> None:
    assert fill_title(template, {}) == shown


def test_of_several_captures_side_by_side_a_title_shows_those_that_are_known() -> None:
    assert (
        fill_title("{column}{relation}{index} already exists", {"index": "orders_pkey"}) == "orders_pkey already exists"
    )
    assert fill_title("RabbitMQ has no {queue}{exchange}", {"queue": "mail"}) == "RabbitMQ has no mail"
    assert fill_title("{queue}{exchange} was declared", {"exchange": "events"}) == "events was declared"


def test_doubled_braces_become_single_ones() -> None:
    assert (
        fill("module.exports = {{ async up() {{ {relation} }} }}", {"relation": "x"})
        == "module.exports = { async up() { x } }"
    )


def test_what_an_earlier_fix_says_is_not_said_again() -> None:
    root = fix_for(BROKEN, [{"relation": "sessions", "column": "metadata"}])
    same = replace(root, signature="db.column_missing_in_view")
    other = replace(root, signature="app.backfill", steps=(*root.steps[1:], replace(root.steps[1], text="Backfill.")))
    kept = without_repetition([root, same, other])
    assert [(fix.signature, len(fix.steps)) for fix in kept] == [("db.column_missing", 2), ("app.backfill", 1)]


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=40))
def test_the_variants_are_what_counting_row_by_row_gives(captures: list[dict[str, str]]) -> None:
    records = [
        {**dict.fromkeys(EVENTS_SCHEMA.names), "line": n, "keys": sorted(c.items())} for n, c in enumerate(captures)
    ]
    events = columns(pa.Table.from_pylist(records, EVENTS_SCHEMA))
    by_name = sorted((c for c in captures if c), key=min)
    counts = Counter(tuple(sorted(c.items())) for c in by_name)
    expected = sorted(counts, key=lambda c: (-len(c), -counts[c]))
    assert variants_of(np.arange(len(captures)), events, ["a", "b", "c"]) == [dict(c) for c in expected]
