"""What mild failures a system has all the time, and what stands out against them."""

from __future__ import annotations

from analyzer.model import Incident
from analyzer.reason.incidents import reason
from tests.reason.stories import at, catalogue, events, signature

EXPIRED = signature("auth.token_expired", severity="medium", category="authentication")
MISSING = signature("db.column_missing", severity="high", category="schema_mismatch")
ALL = catalogue(EXPIRED, MISSING)


def drip(name: str, every: int, begin: int = 0, end: int = 3 * 3600) -> str:
    """One failure after the other, in seconds after 01:00."""
    moments = range(begin, end, every)
    return "".join(f"{1 + m // 3600:02d}:{m // 60 % 60:02d}:{m % 60:02d}  auth  {name}\n" for m in moments)


def found(story: str) -> list[Incident]:
    """The incidents of a story."""
    return reason(events(story), ALL).incidents


def test_a_mild_failure_that_drips_from_the_first_minute_to_the_last_is_no_incident() -> None:
    assert found(drip("auth.token_expired", 60)) == []


def test_one_that_begins_in_the_middle_is() -> None:
    quiet = "01:00:00  auth  app.nothing\n03:59:00  auth  app.nothing\n"
    (incident,) = found(quiet + drip("auth.token_expired", 60, begin=5400))
    assert incident.start == at("02:30:00")


def test_what_stands_out_of_the_drip_is_told_from_where_it_begins() -> None:
    (incident,) = found(drip("auth.token_expired", 60) + drip("auth.token_expired", 1, begin=5400, end=5520))
    assert incident.start is not None
    assert incident.end is not None
    assert abs((incident.start - at("02:30:00")).total_seconds()) <= 60
    assert abs((incident.end - at("02:32:00")).total_seconds()) <= 60


def test_short_logs_cannot_tell_what_is_ordinary() -> None:
    assert len(found(drip("auth.token_expired", 20, end=1800))) == 1


def test_a_severe_failure_is_told_however_long_it_goes_on_and_so_are_its_effects() -> None:
    (incident,) = found(drip("db.column_missing", 60) + drip("auth.token_expired", 60))
    assert [member.signature for member in incident.cascade] == ["db.column_missing", "auth.token_expired"]
