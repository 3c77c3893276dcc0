"""`analyzer patterns` and `analyzer scan` on a folder of CRE rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.catalogue import load_catalogue
from analyzer.commands import patterns
from analyzer.commands.catalogue import CatalogueOptions
from analyzer.commands.output import Status
from analyzer.commands.scan import ScanOptions, scan

RULE = """\
rules:
  - cre: {{id: {id}, severity: 1, title: {title}, category: kitchen, tags: [kettle]}}
    rule:
      {body}
"""
SEQUENCE = """sequence:
        window: 30s
        event: {source: cre.log.kettle}
        order: [kettle on, {regex: 'water (boils|steams)', count: 2}]
        negate: [{value: kettle off, slide: -2s, window: 5s, anchor: 1, absolute: true}]"""
STORY = "2025-01-01 10:00:0{} {}\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder of two rules, each with the log on which it fires."""
    for number, body, lines in (
        (1, SEQUENCE, ("kettle on", "water boils", "water steams")),
        (2, "set: {event: {source: cre.log.kettle}, match: [secret]}", ("the secret of tea",)),
    ):
        home = tmp_path / f"cre-2031-000{number}"
        home.mkdir()
        (home / "rule.yaml").write_text(RULE.format(id=f"CRE-2031-000{number}", title=f"Rule {number}", body=body))
        (home / "test.log").write_text("".join(STORY.format(second, text) for second, text in enumerate(lines)))
    return tmp_path


def _options(rules: Path) -> CatalogueOptions:
    return CatalogueOptions(paths=[str(rules)])


def test_rules_are_listed_by_their_tags(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert patterns.list_signatures(patterns.Filter("kettle"), "text", _options(rules)) is Status.DONE
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["CRE-2031-0001", "CRE-2031-0002"]


def test_the_logic_of_a_rule_is_shown_in_words(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patterns.show_signature("CRE-2031-0001", _options(rules))
    assert capsys.readouterr().out.splitlines()[-5:-1] == [
        "rule        all within 30s, in this order",
        "            value kettle on",
        "            2 x regex water (boils|steams)",
        "but not     value kettle off, from 2s before record 2 on for 5s",
    ]


def test_lint_names_broad_rules_and_is_content(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert patterns.lint(_options(rules)) is Status.DONE
    out = capsys.readouterr().out
    assert "rule.yaml:3: rules[0].rule: CRE-2031-0002, which asks for nothing more telling" in out
    assert "2 signatures, 1 remark\n" in out


def test_each_rule_is_held_against_the_log_beside_it(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert patterns.test(_options(rules), []) is Status.DONE
    assert "2 test logs of CRE rules" in capsys.readouterr().out
    (rules / "cre-2031-0001" / "test-fp.log").write_text((rules / "cre-2031-0001" / "test.log").read_text())
    (rules / "cre-2031-0002" / "test.log").write_text("2025-01-01 10:00:00 nothing to hide\n")
    assert patterns.test(_options(rules), []) is Status.TROUBLE
    assert capsys.readouterr().out.splitlines() == [
        "CRE-2031-0001: test-fp.log: fires, and must not",
        "CRE-2031-0002: test.log: does not fire",
    ]


def test_explain_tells_which_terms_a_record_fulfils(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patterns.explain("kettle on, water boils", _options(rules))
    out = capsys.readouterr().out
    assert "CRE-2031-0001" in out
    assert "fulfils 2 of 3 terms: value kettle on; regex water (boils|steams)" in out
    assert "no signature matches this record" in out
    patterns.explain("the secret of tea", _options(rules))
    out = capsys.readouterr().out
    assert "fulfils the rule: value secret" in out
    assert "no signature matches" not in out


def test_scan_uses_rules_and_warns_of_broad_ones(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(rules / "cre-2031-0001" / "test.log")
    assert scan(ScanOptions(paths=[log], catalogue=_options(rules), format="text", quiet=True)) is Status.DONE
    out, err = capsys.readouterr()
    assert "Rule 1" in out
    assert "1 CRE rule is so broad" in err


def test_a_catalogue_of_rules_is_one_of_signatures(rules: Path) -> None:
    assert [signature.id for signature in load_catalogue(rules)] == ["CRE-2031-0001", "CRE-2031-0002"]
