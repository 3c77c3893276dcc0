"""The JSON of the public contract, held against the schema that is published with it."""

from __future__ import annotations

import copy
import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from analyzer.contract import analysis_from_dict, analysis_to_dict, format_time
from analyzer.errors import AnalyzerError
from tests.make_analysis import clean_analysis, make_analysis

SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "report.schema.json").read_text("utf-8"))


@pytest.fixture
def report() -> dict[str, Any]:
    return analysis_to_dict(make_analysis())


def test_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("analysis", [make_analysis(), clean_analysis()], ids=["bad night", "clean night"])
def test_report_keeps_to_the_schema(analysis: Any) -> None:
    Draft202012Validator(SCHEMA).validate(analysis_to_dict(analysis))


def test_to_dict_of_the_model_is_the_contract(report: dict[str, Any]) -> None:
    assert make_analysis().to_dict() == report


def test_values_arrive_where_the_contract_says(report: dict[str, Any]) -> None:
    first = report["incidents"][0]
    assert report["period"] == {"start": "2025-10-24T01:12:00Z", "end": "2025-10-24T03:40:00Z"}
    assert first["start"] == "2025-10-24T02:14:07.125000Z"
    assert first["duration_seconds"] == 2245.875
    assert first["cascade"][1]["caused_by"] == "postgresql.foreign_key_violation"
    assert first["change"]["kind"] == "deploy"
    assert first["fixes"][0]["steps"][0]["command"] is None
    assert report["sources"][3]["skipped"][0]["count"] == 1


def test_unknown_values_are_null(report: dict[str, Any]) -> None:
    incident = dataclasses.replace(make_analysis().incidents[0], start=None, end=None, change=None)
    timeless = analysis_to_dict(make_analysis([incident]))["incidents"][0]
    assert timeless["start"] is timeless["end"] is timeless["duration_seconds"] is timeless["change"] is None
    assert report["sources"][3]["layout"] is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (None, None),
        (datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC), "2025-01-02T03:04:05Z"),
        (datetime(2025, 1, 2, 3, 4, 5, 60, tzinfo=UTC), "2025-01-02T03:04:05.000060Z"),
        (datetime(2025, 1, 2, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2025-01-01T23:00:00Z"),
    ],
)
def test_times_are_rfc_3339_in_utc(moment: datetime | None, expected: str | None) -> None:
    assert format_time(moment) == expected


def test_there_and_back(report: dict[str, Any]) -> None:
    restored = analysis_from_dict(json.loads(json.dumps(report)))
    assert restored.to_dict() == report
    assert restored.events.num_rows == 0
    assert [change.kind for change in restored.changes] == ["deploy", "restart"]


def _set(path: str, value: Any) -> Any:
    """A change to a report: the value at a path of keys and indices."""

    def change(report: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        place: Any = report
        for key in parents:
            place = place[int(key)] if key.isdigit() else place[key]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_set("schema_version", 2), "schema_version: this program reads version 1, not 2"),
        (_set("generated_at", None), "generated_at: expected a time, found null"),
        (_set("totals/lines", "many"), "totals.lines: expected a whole number, found text"),
        (_set("totals/lines", True), "totals.lines: expected a whole number, found true or false"),
        (_set("incidents/0/severity", "dire"), "incidents[0].severity: expected one of critical"),
        (_set("incidents/1/start", "yesterday"), "incidents[1].start: not a time"),
        (_set("incidents/1/start", "2025-01-01T00:00:00"), "incidents[1].start: a time without its zone"),
        (_set("incidents/0/cascade/2/role", None), "incidents[0].cascade[2].role: expected text, found null"),
        (_set("incidents/0/entities/relation", "orders"), "incidents[0].entities.relation: expected a list"),
        (_set("sources", {}), "sources: expected a list, found an object"),
        (_set("unknown/0/sources", [1]), "unknown[0].sources[0]: expected text"),
        (lambda report: report.pop("period"), "period: missing"),
        (
            lambda report: report["incidents"][0]["root_cause"].pop("tags"),
            "incidents[0].root_cause.tags: missing",
        ),
    ],
)
def test_malformed_report_is_refused_with_its_place(change: Any, complaint: str, report: dict[str, Any]) -> None:
    broken = copy.deepcopy(report)
    change(broken)
    with pytest.raises(AnalyzerError) as refusal:
        analysis_from_dict(broken)
    assert complaint in str(refusal.value)


def test_anything_but_an_object_is_refused() -> None:
    with pytest.raises(AnalyzerError, match="report: expected an object, found a list"):
        analysis_from_dict([])
