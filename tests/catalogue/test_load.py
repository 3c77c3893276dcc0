"""A catalogue that cannot be trusted is refused, with file, line, key path and a hint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer.catalogue import load_catalogue
from analyzer.catalogue.load import read_catalogue
from analyzer.catalogue.schema import json_schema
from analyzer.errors import CatalogueError, FileProblem

GOOD = """\
id: shop.order_lost
title: Order {id} lost
category: data_loss
severity: high
tags: [shop]
match:
  - 'order (?P<id>\\d+) was lost'
exclude:
  - 'not really'
cause: The queue dropped it.
impact: The customer waits.
fix:
  - text: Send it again.
    command: shop resend {id}
verify:
  - Look at {id}.
references:
  - https://example.com/orders
samples:
  - text: order 42 was lost
    captures: {id: '42'}
  - text: '[x] order 7 was lost at sea'
    captures: {id: '7'}
near_misses:
  - order 42 was found
"""


def _refused(tmp_path: Path, text: str, name: str = "shop/order_lost.yaml") -> list[FileProblem]:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    _, problems = read_catalogue([tmp_path])
    return problems


def _line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def test_a_good_signature_is_loaded(tmp_path: Path) -> None:
    assert _refused(tmp_path, GOOD) == []
    catalogue = load_catalogue(tmp_path)
    assert [signature.id for signature in catalogue] == ["shop.order_lost"]
    assert "shop.order_lost" in catalogue
    assert catalogue["shop.order_lost"].samples[0].captures == {"id": "42"}
    assert [signature.id for signature in load_catalogue(tmp_path / "shop" / "order_lost.yaml")] == ["shop.order_lost"]


# Numbers are those of the list of bad inputs that this program promises to survive.
# What is put in the place of what, the key that is complained of, a part of the message and of the hint.
FAULTS = {
    "81: a tag that builds an object": (
        "severity: high",
        "severity: !!python/name:os.system high",
        "severity",
        "not allowed",
        "plain text",
    ),
    "81: any other tag": ("severity: high", "severity: !level high", "severity", "not allowed", "plain text"),
    "82: an alias": ("tags: [shop]", "tags: &tags [shop]\nprevent: *tags", "prevent", "aliases", "write the value out"),
    "83: a key twice": ("impact: The", "cause: Twice.\nimpact: The", "cause", "a second time", "keep one of the two"),
    "84: no taken for false": (
        "title: Order {id} lost",
        "title: no",
        "title",
        "'no' would be read as a bool",
        '"no" in quotes',
    ),
    "84: 1.10 taken for 1.1": (
        "title: Order {id} lost",
        "title: 1.10",
        "title",
        "'1.10' would be read as a float",
        "quotes",
    ),
    "84: a date": ("title: Order {id} lost", "title: 2025-10-24", "title", "read as a timestamp", "quotes"),
    "nothing": (
        "impact: The customer waits.",
        "impact:",
        "impact",
        "'nothing' would be read as a null",
        "give it a value",
    ),
    "a number for text": ("title: Order {id} lost", "title: 17", "title", "must be text", "quotes"),
    "84: an octal number": (
        "captures: {id: '42'}",
        "captures: {id: 017}",
        "samples[0].captures.id",
        "read as a int",
        "quotes",
    ),
    "85: an invalid expression": (
        "order (?P<id>\\d+) was lost",
        "order (?P<id>\\d+ was lost",
        "match[0]",
        "not a valid regular",
        "docs/",
    ),
    "85: an invalid exclusion": ("not really", "not (really", "exclude[0]", "not a valid regular expression", "docs/"),
    "85: syntax outside the dialect": (
        "order (?P<id>\\d+) was lost",
        "order (?P<id>\\p{N}+) was lost",
        "match[0]",
        "not a valid",
        "docs/",
    ),
    "86: a pattern that matches nothing at all": (
        "order (?P<id>\\d+) was lost",
        "(?:order (?P<id>\\d+) was lost)?",
        "match[0]",
        "the empty string",
        "every record",
    ),
    "86: an exclusion that matches everything": ("not really", "x*", "exclude[0]", "the empty string", "every record"),
    "87: a pattern that explodes": (
        "order (?P<id>\\d+) was lost",
        "order lost (?P<id>(?:a+)+)$",
        "match[0]",
        "takes for ever",
        "between the rounds",
    ),
    "a pattern without words": (
        "order (?P<id>\\d+) was lost",
        "\\d+ (?P<id>\\d+) \\w+",
        "match[0]",
        "no fixed text",
        "words",
    ),
    "a bare word": ("order (?P<id>\\d+) was lost", "secret", "match[0]", "'secret' may stand in any log", "add words"),
    "common words": (
        "order (?P<id>\\d+) was lost",
        "(?:connection refused|order lost)",
        "match[0]",
        "'connection refused' may stand in any log",
        "add words",
    ),
    "an unknown key": ("severity: high", "severity: high\nseverty: low", "severty", "unknown key", "'severity'"),
    "an unknown key deep inside": ("command: shop", "comand: shop", "fix[0].comand", "unknown key", "'command'"),
    "a missing key": ("severity: high\n", "", "severity", "is missing", "docs/"),
    "an unknown value": ("severity: high", "severity: awful", "severity", "critical", ""),
    "a list for text": ("title: Order {id} lost", "title: [a]", "title", "must be text", "quotes"),
    "an id of another form": ("id: shop.order_lost", "id: OrderLost", "id", "not of the form", "lower case"),
    "an id for another place": (
        "id: shop.order_lost",
        "id: shop.other",
        "id",
        "does not fit its place",
        "'shop.order_lost'",
    ),
    "an unknown placeholder": (
        "shop resend {id}",
        "shop resend {user}",
        "fix[0].command",
        "{user}",
        "captures here: id",
    ),
    "an unknown placeholder in the title": ("Order {id} lost", "Order {nr} lost", "title", "{nr}", "captures here: id"),
    "an unbalanced brace": ("shop resend {id}", "shop resend {id", "fix[0].command", "unbalanced", "twice"),
    "an unknown capture": ("(?P<id>", "(?P<thingummy>", "match[0]", "unknown capture 'thingummy'", "vocabulary"),
    "a capture that no pattern defines": (
        "captures: {id: '42'}",
        "captures: {column: '42'}",
        "samples[0].captures.column",
        "no pattern defines",
        "",
    ),
    "an unknown category": ("category: data_loss", "category: bad_luck", "category", "'bad_luck'", "docs/"),
    "a field that is unknown": (
        "severity: high",
        "severity: high\nwhere: {lever: error}",
        "where.lever",
        "unknown key",
        "'level'",
    ),
    "a level that is unknown": (
        "severity: high",
        "severity: high\nwhere: {level: awful}",
        "where.level[0]",
        "'fatal'",
        "",
    ),
    "a code of four characters": (
        "severity: high",
        "severity: high\nwhere: {sqlstate: ['2350']}",
        "where.sqlstate[0]",
        "no SQLSTATE",
        "'08*'",
    ),
    "a code that is a number": (
        "severity: high",
        "severity: high\nwhere: {sqlstate: 23503}",
        "where.sqlstate[0]",
        "must be text",
        "quotes",
    ),
    "a status of another form": (
        "severity: high",
        "severity: high\nwhere:\n  status: 5??",
        "where.status[0]",
        "no HTTP status",
        "5xx",
    ),
    "no near miss": ("near_misses:\n  - order 42 was found\n", "", "near_misses", "at least one", ""),
    "one sample only": (
        "  - text: '[x] order 7 was lost at sea'\n    captures: {id: '7'}\n",
        "",
        "samples",
        "two samples",
        "",
    ),
    "no cause": ("cause: The queue dropped it.\n", "", "cause", "needs 'cause'", ""),
    "an effect that does not exist": (
        "near_misses:",
        "leads_to: [shop.order_lots]\nnear_misses:",
        "leads_to[0]",
        "no signature 'shop.order_lots'",
        "'shop.order_lost'",
    ),
    "a refinement of itself": (
        "near_misses:",
        "refines: shop.order_lost\nnear_misses:",
        "refines",
        "itself",
        "another",
    ),
    "a broader one that does not exist": (
        "near_misses:",
        "refines: shop.all\nnear_misses:",
        "refines",
        "no signature",
        "",
    ),
}


@pytest.mark.parametrize(("old", "new", "key", "message", "hint"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_refused_where_it_stands(
    tmp_path: Path, old: str, new: str, key: str, message: str, hint: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    problems = _refused(tmp_path, text)
    (problem,) = (problem for problem in problems if problem.key == key)
    assert message in problem.message
    assert hint in problem.hint
    assert problem.path == str(tmp_path / "shop/order_lost.yaml")
    assert problem.line is not None
    assert 1 <= problem.line <= len(text.splitlines())


@pytest.mark.parametrize(
    ("old", "new", "key", "part"),
    [
        ("severity: high", "severity: awful", "severity", "severity:"),
        ("command: shop resend {id}", "command: shop resend {x}", "fix[0].command", "command:"),
        ("captures: {id: '7'}", "captures: {relation: '7'}", "samples[1].captures.relation", "relation:"),
        ("not really", "(", "exclude[0]", "- '('"),
        ("impact: The", "cause: Twice.\nimpact: The", "cause", "cause: Twice."),
    ],
)
def test_the_line_is_that_of_the_key(tmp_path: Path, old: str, new: str, key: str, part: str) -> None:
    text = GOOD.replace(old, new, 1)
    (problem,) = _refused(tmp_path, text)
    assert (problem.key, problem.line) == (key, _line_of(text, part))
    assert str(problem).startswith(f"{tmp_path}/shop/order_lost.yaml:{problem.line}: {key}: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("id: [unclosed", "not valid YAML"),
        ("id: a\n\tb: c", "not valid YAML"),
        ("id: a\n---\nid: b\n", "not valid YAML"),
        ("id: '\x01'\n", "not valid YAML"),
        ("- a\n- b\n", "dictionary"),
        ("just words", "dictionary"),
        ("{" * 5000, "not valid YAML"),
        (GOOD[: GOOD.index("captures: {id: '42'}") + 12], "not valid YAML"),
        (GOOD[: GOOD.index("was lost'")], "not valid YAML"),
    ],
)
def test_files_that_are_half_written_or_no_signature(tmp_path: Path, text: str, message: str) -> None:
    (problem,) = _refused(tmp_path, text)
    assert message in problem.message
    assert problem.line is not None


def test_82_an_alias_bomb_costs_nothing(tmp_path: Path) -> None:
    rounds = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    problems = _refused(tmp_path, f"a0: &a0 [x, x]\n{rounds}\n")
    assert 11 <= sum("aliases" in problem.message for problem in problems) < 200


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"id: \xff\xfe")
    (problem,) = read_catalogue([tmp_path])[1]
    assert "cannot be read" in problem.message


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    first = GOOD.replace("severity: high", "severity: awful\ncolour: red").replace(
        "impact: The", "cause: x\nimpact: The"
    )
    second = (
        GOOD.replace("(?P<id>\\d+) was lost'", "(?P<id>\\d+ was lost'")
        .replace("order_lost", "other")
        .replace("near_misses:", "refines: shop.nothing\nnear_misses:")
    )
    third = GOOD.replace("order_lost", "third").replace("near_misses:", "leads_to: [shop.x]\nnear_misses:")
    for name, text in {"order_lost": first, "other": second, "third": third}.items():
        (tmp_path / "shop" / f"{name}.yaml").write_text(text)
    with pytest.raises(CatalogueError) as refusal:
        load_catalogue(tmp_path, tmp_path / "missing")
    found = {(Path(problem.path).stem, problem.key) for problem in refusal.value.problems}
    assert found >= {
        ("order_lost", "severity"),
        ("order_lost", "colour"),
        ("order_lost", "cause"),
        ("other", "match[0]"),
        ("third", "leads_to[0]"),
        ("missing", ""),
    }
    assert str(refusal.value).count("\n") == len(refusal.value.problems) - 1


def test_83_an_id_stands_in_one_file_only(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(GOOD)
    (problem,) = read_catalogue([tmp_path])[1]
    assert (Path(problem.path).name, problem.key) == ("two.yaml", "id")
    assert "already defined in" in problem.message
    assert problem.message.endswith("one.yaml")


def test_a_reference_to_a_signature_that_was_refused_is_no_second_fault(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "broken.yaml").write_text(GOOD.replace("order_lost", "broken").replace("high", "awful"))
    (tmp_path / "shop" / "order_lost.yaml").write_text(
        GOOD.replace("near_misses:", "leads_to: [shop.broken]\nnear_misses:")
    )
    (problem,) = read_catalogue([tmp_path])[1]
    assert (Path(problem.path).name, problem.key) == ("broken.yaml", "severity")


def test_what_is_sound_is_loaded_beside_what_is_not(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text("id: 1.10\n")
    catalogue, problems = read_catalogue([tmp_path])
    assert [signature.id for signature in catalogue] == ["shop.order_lost"]
    assert problems


@pytest.mark.parametrize("name", ["missing", "missing.yaml"])
def test_a_path_that_does_not_exist(tmp_path: Path, name: str) -> None:
    (problem,) = read_catalogue([tmp_path / name])[1]
    assert (problem.message, problem.line) == ("no such file or folder", None)


def test_a_folder_without_signatures(tmp_path: Path) -> None:
    (problem,) = read_catalogue([tmp_path])[1]
    assert problem.message == "no .yaml file in this folder"


def test_a_code_may_stand_in_place_of_words(tmp_path: Path) -> None:
    text = GOOD.replace(
        "match:\n  - 'order (?P<id>\\d+) was lost'", "where: {sqlstate: '23503', level: [error, fatal]}"
    )
    text = text.replace("{id}", "{sqlstate}").replace("{id: '42'}", "{sqlstate: '23503'}").replace("{id: '7'}", "{}")
    assert _refused(tmp_path, text) == []
    where = load_catalogue(tmp_path)["shop.order_lost"].where
    assert where is not None
    assert (where.sqlstate, where.level) == (("23503",), ("error", "fatal"))
    (problem,) = _refused(tmp_path, text.replace("sqlstate: '23503', ", ""))[:1]
    assert "needs match, request or where.sqlstate" in problem.message or "no pattern defines" in problem.message


CORRELATION = """\
id: shop.lost_in_silence
title: Order lost in silence
category: silent_failure
severity: critical
correlation:
  type: absence
  rules: [shop.order_lost]
  counterpart: [shop.order_lost]
  group-by: [id]
  timespan: 30s
cause: c
impact: i
fix: [{text: t}]
references: [r]
"""


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("timespan: 30s", "timespan: soon", "correlation.timespan"),
        ("type: absence", "type: magic", "correlation.type"),
        ("  counterpart: [shop.order_lost]\n", "", "correlation.counterpart"),
        ("type: absence", "type: event_count", "correlation.condition"),
        ("type: absence", "type: value_count\n  condition: {gte: 3}", "correlation.condition.field"),
        ("rules: [shop.order_lost]", "rules: [shop.nothing]", "correlation.rules[0]"),
        ("group-by: [id]", "group_by: [id]", "correlation.group_by"),
        ("cause: c", "match: ['order lost']\ncause: c", "match"),
    ],
)
def test_faults_of_correlations(tmp_path: Path, old: str, new: str, key: str) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "correlation.yaml").write_text(CORRELATION)
    assert read_catalogue([tmp_path])[1] == []
    assert old in CORRELATION
    (tmp_path / "correlation.yaml").write_text(CORRELATION.replace(old, new))
    assert key in {problem.key for problem in read_catalogue([tmp_path])[1]}


def test_the_schema_can_be_exported_for_editors() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["additionalProperties"] is False
    assert {"id", "title", "severity", "match", "fix"} <= schema["properties"].keys()
    assert "group-by" in schema["$defs"]["Correlation"]["properties"]


def test_the_built_in_catalogue_is_sound() -> None:
    assert len(load_catalogue()) >= 80
