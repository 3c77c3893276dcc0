"""Failures that no signature knows: part of incidents, their root, or incidents of their own."""

from __future__ import annotations

import pyarrow as pa

from analyzer.model import UNKNOWN_PREFIX
from analyzer.reason.incidents import Reasoning, reason
from analyzer.reason.templates import template_id
from tests.reason.stories import at, catalogue, events, signature

REFUSED = signature("redis.refused", category="connection", captures="host")
REFUSING = signature("http.server_error", severity="medium", category="http_contract")
ALL = catalogue(REFUSED, REFUSING)
BEGIN = int(at("06:00:00").timestamp() * 1e6)
END = int(at("12:00:00").timestamp() * 1e6)


def lines(clock: str, count: int, service: str, name: str, every: int = 10) -> str:
    """So many events of one name from a time on."""
    hour, minute, second = (int(part) for part in clock.split(":"))
    start = hour * 3600 + minute * 60 + second
    times = [start + every * number for number in range(count)]
    return "\n".join(f"{t // 3600:02d}:{t // 60 % 60:02d}:{t % 60:02d}  {service}  {name}" for t in times) + "\n"


def told(*stories: str, level: str = "error") -> Reasoning:
    """What reasoning makes of stories; `~text_of_it` is an unknown failure with this masked text."""
    table = events("".join(stories).replace("~", UNKNOWN_PREFIX))
    texts = [name.removeprefix(UNKNOWN_PREFIX) for name in table["signature"].to_pylist()]
    names = pa.array(table["signature"].to_pylist()).dictionary_encode()
    table = table.set_column(4, table.schema.field("signature"), names)
    table = table.set_column(9, "text", pa.array(texts)).set_column(6, "level", pa.array([level] * len(texts)))
    return reason(table, ALL, spans=dict.fromkeys(set(table["source"].to_pylist()), (BEGIN, END)))


def test_a_burst_of_what_nobody_knows_is_an_incident_of_its_own() -> None:
    (incident,) = told(lines("09:00:00", 30, "billing", "~coil_<*>_broke")).incidents
    root = incident.root_cause
    assert (incident.title, incident.severity, incident.event_count) == ("coil_…_broke", "medium", 30)
    assert (root.category, root.signature.startswith("unknown.")) == ("unknown", True)
    assert root.confidence < 0.8
    assert any("no signature" in reason for reason in root.reasons)
    assert incident.fixes[0].steps[1].command == "analyzer patterns new --from -"
    assert incident.start == at("09:00:00")


def test_its_id_is_that_of_the_template_in_the_list_of_unknown_failures() -> None:
    (incident,) = told(lines("09:00:00", 30, "billing", "~coil_<*>_broke")).incidents
    assert incident.root_cause.signature == f"unknown.{template_id('coil_<*>_broke')}"


def test_what_goes_on_all_night_is_none() -> None:
    found = told(lines("06:00:30", 300, "billing", "~palette_is_odd", every=60))
    assert found.incidents == []
    assert found.events.num_rows == 0


def test_a_few_are_none() -> None:
    assert told(lines("09:00:00", 4, "billing", "~palette_is_odd")).incidents == []


def test_attempts_that_are_made_again_are_none() -> None:
    assert told(lines("09:00:00", 15, "billing", "~flux_is_low,retrying")).incidents == []


def test_what_is_fatal_counts_by_itself() -> None:
    (incident,) = told(lines("09:00:00", 1, "billing", "~the_core_is_gone"), level="fatal").incidents
    assert (incident.severity, incident.event_count) == ("medium", 1)


def test_an_unknown_effect_belongs_to_the_incident_of_its_known_cause() -> None:
    (incident,) = told(
        lines("09:00:00", 40, "api", "redis.refused  host=cache-1"),
        lines("09:00:03", 30, "basket", "~basket_left_blank"),
    ).incidents
    assert incident.root_cause.signature == "redis.refused"
    (_, effect) = incident.cascade
    assert (effect.role, effect.title, effect.count) == ("effect", "basket_left_blank", 30)


def test_an_unknown_failure_is_the_root_where_only_symptoms_follow() -> None:
    (incident,) = told(
        lines("09:00:00", 30, "themes", "~tint_resolver_gave_up"), lines("09:00:04", 30, "web", "http.server_error")
    ).incidents
    assert incident.title == "tint_resolver_gave_up"
    assert [member.signature for member in incident.cascade][1:] == ["http.server_error"]


def test_braces_in_a_text_are_no_placeholders() -> None:
    (incident,) = told(lines("09:00:00", 30, "billing", "~bad_{host}_{{")).incidents
    assert incident.title == "bad_{host}_{{"


def test_only_what_belongs_to_an_incident_stays_among_the_events() -> None:
    found = told(lines("08:00:00", 1, "billing", "~palette_is_odd"), lines("09:00:00", 30, "billing", "~coil_broke"))
    assert found.events.num_rows == 30
    (incident,) = found.incidents
    assert found.rows[incident.id].tolist() == list(range(30))
