"""The report of one night, and the page over all nights."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from analyzer.model import Incident
from analyzer.night import Completeness, KnownIncident, Night, NightTotals, Note
from analyzer.report import night as report
from analyzer.report import night_index, night_words
from tests.make_analysis import HOSTILE, clean_analysis, make_analysis, redis_down, silent_201

MORNING = date(2025, 10, 24)


def totals(night: date, **numbers: int) -> NightTotals:
    end = datetime(night.year, night.month, night.day, 6, tzinfo=UTC)
    return NightTotals(date=night, start=end - timedelta(days=1), end=end, **{"records": 1000, "errors": 10, **numbers})


def a_night(*, resolved: tuple[Incident, ...] = (), muted: frozenset[str] = frozenset()) -> Night:
    """Something new, something known for two nights, and one unknown failure for the first time."""
    new, known = replace(silent_201(), status="new"), replace(redis_down(), status="ongoing")
    analysis = make_analysis([new, known])
    return Night(
        totals=totals(MORNING, records=2000, errors=100, new=1, ongoing=1, resolved=len(resolved)),
        analysis=analysis,
        resolved=list(resolved),
        muted=muted,
        unknown_new=analysis.unknown[:1],
        earlier=(totals(MORNING - timedelta(days=2)), totals(MORNING - timedelta(days=1), errors=30)),
        trends={
            new.id: {MORNING: 412},
            known.id: {MORNING - timedelta(days=2): 5, MORNING: 50},
        },
        completeness=Completeness(
            over=True,
            first_record=analysis.start,
            last_record=analysis.end,
            last_run=datetime(2025, 10, 24, 7, tzinfo=UTC),
            missing={"/logs/gone.log": "no such file or folder"},
            silent={"/logs/quiet.log": "delivered the night before, but nothing in this one"},
        ),
    )


def text_of(page: str) -> str:
    """What a reader sees, roughly."""
    body = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_headline_counts_by_status() -> None:
    gone = replace(redis_down(), id="aaaaaa", title="Gone at last", status="resolved")
    night = a_night(resolved=(gone,))
    assert night_words.headline(night) == "2025-10-24: 1 new, 1 ongoing, 1 resolved"
    seen = text_of(report.render_html(night, plotlyjs="directory"))
    assert "Night to 24 October 2025" in seen
    assert "1 new 0 regressed 1 ongoing 1 resolved 1 unknown for the first time" in seen
    assert "Gone at last" in seen


def test_each_incident_says_since_when_it_is_known() -> None:
    night = a_night()
    new, known = night.analysis.incidents
    assert night_words.standing(night, new) == "never seen before"
    assert night_words.standing(night, known) == "seen in 2 nights since 2025-10-22, last 2 nights ago"
    assert night_words.trend(night, known) == "▁·█"
    assert night_words.trend_title(night, known) == "2025-10-22: 5, 2025-10-24: 50"


def test_volume_and_error_rate_stand_beside_those_of_the_nights_before() -> None:
    assert night_words.rates(a_night()) == (
        "2,000 records, error rate 5 %. In the 2 nights before: error rate 2 %; this night has 100 % more records."
    )
    first = replace(a_night(), earlier=())
    assert night_words.rates(first).endswith("No night before to compare with.")


def test_what_is_missing_is_said_on_top() -> None:
    page = text_of(report.render_html(a_night(), plotlyjs="directory"))
    assert page.index("/logs/gone.log: no such file or folder") < page.index("What came first")
    assert "/logs/quiet.log: delivered the night before" in page
    unfinished = replace(a_night().completeness, over=False, missing={}, silent={})
    assert "the night was not over" in text_of(
        report.render_html(replace(a_night(), completeness=unfinished), plotlyjs="directory")
    )


def test_unknown_failures_of_tonight_stand_apart() -> None:
    night = a_night()
    page = report.render_html(night, plotlyjs="directory")
    first, later = page.split("unknown failures that earlier nights had as well")
    assert night.unknown_new[0].id not in [template.id for template in night.analysis.unknown[1:]]
    assert "for the first time</h2>" in first
    assert later.count('class="times"') == len(night.analysis.unknown) - 1


def test_a_quiet_night_says_so() -> None:
    night = replace(a_night(), analysis=clean_analysis(), unknown_new=[], totals=totals(MORNING))
    assert night_words.headline(night) == "2025-10-24: no incident"
    assert "No incident:" in text_of(report.render_html(night, plotlyjs="directory"))
    assert "no incident" in report.render_markdown(night)


def test_log_text_is_harmless_on_every_page() -> None:
    hostile = replace(silent_201(), title=HOSTILE, status="new")
    night = replace(a_night(), analysis=make_analysis([hostile]), resolved=[replace(hostile, status="resolved")])
    known = KnownIncident(
        id=hostile.id, title=HOSTILE, severity="high", state="open", status="new", first_seen=MORNING_TIME,
        last_seen=MORNING_TIME, occurrences=1, events={MORNING: 3},
        notes=(Note(at=MORNING_TIME, action="note", text=HOSTILE),),
    )  # fmt: skip
    for page in (
        report.render_html(night, plotlyjs="directory"),
        night_index.render([night.totals], [known], frozenset()),
    ):
        assert "<script>window.hacked" not in page
        assert "<img src=x" not in page


MORNING_TIME = datetime(2025, 10, 24, 6, tzinfo=UTC)


def test_json_tells_the_night_and_holds_the_analysis_of_the_contract() -> None:
    night = a_night(muted=frozenset({"x"}))
    told = json.loads(report.render_json(night))
    assert told["night"]["date"] == "2025-10-24"
    assert told["analysis"] == json.loads(json.dumps(night.analysis.to_dict()))
    assert told["muted"] == ["x"]
    assert told["completeness"]["complete"] is False
    assert told["unknown_new"] == [night.unknown_new[0].id]


@pytest.mark.parametrize(
    ("share", "said"), [(None, "–"), (0.0, "0 %"), (0.00001, "under 0.01 %"), (0.0123, "1.2 %"), (1.0, "1e+02 %")]
)
def test_rates_in_words(share: float | None, said: str) -> None:
    assert night_words.rate(share) == said.replace("1e+02", "100")


def test_the_index_is_a_calendar_with_links_to_the_pages_there_are() -> None:
    nights = [totals(date(2025, 9, 30), ongoing=1), totals(MORNING, new=1, ongoing=2)]
    page = night_index.render(nights, [], frozenset({MORNING}))
    assert page.index("October 2025") < page.index("September 2025")
    assert '<a href="2025-10-24.html">24</a>' in page
    assert "2025-09-30.html" not in page
    assert page.count('class="day known">30') == 1


def test_the_index_of_nothing() -> None:
    assert "No night has been read yet" in night_index.render([], [], frozenset())
