"""CRE rules from end to end: a folder of rules and logs in, events and incidents out."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analyzer import analyze, load_catalogue, reading
from analyzer.catalogue import Catalogue
from analyzer.ingest.blocks import read_blocks
from analyzer.model import Analysis
from tests.catalogue.test_load import GOOD


def _catalogue(folder: Path, *rules: dict[str, Any], severity: int = 1) -> Catalogue:
    """Rules CRE-2031-0001 and so on, by their bodies."""
    written = [
        {
            "cre": {
                "id": f"CRE-2031-{number:04}",
                "severity": severity,
                "title": f"Rule {number}",
                "category": "kitchen",
            },
            "metadata": {"id": f"rule{number}"},
            "rule": body,
        }
        for number, body in enumerate(rules, start=1)
    ]
    file = folder / "rules.yaml"
    file.write_text(json.dumps({"rules": written}))  # JSON is YAML
    return load_catalogue(file)


def _set(*match: Any, **more: Any) -> dict[str, Any]:
    return {"set": {"event": {"source": "cre.log.kettle"}, "match": list(match), **more}}


def _sequence(*order: Any, **more: Any) -> dict[str, Any]:
    return {"sequence": {"event": {"source": "cre.log.kettle"}, "order": list(order), **more}}


def _log(folder: Path, *moments: tuple[str, str], name: str = "kettle.log") -> Path:
    path = folder / name
    path.write_text("".join(f"2025-01-01 {time} {text}\n" for time, text in moments))
    return path


def _fired(analysis: Analysis) -> list[tuple[str, int]]:
    return list(zip(analysis.events["signature"].to_pylist(), analysis.events["line"].to_pylist(), strict=True))


STORY = (
    ("10:00:00", "kettle on"),
    ("10:00:05", "water boils"),
    ("10:00:20", "lid rattles"),
    ("10:00:21", "lid rattles"),
    ("10:05:00", "kettle on"),
    ("10:05:30", "kettle off"),
    ("10:05:31", "water boils"),
)


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (_set("kettle on"), [1, 5]),
        (_set({"regex": "^2025.*(on|off)$"}), [1, 5, 6]),
        (_set("water boils", "kettle on", window="10s"), [2]),
        (_set("water boils", "kettle on", window="31s"), [2, 7]),
        (_set({"value": "lid rattles", "count": 2}, window="1s"), [4]),
        (_sequence("kettle on", "water boils", "lid rattles", window="20s"), [3]),
        (_sequence("water boils", "kettle on", window="10s"), []),
        (_sequence("kettle on", "water boils", window="1m", negate=["kettle off"]), [2]),
        (_set("water boils", negate=[{"value": "lid rattles", "window": "20s"}]), [7]),
        (_set("water boils", negate=[{"value": "kettle off", "slide": "-5s", "window": "5s"}]), [2]),
    ],
)  # fmt: skip
def test_rules_fire_at_the_record_that_completes_them(tmp_path: Path, rule: dict[str, Any], lines: list[int]) -> None:
    analysis = analyze([_log(tmp_path, *STORY)], catalogue=_catalogue(tmp_path, rule))
    assert _fired(analysis) == [("CRE-2031-0001", line) for line in lines]


def test_a_rule_as_broad_as_any_text_gives_one_event_per_record(tmp_path: Path) -> None:
    log = tmp_path / "kettle.log"
    log.write_text("".join(f"2025-01-01 10:{n // 60:02}:{n % 60:02} line {n}\n  and more\n" for n in range(2000)))
    analysis = analyze([log], catalogue=_catalogue(tmp_path, _set({"regex": ".+"})))
    assert analysis.totals.records == 2000
    assert analysis.events.num_rows == 2000
    assert len(set(analysis.events["line"].to_pylist())) == 2000


@pytest.mark.parametrize("severity", range(5))
def test_each_rule_that_fires_shows_in_a_cascade(tmp_path: Path, severity: int) -> None:
    rules = (_set("kettle on"), _sequence("kettle on", "water boils", window="10s"), _set("nothing of the kind"))
    analysis = analyze([_log(tmp_path, *STORY)], catalogue=_catalogue(tmp_path, *rules, severity=severity))
    shown = {member.signature for incident in analysis.incidents for member in incident.cascade}
    assert shown == {"CRE-2031-0001", "CRE-2031-0002"}


def test_advice_and_references_reach_the_report(tmp_path: Path) -> None:
    rule = {
        "cre": {
            "id": "CRE-2031-0007", "severity": 0, "title": "Kettle {on}", "category": "food", "cause": "Fire {below}.",
            "impact": "Tea.", "mitigation": "- Take it off {now}\n  ```\n  kettlectl off {id}\n  ```\n",
            "references": ["https://k.example"],
        },
        "rule": _set("kettle on"),
    }  # fmt: skip
    (tmp_path / "rule.yaml").write_text(json.dumps({"rules": [rule]}))
    (incident,) = analyze([_log(tmp_path, *STORY[:1])], catalogue=load_catalogue(tmp_path)).incidents
    (fix,) = incident.fixes
    assert incident.title == "Kettle {on}"
    assert incident.severity == "critical"
    assert (fix.cause, fix.references) == ("Fire {below}.", ("https://k.example",))
    assert [(step.text, step.command) for step in fix.steps] == [("Take it off {now}", "kettlectl off {id}")]


def test_late_records_count_for_single_terms_only(tmp_path: Path) -> None:
    log = _log(tmp_path, ("10:00:10", "kettle on"), ("10:00:05", "water boils"), ("10:00:12", "lid rattles"))
    rules = (
        _set("water boils"),
        _set("water boils", "kettle on", window="1m"),
        _set("lid rattles", "kettle on", window="1m"),
    )
    assert _fired(analyze([log], catalogue=_catalogue(tmp_path, *rules))) == [
        ("CRE-2031-0001", 2),
        ("CRE-2031-0003", 3),
    ]


_DENIAL = {"value": "late", "anchor": 2, "window": "0s", "absolute": True}


def test_where_blocks_end_makes_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [
        (
            f"{10 + n // 3600}:{n // 60 % 60:02}:{n % 60:02}",
            ("kettle on", "water boils", "late", "lid rattles")[n * 7 % 4],
        )
        for n in (*range(0, 900, 3), *range(450, 1500, 7))
    ]
    log = _log(tmp_path, *moments)
    catalogue = _catalogue(
        tmp_path,
        _set("kettle on", {"value": "lid rattles", "count": 2}, window="40s"),
        _sequence("kettle on", "water boils", "lid rattles", window="40s", negate=[_DENIAL]),
        _set("water boils"),
    )
    whole = _fired(analyze([log], catalogue=catalogue))
    monkeypatch.setattr(reading, "read_blocks", partial(read_blocks, size=4096))
    assert _fired(analyze([log], catalogue=catalogue, jobs=3)) == whole
    assert len({name for name, _ in whole}) == 3


def test_each_source_is_looked_at_by_itself(tmp_path: Path) -> None:
    logs = [
        _log(tmp_path, ("10:00:00", "kettle on"), name="a.log"),
        _log(tmp_path, ("10:00:01", "water boils"), name="b.log"),
    ]
    assert _fired(analyze(logs, catalogue=_catalogue(tmp_path, _set("kettle on", "water boils", window="1m")))) == []


def test_records_without_any_time_count_as_of_one_moment(tmp_path: Path) -> None:
    log = tmp_path / "kettle.log"
    log.write_text("water boils\nkettle on\n")
    rules = (_set("kettle on", "water boils", window="1s"), _sequence("kettle on", "water boils", window="1s"))
    assert _fired(analyze([log], catalogue=_catalogue(tmp_path, *rules))) == [("CRE-2031-0001", 2)]


def test_only_the_time_asked_for_counts(tmp_path: Path) -> None:
    catalogue = _catalogue(tmp_path, _set("kettle on", "water boils", window="31s"), _set("lid rattles"))
    analysis = analyze([_log(tmp_path, *STORY)], catalogue=catalogue, since="2025-01-01T10:00:21")
    assert _fired(analysis) == [("CRE-2031-0002", 4), ("CRE-2031-0001", 7)]


def test_what_a_term_fulfils_and_no_rule_recognises_stays_unknown(tmp_path: Path) -> None:
    log = _log(tmp_path, *[(f"10:00:{n:02}", "ERROR kettle on fire") for n in range(5)])
    catalogue = _catalogue(tmp_path, _set("kettle on", "water boils", window="1m"))
    assert [group.count for group in analyze([log], catalogue=catalogue).unknown] == [5]


def test_rules_work_beside_signatures_of_ours(tmp_path: Path) -> None:
    log = _log(tmp_path, ("10:00:00", "order 42 was lost"))
    _catalogue(tmp_path, _set({"regex": "order .* lost"}))
    (tmp_path / "order_lost.yaml").write_text(GOOD)
    found = _fired(analyze([log], catalogue=load_catalogue(tmp_path)))
    assert found == [("CRE-2031-0001", 1), ("shop.order_lost", 1)]


def test_a_query_that_hangs_is_reported(tmp_path: Path) -> None:
    log = tmp_path / "kettle.log"
    log.write_text('{"time": "2025-01-01T10:00:00Z", "msg": "kettle on"}\n')
    (source,) = analyze([log], catalogue=_catalogue(tmp_path, _set({"jq": "def f: f; f"}))).sources
    assert [(skip.count, skip.sample) for skip in source.skipped if skip.trouble] == [(1, "def f: f; f")]
