"""What is told of a night, and how it is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from analyzer import notify
from analyzer.notify import NotifySettings, channel_of, compose, send
from tests.make_analysis import many_incidents
from tests.report.test_night import a_night

ZONE = ZoneInfo("Europe/Berlin")


class Desk:
    """A server to which messages are sent; it refuses as many as `refusals` says."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.refusals = 0
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                refused = desk.refusals > 0
                desk.refusals -= refused
                if not refused:
                    desk.received.append(body)
                self.send_response(503 if refused else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.server.shutdown()
    desk.server.server_close()


def test_a_message_is_of_use_by_itself() -> None:
    night = a_night()
    (message,) = compose(night, night.analysis.incidents[:1], digest=True, see=" --store sqlite:///team.db")
    incident = night.analysis.incidents[0]
    assert message.title == f"CRITICAL new: {incident.title}"
    for piece in (
        incident.root_cause.title,
        incident.fixes[0].steps[0].text,
        f"{incident.evidence[0].source}:{incident.evidence[0].line}",
        f"analyzer show {incident.id} --store sqlite:///team.db",
        "error rate 5 %",
        "Not complete: /logs/gone.log",
    ):
        assert piece in message.body


def test_a_digest_is_one_message_worst_first() -> None:
    night = a_night()
    (message,) = compose(night, list(reversed(night.analysis.incidents)), digest=True)
    assert message.title.startswith("1 new, 1 ongoing: ")
    assert message.body.index("CRITICAL") < message.body.index(night.analysis.incidents[1].title)
    assert len(compose(night, night.analysis.incidents, digest=False)) == 2
    assert compose(night, [], digest=True) == []


def test_of_many_incidents_only_the_first_are_told_in_full() -> None:
    night = a_night()
    (message,) = compose(night, many_incidents(40), digest=True)
    assert message.body.count("cause:") == 10
    assert message.body.count("\n\n- ") == 30
    assert len(message.incidents) == 40


def test_log_text_calls_nobody() -> None:
    night = a_night()
    hostile = replace(night.analysis.incidents[0], title="failed for @channel <!everyone> <@U1> by a@example.com")
    (message,) = compose(night, [hostile], digest=True)
    assert "@channel" not in message.title
    assert "<!" not in message.body
    assert "<@" not in message.body
    assert "a@example.com" in message.title


def test_only_what_matters_is_wanted() -> None:
    night = a_night()
    new, known = night.analysis.incidents
    rule = NotifySettings(urls=("json://x/",))
    assert [incident for incident in (new, known) if rule.wants(night, incident)] == [new]
    assert not rule.wants(night, replace(new, severity="medium"))
    assert not rule.wants(replace(night, muted=frozenset({new.id})), new)
    assert NotifySettings(urls=("json://x/",), severity="info", status=("ongoing",)).wants(night, known)


@pytest.mark.parametrize(
    ("hours", "at", "sent"),
    [
        ("22:00-07:00", "03:00", False),
        ("22:00-07:00", "05:30", True),  # 07:30 in Berlin
        ("22:00-07:00", "20:30", False),
        ("12:00-13:00", "10:30", False),
        ("12:00-13:00", "11:00", True),
    ],
)
def test_quiet_hours_are_those_of_the_place(hours: str, at: str, sent: bool) -> None:
    rule = NotifySettings(urls=("json://x/",), quiet_hours=hours)
    high, critical = replace(a_night().analysis.incidents[0], severity="high"), a_night().analysis.incidents[0]
    now = datetime.fromisoformat(f"2025-07-24T{at}").replace(tzinfo=UTC)
    assert rule.may_send(high, now, ZONE) is sent
    assert rule.may_send(critical, now, ZONE)
    assert NotifySettings(urls=("json://x/",), quiet_hours=hours, wake_for=None).may_send(critical, now, ZONE) is sent


def test_hours_are_hours() -> None:
    with pytest.raises(ValidationError, match="write it like 22:00-07:00"):
        NotifySettings(urls=("json://x/",), quiet_hours="at night")


def test_sending(desk: Desk) -> None:
    night = a_night()
    (message,) = compose(night, night.analysis.incidents, digest=True)
    assert send(desk.url, message) is None
    (received,) = desk.received
    assert received["title"] == message.title
    assert received["message"] == message.body


def test_what_fails_is_tried_again(desk: Desk) -> None:
    desk.refusals = 2
    pauses: list[float] = []
    (message,) = compose(a_night(), a_night().analysis.incidents, digest=True)
    assert send(desk.url, message, pauses.append) is None
    assert pauses == [2.0, 8.0]
    assert len(desk.received) == 1


def test_what_cannot_be_sent_is_told_with_the_reason(desk: Desk) -> None:
    desk.refusals = notify.ATTEMPTS
    (message,) = compose(a_night(), a_night().analysis.incidents, digest=True)
    reason = send(desk.url, message, lambda _: None)
    assert reason is not None
    assert reason.startswith("not delivered in 3 attempts")
    assert "503" in reason


def test_addresses_may_name_environment_variables(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = compose(a_night(), a_night().analysis.incidents, digest=True)
    assert send("${DESK_ADDRESS}", message) == "the environment variable DESK_ADDRESS is not set"
    monkeypatch.setenv("DESK_ADDRESS", desk.url)
    assert send("${DESK_ADDRESS}", message) is None


def test_what_is_no_address() -> None:
    (message,) = compose(a_night(), a_night().analysis.incidents, digest=True)
    assert "no address that apprise knows" in str(send("nonsense://x", message))


def test_the_name_of_a_channel_gives_no_secret_away() -> None:
    assert "token" not in channel_of("slack://token-a/token-b/#ops")
    assert channel_of("slack://a/b") != channel_of("slack://a/c")
