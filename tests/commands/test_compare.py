"""What is in one set of logs that was not in another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from analyzer import cli
from analyzer.commands import compare as command
from analyzer.commands.catalogue import CatalogueOptions
from analyzer.commands.compare import CompareOptions, compare, compare_analyses
from analyzer.commands.output import Status
from analyzer.report import json as report
from tests.make_analysis import clean_analysis, make_analysis, redis_down, silent_201, unknown


def options(before: Path, after: Path, **more: object) -> CompareOptions:
    given = {"catalogue": CatalogueOptions(), "quiet": True, **more}
    return CompareOptions(before=str(before), after=str(after), **given)  # type: ignore[arg-type]


def test_choices_are_those_of_the_command() -> None:
    assert get_args(cli.CompareFormat) == get_args(command.Format)


def test_new_gone_and_still_there() -> None:
    found = compare_analyses(make_analysis([redis_down()]), make_analysis([silent_201()]))
    assert [incident.id for incident in found.new] == [silent_201().id]
    assert [incident.id for incident in found.gone] == [redis_down().id]
    assert found.both == []
    same = compare_analyses(make_analysis([redis_down()]), make_analysis([redis_down()]))
    assert (same.new, same.gone) == ([], [])
    assert same.both[0][1:] == (redis_down().event_count, redis_down().event_count)


def test_occurrences_of_one_problem_are_one() -> None:
    again = replace(redis_down(), id=f"{redis_down().id}-2", event_count=5)
    found = compare_analyses(make_analysis([redis_down()]), make_analysis([redis_down(), again]))
    assert found.new == []
    assert [pair[1:] for pair in found.both] == [(redis_down().event_count, redis_down().event_count + 5)]


def test_unknown_failures_are_told_by_their_template() -> None:
    one, *others = unknown()
    before = replace(make_analysis(), unknown=[one])
    found = compare_analyses(before, replace(before, unknown=others))
    assert found.unknown_new == others
    assert found.unknown_gone == [one]


def test_reports_on_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    before.write_text(report.render(replace(clean_analysis(), sources=[])))
    after.write_text(report.render(replace(make_analysis([silent_201()]), sources=[])))
    assert compare(options(before, after)) is Status.DONE
    assert f"new     critical  {silent_201().id}" in capsys.readouterr().out
    assert compare(options(before, after, fail_on="critical")) is Status.FOUND
    assert compare(options(after, before, fail_on="info")) is Status.DONE
    capsys.readouterr()
    compare(options(before, after, format="json"))
    told = json.loads(capsys.readouterr().out)
    assert [incident["id"] for incident in told["new"]] == [silent_201().id]
    assert told["gone"] == []


def test_logs_on_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = tmp_path / "a.log", tmp_path / "b.log"
    before.write_text("2025-10-24T02:00:00Z INFO [api] started\n")
    after.write_text('2025-10-24T03:00:00Z ERROR [api] relation "orders" does not exist\n')
    assert compare(options(before, after)) is Status.DONE
    assert "new     high" in capsys.readouterr().out


def test_a_side_in_trouble_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "a.log"
    log.write_text("2025-10-24T02:00:00Z INFO [api] started\n")
    assert compare(options(log, tmp_path / "gone.log")) is Status.TROUBLE
    assert "gone.log: no such file" in capsys.readouterr().err
