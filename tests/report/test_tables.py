"""CSV, JSON and Parquet."""

from __future__ import annotations

import csv
import dataclasses
import io
import json

import pyarrow.parquet as pq
import pytest

from analyzer.model import EVENTS_SCHEMA
from analyzer.report import csv as csv_report
from analyzer.report import json as json_report
from analyzer.report import parquet
from tests.make_analysis import clean_analysis, make_analysis, silent_201


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows as a spreadsheet reads them."""
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_row_for_each_incident() -> None:
    rows = rows_of(csv_report.render(make_analysis()))
    assert [row["id"] for row in rows] == ["7c1e9a", "b20f44"]
    assert rows[0]["start"] == "2025-10-24T02:14:07.125000Z"
    assert rows[0]["root_signature"] == "postgresql.foreign_key_violation"
    assert rows[0]["change_kind"] == "deploy"
    assert rows[0]["evidence"].startswith("logs/api.log:18233 ")


def test_csv_of_a_clean_night_is_a_header() -> None:
    assert csv_report.render(clean_analysis()).splitlines() == [",".join(csv_report.COLUMNS)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_cells_never_are_formulas(start: str) -> None:
    incident = dataclasses.replace(silent_201(), title=f"{start}cmd|' /C calc'!A0")
    row = rows_of(csv_report.render(make_analysis([incident])))[0]
    assert row["title"].startswith("'")


def test_csv_keeps_numbers_and_unknown_values_apart() -> None:
    incident = dataclasses.replace(silent_201(), start=None, end=None, change=None, fixes=())
    row = rows_of(csv_report.render(make_analysis([incident])))[0]
    assert row["duration_seconds"] == row["start"] == row["change"] == row["first_fix"] == ""
    assert float(row["confidence"]) == 0.94


def test_json_is_the_contract_and_plain_ascii() -> None:
    text = json_report.render(make_analysis())
    assert text.isascii()
    assert json.loads(text) == make_analysis().to_dict()


def test_parquet_is_the_events_table() -> None:
    analysis = make_analysis()
    table = pq.read_table(io.BytesIO(parquet.render(analysis)))
    assert table.schema.equals(EVENTS_SCHEMA)
    assert table.equals(analysis.events)
