"""The sample logs, explained: each folder's `expected.yaml` is what a senior engineer would write.

The golden counts say how many records speak of a failure; the analyzer files a record that speaks of
several under the most particular one, so only the root's count has to agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import analyzer
from analyzer.model import Fix

SAMPLES = Path(__file__).parent.parent / "sample_logs"
SCENARIOS = sorted(path.parent.name for path in SAMPLES.glob("*/expected.yaml"))
INCIDENTS = [
    (scenario, number)
    for scenario in SCENARIOS
    for number in range(len(yaml.safe_load((SAMPLES / scenario / "expected.yaml").read_text())["incidents"]))
]


@cache
def analysis_of(scenario: str) -> analyzer.Analysis:
    """The analysis of one folder."""
    return analyzer.analyze([SAMPLES / scenario])


def expected(scenario: str) -> list[dict[str, Any]]:
    """The incidents that a folder must show."""
    found: list[dict[str, Any]] = yaml.safe_load((SAMPLES / scenario / "expected.yaml").read_text())["incidents"]
    return found


def found(scenario: str, number: int) -> analyzer.Incident:
    """The incident of an analysis with the root that the golden file names."""
    root = expected(scenario)[number]["root"]
    return next(i for i in analysis_of(scenario).incidents if i.root_cause.signature == root)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_there_is_one_incident_for_each_problem_and_no_other(scenario: str) -> None:
    roots = [(i.root_cause.signature, i.severity) for i in analysis_of(scenario).incidents]
    assert sorted(roots) == sorted((e["root"], e["severity"]) for e in expected(scenario))


@pytest.mark.parametrize(("scenario", "number"), INCIDENTS)
def test_the_incident_begins_with_its_root(scenario: str, number: int) -> None:
    golden, incident = expected(scenario)[number], found(scenario, number)
    onset = golden["onset"]
    assert incident.start is not None
    assert abs(incident.start - onset) < timedelta(seconds=1)
    assert incident.cascade[0].role == "root"
    assert golden["root_text"] in incident.evidence[0].text.replace('\\"', '"')


@pytest.mark.parametrize(("scenario", "number"), INCIDENTS)
def test_the_cascade_holds_every_effect(scenario: str, number: int) -> None:
    golden, incident = expected(scenario)[number], found(scenario, number)
    counts = {member.signature: member.count for member in incident.cascade}
    assert set(golden["cascade"]) <= set(counts)
    assert counts[golden["root"]] == golden["counts"][golden["root"]]


@pytest.mark.parametrize(("scenario", "number"), INCIDENTS)
def test_the_incident_names_what_is_broken(scenario: str, number: int) -> None:
    golden, incident = expected(scenario)[number], found(scenario, number)
    for name, values in golden["entities"].items():
        assert set(values) <= set(incident.entities.get(name, ())), name


@pytest.mark.parametrize(("scenario", "number"), INCIDENTS)
def test_the_change_before_it_is_named(scenario: str, number: int) -> None:
    incident = found(scenario, number)
    assert incident.change is not None
    assert incident.change.timestamp is not None
    assert isinstance(incident.start, datetime)
    assert timedelta() <= incident.start - incident.change.timestamp < timedelta(minutes=8)


@pytest.mark.parametrize(("scenario", "number"), INCIDENTS)
def test_the_fix_says_what_cured_it(scenario: str, number: int) -> None:
    golden, incident = expected(scenario)[number], found(scenario, number)
    advice = "\n".join(text for fix in incident.fixes for text in _texts(fix))
    missing = [mention for mention in golden["fix_mentions"] if mention.lower() not in advice.lower()]
    assert not missing


def _texts(fix: Fix) -> list[str]:
    steps = [text for step in fix.steps for text in (step.text, step.command or "")]
    return [fix.cause, *steps, *fix.prevent, *fix.verify]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_everything_was_read(scenario: str) -> None:
    sources = analysis_of(scenario).sources
    read = [source for source in sources if source.records]
    assert len(read) == len([f for f in (SAMPLES / scenario).iterdir() if f.suffix not in (".yaml", ".md")])
    assert not any(source.in_trouble for source in sources)
