"""A drafted signature finds the record that it was drafted from, and says what is still to be written."""

from __future__ import annotations

from pathlib import Path

import pytest
import regex
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analyzer.catalogue.load import read_catalogue
from analyzer.match.canonical import canonical
from analyzer.match.draft import as_yaml, draft

RECORDS = {
    "quoted names": (
        '2025-10-24 02:14:07.113 UTC [812] ERROR:  relation "orders" lacks constraint "orders_fk"',
        'relation "(?P<relation>[^"]+)" lacks constraint "(?P<constraint>[^"]+)"',
        {"relation": "orders", "constraint": "orders_fk"},
    ),
    "host and port": (
        "dial failed: db-1.internal:5432 after 3000ms",
        r"dial failed: (?P<host>[\w.-]+):(?P<port>\d+) after (?P<duration>\d+(?:\.\d+)? ?\w+)",
        {"host": "db-1.internal", "port": "5432", "duration": "3000ms"},
    ),
    "JSON": (
        '{"level":50,"msg":"no stock for order \\"ord_9911\\" (user_id=42)"}',
        r'no stock for order "(?P<id>[^"]+)" \(user_id=(?P<user_id>-?[\d.]+)\)',
        {"id": "ord_9911", "user_id": "42"},
    ),
    "the same twice": (
        'swap table "a" for table "b"',
        'swap table "(?P<relation>[^"]+)" for table "(?:[^"]+)"',
        {"relation": "a"},
    ),
    "several lines": (
        "CargoError: hold {7} is full at https://port.example/x\n    at load (/app/ship.js:7:1)",
        r"CargoError: hold \{-?[\d.]+\} is full at (?P<url>\S+)",
        {"url": "https://port.example/x"},
    ),
}


@pytest.mark.parametrize(("record", "pattern", "captures"), RECORDS.values(), ids=RECORDS)
def test_what_varies_is_captured_by_name(record: str, pattern: str, captures: dict[str, str]) -> None:
    drafted = draft(record.encode())
    found = regex.search(drafted.pattern.encode(), canonical(record.encode()))
    assert found is not None
    assert drafted.captures == captures
    assert drafted.pattern.replace("(?:-?", "-?").replace("]+)\\}", "]+\\}") == pattern


@pytest.mark.parametrize("record", [record for record, _, _ in RECORDS.values()], ids=RECORDS)
def test_only_what_a_person_knows_is_missing(tmp_path: Path, record: str) -> None:
    file = tmp_path / "signature.yaml"
    file.write_text(as_yaml(draft(record.encode(), "shop.failed")), "utf-8")
    _, problems = read_catalogue([file])
    assert {problem.message for problem in problems} == {"still to be written"}
    written = file.read_text("utf-8").replace("category: TODO", "category: crash").replace("TODO ", "")
    file.write_text(written, "utf-8")
    catalogue, problems = read_catalogue([file])
    assert problems == []
    assert catalogue["shop.failed"].samples[0].text == record


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_any_record_gives_a_file_that_can_be_read(record: str) -> None:
    text = as_yaml(draft(record.encode("utf-8")))
    values = yaml.safe_load(text)
    assert values["samples"][0]["text"] == record.rstrip("\r\n")
    assert "id" in values


def test_an_id_is_made_of_words() -> None:
    assert draft(b'2025-10-24 02:14:07 UTC [812] ERROR:  the hold "7" is full').id == "postgresql.hold_full"
    assert draft(b"12345").id == "app.unnamed"
