"""Seed 4: the code has moved on, the schema has not.

A voice coach: FastAPI behind Kong, Supabase's PostgREST and PostgreSQL. At 10:02 replica 1 gets release
1.9.0, which writes ``metadata`` and ``audio_url``; the migration that adds these columns was not applied.
No session start is saved, so the session is missing in the tracker's state, so messages go out without
``user_id`` and break the not-null constraint; voice messages fail on ``audio_url``, three attempts each.
Now and then the tracker throws its client away ("Database not initialized"). Replica 2 keeps release
1.8.3 and works all along. At 10:47 the migration is run and PostgREST reloads its schema cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benchmarks.sample_logs import background, formats
from benchmarks.sample_logs.common import Night, later, utc
from benchmarks.sample_logs.golden import Incident, golden_file

NAME = "schema-drift"
KONG, POSTGREST, DATABASE, WORKER, DOCKER = (
    "kong-access.log",
    "postgrest.log",
    "postgres.log",
    "voice-worker.log",
    "docker-events.log",
)
BROKEN, MIGRATED = utc("2025-10-21 10:02:13"), utc("2025-10-21 10:47:09")
TRACKER = "app.core.conversation_tracker"
AGENT = "python-httpx/0.27.2"
DATABASE_SESSION = "authenticator@postgres"
NOT_NULL = 'null value in column "user_id" of relation "conversation_messages" violates not-null constraint'
SITE = "/usr/local/lib/python3.11/site-packages"
TRACE = """Traceback (most recent call last):
  File "/app/app/core/conversation_tracker.py", line {line}, in {function}
    await db_manager.client.table("{table}").insert({{
  File "{site}/postgrest/_async/request_builder.py", line 78, in execute
    raise APIError(r.json())
postgrest.exceptions.APIError: {error}"""


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation: its session, its user, the replica that serves it, and the client's port."""

    sid: str
    user: str
    replica: int
    port: int

    @property
    def short(self) -> str:
        """The session as the tracker prints it."""
        return f"{self.sid[:8]}..."


def tell() -> tuple[Night, str]:
    """All records of this morning and its golden file."""
    night = Night(NAME, utc("2025-10-21 09:05:00"), utc("2025-10-21 11:40:00"))
    deploy(night, BROKEN, "1.8.3", "1.9.0")
    migrate(night)
    for at in night.arrivals(0.50):
        conversation(night, at)
    ordinary(night)
    return night, golden_file(night, SUMMARY, [incident()])


def log(night: Night, at: datetime, talk: Talk, level: str, message: str, *signatures: str) -> None:
    """A line of the conversation tracker in the replica's log."""
    night.write(f"api-{talk.replica}.log", at, formats.python_logging(at, level, TRACKER, message), *signatures)


def rest(night: Night, at: datetime, talk: Talk, request: str, status: int) -> None:
    """One call to PostgREST as httpx, Kong and PostgREST itself log it."""
    method, path = request.split(" ")
    reason = formats.REASONS[status]
    text = f'HTTP Request: {method} http://kong:8000/rest/v1{path} "HTTP/1.1 {status} {reason}"'
    night.write(f"api-{talk.replica}.log", at, formats.python_logging(at, "INFO", "httpx", text))
    size = {201: 2, 204: 0, 400: 137}.get(status, 512)
    address = f"172.18.0.{10 + talk.replica}"
    line = formats.combined(at, address, f"{method} /rest/v1{path}", status, size, AGENT)
    night.write(KONG, later(at, -0.001), line)
    line = f'172.18.0.6 - service_role [{formats.clf_time(at)}] "{method} {path} HTTP/1.1" {status} - "" "{AGENT}"'
    night.write(POSTGREST, later(at, -0.002), line)


def deploy(night: Night, at: datetime, old: str, new: str) -> None:
    """docker compose recreates replica 1; the new process says hello the way uvicorn does."""
    for after, action, version, extra in (
        (-3.2, "kill", old, ", signal=15"),
        (-2.6, "die", old, ", execDuration=81422, exitCode=0"),
        (-2.5, "stop", old, ""),
        (-2.4, "destroy", old, ""),
        (-1.1, "create", new, ""),
        (0.0, "start", new, ""),
    ):
        when = later(at, after)
        attributes = (
            "com.docker.compose.project=voicecoach, com.docker.compose.service=api-1, "
            f"image=registry.example.com/voicecoach/api:{version}, name=voicecoach-api-1{extra}"
        )
        container = ("9f31c0d4b7e2" if version == old else "c47be19a20f6") * 5 + "ab12"
        night.write(
            DOCKER,
            when,
            formats.docker_event(when, night.dice.randint(0, 999), action, container, attributes),
        )
    for after, text in (
        (-3.1, "Shutting down"),
        (-2.9, "Waiting for application shutdown."),
        (-2.8, "Application shutdown complete."),
        (-2.8, "Finished server process [1]"),
        (1.4, "Started server process [1]"),
        (1.4, "Waiting for application startup."),
    ):
        night.write("api-1.log", later(at, after), formats.uvicorn("INFO", text))
    for after, text in (
        (1.5, f"Voice Coach API {new} starting"),
        (1.9, "✅ Database client initialized (supabase)"),
    ):
        line = formats.python_logging(later(at, after), "INFO", "app.main", text)
        night.write("api-1.log", later(at, after), line)
    for after, text in (
        (2.0, "Application startup complete."),
        (2.0, "Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)"),
    ):
        night.write("api-1.log", later(at, after), formats.uvicorn("INFO", text))


def migrate(night: Night) -> None:
    """The columns are added at last, and PostgREST is told to look again."""
    for after, text in (
        (
            0.0,
            "ALTER TABLE conversation_sessions ADD COLUMN IF NOT EXISTS metadata JSONB DEFAULT '{}'::jsonb;",
        ),
        (0.2, "ALTER TABLE conversation_messages ADD COLUMN IF NOT EXISTS audio_url TEXT;"),
        (0.3, "ALTER TABLE conversation_messages ALTER COLUMN user_id DROP NOT NULL;"),
        (0.5, "NOTIFY pgrst, 'reload schema';"),
    ):
        at = later(MIGRATED, after)
        line = formats.postgres(at, 4471, "LOG", f"statement: {text}", "supabase_admin@postgres")
        night.write(DATABASE, at, line)
    for after, text in (
        (0.5, 'Received a schema cache reload message on the "pgrst" channel'),
        (0.6, "Schema cache queried in 31.4 milliseconds"),
        (
            0.6,
            "Schema cache loaded 41 Relations, 37 Relationships, 12 Functions, 0 Domain Representations, "
            "4 Media Type Handlers, 1196 Timezones",
        ),
        (0.6, "Schema cache loaded in 12.7 milliseconds"),
    ):
        at = later(MIGRATED, after)
        night.write(POSTGREST, at, f"{formats.clf_time(at)}: {text}")


def conversation(night: Night, at: datetime) -> None:
    """From the WebSocket's opening to its end; it fails on replica 1 while the columns are missing."""
    talk = Talk(night.uuid(), night.uuid(), night.dice.choice((1, 1, 2)), night.dice.randint(33000, 60000))
    if talk.replica == 1 and later(BROKEN, -4) <= at <= later(BROKEN, 3):
        at = later(BROKEN, 6)
    api = f"api-{talk.replica}.log"
    text = f'172.18.0.9:{talk.port} - "WebSocket /ws/conversation/{talk.sid}" [accepted]'
    night.write(api, at, formats.uvicorn("INFO", text))
    night.write(api, later(at, 0.002), formats.uvicorn("INFO", "connection open"))
    lost = talk.replica == 1 and BROKEN <= at < MIGRATED
    begin = at
    at = later(at, 0.04)
    start_fails(night, at, talk) if lost else start_works(night, at, talk)
    messages = 2 * night.dice.randint(2, 6)
    for number in range(messages):
        at = later(at, night.dice.uniform(2.5, 9))
        role = "user" if number % 2 == 0 else "assistant"
        if not lost:
            message_works(night, at, talk, role)
        elif at < MIGRATED:
            message_fails(night, at, talk, role)
    end(night, later(at, night.dice.uniform(1, 6)), talk, lost, begin, messages)


def start_works(night: Night, at: datetime, talk: Talk) -> None:
    """The session is stored."""
    rest(night, at, talk, "POST /conversation_sessions", 201)
    log(night, later(at, 0.001), talk, "INFO", f"✅ Started session {talk.short} for user {talk.user[:8]}...")


def message_works(night: Night, at: datetime, talk: Talk, role: str) -> None:
    """The message is stored."""
    rest(night, at, talk, "POST /conversation_messages", 201)
    log(night, later(at, 0.001), talk, "INFO", f"✅ Saved {role} message for session {talk.short}")


def missing_column(column: str, table: str) -> str:
    """PostgREST's answer as postgrest-py prints it."""
    message = f"Could not find the '{column}' column of '{table}' in the schema cache"
    return f"{{'message': \"{message}\", 'code': 'PGRST204', 'hint': None, 'details': None}}"


def start_fails(night: Night, at: datetime, talk: Talk) -> None:
    """``metadata`` is unknown to PostgREST; the exception leaves the session out of the state."""
    rest(night, at, talk, "POST /conversation_sessions", 400)
    error = missing_column("metadata", "conversation_sessions")
    text = f"❌ Failed to save session start: {error}"
    if night.dice.random() < 0.4:
        trace = {"line": 125, "function": "start_session", "table": "conversation_sessions"}
        text += "\n" + TRACE.format(**trace, site=SITE, error=error)
    log(night, later(at, 0.002), talk, "ERROR", text, "app.save_failed", "supabase.column_not_in_schema_cache")


def message_fails(night: Night, at: datetime, talk: Talk, role: str) -> None:
    """Three ways for a message to be lost."""
    text = f"⚠️ Session {talk.short} not found in state"
    log(night, later(at, -0.004), talk, "WARNING", text, "app.session_state_missing")
    way = night.dice.random()
    if way < 0.07:
        text = "Resetting database client after 5 consecutive failures"
        log(night, later(at, -0.002), talk, "WARNING", text)
        text = "❌ Failed to save message: Database not initialized"
        log(night, at, talk, "ERROR", text, "app.save_failed", "app.database_not_initialized")
    elif way < 0.55 or role == "assistant":
        voice_message_fails(night, at, talk)
    else:
        text_message_fails(night, at, talk)


def voice_message_fails(night: Night, at: datetime, talk: Talk) -> None:
    """``audio_url`` is unknown too; three attempts, then the message is dropped."""
    error = missing_column("audio_url", "conversation_messages")
    for attempt, wait in ((1, 0.5), (2, 1.0)):
        rest(night, at, talk, "POST /conversation_messages", 400)
        text = f"Message save attempt {attempt}/3 failed, retrying in {wait}s: {error}"
        log(night, later(at, 0.002), talk, "WARNING", text, "supabase.column_not_in_schema_cache")
        at = later(at, wait + 0.02)
    rest(night, at, talk, "POST /conversation_messages", 400)
    text = f"❌ Failed to save message: {error}"
    if night.dice.random() < 0.12:
        trace = {"line": 233, "function": "_save_message", "table": "conversation_messages"}
        text += "\n" + TRACE.format(**trace, site=SITE, error=error)
    log(night, later(at, 0.002), talk, "ERROR", text, "app.save_failed", "supabase.column_not_in_schema_cache")
    log(night, later(at, 0.003), talk, "ERROR", f"Message for session {talk.short} dropped after 3 attempts")


def text_message_fails(night: Night, at: datetime, talk: Talk) -> None:
    """Without ``audio_url`` the insert reaches PostgreSQL, but nobody knows the user's id."""
    said = night.dice.choice(("Can we practise ordering coffee?", "How do I say that politely?", "Once more, please."))
    row = f"Failing row contains ({night.uuid()}, {talk.sid}, null, user, {said}, null, {at:%Y-%m-%d %H:%M:%S.%f}+00)."
    statement = (
        'WITH pgrst_source AS (INSERT INTO "public"."conversation_messages"("content", '
        '"created_at", "role", "session_id") '
        'SELECT "pgrst_body"."content", "pgrst_body"."created_at", "pgrst_body"."role", '
        '"pgrst_body"."session_id" FROM '
        "(SELECT $1 AS json_data) pgrst_payload, LATERAL (SELECT * FROM "
        "json_to_record(pgrst_payload.json_data)) pgrst_body)"
    )
    pid = night.dice.randint(610, 619)
    parts = (("ERROR", NOT_NULL), ("DETAIL", row), ("STATEMENT", statement))
    text = "\n".join(formats.postgres(at, pid, level, message, DATABASE_SESSION) for level, message in parts)
    night.write(DATABASE, at, text, "postgresql.not_null_violation")
    rest(night, later(at, 0.004), talk, "POST /conversation_messages", 400)
    error = f"{{'message': '{NOT_NULL}', 'code': '23502', 'hint': None, 'details': '{row}'}}"
    text = f"❌ Failed to save message: {error}"
    log(night, later(at, 0.006), talk, "ERROR", text, "app.save_failed", "postgresql.not_null_violation")


def end(night: Night, at: datetime, talk: Talk, lost: bool, begin: datetime, messages: int) -> None:
    """The WebSocket closes and the session's end is stored, if anybody knows the session."""
    api = f"api-{talk.replica}.log"
    night.write(api, at, formats.uvicorn("INFO", "connection closed"))
    at = later(at, 0.01)
    if lost:
        if at < MIGRATED:
            log(
                night,
                at,
                talk,
                "WARNING",
                f"⚠️ Session {talk.short} not found in state",
                "app.session_state_missing",
            )
        return
    rest(night, at, talk, f"PATCH /conversation_sessions?session_id=eq.{talk.sid}", 204)
    seconds = (at - begin).total_seconds()
    text = f"✅ Ended session {talk.short} (duration: {seconds:.1f}s, messages: {messages})"
    log(night, later(at, 0.001), talk, "INFO", text)


def ordinary(night: Night) -> None:
    """Health checks, other tables, the speech worker, and the database's housekeeping."""
    for replica in (1, 2):
        for at in night.every(45, jitter=0.5):
            line = formats.uvicorn_access(f"127.0.0.1:{night.dice.randint(33000, 60000)}", "GET /health", 200)
            night.write(f"api-{replica}.log", at, line)
    pages = (
        "/profiles?select=*&limit=1",
        "/lessons?select=id,title&order=position",
        "/streaks?select=current",
    )
    for at in night.arrivals(1.3):
        talk = Talk("", "", night.dice.choice((1, 2)), night.dice.randint(33000, 60000))
        rest(night, at, talk, f"GET {night.dice.choice(pages)}", 200)
        line = formats.uvicorn_access(f"172.18.0.9:{talk.port}", "GET /api/v1/home", 200)
        night.write(f"api-{talk.replica}.log", later(at, 0.01), line)
    for at in night.arrivals(2.6):
        speech(night, at)
    background.postgres_housekeeping(night, DATABASE, 58)
    background.postgres_connections(night, DATABASE, DATABASE_SESSION, 0.25)
    for at in night.every(600, jitter=2):
        name = f"image=postgrest/postgrest:v12.2.3, name=supabase-rest, execID={night.hex(64)}, exitCode=0"
        line = formats.docker_event(at, night.dice.randint(0, 999), "exec_die", night.hex(64), name)
        night.write(DOCKER, at, line)


def speech(night: Night, at: datetime) -> None:
    """The speech worker (structlog): renders answers, sometimes at the second try."""
    job = night.hex(10)
    fields: dict[str, object] = {"job_id": job, "voice": night.dice.choice(("nova", "echo", "alloy"))}
    if night.dice.random() < 0.03:
        retry = {**fields, "attempt": 1, "reason": "upstream 429", "retry_in_s": 2}
        night.write(WORKER, at, formats.structlog(at, "warning", "tts.retry", **retry))
        at = later(at, 2.3)
    done = {**fields, "characters": night.dice.randint(40, 600), "duration_ms": round(night.latency(820))}
    night.write(WORKER, at, formats.structlog(at, "info", "tts.rendered", **done))


SUMMARY = """
From 10:02 to 10:47 UTC conversations on replica api-1 were lost. Release 1.9.0 writes
conversation_sessions.metadata and conversation_messages.audio_url, columns that the database does not
have (PGRST204). The session start is not saved, so the session is not found in state; messages then lack
user_id (not-null violation, 23502) or fail three times on audio_url, and now and then the client is not
initialized. Replica api-2 (1.8.3) is healthy. The migration and the reload of PostgREST's schema cache at
10:47 cured it.
"""


def incident() -> Incident:
    """What must be found."""
    return Incident(
        severity="critical",
        root="supabase.column_not_in_schema_cache",
        root_text="Could not find the 'metadata' column of 'conversation_sessions' in the schema cache",
        cascade=(
            "supabase.column_not_in_schema_cache",
            "app.save_failed",
            "app.session_state_missing",
            "postgresql.not_null_violation",
            "app.database_not_initialized",
        ),
        entities={
            "relation": ("conversation_sessions", "conversation_messages"),
            "column": ("metadata", "audio_url", "user_id"),
        },
        change="voicecoach/api:1.9.0",
        fix_mentions=("ADD COLUMN", "metadata", "NOTIFY pgrst, 'reload schema'", "user_id"),
    )
