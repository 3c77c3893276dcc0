"""Advice: commands filled with what the incident is about."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model import FixStep
from analyzer.reason.advice import fill, fill_title, fix_for, without_repetition
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
    assert fill_title(BROKEN.title, {}) == "Column column does not exist"


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
