"""Seed 2: the API answers 201, but the session never existed.

An Express API on a virtual machine is deployed against a new database, restored from a snapshot that is
some weeks old: whoever signed up since is missing in ``users``. For them the insert into ``sessions``
breaks its foreign key, the code logs it, rolls back (or swallows it) and answers 201 all the same.
Seconds later the desktop application asks for that session and gets 404, again and again. Everybody else
works. At 03:24 the missing users are copied over. Long after, Redis is restarted for an upgrade: two
minutes of harmless cache errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benchmarks.sample_logs import background, formats
from benchmarks.sample_logs.common import Night, later, utc
from benchmarks.sample_logs.golden import Incident, golden_file

NAME = "silent-201"
API, ACCESS, DATABASE, REDIS, WORKER, WORKER_ERRORS, SYSLOG = (
    "api.log",
    "access.log",
    "postgres.log",
    "redis.log",
    "worker.log",
    "worker-error.log",
    "syslog",
)
DEPLOYED, RESTORED = utc("2025-09-18 02:41:07"), utc("2025-09-18 03:24:40")
REDIS_DOWN, REDIS_UP = utc("2025-09-18 04:02:11"), utc("2025-09-18 04:04:26")
DESKTOP = "MockMateDesktop/1.4.2 (Windows NT 10.0; x64) Electron/28.3.3"
DATABASE_SESSION = "mockmate@mockmate"
VIOLATION = 'insert or update on table "sessions" violates foreign key constraint "sessions_user_id_fkey"'
INSERT = (
    "INSERT INTO sessions (id, user_id, job_title, difficulty, session_type, duration_minutes, "
    "status, created_at)\n"
    "\t      VALUES ($1, $2, $3, $4, $5, $6, 'active', NOW())\n\t      RETURNING *"
)
STACK = """
    at Parser.parseErrorMessage (/srv/mockmate/api/node_modules/pg-protocol/dist/parser.js:287:98)
    at Parser.handlePacket (/srv/mockmate/api/node_modules/pg-protocol/dist/parser.js:126:29)
    at Parser.parse (/srv/mockmate/api/node_modules/pg-protocol/dist/parser.js:39:38)
    at Socket.<anonymous> (/srv/mockmate/api/node_modules/pg-protocol/dist/index.js:11:42)
    at Socket.emit (node:events:517:28)
    at async /srv/mockmate/api/routes/sessions.js:148:27"""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account; ``recent`` accounts are not in the restored snapshot."""

    id: str
    address: str
    recent: bool


def tell() -> tuple[Night, str]:
    """All records of this night and its golden file."""
    night = Night(NAME, utc("2025-09-18 01:45:00"), utc("2025-09-18 04:35:00"))
    users = [User(night.uuid(), night.visitor(), n % 9 in (2, 4, 5, 7)) for n in range(150)]
    deploy(night)
    lost = 0
    for at in night.arrivals(1.7):
        lost += interview(night, at, night.dice.choice(users))
    restore(night)
    redis_outage(night)
    ordinary(night, users)
    return night, golden_file(night, SUMMARY, [lost_sessions(lost), cache_errors()])


def log(night: Night, at: datetime, label: str, level: str, message: str, *signatures: str) -> None:
    """One winston line of the API."""
    night.write(API, at, formats.winston_text(at, level, label, message), *signatures)


def access(
    night: Night, at: datetime, user: User, request: str, status: int, size: int | str, *signatures: str
) -> None:
    """One morgan line (combined format, behind nginx with trust proxy)."""
    night.write(ACCESS, at, formats.combined(at, user.address, request, status, size, DESKTOP), *signatures)


def deploy(night: Night) -> None:
    """Release 2.7.0 with a new DATABASE_URL: systemd stops the old process and starts the new one."""
    steps = (
        (-31, "deploy[48211]", "release 2.7.0 (9c41d7e) unpacked to /srv/mockmate/releases/20250918024036"),
        (-30, "deploy[48211]", "environment: DATABASE_URL now points to db-2.mockmate.internal/mockmate"),
        (-4, "systemd[1]", "Stopping mockmate-api.service - MockMate API..."),
        (-1, "systemd[1]", "mockmate-api.service: Deactivated successfully."),
        (-1, "systemd[1]", "Stopped mockmate-api.service - MockMate API."),
        (0, "systemd[1]", "Started mockmate-api.service - MockMate API."),
    )
    for seconds, program, message in steps:
        at = later(DEPLOYED, seconds)
        night.write(SYSLOG, at, formats.syslog(at, "api-1", program, message))
    log(night, later(DEPLOYED, -3.8), "server", "info", "SIGTERM received, closing HTTP server")
    log(night, later(DEPLOYED, -1.2), "server", "info", "HTTP server closed, 0 connections left")
    for after, text in (
        (1.61, "MockMate API 2.7.0 starting (node v18.20.4, commit 9c41d7e, NODE_ENV=production)"),
        (1.93, "PostgreSQL pool ready: db-2.mockmate.internal:5432/mockmate (max 20)"),
        (1.98, "Redis connected: 127.0.0.1:6379"),
        (2.02, "HTTP server listening on port 5000"),
    ):
        log(night, later(DEPLOYED, after), "server", "info", text)


def interview(night: Night, at: datetime, user: User) -> int:
    """A user starts a mock interview; returns 1 when the session was lost behind a 201."""
    if DEPLOYED <= at < later(DEPLOYED, 3):
        at = later(DEPLOYED, 4)
    sid, request_id = night.uuid(), f"req-{night.hex(8)}"
    log(night, at, request_id, "info", f"Creating session {sid} for user {user.id}")
    if user.recent and DEPLOYED <= at < RESTORED:
        lose(night, at, user, sid, request_id)
        again = night.dice.random() < 0.45  # the user tries once more
        return 1 + (interview(night, later(at, night.dice.uniform(18, 40)), user) if again else 0)
    keep(night, at, user, sid, request_id)
    return 0


def lose(night: Night, at: datetime, user: User, sid: str, request_id: str) -> None:
    """The insert breaks the foreign key, the answer is 201, and the session cannot be found."""
    at = later(at, night.latency(9) / 1000)
    detail = f'Key (user_id)=({user.id}) is not present in table "users".'
    pid = night.dice.randint(31200, 31219)
    parts = (("ERROR", VIOLATION), ("DETAIL", detail), ("STATEMENT", INSERT))
    text = "\n".join(formats.postgres(at, pid, level, message, DATABASE_SESSION) for level, message in parts)
    night.write(DATABASE, at, text, "postgresql.foreign_key_violation")
    at = later(at, 0.002)
    message = f"Database error in session creation: error: {VIOLATION} (code 23503, detail: {detail})"
    stack = STACK if night.dice.random() < 0.4 else ""
    log(night, at, request_id, "error", message + stack, "postgresql.foreign_key_violation")
    if night.dice.random() < 0.6:
        log(night, later(at, 0.001), request_id, "warn", f"ROLLBACK issued for session {sid}")
    answer_created(night, later(at, 0.004), user, sid, request_id, "http.write_accepted")
    at = later(at, night.dice.uniform(0.8, 2.4))
    for wait in (1, 2, 4, 8)[: night.dice.randint(2, 4)]:
        not_found(night, at, user, sid)
        at = later(at, wait + night.dice.uniform(0.05, 0.3))


def answer_created(night: Night, at: datetime, user: User, sid: str, request_id: str, *signatures: str) -> None:
    """201, in the API's own log with the session's id, in the access log without."""
    took = night.latency(31)
    text = f"POST /api/sessions/create 201 {took:.0f}ms userId={user.id} sessionId={sid}"
    log(night, at, request_id, "info", text, *signatures)
    size = night.dice.randint(388, 461)
    access(night, later(at, 0.001), user, "POST /api/sessions/create", 201, size, *signatures)


def not_found(night: Night, at: datetime, user: User, sid: str) -> None:
    """The desktop application asks for the session it was promised."""
    request_id = f"req-{night.hex(8)}"
    log(night, at, request_id, "warn", f"Session not found: {sid}", "app.record_not_found")
    text = f"GET /api/sessions/{sid} 404 {night.latency(6):.0f}ms userId={user.id}"
    log(night, later(at, 0.001), request_id, "warn", text, "http.not_found")
    access(night, later(at, 0.002), user, f"GET /api/sessions/{sid}", 404, 62, "http.not_found")


def keep(night: Night, at: datetime, user: User, sid: str, request_id: str) -> None:
    """The ordinary case: created, cached, and found again under the same id."""
    at = later(at, night.latency(11) / 1000)
    log(night, at, request_id, "info", f"✅ Session created successfully in database: {sid}")
    if not cache_trouble(night, later(at, 0.002), request_id, "set", sid):
        log(night, later(at, 0.003), request_id, "info", f"✅ Session stored in Redis cache: {sid}")
    answer_created(night, later(at, 0.005), user, sid, request_id)
    at = later(at, night.dice.uniform(0.8, 2.4))
    for _ in range(night.dice.randint(1, 2)):
        request_id = f"req-{night.hex(8)}"
        cache_trouble(night, later(at, -0.003), request_id, "get", sid)
        text = f"GET /api/sessions/{sid} 200 {night.latency(5):.0f}ms userId={user.id}"
        log(night, at, request_id, "info", text)
        access(night, later(at, 0.001), user, f"GET /api/sessions/{sid}", 200, night.dice.randint(600, 990))
        at = later(at, night.dice.uniform(4, 40))
    worker_job(night, later(at, 0.6), sid, user)


def worker_job(night: Night, at: datetime, sid: str, user: User) -> None:
    """The queue's worker (winston JSON) prepares questions for the new session."""
    job = night.dice.randint(41000, 59000)
    fields = {"jobId": job, "service": "mockmate-worker", "sessionId": sid}
    night.write(WORKER, at, formats.winston_json(at, "info", "job started: prepare-questions", **fields))
    took = night.dice.uniform(2.0, 9.0)
    if night.dice.random() < 0.04:
        text = "OpenAI request timed out, retry 1 of 3"
        night.write(WORKER, later(at, 1.5), formats.winston_json(later(at, 1.5), "warn", text, **fields))
    done = {
        **fields,
        "durationMs": round(took * 1000),
        "questions": night.dice.randint(5, 12),
        "userId": user.id,
    }
    end = later(at, took)
    night.write(WORKER, end, formats.winston_json(end, "info", "job completed: prepare-questions", **done))


def restore(night: Night) -> None:
    """An operator copies the missing users; from here on all inserts succeed."""
    session = "postgres@mockmate"
    for after, message in (
        (
            -4.1,
            "duration: 2812.402 ms  statement: COPY users_snapshot_0918 FROM STDIN WITH (FORMAT csv, HEADER true);",
        ),
        (
            -0.3,
            "duration: 1310.118 ms  statement: INSERT INTO users SELECT * FROM users_snapshot_0918 "
            "ON CONFLICT (id) DO NOTHING;",
        ),
    ):
        at = later(RESTORED, after)
        night.write(DATABASE, at, formats.postgres(at, 33871, "LOG", message, session))


def cache_trouble(night: Night, at: datetime, request_id: str, action: str, sid: str) -> bool:
    """While Redis is down, the cache is skipped with an error in the log."""
    if not REDIS_DOWN <= at < REDIS_UP:
        return False
    text = f"Redis cache error ({action} session:{sid}), continuing without cache: connect ECONNREFUSED 127.0.0.1:6379"
    log(night, at, request_id, "error", text, "redis.connection_refused")
    return True


def redis_outage(night: Night) -> None:
    """Redis is stopped and started again by a package upgrade; the API reconnects by itself."""
    say = (
        (REDIS_DOWN, "Stopping redis-server.service - Advanced key-value store..."),
        (later(REDIS_DOWN, 0.4), "Stopped redis-server.service - Advanced key-value store."),
        (later(REDIS_UP, -0.6), "Starting redis-server.service - Advanced key-value store..."),
        (later(REDIS_UP, -0.1), "Started redis-server.service - Advanced key-value store."),
    )
    for at, text in say:
        night.write(SYSLOG, at, formats.syslog(at, "api-1", "systemd[1]", text))
    server = (
        (REDIS_DOWN, 812, "M", "*", "Received SIGTERM scheduling shutdown..."),
        (later(REDIS_DOWN, 0.05), 812, "M", "*", "User requested shutdown..."),
        (later(REDIS_DOWN, 0.05), 812, "M", "*", "Saving the final RDB snapshot before exiting."),
        (later(REDIS_DOWN, 0.09), 812, "M", "*", "DB saved on disk"),
        (later(REDIS_DOWN, 0.09), 812, "M", "#", "Redis is now ready to exit, bye bye..."),
        (later(REDIS_UP, -0.4), 51877, "C", "*", "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"),
        (
            later(REDIS_UP, -0.4),
            51877,
            "C",
            "*",
            "Redis version=7.2.5, bits=64, commit=00000000, modified=0, pid=51877, just started",
        ),
        (later(REDIS_UP, -0.3), 51877, "M", "*", "Running mode=standalone, port=6379."),
        (later(REDIS_UP, -0.2), 51877, "M", "*", "DB loaded from disk: 0.004 seconds"),
        (later(REDIS_UP, -0.2), 51877, "M", "*", "Ready to accept connections tcp"),
    )
    for at, pid, role, mark, text in server:
        night.write(REDIS, at, formats.redis_server(at, pid, role, mark, text))
    reconnects(night)
    log(night, later(REDIS_UP, 3.4), "server", "info", "Redis connected: 127.0.0.1:6379")


def reconnects(night: Night) -> None:
    """Both processes keep trying: the API through winston, the worker on its bare stderr (pm2, no times)."""
    trace = "\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)"
    at, wait = later(REDIS_DOWN, 0.13), 0.05
    while at < REDIS_UP:
        text = f"Redis client error: Error: connect ECONNREFUSED 127.0.0.1:6379{trace}"
        log(night, at, "redis", "error", text, "redis.connection_refused")
        text = f"[ioredis] Unhandled error event: Error: connect ECONNREFUSED 127.0.0.1:6379{trace}"
        night.write(WORKER_ERRORS, later(at, 0.02), text, "redis.connection_refused")
        at, wait = later(at, wait), min(wait * 2, 10.0)


def ordinary(night: Night, users: list[User]) -> None:
    """Other requests, expired tokens, and the housekeeping of three machines."""
    pages = (
        "GET /api/users/profile",
        "GET /api/credits",
        "GET /api/jobs?page=1",
        "GET /api/health",
        "PUT /api/settings",
    )
    for at in night.arrivals(3.4):
        user, page = night.dice.choice(users), night.dice.choice(pages)
        if night.dice.random() < 0.03:
            log(night, at, f"req-{night.hex(8)}", "warn", f"{page} 401 3ms: jwt expired")
            access(night, later(at, 0.001), user, page, 401, 41)
            access(night, later(at, 0.31), user, "POST /api/auth/refresh", 200, 618)
            at = later(at, 0.5)
        if page.startswith("GET") and night.dice.random() < 0.25:
            access(night, at, user, page, 304, "-")
        else:
            access(night, at, user, page, 200, night.dice.randint(120, 3000))
    background.scanners(night, ACCESS, 0.12)
    background.postgres_housekeeping(night, DATABASE, 913)
    background.postgres_connections(night, DATABASE, DATABASE_SESSION, 0.35)
    statements = ("SELECT s.*, COUNT(q.id) FROM sessions s LEFT JOIN questions q ON q.session_id = s.id GROUP BY s.id",)
    background.postgres_slow_query(night, DATABASE, DATABASE_SESSION, statements, 0.05)
    for at in night.every(420, jitter=20):
        if not REDIS_DOWN <= at <= REDIS_UP:
            pid = 812 if at < REDIS_DOWN else 51877
            background.redis_snapshot(night, REDIS, at, pid, night.dice.randint(20000, 29999))
    background.cron_and_ssh(night, SYSLOG, "api-1")
    at = later(night.start, 2)
    night.write(
        WORKER_ERRORS,
        at,
        "(node:41877) [DEP0040] DeprecationWarning: The `punycode` "
        "module is deprecated. "
        "Please use a userland alternative instead.",
    )
    night.write(WORKER_ERRORS, at, "(Use `node --trace-deprecation ...` to show where the warning was created)")


SUMMARY = """
From 02:41 to 03:24 UTC the API answered POST /api/sessions/create with 201 for sessions that were never
stored. The 2.7.0 deploy moved it to a database that lacks the newer users; their inserts break
sessions_user_id_fkey (23503), the error is rolled back or swallowed, and the desktop application then
gets 404 "Session not found" for the very id it was given. Users that exist there are not affected. Apart
from it, a Redis restart at 04:02 caused non-fatal cache errors.
"""


def lost_sessions(lost: int) -> Incident:
    """The silent 201."""
    return Incident(
        severity="critical",
        root="postgresql.foreign_key_violation",
        root_text=VIOLATION,
        cascade=(
            "postgresql.foreign_key_violation",
            "http.write_accepted",
            "app.record_not_found",
            "http.not_found",
            "http.silent_success",
        ),
        correlated={"http.silent_success": lost},
        entities={
            "relation": ("sessions",),
            "constraint": ("sessions_user_id_fkey",),
            "column": ("user_id",),
            "parent": ("users",),
        },
        change="Started mockmate-api.service",
        fix_mentions=("transaction", "users", "23503"),
    )


def cache_errors() -> Incident:
    """The Redis restart: real, separate, and not fatal."""
    return Incident(
        severity="medium",
        root="redis.connection_refused",
        root_text="ECONNREFUSED 127.0.0.1:6379",
        cascade=("redis.connection_refused",),
        entities={"host": ("127.0.0.1",)},
        change="Received SIGTERM scheduling shutdown",
        fix_mentions=("Redis",),
    )
