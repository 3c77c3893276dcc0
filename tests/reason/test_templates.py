"""Unknown failures: grouped by what stays the same."""

from __future__ import annotations

from analyzer.catalogue import Catalogue
from analyzer.match.engine import HyperscanEngine
from analyzer.match.scan import Scanner, Window, patterns_of
from analyzer.model import Signature
from analyzer.reason.templates import MAX_TEMPLATES, OTHER, Templates, shapes
from tests.ingest.reading import blocks_of

NOTHING = Catalogue((Signature(id="a.b", title="t", category="timeout", severity="low", match=("no such text",)),))


def grouped(*lines: str, hide_secrets: bool = True) -> Templates:
    """The templates of some records."""
    templates = Templates()
    scanner = Scanner(NOTHING, HyperscanEngine.of(patterns_of(NOTHING)), Window(), hide_secrets)
    for block in blocks_of("".join(f"{line}\n" for line in lines).encode()):
        templates.add(shapes(scanner.scan(block, "app.log").events), "app.log")
    return templates


def test_records_that_differ_in_numbers_ids_and_paths_are_one_template() -> None:
    (template,) = grouped(
        "2025-10-24 02:14:07 ERROR flux capacitor 7 overheated at 12.5 C in /srv/a/b.py for 10.0.0.1",
        "2025-10-24 02:15:09 ERROR flux capacitor 9 overheated at 99.1 C in /srv/c/d.py for 10.0.0.2",
    ).summary()
    assert template.template == "flux capacitor <*> overheated at <*> C in <*> for <*>"
    assert (template.count, template.level, template.sources) == (2, "error", ("app.log",))
    assert template.example.startswith("2025-10-24 02:14:07 ERROR flux capacitor 7")


def test_the_message_of_a_json_record_is_what_counts() -> None:
    (template,) = grouped(
        '{"level":50,"time":1761272047113,"msg":"quota of tenant 17 is spent"}',
        '{"level":50,"time":1761272099999,"msg":"quota of tenant 99 is spent"}',
    ).summary()
    assert template.template == "quota of tenant <*> is spent"


def test_a_stack_trace_is_known_by_its_exception() -> None:
    (template,) = grouped(
        "2025-10-24 02:14:07 ERROR request failed\nTraceback (most recent call last):\n"
        '  File "a.py", line 3\nFluxError: coil 4 broke'
    ).summary()
    assert template.template == "request failed FluxError: coil <*> broke"


def test_severe_and_frequent_templates_come_first() -> None:
    templates = grouped(
        *["2025-10-24 02:14:07 ERROR gamma rays everywhere again"] * 3,
        "2025-10-24 02:14:08 ERROR delta waves once more",
        "2025-10-24 02:14:09 FATAL the core is gone",
    )
    assert [t.count for t in templates.summary()] == [1, 3, 1]


def test_what_is_said_thousands_of_times_is_counted_in_full() -> None:
    (template,) = grouped(*[f"2025-10-24 02:14:07 ERROR coil {n} broke" for n in range(4321)]).summary()
    assert (template.template, template.count) == ("coil <*> broke", 4321)


def test_templates_that_differ_in_one_word_are_merged() -> None:
    found = grouped(
        *[
            f"2025-10-24 02:14:07 ERROR could not warp to planet {name} today"
            for name in ("vulcan", "bajor", "romulus", "earth")
        ]
    )
    (template,) = found.summary()
    assert template.template == "could not warp to planet <*> today"
    assert template.count == 4


def test_an_explosion_of_templates_is_capped_and_the_rest_counted() -> None:
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(MAX_TEMPLATES + 500)]
    found = grouped(*[f"2025-10-24 02:14:07 ERROR {word}" for word in words]).summary()
    assert sum(template.count for template in found) == MAX_TEMPLATES + 500
    assert next(t for t in found if t.template == OTHER).count == 500


def test_secrets_in_examples_are_redacted() -> None:
    line = "2025-10-24 02:14:07 ERROR cannot talk to postgres://app:sesame@db with password=sesame"
    (hidden,), (shown,) = grouped(line).summary(), grouped(line, hide_secrets=False).summary()
    assert "sesame" not in hidden.example + hidden.template
    assert "sesame" in shown.example
