"""Unknown failures: grouped by what stays the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analyzer.model import LEVEL_CODES
from analyzer.reason.templates import MAX_TEMPLATES, OTHER, Templates, shapes

ERROR = LEVEL_CODES["error"]


def grouped(*lines: str, level: int = ERROR) -> Templates:
    """The templates of some records, a second apart."""
    templates = Templates()
    records = pa.array([line.encode() for line in lines], pa.binary())
    times = np.arange(len(lines), dtype=np.int64) * 1_000_000
    templates.add(shapes(records, times, np.full(len(lines), level, dtype=np.int8)), "app.log")
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
    templates = grouped(*["ERROR gamma rays everywhere again"] * 3, "ERROR delta waves once more")
    templates.add(
        shapes(pa.array([b"FATAL the core is gone"]), np.array([0]), np.array([LEVEL_CODES["fatal"]], np.int8)), "b.log"
    )
    assert [t.count for t in templates.summary()] == [1, 3, 1]


def test_templates_that_differ_in_one_word_are_merged() -> None:
    found = grouped(
        *[f"ERROR could not warp to planet {name} today" for name in ("vulcan", "bajor", "romulus", "earth")]
    )
    (template,) = found.summary()
    assert template.template == "could not warp to planet <*> today"
    assert template.count == 4


def test_an_explosion_of_templates_is_capped_and_the_rest_counted() -> None:
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(MAX_TEMPLATES + 500)]
    found = grouped(*[f"ERROR {word}" for word in words]).summary()
    assert sum(template.count for template in found) == MAX_TEMPLATES + 500
    assert next(t for t in found if t.template == OTHER).count == 500


def test_secrets_in_examples_are_redacted() -> None:
    lines = ("ERROR cannot talk to postgres://app:hunter2@db/prod",)
    assert "hunter2" not in grouped(*lines).summary()[0].example
    assert "hunter2" in grouped(*lines).summary(hide_secrets=False)[0].example
