"""Seed 3: recordings are "completed", but no meeting is on the dashboard.

A Flask-SocketIO application behind gunicorn and nginx. The deploy at 18:04 looks the workspace up through
``user.workspaces[0]``, which is empty for everybody whose workspace hangs on ``user.workspace_id``. For
them the insert into ``meetings`` breaks the not-null constraint on ``workspace_id``; the handler logs the
IntegrityError and goes on without a meeting. Transcription works, every session is finalized as
completed, and the dashboards of those workspaces show nothing. At 18:51 the deploy is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benchmarks.sample_logs import background, formats
from benchmarks.sample_logs.common import Night, later, utc
from benchmarks.sample_logs.golden import Incident, golden_file

NAME = "missing-meeting"
APP, GUNICORN, DATABASE, NGINX, NGINX_OLD, SYSLOG = (
    "app.log",
    "gunicorn.log",
    "postgres.log",
    "nginx-access.log",
    "nginx-access.log.1.gz",
    "syslog",
)
BROKEN, REVERTED = utc("2025-10-23 18:04:11"), utc("2025-10-23 18:51:38")
ROTATED = utc("2025-10-23 18:00:00")
DATABASE_SESSION = "minutes@minutes"
VIOLATION = 'null value in column "workspace_id" of relation "meetings" violates not-null constraint'
COLUMNS = "title, status, workspace_id, organizer_id, session_id, created_at"
SITE = "/srv/minutes/venv/lib/python3.11/site-packages"
TRACE = """Traceback (most recent call last):
  File "{site}/sqlalchemy/engine/base.py", line 1967, in _exec_single_context
    self.dialect.do_execute(
  File "{site}/sqlalchemy/engine/default.py", line 924, in do_execute
    cursor.execute(statement, parameters)
psycopg2.errors.NotNullViolation: {violation}
DETAIL:  {detail}

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/minutes/app/routes/websocket.py", line 88, in on_join_session
    db.session.commit()
  File "{site}/sqlalchemy/orm/scoping.py", line 599, in commit
    return self._proxied.commit()
  File "{site}/sqlalchemy/orm/session.py", line 1969, in commit
    trans.commit(_to_root=True)
  File "{site}/sqlalchemy/engine/default.py", line 924, in do_execute
    cursor.execute(statement, parameters)
sqlalchemy.exc.IntegrityError: (psycopg2.errors.NotNullViolation) {violation}
DETAIL:  {detail}

[SQL: INSERT INTO meetings ({columns}) VALUES (%(title)s, %(status)s, %(workspace_id)s, %(organizer_id)s, \
%(session_id)s, %(created_at)s) RETURNING meetings.id]
[parameters: {{'title': 'Live Recording', 'status': 'in_progress', 'workspace_id': None, \
'organizer_id': {user}, 'session_id': '{sid}', 'created_at': datetime.datetime({when})}}]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""


@dataclass(frozen=True, slots=True)
class Member:
    """A user; ``new_style`` ones have a workspace only through ``user.workspace_id``."""

    id: int
    workspace: int
    new_style: bool


def tell() -> tuple[Night, str]:
    """All records of this evening and its golden file."""
    night = Night(NAME, utc("2025-10-23 17:05:00"), utc("2025-10-23 20:00:00"))
    members = [Member(400 + n, n % 13 + 1, n % 13 + 1 in (2, 4, 7, 9, 11, 12)) for n in range(90)]
    deploy(night, BROKEN, 2210, "41c9e0b")
    deploy(night, REVERTED, 3377, "b07d2fe")
    meeting, missing = 2231, 0
    for at in night.arrivals(0.85):
        missing += recording(night, at, night.dice.choice(members), meeting)
        meeting += 1
    dashboards(night, members)
    ordinary(night)
    return night, golden_file(night, SUMMARY, [incident(missing)])


def log(night: Night, at: datetime, level: str, logger: str, message: str, *signatures: str) -> None:
    """One line of the application."""
    night.write(APP, at, formats.python_logging(at, level, logger, message), *signatures)


def nginx(night: Night, at: datetime, request: str, status: int, size: int) -> None:
    """One access line; what is older than 18:00 has been rotated and compressed."""
    stream = NGINX_OLD if at < ROTATED else NGINX
    night.write(stream, at, formats.combined(at, night.visitor(), request, status, size, night.browser()))


def deploy(night: Night, at: datetime, master: int, commit: str) -> None:
    """systemd restarts gunicorn; the release says its name when it is up."""
    old = 1804 if master == 2210 else 2210
    for after, pid, text in (
        (-6, old, "Handling signal: term"),
        (-6, old + 3, f"Worker exiting (pid: {old + 3})"),
        (-4, old, "Shutting down: Master"),
        (0, master, "Starting gunicorn 21.2.0"),
        (0, master, f"Listening at: http://127.0.0.1:5000 ({master})"),
        (0, master, "Using worker: eventlet"),
        (0, master + 3, f"Booting worker with pid: {master + 3}"),
    ):
        when = later(at, after)
        night.write(GUNICORN, when, formats.gunicorn(when, pid, "INFO", text))
    for after, program, text in (
        (-21, f"deploy[{master - 40}]", f"checked out {commit}, pip install -r requirements.txt: ok"),
        (-6, "systemd[1]", "Stopping minutes.service - Minutes web application..."),
        (-3, "systemd[1]", "minutes.service: Deactivated successfully."),
        (-3, "systemd[1]", "Stopped minutes.service - Minutes web application."),
        (-1, "systemd[1]", "Started minutes.service - Minutes web application."),
    ):
        night.write(SYSLOG, later(at, after), formats.syslog(later(at, after), "web-1", program, text))
    log(night, later(at, 1.9), "INFO", "app", f"Minutes starting: release {commit}, async_mode=eventlet")
    log(
        night,
        later(at, 2.2),
        "INFO",
        "app.db",
        "Database ready: postgresql://minutes:***@10.20.0.8:5432/minutes",
    )


def recording(night: Night, at: datetime, member: Member, number: int) -> int:
    """One live recording; returns 1 when it ended without a meeting."""
    sid, socket = night.hex(12), night.hex(20)
    log(night, at, "INFO", "routes.websocket", f"Client connected: sid={socket} user={member.id}")
    nginx(night, at, f"GET /socket.io/?EIO=4&transport=polling&t={night.hex(7)}", 200, 118)
    nginx(night, later(at, 0.2), f"GET /socket.io/?EIO=4&transport=websocket&sid={socket}", 101, 0)
    at = later(at, night.dice.uniform(0.5, 2))
    log(night, at, "INFO", "routes.websocket", f"join_session: session={sid} user={member.id}")
    broken = member.new_style and BROKEN <= at < REVERTED
    if broken:
        no_meeting(night, later(at, 0.009), member, sid, number)
    else:
        text = f"Meeting {number} created for session {sid} workspace={member.workspace}"
        log(night, later(at, 0.012), "INFO", "routes.websocket", text)
    link = "None" if broken else str(number)
    log(night, later(at, 0.021), "INFO", "routes.websocket", f"Session {sid} created (meeting_id={link})")
    finish(night, transcribe(night, at, sid), sid, member, broken)
    return int(broken)


def no_meeting(night: Night, at: datetime, member: Member, sid: str, number: int) -> None:
    """The database refuses, SQLAlchemy wraps it, the handler logs it and goes on."""
    detail = (
        f"Failing row contains ({number}, Live Recording, in_progress, null, {member.id}, {sid}, "
        f"{at:%Y-%m-%d %H:%M:%S.%f})."
    )
    insert = (
        f"INSERT INTO meetings ({COLUMNS}) VALUES ('Live Recording', 'in_progress', NULL, "
        f"{member.id}, '{sid}', "
        f"'{at:%Y-%m-%dT%H:%M:%S.%f}'::timestamp) RETURNING meetings.id"
    )
    pid = night.dice.randint(5120, 5131)
    parts = (("ERROR", VIOLATION), ("DETAIL", detail), ("STATEMENT", insert))
    text = "\n".join(formats.postgres(at, pid, level, message, DATABASE_SESSION) for level, message in parts)
    night.write(DATABASE, at, text, "postgresql.not_null_violation")
    when = f"{at.year}, {at.month}, {at.day}, {at.hour}, {at.minute}, {at.second}, {at.microsecond}"
    trace = TRACE.format(
        site=SITE, violation=VIOLATION, detail=detail, columns=COLUMNS, user=member.id, sid=sid, when=when
    )
    message = f"Could not create meeting for session {sid}, continuing without it\n{trace}"
    signatures = ("postgresql.not_null_violation", "sqlalchemy.integrity_error")
    log(night, later(at, 0.004), "ERROR", "routes.websocket", message, *signatures)


def transcribe(night: Night, at: datetime, sid: str) -> datetime:
    """Segments come in every few seconds, whatever happened to the meeting."""
    for number in range(1, night.dice.randint(3, 11)):
        at = later(at, night.dice.uniform(6, 24))
        confidence = night.dice.uniform(0.81, 0.99)
        text = f"segment {number} saved: session={sid} confidence={confidence:.2f} words={night.dice.randint(4, 60)}"
        log(night, at, "INFO", "services.transcription", text)
        if night.dice.random() < 0.02:
            text = f"Whisper API timed out, retrying (1/3): session={sid}"
            log(night, later(at, 1.4), "WARNING", "services.transcription", text)
    return later(at, night.dice.uniform(2, 12))


def finish(night: Night, at: datetime, sid: str, member: Member, broken: bool) -> None:
    """The session says it is completed; then the user looks at the dashboard."""
    segments = sum(f"saved: session={sid} " in r.text for r in night.records if r.stream == APP)
    log(night, at, "INFO", "routes.websocket", f"finalize_session: session={sid}")
    text = f"Session {sid} finalized: status=completed segments={segments}"
    log(night, later(at, 0.03), "INFO", "routes.websocket", text)
    if night.dice.random() < 0.7:
        dashboard(night, later(at, night.dice.uniform(2, 9)), member, broken)


def dashboard(night: Night, at: datetime, member: Member, empty: bool) -> None:
    """The dashboard counts today's meetings of a workspace."""
    count = 0 if empty else night.dice.randint(1, 9)
    signatures = ("app.empty_result",) if empty else ()
    log(
        night,
        at,
        "INFO",
        "routes.dashboard",
        f"dashboard: workspace {member.workspace} meetings={count}",
        *signatures,
    )
    nginx(night, later(at, 0.02), f"GET /api/dashboard?workspace={member.workspace}", 200, 96 + 410 * count)


def dashboards(night: Night, members: list[Member]) -> None:
    """People look at dashboards all the time."""
    for at in night.arrivals(0.9):
        member = night.dice.choice(members)
        if not (member.new_style and later(BROKEN, -60) <= at):
            dashboard(night, at, member, empty=False)


def ordinary(night: Night) -> None:
    """Pages, scripts, health checks, strangers, and the database's housekeeping."""
    pages = (
        "GET /",
        "GET /login",
        "GET /static/js/app.3f1c9a.js",
        "GET /static/css/main.9b0e12.css",
        "GET /api/me",
        "GET /healthz",
        "GET /favicon.ico",
        "GET /api/workspaces",
    )
    for at in night.arrivals(6):
        page = night.dice.choice(pages)
        status = 304 if "static" in page and night.dice.random() < 0.5 else 200
        nginx(night, at, page, status, 0 if status == 304 else night.dice.randint(200, 48000))
    for at in night.arrivals(0.3):
        nginx(night, at, night.dice.choice(background.SCANS), 404, 207)
    for at in night.arrivals(0.12):
        text = f"Token expired for user {night.dice.randint(400, 489)}, asking client to refresh"
        log(night, at, "WARNING", "auth.tokens", text)
        nginx(night, at, "GET /api/me", 401, 44)
        nginx(night, later(at, 0.3), "POST /api/auth/refresh", 200, 512)
    for at in night.every(60, jitter=1):
        text = (
            f"metrics: active_sessions={night.dice.randint(0, 6)} queue=0 errors=0 rss={night.dice.randint(180, 240)}MB"
        )
        log(night, at, "INFO", "services.metrics", text)
    background.postgres_housekeeping(night, DATABASE, 704)
    background.postgres_connections(night, DATABASE, DATABASE_SESSION, 0.3)
    statements = (
        "SELECT count(*) FROM segments JOIN sessions ON sessions.id = segments.session_id WHERE workspace_id = $1",
    )
    background.postgres_slow_query(night, DATABASE, DATABASE_SESSION, statements, 0.06)
    background.cron_and_ssh(night, SYSLOG, "web-1")


SUMMARY = """
From 18:04 to 18:51 UTC recordings of some workspaces were transcribed and finalized as "completed", but
never got their meeting: the insert into meetings carries workspace_id NULL (IntegrityError, not-null
constraint), the handler swallows it and goes on, and the dashboards of workspaces 2, 4, 7, 9, 11 and 12
stay empty. It began with the restart into release 41c9e0b at 18:04 and ended with the rollback at 18:51.
Other workspaces were not affected.
"""


def incident(missing: int) -> Incident:
    """What must be found."""
    return Incident(
        severity="critical",
        root="postgresql.not_null_violation",
        root_text=VIOLATION,
        cascade=(
            "postgresql.not_null_violation",
            "app.completed_without_record",
            "app.empty_result",
        ),
        also=("sqlalchemy.integrity_error",),
        correlated={"app.completed_without_record": missing},
        entities={"relation": ("meetings",), "column": ("workspace_id",)},
        change="Booting worker with pid: 2213",
        fix_mentions=("transaction", "workspace_id", "backfill"),
    )
