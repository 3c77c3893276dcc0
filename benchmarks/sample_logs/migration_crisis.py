"""Seed 5: one migration that cannot be loaded, and everything that hangs on it.

A fitness platform on Render: ES modules, Sequelize, migrations run by ``run-migrations-production.mjs``
before the server starts, whatever comes of them. At 14:33 the chain stops at its first file (``module is
not defined``: CommonJS in an ES-module project). The new code starts against the old schema, so logins
fail. Five more attempts bring up what lay behind it: ``Unexpected token 'export'``, a missing column, key
types that do not agree, a table that was never created. The seventh deploy, at 16:30, runs the whole
chain.
"""

from __future__ import annotations

from datetime import datetime

from benchmarks.sample_logs import background, formats
from benchmarks.sample_logs.common import Night, later, utc
from benchmarks.sample_logs.golden import Incident, golden_file
from benchmarks.sample_logs.migration_texts import (
    ATTEMPTS,
    BUILD,
    COLUMN_ERROR,
    FINAL,
    LOGIN_DUMP,
    LOGIN_SQL,
    TABLE_ERROR,
    Attempt,
)

NAME = "migration-crisis"
EXPORT, SHELL, API, DATABASE = "render-export.log", "migrate-shell.log", "api.log", "postgres.log"
DATABASE_SESSION = "swan@swan_prod"
SIGNATURES = {
    "module": "node.commonjs_in_esm",
    "export": "node.esm_in_commonjs",
    "column": "postgresql.undefined_column",
    "key": "postgresql.fk_cannot_be_implemented",
    "table": "postgresql.undefined_table",
}
BROKEN, FIXED = later(ATTEMPTS[0].at, 9.5), later(FINAL.at, 12)


def tell() -> tuple[Night, str]:
    """All records of this afternoon and its golden file."""
    night = Night(NAME, utc("2025-05-28 13:20:00"), utc("2025-05-28 17:30:00"))
    for attempt in ATTEMPTS:
        shell_run(night, attempt) if attempt.by_hand else deploy(night, attempt)
    deploy(night, FINAL)
    for at in night.arrivals(0.26):
        login(night, at)
    for at in night.arrivals(0.24):
        orders(night, at)
    ordinary(night)
    return night, golden_file(night, SUMMARY, [incident()])


def say(night: Night, at: datetime, text: str, *signatures: str) -> None:
    """Print to the service's console, as Render's export shows it."""
    night.write(EXPORT, at, formats.render_export(at, text, night.dice), *signatures)


def deploy(night: Night, attempt: Attempt) -> None:
    """Render builds and starts the service; its start command runs the migrations first."""
    for after, text in BUILD:
        at = later(attempt.at, after + night.dice.uniform(0, 0.02))
        say(night, at, text.format(commit=attempt.commit))
    at = migrate(night, EXPORT, later(attempt.at, 1.1), attempt)
    for after, text in (
        (0.9, "✅ Database connection established"),
        (1.0, "🚀 Server running on port 10000 (production)"),
        (4.1, "==> Your service is live 🎉"),
        (4.2, "==> Available at your primary URL https://swan-platform.example.com"),
    ):
        say(night, later(at, after + night.dice.uniform(0, 0.03)), text)


def shell_run(night: Night, attempt: Attempt) -> None:
    """An operator tries by hand in Render's shell; a bare terminal, no times."""
    prompt = "render@srv-cpl9qk7dqaus73f3v2og-6b8d77c9f-x2x4z:~/project/src/backend$"
    night.write(SHELL, attempt.at, f"{prompt} npm run migrate:production")
    migrate(night, SHELL, later(attempt.at, 1.2), attempt)


def migrate(night: Night, stream: str, at: datetime, attempt: Attempt) -> datetime:
    """One run of the chain: what went through, and where it stopped."""

    def out(after: float, text: str, *signatures: str) -> None:
        nonlocal at
        at = later(at, after + night.dice.uniform(0, 0.001))
        line = formats.render_export(at, text, night.dice) if stream == EXPORT else text
        night.write(stream, at, line, *signatures)

    for text in (
        "🚀 Running production migrations...",
        "📁 Migrations: /opt/render/project/src/backend/migrations",
    ):
        out(0.01, text)
    out(1.8, "\nSequelize CLI [Node: 20.12.2, CLI: 6.6.2, ORM: 6.37.3]\n")
    out(0.2, 'Loaded configuration file "config/config.cjs".')
    out(0.001, 'Using environment "production".')
    for name in attempt.passed:
        out(0.1, f"== {name}: migrating =======")
        took = night.dice.uniform(0.02, 0.2)
        out(took, f"== {name}: migrated ({took:.3f}s)\n")
    if not attempt.failed:
        out(0.1, "✅ All migrations completed successfully")
        return at
    out(0.4, f"== {attempt.failed}: migrating =======\n")
    database_error(night, at, attempt)
    out(0.04, attempt.error, SIGNATURES[attempt.kind])
    out(
        0.3,
        "\n❌ Migration run failed: Command failed: npx sequelize-cli db:migrate --config "
        "config/config.cjs "
        "--env production",
        "sequelize.migration_failed",
    )
    out(
        0.002,
        "⚠️  Continuing with server startup"
        if stream == EXPORT
        else "npm error Lifecycle script `migrate:production` failed with error:\nnpm error code 1",
    )
    return at


def database_error(night: Night, at: datetime, attempt: Attempt) -> None:
    """What PostgreSQL says of a statement that it refuses during a migration."""
    if attempt.statement:
        pid = night.dice.randint(7100, 7190)
        message, _, detail = attempt.error.removeprefix("ERROR: ").partition("\nERROR DETAIL: ")
        postgres_error(night, at, pid, message, detail, attempt.statement, SIGNATURES[attempt.kind])


def postgres_error(
    night: Night, at: datetime, pid: int, message: str, detail: str, statement: str, signature: str
) -> None:
    """ERROR, DETAIL if there is one, STATEMENT."""
    parts = [("ERROR", message), ("DETAIL", detail), ("STATEMENT", statement)]
    lines = [formats.postgres(at, pid, level, text, DATABASE_SESSION) for level, text in parts if text]
    night.write(DATABASE, at, "\n".join(lines), signature)


def api(night: Night, at: datetime, level: str, message: str, **fields: object) -> None:
    """One winston line of the API without a signature."""
    night.write(API, at, formats.winston_json(at, level, message, service="swan-api", **fields))


def request(night: Night, at: datetime, line: str, status: int, *signatures: str) -> None:
    """A finished request, on the console (morgan) and in the API's own log."""
    took = night.latency(28)
    say(night, at, formats.morgan_dev(line, status, took, night.dice.randint(40, 4000)), *signatures)
    fields = {"requestId": night.hex(12), "service": "swan-api"}
    text = formats.winston_json(later(at, 0.001), "http", f"{line} {status} {took:.0f}ms", **fields)
    night.write(API, later(at, 0.001), text, *signatures)


def login(night: Night, at: datetime) -> None:
    """Somebody logs in; while the column is missing, this fails, and people try again."""
    if BROKEN <= at < FIXED:
        for _ in range(night.dice.choice((1, 1, 2, 3))):
            if at < FIXED:
                login_fails(night, at)
            at = later(at, night.dice.uniform(4, 25))
        return
    if night.dice.random() < 0.08:
        api(night, at, "warn", "Invalid credentials", path="/api/auth/login", ip=night.visitor())
        request(night, later(at, 0.002), "POST /api/auth/login", 401)
        at = later(at, night.dice.uniform(5, 12))
    api(night, at, "info", "Login successful", path="/api/auth/login", userId=night.dice.randint(1, 480))
    request(night, later(at, 0.002), "POST /api/auth/login", 200)


def login_fails(night: Night, at: datetime) -> None:
    """Password right, session not written: database, ORM, API and access log each have their say."""
    user = night.dice.randint(1, 480)
    text = f"{COLUMN_ERROR} at character 58"
    postgres_error(
        night,
        at,
        night.dice.randint(6400, 6419),
        text,
        "",
        LOGIN_SQL.format(user=user),
        "postgresql.undefined_column",
    )
    at = later(at, 0.004)
    say(night, at, LOGIN_DUMP.format(user=user), "app.login_failed", "postgresql.undefined_column")
    fields = {
        "name": "SequelizeDatabaseError",
        "path": "/api/auth/login",
        "service": "swan-api",
        "userId": user,
        "code": "42703",
        "stack": "\n".join(LOGIN_DUMP.splitlines()[:4]).replace("Login error: ", ""),
    }
    line = formats.winston_json(later(at, 0.001), "error", f"Login failed: {COLUMN_ERROR}", **fields)
    night.write(API, later(at, 0.001), line, "app.login_failed", "postgresql.undefined_column")
    request(night, later(at, 0.003), "POST /api/auth/login", 500, "http.server_error")


def orders(night: Night, at: datetime) -> None:
    """The page with one's orders: the table was never created."""
    if not BROKEN <= at < FIXED:
        if at >= FIXED:
            request(night, at, "GET /api/orders", 200)
        return
    user = night.dice.randint(1, 480)
    sql = f'SELECT "id", "userId", "totalAmount", "status" FROM "orders" AS "Order" WHERE "Order"."userId" = {user};'
    pid = night.dice.randint(6400, 6419)
    signature = "postgresql.undefined_table"
    postgres_error(night, at, pid, f"{TABLE_ERROR} at character 53", "", sql, signature)
    say(night, later(at, 0.003), f"Error fetching orders: {TABLE_ERROR}", signature)
    fields = {"name": "SequelizeDatabaseError", "path": "/api/orders", "service": "swan-api", "code": "42P01"}
    line = formats.winston_json(later(at, 0.004), "error", f"GET /api/orders failed: {TABLE_ERROR}", **fields)
    night.write(API, later(at, 0.004), line, signature)
    request(night, later(at, 0.006), "GET /api/orders", 500, "http.server_error")


def ordinary(night: Night) -> None:
    """What works all along: public pages, health checks, payments' webhooks, clean-up."""
    pages = (
        "GET /api/storefront",
        "GET /api/storefront/items?page=1",
        "GET /api/gamification/leaderboard",
        "GET /api/content/home",
        "GET /api/exercises?limit=50",
        "GET /assets/index-4f1c0b.js",
    )
    for at in night.arrivals(2.2):
        request(night, at, night.dice.choice(pages), night.dice.choice((200, 200, 200, 304)))
    for at in night.every(60, jitter=0.6):
        say(night, at, formats.morgan_dev("GET /health", 200, night.latency(1.8), 31))
    for at in night.every(900, jitter=5):
        say(night, at, f"🧹 Session cleanup: {night.dice.randint(0, 9)} expired, 0 errors")
    for at in night.arrivals(0.08):
        api(
            night,
            at,
            "info",
            "Stripe webhook received",
            type="payment_intent.succeeded",
            id=f"evt_{night.hex(24)}",
        )
    background.postgres_housekeeping(night, DATABASE, 61)
    background.postgres_connections(night, DATABASE, DATABASE_SESSION, 0.2)
    statements = ('SELECT "id", "name", "points" FROM "users" AS "User" ORDER BY "points" DESC LIMIT 100;',)
    background.postgres_slow_query(night, DATABASE, DATABASE_SESSION, statements, 0.04)


SUMMARY = """
From 14:33 to 16:30 UTC nobody could log in. The migrations stop at the first file, a CommonJS migration
in an ES-module project ("module is not defined"), while the new code starts anyway against the old
schema: logins break on sessions.trainerId, orders on a table that does not exist. Six attempts uncover
the rest of the chain: ES-module syntax in a .cjs file, the missing column, orders_userId_fkey with uuid
against integer, ALTER before CREATE. The deploy at 16:30 runs all migrations and cures it.
"""


def incident() -> Incident:
    """What must be found."""
    return Incident(
        severity="critical",
        root="node.commonjs_in_esm",
        root_text="ERROR: module is not defined",
        cascade=(
            "node.commonjs_in_esm",
            "sequelize.migration_failed",
            "node.esm_in_commonjs",
            "postgresql.undefined_column",
            "postgresql.fk_cannot_be_implemented",
            "postgresql.undefined_table",
            "app.login_failed",
            "http.server_error",
        ),
        entities={
            "relation": ("sessions", "orders"),
            "column": ("trainerId", "userId"),
            "constraint": ("orders_userId_fkey",),
        },
        change="==> Deploying...",
        fix_mentions=(".cjs", "sequelize-cli db:migrate", "uuid", "orders"),
    )
