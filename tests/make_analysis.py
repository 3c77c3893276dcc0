"""A hand-built analysis of one bad night, for the tests of everything that shows one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from analyzer.model import (
    EVENTS_SCHEMA,
    VOLUME_SCHEMA,
    Analysis,
    CascadeMember,
    Change,
    Evidence,
    FilledStep,
    Fix,
    Incident,
    Role,
    RootCause,
    Severity,
    Skipped,
    Source,
    Totals,
    UnknownTemplate,
)

NIGHT = datetime(2025, 10, 24, 1, 12, tzinfo=UTC)
HOSTILE = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2"> {{ 7 * 7 }} ${jndi:ldap://x}'
HOSTILE_MARKDOWN = "``` # not a heading\n[click](javascript:alert(1)) **bold** @someone | cell\n```"
ESCAPES = "\x1b[31mred\x1b[0m \u202eevil\u202c zero\u200bwidth bell\x07 \ud800"


def at(clock: str, day: int = 0) -> datetime:
    """A moment of the night from `HH:MM:SS`, with an optional fraction."""
    return datetime.fromisoformat(f"2025-10-24T{clock}+00:00") + timedelta(days=day)


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return round(moment.timestamp()) * 1_000_000 + moment.microsecond


def activity(first: datetime, last: datetime, count: int) -> tuple[tuple[int, int], ...]:
    """`count` events between two moments, swelling and ebbing as trouble does."""
    start = micros(first) // 60_000_000
    minutes = max(micros(last) // 60_000_000 - start, 0) + 1
    weights = [math.sin(math.pi * (i + 0.5) / minutes) * (1.2 + math.sin(i * 1.7)) for i in range(minutes)]
    shares = [int(count * weight / sum(weights)) for weight in weights]
    shares[0] += count - sum(shares)
    return tuple(((start + i) * 60_000_000, share) for i, share in enumerate(shares) if share)


def member(
    signature: str, title: str, role: Role, caused_by: str | None, first: datetime, last: datetime, count: int,
    severity: Severity = "high",
) -> CascadeMember:  # fmt: skip
    """A member of a cascade with plausible activity."""
    return CascadeMember(
        signature=signature,
        title=title,
        role=role,
        caused_by=caused_by,
        first_seen=first,
        last_seen=last,
        count=count,
        severity=severity,
        activity=activity(first, last, count),
    )


DEPLOY = Change(timestamp=at("02:13:26"), kind="deploy", text="Deployed mockmate-api 4f2c1e to production")
CHANGES = [
    Change(timestamp=at("01:30:00"), kind="config", text="Reloading nginx configuration"),
    DEPLOY,
    Change(timestamp=at("02:13:50"), kind="restart", text="Started mockmate-api.service"),
    Change(timestamp=at("03:05:11"), kind="restart", text="redis: Received SIGTERM scheduling shutdown"),
]


def silent_201() -> Incident:
    """Sessions that are answered with 201 and do not exist."""
    foreign_key = "postgresql.foreign_key_violation"
    root = 'insert into "sessions" violates foreign key "sessions_user_id_fkey"'
    return Incident(
        id="7c1e9a",
        title="Session created, then lost (silent 201)",
        status="new",
        severity="critical",
        start=at("02:14:07.125"),
        end=at("02:51:33"),
        event_count=549,
        root_cause=RootCause(
            signature=foreign_key,
            title=root,
            category="database",
            tags=("postgresql", "constraint"),
            confidence=0.94,
            reasons=("17 s before the first 404", "same session ids", "41 s after deploy 4f2c1e"),
        ),
        cascade=(
            member(foreign_key, root, "root", None, at("02:14:07.125"), at("02:51:30"), 137, "critical"),
            member("http.silent_success", "POST /api/sessions/create answered 201 for rows that were rolled back",
                   "effect", foreign_key, at("02:14:07.300"), at("02:51:31"), 137),
            member("app.record_not_found", "GET /api/sessions/:id answered 404", "effect", "http.silent_success",
                   at("02:14:24"), at("02:51:33"), 275, "medium"),
        ),
        services=("api", "postgres"),
        entities={"relation": ("sessions",), "constraint": ("sessions_user_id_fkey",),
                  "session": tuple(f"3f2b8c1e-9a4d-4e6f-8b7a-{i:012x}" for i in range(137))},
        change=DEPLOY,
        fixes=(_foreign_key_fix(foreign_key), _contradiction_fix()),
        evidence=_evidence(foreign_key),
    )  # fmt: skip


def _foreign_key_fix(signature: str) -> Fix:
    return Fix(
        signature=signature,
        title="Foreign key violation on sessions",
        cause="The row of users that sessions.user_id points to does not exist in this database.",
        steps=(
            FilledStep(text="Run the insert in one transaction; answer 4xx when it is rolled back", command=None),
            FilledStep(text="Check that the user exists", command="SELECT 1 FROM users WHERE id = '<id>';"),
            FilledStep(
                text="Remove the orphans once nothing writes them any more",
                command="DELETE FROM sessions s\nWHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id);",
                destructive=True,
            ),
        ),
        verify=("POST /api/sessions/create for an unknown user answers 400, not 201.",),
        prevent=("Map 23503 to a 4xx in one place.", "Alert on a 201 that a 404 for the same id follows."),
        references=("https://www.postgresql.org/docs/current/ddl-constraints.html", "javascript:alert(1)"),
    )


def _contradiction_fix() -> Fix:
    return Fix(
        signature="http.silent_success",
        title="Success that is contradicted",
        cause="The handler answers before the transaction has ended.",
        steps=(FilledStep(text="Answer after COMMIT, never before", command=None),),
        verify=(),
        prevent=(),
        references=(),
    )


def _evidence(signature: str) -> tuple[Evidence, ...]:
    return (
        Evidence(
            source="logs/api.log", line=18233, timestamp=at("02:14:07.125"), signature=signature,
            text='2025-10-24T02:14:07.125Z error: insert or update on table "sessions" violates foreign key constraint '
                 '"sessions_user_id_fkey"\n    at Parser.parseErrorMessage (/app/pg-protocol/parser.js:283)',
            before=("2025-10-24T02:14:07.101Z info: POST /api/sessions/create user=81f0",
                    "2025-10-24T02:14:07.120Z debug: BEGIN"),
            after=("2025-10-24T02:14:07.300Z info: POST /api/sessions/create 201 41ms",),
        ),
        Evidence(
            source="logs/postgres.log", line=902, timestamp=at("02:14:07.124"), signature=signature,
            text='ERROR:  insert or update on table "sessions" violates foreign key constraint "sessions_user_id_fkey"',
        ),
        Evidence(
            source="logs/api.log", line=18240, timestamp=at("02:14:24"), signature="app.record_not_found",
            text="2025-10-24T02:14:24.010Z warn: GET /api/sessions/3f2b8c1e 404 Session not found",
        ),
    )  # fmt: skip


def redis_down() -> Incident:
    """A smaller problem, hours later, whose texts try everything to break out of a report."""
    refused = "redis.connection_refused"
    return Incident(
        id="b20f44",
        title=f"Redis refused connections {HOSTILE}",
        status="ongoing",
        severity="medium",
        start=at("03:05:12"),
        end=at("03:07:40"),
        event_count=70,
        root_cause=RootCause(
            signature=refused,
            title=f"connect ECONNREFUSED 127.0.0.1:6379 {ESCAPES}",
            category="cache",
            tags=("redis",),
            confidence=0.5,
            reasons=("first in time",),
        ),
        cascade=(
            member(refused, "connect ECONNREFUSED 127.0.0.1:6379", "root", None,
                   at("03:05:12"), at("03:07:40"), 51, "medium"),
            member("app.cache_error", f"Cache read failed {HOSTILE}", "effect", refused,
                   at("03:06:30"), at("03:07:10"), 19, "low"),
        ),
        services=("api", "worker"),
        entities={"host": ("127.0.0.1",), "key": (HOSTILE_MARKDOWN,)},
        change=CHANGES[-1],
        fixes=(
            Fix(
                signature=refused,
                title="Redis is not reachable",
                cause=f"Nothing listens on 127.0.0.1:6379. {HOSTILE}",
                steps=(FilledStep(text="See whether Redis runs", command="systemctl status redis"),),
                verify=("redis-cli ping answers PONG.",),
                prevent=("Retry with a growing pause.",),
                references=(),
            ),
        ),
        evidence=(
            Evidence(source="logs/=cmd.log", line=77, timestamp=at("03:05:12"), signature=refused,
                     text=f"{HOSTILE}\n{HOSTILE_MARKDOWN}\n{ESCAPES}"),
        ),
    )  # fmt: skip


def sources() -> list[Source]:
    """Three sources that were read and two that were not, or not wholly."""
    end = at("03:40:00")
    return [
        Source(path="logs/api.log", layout="winston", compression=None, bytes=3_912_002, lines=20_100,
               records=19_870, timestamped_records=19_830, encoding="utf-8", first_timestamp=NIGHT,
               last_timestamp=end,
               skipped=(Skipped(reason="record without a timestamp", count=40, sample="    at next (/app/x.js:1)"),)),
        Source(path="logs/postgres.log.gz", layout="postgresql", compression="gzip", bytes=610_888, lines=3_210,
               records=3_100, timestamped_records=3_100, encoding="utf-8",
               first_timestamp=NIGHT, last_timestamp=end),
        Source(path="logs/=cmd.log", layout="console", bytes=90_004, lines=1_000, records=900, encoding="utf-8"),
        Source(path="logs/broken.gz", compression="gzip",
               skipped=(Skipped(reason="truncated gzip: read up to byte 4096", trouble=True, sample=ESCAPES),)),
    ]  # fmt: skip


def unknown() -> list[UnknownTemplate]:
    """Failures that no signature knows."""
    return [
        UnknownTemplate(
            id=f"u{i}", template=f"Worker <*> gave up on job <*> {text}", level=level, count=count,
            first_seen=at("02:20:00"), last_seen=at("02:44:00"), sources=("logs/api.log",),
            example=f"ERROR Worker 3 gave up on job 77 {text}",
        )
        for i, (text, level, count) in enumerate(
            [(HOSTILE, "error", 31), ("after <*> tries", "error", 12), ("quietly", "warn", 9),
             ("again", "error", 4), ("and again", None, 3), ("at last", "error", 1)]
        )
    ]  # fmt: skip


def volume(start: datetime = NIGHT, minutes: int = 148) -> pa.Table:
    """Records per minute of two sources, with errors while the sessions get lost."""
    rows = []
    for i in range(minutes):
        minute = start + timedelta(minutes=i)
        wave = 90 + round(40 * math.sin(i / 23)) + (i * 37) % 23
        bad = 62 <= i <= 100
        for source, level, records in (
            ("logs/api.log", "info", wave),
            ("logs/api.log", "warn", 3 + 11 * bad),
            ("logs/api.log", "error", 17 * bad + (i % 31 == 0)),
            ("logs/postgres.log.gz", "info", wave // 6),
            ("logs/postgres.log.gz", "error", 4 * bad),
        ):
            rows.append({"minute": minute, "source": source, "level": level, "records": records})
    rows.append({"minute": None, "source": "logs/=cmd.log", "level": None, "records": 900})
    return pa.Table.from_pylist(rows, VOLUME_SCHEMA)


def events(incidents: Iterable[Incident]) -> pa.Table:
    """One event for each piece of evidence."""
    rows = [
        {"timestamp": proof.timestamp, "source": proof.source, "line": proof.line, "offset": 0,
         "signature": proof.signature, "severity": incident.severity, "level": "error", "service": "api",
         "keys": [("relation", "sessions")], "text": proof.text.encode("utf-8", "replace").decode()}
        for incident in incidents
        for proof in incident.evidence
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, EVENTS_SCHEMA)


def make_analysis(incidents: list[Incident] | None = None) -> Analysis:
    """The whole night; with `incidents`, the same night with other problems."""
    chosen = [silent_201(), redis_down()] if incidents is None else incidents
    return Analysis(
        incidents=chosen,
        events=events(chosen),
        unknown=unknown(),
        sources=sources(),
        volume=volume(),
        changes=list(CHANGES),
        totals=Totals(bytes=4_612_894, lines=24_310, records=23_870, events=619, incidents=len(chosen), unknown=60),
        start=NIGHT,
        end=at("03:40:00"),
        generated_at=at("06:00:00", day=1),
        analyzer_version="0.1.0",
    )


def clean_analysis() -> Analysis:
    """A night in which nothing happened and everything was understood."""
    read = sources()[1]
    return dataclasses.replace(
        make_analysis([]),
        unknown=[],
        sources=[read],
        changes=[],
        totals=Totals(bytes=read.bytes, lines=read.lines, records=read.records, events=0, incidents=0, unknown=0),
    )


def moved(incident: Incident, by: timedelta, new_id: str) -> Incident:
    """The same incident at another time under another id."""

    def move(moment: datetime | None) -> datetime | None:
        return moment and moment + by

    return dataclasses.replace(
        incident,
        id=new_id,
        start=move(incident.start),
        end=move(incident.end),
        change=None,
        cascade=tuple(
            dataclasses.replace(
                each,
                first_seen=move(each.first_seen),
                last_seen=move(each.last_seen),
                activity=tuple((minute + round(by.total_seconds()) * 1_000_000, n) for minute, n in each.activity),
            )
            for each in incident.cascade
        ),
    )


def many_incidents(count: int) -> list[Incident]:
    """As many incidents as wanted, spread over the night."""
    severities: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
    return [
        dataclasses.replace(
            moved(silent_201(), timedelta(minutes=(i * 7) % 60 - 50), f"many{i:03d}"),
            severity=severities[i * len(severities) // count],
        )
        for i in range(count)
    ]


def several_nights(nights: int = 3) -> Analysis:
    """The same short night again and again, a day apart."""
    shifts = [timedelta(days=i) for i in range(nights)]
    base = make_analysis()
    incidents = [moved(silent_201(), shift, f"night{i}") for i, shift in enumerate(shifts)]
    return dataclasses.replace(
        base,
        incidents=incidents,
        volume=pa.concat_tables([volume(NIGHT + shift) for shift in shifts]),
        changes=[dataclasses.replace(DEPLOY, timestamp=at("02:13:26") + shift) for shift in shifts],
        end=base.end and base.end + shifts[-1],
        totals=dataclasses.replace(base.totals, incidents=nights),
    )
