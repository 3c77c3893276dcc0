"""Correlations: each type fires when it should, and stays silent when it must."""

from __future__ import annotations

from analyzer.model import Condition, Correlation
from analyzer.reason.columns import columns
from analyzer.reason.correlate import Finding, correlate
from tests.reason.stories import at, catalogue, events, signature

CLAIM = signature("app.saved", kind="observation")
GONE = signature("app.missing", kind="observation")
FAILED = signature("db.failed")


def found(rule: Correlation, story: str) -> list[Finding]:
    """The findings of one rule in a story."""
    return correlate(columns(events(story)), catalogue(CLAIM, GONE, FAILED, signature("rule.fires", correlation=rule)))


SILENT = Correlation(
    type="contradiction", rules=("app.saved",), counterpart=("app.missing",), group_by=("id",), timespan="5m"
)


def test_a_claim_and_evidence_for_the_same_id_contradict() -> None:
    findings = found(
        SILENT,
        """
        10:00:00  api  app.saved    id=order-1001
        10:00:02  api  app.missing  id=order-1001
        10:00:09  api  app.missing  id=order-1001
        """,
    )
    assert [(f.key, f.row, f.rows) for f in findings] == [(("order-1001",), 1, (0, 1, 2))]


def test_other_ids_and_late_evidence_do_not_contradict() -> None:
    assert not found(
        SILENT,
        """
        10:00:00  api  app.saved    id=order-1001
        10:00:02  api  app.missing  id=order-2002
        10:09:00  api  app.missing  id=order-1001
        """,
    )


def test_a_user_has_many_things_so_sharing_the_user_proves_nothing() -> None:
    assert not found(
        SILENT,
        """
        10:00:00  api  app.saved    user_id=user-1001
        10:00:02  api  app.missing  user_id=user-1001
        """,
    )


def test_what_was_deleted_may_be_missing() -> None:
    assert not found(
        SILENT,
        """
        10:00:00  api  app.saved    id=order-1001 method=POST
        10:00:01  api  app.saved    id=order-1001 method=DELETE
        10:00:02  api  app.missing  id=order-1001
        """,
    )


def test_a_retry_that_succeeds_is_no_contradiction() -> None:
    rule = Correlation(type="contradiction", rules=("app.saved",), counterpart=("db.failed",), group_by=("id",))
    retried = """
        10:00:00  api  db.failed  id=order-1001 relation=orders
        10:00:03  api  app.saved  id=order-1001 model=Order
        """
    assert not found(rule, retried)
    assert found(rule, retried.replace("relation=orders", "relation=invoices"))


def test_absence_is_a_claim_that_nothing_follows() -> None:
    rule = Correlation(
        type="absence", rules=("app.saved",), counterpart=("app.missing",), group_by=("order_id",), timespan="1m"
    )
    findings = found(
        rule,
        """
        10:00:00  api  app.saved    order_id=1
        10:00:01  api  app.saved    order_id=2
        10:00:30  api  app.missing  order_id=2
        10:05:00  api  app.saved    order_id=3
        """,
    )
    assert [f.key for f in findings] == [("1",)], "order 2 was answered; the log ends before 3 could be"


def test_an_absence_counts_where_the_log_goes_on_without_events() -> None:
    rule = Correlation(
        type="absence", rules=("app.saved",), counterpart=("app.missing",), group_by=("order_id",), timespan="1m"
    )
    story = columns(events("10:00:00  api  app.saved  order_id=1"))
    known = catalogue(CLAIM, GONE, FAILED, signature("rule.fires", correlation=rule))
    later, right_after = (int(at(clock).timestamp() * 1e6) for clock in ("10:05:00", "10:00:30"))
    assert correlate(story, known, {"logs/api.log": later})
    assert not correlate(story, known, {"logs/api.log": right_after})


def test_an_absence_is_judged_by_the_log_in_which_the_answers_stand() -> None:
    rule = Correlation(
        type="absence", rules=("app.saved",), counterpart=("app.missing",), group_by=("order_id",), timespan="1m"
    )
    findings = found(
        rule,
        """
        10:00:00  api     app.saved    order_id=1
        10:00:01  worker  app.missing  order_id=1
        10:00:30  api     app.saved    order_id=2
        10:09:00  api     db.failed
        """,
    )
    assert findings == [], "the worker's log ends at 10:00:01: nobody knows what became of order 2"


def test_records_that_come_late_are_put_in_order() -> None:
    assert found(
        SILENT,
        """
        10:00:09  api  app.missing  id=order-1001
        10:00:00  api  app.saved    id=order-1001
        """,
    )


def test_event_count_needs_its_number_within_the_timespan_and_group() -> None:
    rule = Correlation(
        type="event_count", rules=("db.failed",), group_by=("host",), timespan="1m", condition=Condition(gte=3)
    )
    findings = found(
        rule,
        """
        10:00:00  db  db.failed  host=a
        10:00:10  db  db.failed  host=b
        10:00:20  db  db.failed  host=a
        10:00:30  db  db.failed  host=a
        10:05:00  db  db.failed  host=b
        10:09:00  db  db.failed  host=b
        """,
    )
    assert [(f.key, f.row) for f in findings] == [(("a",), 3)]


def test_value_count_counts_distinct_values() -> None:
    rule = Correlation(
        type="value_count", rules=("db.failed",), timespan="1m", condition=Condition(gte=3, field="user_id")
    )
    same = "\n".join(f"10:00:0{n}  db  db.failed  user_id=7" for n in range(5))
    different = "\n".join(f"10:00:0{n}  db  db.failed  user_id={n}" for n in range(5))
    assert not found(rule, same)
    assert found(rule, different)


def test_temporal_takes_any_order_and_temporal_ordered_only_one() -> None:
    story = """
        10:00:00  api  app.missing
        10:00:05  api  app.saved
        """
    unordered = Correlation(type="temporal", rules=("app.saved", "app.missing"), timespan="1m")
    ordered = Correlation(type="temporal_ordered", rules=("app.saved", "app.missing"), timespan="1m")
    assert found(unordered, story)
    assert not found(ordered, story)
    assert found(ordered, story + "10:00:09  api  app.missing")


def test_a_rule_on_a_broad_signature_takes_what_refines_it() -> None:
    special = signature("db.failed_badly", refines="db.failed")
    rule = Correlation(type="event_count", rules=("db.failed",), timespan="1m", condition=Condition(gte=2))
    story = """
        10:00:00  db  db.failed
        10:00:05  db  db.failed_badly
        """
    both = catalogue(FAILED, special, signature("rule.fires", correlation=rule))
    assert len(correlate(columns(events(story)), both)) == 1


def test_events_without_a_time_take_no_part() -> None:
    assert not found(
        SILENT,
        """
        -  api  app.saved    id=order-1001
        -  api  app.missing  id=order-1001
        """,
    )
