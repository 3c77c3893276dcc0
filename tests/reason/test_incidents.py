"""Reasoning as a whole: what belongs together, what came first, what stays apart."""

from __future__ import annotations

from analyzer.model import Correlation, Incident
from analyzer.reason.incidents import Reasoning, reason
from tests.reason.stories import at, catalogue, events, signature

SCHEMA = signature("db.column_missing", category="schema_mismatch", leads_to=("app.login_failed",), captures="relation")
LOGIN = signature("app.login_failed", category="authentication")
CACHE = signature("redis.refused", severity="medium", category="connection", captures="host")
SLOW = signature("app.slow", severity="low", category="timeout")
DEPLOY = signature("change.deploy", kind="change", severity="info", category="change")
SAVED = signature("app.saved", kind="observation", severity="info", category="observation")
MISSING = signature("app.missing", kind="observation", severity="info", category="observation")
FOREIGN_KEY = signature("db.foreign_key", category="constraint_violation", captures="relation")
SILENT = signature(
    "http.silent_success",
    severity="critical",
    category="silent_failure",
    correlation=Correlation(
        type="contradiction", rules=("app.saved",), counterpart=("app.missing",), group_by=("id",), timespan="5m"
    ),
)
ALL = catalogue(CACHE, DEPLOY, FOREIGN_KEY, LOGIN, MISSING, SAVED, SCHEMA, SILENT, SLOW)


def told(story: str) -> Reasoning:
    """What reasoning makes of a story."""
    return reason(events(story), ALL)


def only(story: str) -> Incident:
    """The one incident of a story."""
    (incident,) = told(story).incidents
    return incident


CRISIS = """
    09:58:30  platform  change.deploy
    10:00:00  postgres  db.column_missing  relation=sessions
    10:00:01  api       app.login_failed
    10:04:00  postgres  db.column_missing  relation=sessions
    10:04:01  api       app.login_failed
"""


def test_cause_and_declared_effect_are_one_incident_with_the_cause_as_root() -> None:
    incident = only(CRISIS)
    assert [(m.signature, m.role, m.caused_by, m.count) for m in incident.cascade] == [
        ("db.column_missing", "root", None, 2),
        ("app.login_failed", "effect", "db.column_missing", 2),
    ]
    assert incident.start == at("10:00:00")
    assert incident.end == at("10:04:01")
    assert incident.entities == {"relation": ("sessions",)}
    assert set(incident.services) == {"postgres", "api"}


def test_the_reasons_are_given_in_words() -> None:
    reasons = only(CRISIS).root_cause.reasons
    assert '1 s before the first "app.login_failed"' in reasons
    assert any(reason.startswith("known to lead to") for reason in reasons)
    assert "1 min 30 s after a deploy" in reasons


def test_the_change_just_before_is_named_and_a_later_one_is_not() -> None:
    change = only(CRISIS).change
    assert change is not None
    assert (change.kind, change.timestamp) == ("deploy", at("09:58:30"))
    assert only(CRISIS.replace("09:58:30", "10:02:00")).change is None


def test_unrelated_problems_at_the_same_time_stay_apart() -> None:
    burst = "\n".join(f"10:00:{n:02d}  cache  redis.refused  host=cache-a" for n in range(10, 40, 3))
    titles = {incident.root_cause.signature for incident in told(CRISIS + burst).incidents}
    assert titles == {"db.column_missing", "redis.refused"}


def test_silent_success_names_the_failed_statement_as_root() -> None:
    incident = only(
        """
        10:00:00.100  postgres  db.foreign_key  relation=sessions
        10:00:00.101  api       db.foreign_key  relation=sessions session_id=s-100001
        10:00:00.110  api       app.saved       id=s-100001
        10:00:02      api       app.missing     id=s-100001
        10:01:00.100  postgres  db.foreign_key  relation=sessions
        10:01:00.101  api       db.foreign_key  relation=sessions session_id=s-100002
        10:01:00.110  api       app.saved       id=s-100002
        10:01:02      api       app.missing     id=s-100002
        10:02:00.100  postgres  db.foreign_key  relation=sessions
        10:02:00.101  api       db.foreign_key  relation=sessions session_id=s-100003
        10:02:00.110  api       app.saved       id=s-100003
        10:02:02      api       app.missing     id=s-100003
        """
    )
    assert incident.severity == "critical"
    assert incident.title == "http.silent_success"
    assert incident.root_cause.signature == "db.foreign_key"
    counts = {member.signature: member.count for member in incident.cascade}
    assert counts == {"db.foreign_key": 6, "app.saved": 3, "app.missing": 3, "http.silent_success": 3}


def test_a_healthy_write_and_lookup_is_no_incident() -> None:
    assert not told("10:00:00  api  app.saved  id=s-100001").incidents


def test_mild_failures_need_a_burst() -> None:
    drip = "\n".join(
        f"{hour:02d}:{minute:02d}:00  api  app.slow" for hour in range(8, 12) for minute in range(0, 60, 5)
    )
    burst = "\n".join(f"10:00:{second:02d}  api  app.slow" for second in range(30))
    assert not told(drip).incidents
    assert len(told(burst).incidents) == 1


def test_a_lone_severe_event_counts() -> None:
    assert len(told("10:00:00  db  db.column_missing  relation=orders").incidents) == 1


def test_the_id_is_the_same_on_another_night_with_other_ids_and_hosts() -> None:
    one = only("10:00:00  db  db.column_missing  relation=orders request_id=aaaa1111 host=node-1")
    other = only("23:10:00  replica  db.column_missing  relation=orders request_id=bbbb2222 host=node-7")
    another_table = only("10:00:00  db  db.column_missing  relation=users")
    assert one.id == other.id
    assert one.id != another_table.id


def test_worst_incident_comes_first() -> None:
    burst = "\n".join(f"12:00:{second:02d}  cache  redis.refused  host=a" for second in range(10))
    severities = [incident.severity for incident in told(CRISIS + burst).incidents]
    assert severities == ["high", "medium"]


def test_no_events_give_no_incidents() -> None:
    assert told("").incidents == []


def test_confidence_is_a_probability() -> None:
    assert 0.5 <= only(CRISIS).root_cause.confidence <= 1.0


def test_what_went_on_long_before_is_a_matter_of_its_own() -> None:
    before = "\n".join(f"09:{minute:02d}:00  api  redis.refused  host=a" for minute in range(20, 60, 2))
    during = "\n".join(f"10:{minute:02d}:01  api  redis.refused  host=a" for minute in range(0, 20, 2))
    saves = "\n".join(f"10:{minute:02d}:00  api  db.column_missing  relation=sessions" for minute in range(0, 20, 2))
    roots = {i.root_cause.signature: i.start for i in told("\n".join([before, during, saves])).incidents}
    assert roots["db.column_missing"] == at("10:00:00")


def test_a_second_cause_of_a_known_effect_joins_the_incident() -> None:
    wrong_type = signature("db.wrong_type", category="schema_mismatch", leads_to=("app.login_failed",))
    story = CRISIS + "10:20:00  api  app.login_failed\n 10:19:59  api  db.wrong_type"
    incidents = reason(events(story), catalogue(*ALL, wrong_type)).incidents
    assert [i.root_cause.signature for i in incidents] == ["db.column_missing"]
    assert "db.wrong_type" in {member.signature for member in incidents[0].cascade}
