"""CRE rules are read as they are; what is wrong with one is said with file, line, key path and a hint."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from analyzer.catalogue import load_catalogue
from analyzer.catalogue.load import read_catalogue
from analyzer.errors import FileProblem
from analyzer.model import FixStep, Negative, Positive, Rule, Signature, Term
from tests.catalogue.test_load import GOOD

RULES = """\
rules:
  - cre:
      id: CRE-2031-0001
      severity: 1
      title: Kettle boils {dry}
      category: kitchen-problem
      author: A cook
      description: Nobody watches.
      cause: |
        The lid is off.
      impact: |
        - No tea
      impactScore: 3
      tags: [kettle, public]
      mitigation: |
        **At once:**
        1. Take it off:
           ```
           kettlectl off --id={id}
           ```
        - Buy a whistle
      references:
        - https://kettle.example/boils
      applications:
        - name: Kettle
          version: "*"
    metadata:
      kind: prequel
      id: 8zXyWv
      gen: 2
    rule:
      set:
        window: 1m30s
        event:
          source: cre.log.kettle
          origin: true
        match:
          - value: water level low
          - regex: 'temperature \\d{3}'
            count: 2
        negate:
          - plain text
          - value: shutdown
            slide: -10s
            window: 500ms
            anchor: 1
            absolute: true
"""

_BODY = """\
rules:
  - cre: {id: CRE-2031-0002, severity: 0, title: T, category: c}
    metadata: {id: abc}
    rule:
"""


def _load(folder: Path, text: str, name: str = "rule.yaml") -> tuple[list[Signature], list[FileProblem]]:
    (folder / name).write_text(text)
    catalogue, problems = read_catalogue([folder])
    return list(catalogue), problems


def _rule(folder: Path, body: str, terms: str = "") -> Rule:
    """The rule with a body that is indented by six spaces."""
    signatures, problems = _load(folder, _BODY + body + terms)
    assert problems == []
    assert signatures[0].rule is not None
    return signatures[0].rule


def _value(text: str) -> Term:
    return Term(kind="value", text=text)


def test_a_rule_becomes_a_signature(tmp_path: Path) -> None:
    signatures, problems = _load(tmp_path, RULES)
    assert problems == []
    assert signatures == [
        Signature(
            id="CRE-2031-0001",
            title="Kettle boils {{dry}}",  # braces stand for themselves
            category="kitchen-problem",
            severity="high",
            tags=("kettle", "public"),
            cause="The lid is off.",
            impact="- No tea",
            fix=(
                FixStep(text="At once: Take it off:", command="kettlectl off --id={{id}}"),
                FixStep(text="Buy a whistle"),
            ),
            references=("https://kettle.example/boils",),
            rule=Rule(
                positives=(
                    Positive(term=_value("water level low")),
                    Positive(term=Term(kind="regex", text=r"temperature \d{3}"), count=2),
                ),
                negatives=(
                    Negative(term=_value("plain text"), window=90_000_000),  # the rule's own window
                    Negative(
                        term=_value("shutdown"), window=500_000, slide=-10_000_000, anchor=1, absolute=True
                    ),
                ),
                window=90_000_000,
            ),
        )
    ]  # fmt: skip


def test_a_sequence_wins_over_a_set_and_keeps_its_order(tmp_path: Path) -> None:
    rule = _rule(
        tmp_path,
        """\
      set: {event: {source: s}, match: [one]}
      sequence: {event: {source: s}, window: 5s, order: [one, two, two, one]}
""",
    )
    assert rule.ordered
    assert [(each.term.text, each.count) for each in rule.positives] == [("one", 1), ("two", 2), ("one", 1)]


def test_equal_terms_of_a_set_are_counted(tmp_path: Path) -> None:
    rule = _rule(tmp_path, "      set: {event: {source: s}, window: 5s, match: [one, two, {value: one, count: 3}]}\n")
    assert [(each.term.text, each.count) for each in rule.positives] == [("one", 4), ("two", 1)]


def test_names_stand_for_terms_and_their_options_can_be_overridden(tmp_path: Path) -> None:
    rule = _rule(
        tmp_path,
        """\
      set:
        event: {source: s}
        match: [boiling]
        negate: [stopped, {value: stopped, slide: 2s}]
""",
        """\
terms:
  boiling: {regex: 'boil(s|ed)', field: message}
  stopped: {value: switched off, window: 3s, slide: 1s}
""",
    )
    assert rule.positives == (Positive(term=Term(kind="regex", text="boil(s|ed)")),)
    assert rule.negatives == (
        Negative(term=_value("switched off"), window=3_000_000, slide=1_000_000),
        Negative(term=_value("switched off"), window=0, slide=2_000_000),
    )


@pytest.mark.parametrize(
    ("body", "key", "message"),
    [
        ("{}", "", "neither a set nor a sequence"),
        ("set: {event: {source: s}, match: []}", "set.match", "at least one term"),
        ("set: {event: {source: s}, match: [a, b]}", "set", "needs a window"),
        ("set: {event: {source: s}, window: 5s, match: [a]}", "set.window", "no window"),
        ("sequence: {event: {source: s}, window: 5s, order: [a]}", "sequence.order", "two terms"),
        ("sequence: {event: {source: s}, order: [a, b]}", "sequence", "needs a window"),
        ("set: {event: {source: s}, window: 5 s, match: [a, b]}", "set.window", "no duration"),
        ("set: {event: {source: s}, window: -5s, match: [a, b]}", "set.window", "negative"),
        ("set: {event: {source: s}, match: [{regex: '(?=a)'}]}", "set.match[0].regex", "(?="),
        ("set: {event: {source: s}, match: [{value: ''}]}", "set.match[0].value", "empty"),
        ("set: {event: {source: s}, match: [{value: a, regex: b}]}", "set.match[0]", "exactly one"),
        ("set: {event: {source: s}, match: [{vaule: a}]}", "set.match[0].vaule", "unknown key"),
        ("set: {event: {source: s}, match: [{value: a, count: 0}]}", "set.match[0].count", "no number"),
        ("set: {event: {source: s}, match: [a], negate: [{value: b, count: 2}]}", "set.negate[0].count", "counted"),
        ("set: {event: {source: s}, match: [a], negate: [{value: b, anchor: 1}]}", "set.negate[0].anchor", "number 1"),
        ("set: {event: {source: s}, match: [{jq: '.a |'}]}", "set.match[0].jq", "not a valid jq query"),
        ("set: {event: {source: s}, match: [b], order: [a]}", "set.order", "unknown key"),
        ("set: {event: {source: s}, match: [{set: {match: [a]}}]}", "set.match[0].set", "unknown key"),
        ("set: {match: [a]}", "set.event", "missing"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, body: str, key: str, message: str) -> None:
    signatures, problems = _load(tmp_path, f"{_BODY}      {body}\n")
    assert signatures == []
    assert [(problem.line, problem.key) for problem in problems] == [
        (5 if key else 4, f"rules[0].rule.{key}".rstrip("."))
    ]
    assert message in problems[0].message
    assert problems[0].path == str(tmp_path / "rule.yaml")


def test_more_terms_than_their_matcher_takes_are_refused(tmp_path: Path) -> None:
    terms = ", ".join(f"term{number}" for number in range(65))
    _, problems = _load(tmp_path, f"{_BODY}      set: {{event: {{source: s}}, window: 1s, match: [{terms}]}}\n")
    assert "more than 64" in problems[0].message


def test_a_jq_term_without_the_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jq", None)  # as if it were not installed
    _, problems = _load(tmp_path, _BODY + "      set: {event: {source: s}, match: [{jq: .level}]}\n")
    assert "log-incident-analyzer[cre]" in problems[0].hint


def test_rules_lie_beside_their_lists_and_signatures_of_ours(tmp_path: Path) -> None:
    (tmp_path / "cre-2031-0001").mkdir()
    (tmp_path / "cre-2031-0001" / "rule.yaml").write_text(RULES)
    (tmp_path / "tags").mkdir()
    (tmp_path / "tags" / "tags.yaml").write_text("metadata: {kind: tags}\ntags:\n  - name: kettle\n")
    (tmp_path / "data-sources.yaml").write_text("cre.log.kettle:\n  description: what the kettle says\n")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "order_lost.yaml").write_text(GOOD)
    assert [signature.id for signature in load_catalogue(tmp_path)] == ["CRE-2031-0001", "shop.order_lost"]


def test_an_id_stands_in_one_file_only(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(RULES)
    _, problems = _load(tmp_path, RULES, "two.yaml")
    assert [problem.message for problem in problems] == [
        f"'CRE-2031-0001' is already defined in {tmp_path / 'one.yaml'}"
    ]


def test_a_signature_of_ours_holds_no_rule(tmp_path: Path) -> None:
    _, problems = _load(tmp_path, GOOD + "rule: {positives: []}\n", "order_lost.yaml")
    assert [(problem.key, problem.message) for problem in problems] == [("rule", "unknown key")]


def test_unknown_keys_of_the_prose_are_remarked(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(RULES.replace("      author:", "      autor:"))
    catalogue, problems = read_catalogue([tmp_path])
    assert problems == []
    assert [(remark.line, remark.key) for remark in catalogue.remarks] == [(7, "rules[0].cre.autor")]


@pytest.mark.parametrize("term", ["{value: '401'}", "secret", "{regex: .+}", "{regex: '(?i)error'}", "{regex: Error}"])
def test_a_broad_rule_loads_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture, term: str) -> None:
    (tmp_path / "rule.yaml").write_text(f"{_BODY}      set: {{event: {{source: s}}, match: [{term}]}}\n")
    with caplog.at_level(logging.WARNING):
        catalogue = load_catalogue(tmp_path)
    assert len(catalogue) == 1
    assert "1 CRE rule is so broad" in caplog.text
    assert "CRE-2031-0002" in caplog.text


@pytest.mark.parametrize("term", ["water level low", "{regex: 'timed out .* kettle'}", "OOMKilled", "{jq: .level}"])
def test_a_telling_rule_loads_in_silence(tmp_path: Path, caplog: pytest.LogCaptureFixture, term: str) -> None:
    (tmp_path / "rule.yaml").write_text(f"{_BODY}      set: {{event: {{source: s}}, match: [{term}]}}\n")
    load_catalogue(tmp_path)
    assert caplog.text == ""
