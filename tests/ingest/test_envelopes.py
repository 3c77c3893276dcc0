"""Lines in envelopes: what is inside is read as if it stood alone, and the envelope adds what it knows.

Each case is a file: lines as a platform writes them, a divider, and the records they hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ingest.reading import Record, records_of

CASES = sorted((Path(__file__).parent / "envelopes").glob("*.txt"))


def _case(path: Path) -> tuple[bytes, list[dict[str, Any]]]:
    log, _, expected = path.read_text(encoding="utf-8").partition("=== expected\n")
    return log.encode(), yaml.safe_load(expected)


def _told(record: Record, expected: dict[str, Any]) -> dict[str, Any]:
    """What a record says of what is expected of it."""
    told: dict[str, Any] = {name: getattr(record, name) for name in expected}
    if "time" in told and record.time is not None:
        told["time"] = record.time.removesuffix("+00:00")
    if "origin" in told:
        told["origin"] = {name: record.origin.get(name) for name in expected["origin"]}
    if "text" in told:
        told["text"] = told["text"].rstrip("\n")
        expected["text"] = expected["text"].rstrip("\n")
    return told


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_records_in_envelopes(path: Path) -> None:
    log, expected = _case(path)
    records = records_of(log)
    assert [_told(record, wanted) for record, wanted in zip(records, expected, strict=True)] == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_offsets_point_to_the_line_of_the_file(path: Path) -> None:
    log, _ = _case(path)
    lines = log.split(b"\n")
    for record in records_of(log):
        assert log[: record.offset].count(b"\n") == record.line - 1
        assert log[record.offset :].startswith(lines[record.line - 1])
