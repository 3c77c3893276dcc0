"""The labelled nights that reasoning is measured on: deterministic, and marked as documented."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.catalogue import load_catalogue
from analyzer.match.reference import match_record
from benchmarks.incidents import main
from benchmarks.nights.generate import Truth, scenarios, write_night
from benchmarks.nights.score import Claim, Score, jaccard, matched
from tests.reason.stories import at


def contents(folder: Path) -> dict[str, str]:
    """All files of a folder."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_the_same_seed_gives_the_same_night(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "other")]
    for folder in folders:
        folder.mkdir()
    truths = [write_night(folder, seed, "development") for folder, seed in zip(folders, (7, 7, 8), strict=True)]
    assert contents(folders[0]) == contents(folders[1]) != contents(folders[2])
    assert [truth.name for truth in truths[0]] == [truth.name for truth in truths[1]]


def test_the_labels_point_at_the_lines(tmp_path: Path) -> None:
    truths = write_night(tmp_path, 3, "held_out")
    assert 1 <= len(truths) <= 5
    for truth in truths:
        assert truth.root <= truth.lines
        for path, number in truth.lines:
            assert number <= len(Path(path).read_text().splitlines())


def test_a_clean_night_has_lines_but_no_incident(tmp_path: Path) -> None:
    assert write_night(tmp_path, 3, "development", incidents=0) == []
    assert contents(tmp_path)


def test_there_are_scenarios_enough_and_none_is_in_both_parts() -> None:
    development, held_out = (
        {scenario["name"] for scenario in scenarios(split)} for split in ("development", "held_out")
    )
    assert len(development) + len(held_out) >= 25
    assert not development & held_out


def lines(*numbers: int) -> frozenset[tuple[str, int]]:
    """Lines of one file."""
    return frozenset(("a.log", number) for number in numbers)


def test_a_claim_is_right_from_half_the_lines_on() -> None:
    assert jaccard(lines(1, 2, 3), lines(2, 3, 4)) == 0.5
    assert matched([lines(1, 2, 3), lines(9)], [lines(2, 3, 4), lines(9, 8, 7)]) == [(0, 0)]


def test_a_score_counts_what_was_found_and_what_was_not() -> None:
    truth = Truth("x", lines(1, 2), lines(1), at("10:00:00"))
    missed = Truth("y", lines(5, 6), lines(5), at("11:00:00"))
    claims = [
        Claim(lines(1, 2), "a.root", at("10:00:00") + timedelta(seconds=2), 0.9),
        Claim(lines(7, 8), "b.root", at("10:30:00"), 0.5),
    ]
    score = Score()
    score.add([truth, missed], claims, lines(1, 2, 5, 6, 7, 8), [frozenset({"a.root"}), frozenset({"c.root"})])
    assert (score.happened, score.claimed, score.right, score.f1) == (2, 2, 1, 0.5)
    assert (score.root_accuracy, score.onset_error, score.sure) == (0.5, 2.0, [(0.9, True), (0.5, False)])


BEGIN_UNKNOWN = {
    "fence token stale",
    "palette service confused",
    "tariff book empty",
    "conductor dies",
    "broker gone from under the controllers",
}


def test_every_root_is_known_to_the_catalogue_where_it_is_meant_to_be(tmp_path: Path) -> None:
    catalogue = load_catalogue()
    for seed in (1, 2, 3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        for truth in write_night(folder, seed, "development"):
            path, number = min(truth.root)
            record = Path(path).read_bytes().splitlines()[number - 1]
            assert bool(match_record(record, catalogue)) is (truth.name not in BEGIN_UNKNOWN), truth.name


def test_the_benchmark_runs_and_beats_the_baselines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["incidents", "--nights", "1"])
    main()
    rows = [line for line in capsys.readouterr().out.splitlines() if "F1" in line]
    f1 = [float(row.split("F1 ")[1].split()[0]) for row in rows]
    assert len(f1) == 6
    assert f1[0] >= max(f1[1:3])
