"""The life of a problem from one night to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa

from analyzer.model import UTC_MICROS, Incident, KnownProblem
from analyzer.reason.incidents import reason
from analyzer.reason.lifecycle import Lives, patience, problem_id, resolve, update
from tests.reason.stories import at, catalogue, events, signature

SCHEMA = signature("db.column_missing", leads_to=("app.login_failed", "app.slow"), captures="relation")
LOGIN = signature("app.login_failed")
SLOW = signature("app.slow")
ALL = catalogue(SCHEMA, LOGIN, SLOW)
BROKEN = """
    02:00:00  postgres  db.column_missing  relation=sessions host=a request_id=req-1001
    02:00:01  api       app.login_failed   request_id=req-1001
    02:00:02  api       app.slow
    02:05:00  postgres  db.column_missing  relation=sessions host=a request_id=req-1002
"""
DAY = timedelta(days=1)


def incidents(story: str, day: int = 0) -> list[Incident]:
    """The incidents of a story, told as if it had happened some days later."""
    table = events(story)
    times = [moment + day * DAY if moment else None for moment in table["timestamp"].to_pylist()]
    return reason(table.set_column(0, table.schema.field(0), pa.array(times, UTC_MICROS)), ALL).incidents


def night(day: int, clock: str = "06:00:00") -> datetime:
    """The end of the logs of a night."""
    return at(clock) + day * DAY


def nights(*stories: str) -> list[Lives]:
    """One run for each night's story; the empty one is a night without failures."""
    told: list[Lives] = []
    known: list[KnownProblem] = []
    for day, story in enumerate(stories):
        told.append(update(known, incidents(story, day), night(day)))
        known = told[-1].known
    return told


def statuses(told: list[Lives]) -> list[list[str]]:
    """The statuses of all known problems after each night."""
    return [[problem.status for problem in lives.known] for lives in told]


def test_a_problem_is_new_then_ongoing_then_resolved_then_regressed() -> None:
    told = nights(BROKEN, BROKEN, "", BROKEN)
    assert statuses(told) == [["new"], ["ongoing"], ["resolved"], ["regressed"]]
    assert [[i.status for i in lives.incidents] for lives in told] == [["new"], ["ongoing"], [], ["regressed"]]
    assert [len(lives.resolved) for lives in told] == [0, 0, 1, 0]
    (problem,) = told[-1].known
    assert (problem.first_seen, problem.last_seen) == (at("02:00:00"), at("02:05:00") + 3 * DAY)
    assert (problem.occurrences, problem.event_count, problem.resolved_at) == (3, 12, None)


def test_after_a_regress_it_is_ongoing_again() -> None:
    assert statuses(nights(BROKEN, "", BROKEN, BROKEN))[-1] == ["ongoing"]


def test_where_the_log_ends_right_after_it_nothing_is_resolved() -> None:
    (problem,) = update([], incidents(BROKEN), night(0)).known
    assert update([problem], [], at("02:30:00")).resolved == []
    assert update([problem], [], at("04:00:00")).resolved != []


def test_a_slow_rhythm_explains_a_long_silence() -> None:
    (weekly,) = nights(BROKEN)[0].known
    for week in (1, 2):
        (weekly,) = update([weekly], incidents(BROKEN, 7 * week), night(7 * week)).known
    assert timedelta(days=7) < patience(weekly) < timedelta(days=8)
    assert not update([weekly], [], night(20)).resolved
    assert update([weekly], [], night(23)).resolved


def test_a_problem_declared_solved_is_regressed_only_by_what_comes_after() -> None:
    (problem,) = nights(BROKEN)[0].known
    solved = resolve(problem, at("12:00:00"))
    (late,) = update([solved], incidents(BROKEN.replace("02:", "03:")), night(0, "23:00:00")).known
    assert late.status == "resolved"
    assert update([solved], incidents(BROKEN, 1), night(1)).incidents[0].status == "regressed"


def test_a_muted_problem_stays_muted() -> None:
    (problem,) = nights(BROKEN)[0].known
    assert update([replace(problem, muted=True)], incidents(BROKEN, 1), night(1)).known[0].muted


def test_the_problem_is_recognised_with_other_ids_hosts_and_services() -> None:
    other = BROKEN.replace("req-1", "req-9").replace("host=a", "host=b-77").replace("postgres", "replica")
    assert statuses(nights(BROKEN, other)) == [["new"], ["ongoing"]]


def test_the_same_failure_of_another_thing_is_another_problem() -> None:
    assert statuses(nights(BROKEN, BROKEN.replace("sessions", "orders")))[-1] == ["resolved", "new"]


def test_a_part_of_the_cascade_is_recognised_as_the_whole_problem() -> None:
    effects_only = """
        02:00:01  api  app.login_failed  request_id=req-2001
        02:00:02  api  app.slow          request_id=req-2001
        02:01:02  api  app.slow          request_id=req-2001
    """
    told = nights(BROKEN, effects_only)
    assert statuses(told) == [["new"], ["ongoing"]]
    assert told[1].incidents[0].id == told[0].incidents[0].id
    assert statuses(nights(BROKEN, "02:00:01  postgres  db.column_missing  relation=sessions"))[-1] == ["ongoing"]


def test_a_lone_symptom_is_not_taken_for_a_known_problem() -> None:
    assert statuses(nights(BROKEN, "02:00:01  api  app.login_failed"))[-1] == ["resolved", "new"]


def test_two_occurrences_in_one_night_are_one_known_problem() -> None:
    twice = BROKEN + BROKEN.replace("02:", "05:")
    told = update([], incidents(twice), night(0))
    assert {incident.status for incident in told.incidents} == {"new"}
    assert [problem.occurrences for problem in told.known] == [len(told.incidents)]
    assert {problem_id(incident) for incident in told.incidents} == {told.known[0].id}
