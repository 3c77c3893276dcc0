"""Long texts of the migration crisis: build, attempts with their errors, Node's dump of a failed login."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benchmarks.sample_logs.common import utc

ROOT = "/opt/render/project/src/backend"
DIALECTS = f"{ROOT}/node_modules/sequelize/lib/dialects"
COLUMN_ERROR = 'column "trainerId" of relation "sessions" does not exist'
TABLE_ERROR = 'relation "orders" does not exist'
FOREIGN_KEY_ERROR = (
    'ERROR: foreign key constraint "orders_userId_fkey" cannot be implemented\n'
    'ERROR DETAIL: Key columns "userId" and "id" are of incompatible types: uuid and integer.'
)
MODULE_ERROR_LONG = (
    "ERROR: module is not defined in ES module scope\n"
    "This file is being treated as an ES module because it has a '.js' file extension and "
    f"'{ROOT}/package.json' "
    'contains "type": "module". To treat it as a CommonJS script, rename it to use the \'.cjs\' '
    "file extension."
)

BUILD = (
    (-71.0, "==> Cloning from https://github.com/example-swan/platform"),
    (-69.5, "==> Checking out commit {commit} in branch main"),
    (-66.0, "==> Downloading cache..."),
    (-58.2, "==> Transferred 214MB in 6s. Extraction took 2s."),
    (-57.4, "==> Using Node.js version 20.12.2 via /opt/render/project/src/backend/package.json"),
    (-57.4, "==> Docs on specifying a Node.js version: https://render.com/docs/node-version"),
    (-56.8, "==> Running build command 'npm install && npm run build'..."),
    (-41.3, "npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory."),
    (-40.1, "added 12 packages, and audited 1043 packages in 15s"),
    (-40.1, "found 0 vulnerabilities"),
    (-38.0, "vite v5.2.11 building for production..."),
    (-21.2, "✓ 2418 modules transformed."),
    (-18.7, "✓ built in 19.27s"),
    (-17.0, "==> Uploading build..."),
    (-8.8, "==> Uploaded in 5.9s. Compression took 2.3s"),
    (-8.7, "==> Build successful 🎉"),
    (-6.9, "==> Deploying..."),
    (0.0, "==> Running 'npm run start:production'"),
    (
        0.6,
        "\n> swan-backend@1.4.2 start:production\n> node scripts/run-migrations-production.mjs && node server.mjs\n",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of the migrations: when, of which commit, what went through, where and how it stopped."""

    at: datetime
    commit: str = ""
    passed: tuple[str, ...] = ()
    failed: str = ""
    error: str = ""
    kind: str = ""
    statement: str = ""
    by_hand: bool = False


FIRST = "20240115000000-update-orientation-model"
ATTEMPTS = (
    Attempt(
        at=utc("2025-05-28 14:33:12"),
        commit="3f1a9c2e7b60d4851c9e02f7a6b3d8e914c5f027",
        failed=FIRST,
        error="ERROR: module is not defined",
        kind="module",
    ),
    Attempt(
        at=utc("2025-05-28 14:51:40"),
        commit="8c02d71b4ea95f3620d1c7b8e5f4a90316d2be7c",
        failed=FIRST,
        error=MODULE_ERROR_LONG,
        kind="module",
    ),
    Attempt(at=utc("2025-05-28 15:02:05"), failed=FIRST, error=MODULE_ERROR_LONG, kind="module", by_hand=True),
    Attempt(
        at=utc("2025-05-28 15:21:18"),
        commit="b94e6f05d2c831a7e06f5b9d1c48a2703e7fd916",
        passed=(FIRST, "20250508123456-create-notification-settings"),
        failed="20250517000000-add-unique-constraints-storefront",
        error="ERROR: Unexpected token 'export'",
        kind="export",
    ),
    Attempt(
        at=utc("2025-05-28 15:43:50"),
        commit="d07a15b8c9f24e63a1b70c5d8e2f96431ab0c7e5",
        passed=(
            "20250517000000-add-unique-constraints-storefront",
            "20250517000001-add-included-features-to-storefront",
            "20250523170000-add-missing-price-column",
        ),
        failed="20250527120000-backfill-session-trainers",
        error=f"ERROR: {COLUMN_ERROR}",
        kind="column",
        statement='UPDATE "sessions" SET "trainerId" = (SELECT "id" FROM "users" WHERE "role" = \'trainer\' LIMIT 1);',
    ),
    Attempt(
        at=utc("2025-05-28 16:03:27"),
        commit="61fe3a7d0b92c58e4d3a7f16c0e9b852d4710af3",
        failed="20250515000000-create-orders",
        error=FOREIGN_KEY_ERROR,
        kind="key",
        statement='CREATE TABLE IF NOT EXISTS "orders" ("id" UUID NOT NULL, "userId" UUID NOT NULL '
        'REFERENCES "users" '
        '("id") ON DELETE CASCADE ON UPDATE CASCADE, "totalAmount" DOUBLE PRECISION, '
        'PRIMARY KEY ("id"));',
    ),
    Attempt(
        at=utc("2025-05-28 16:12:41"),
        failed="20250515000001-update-order-prices-to-decimal",
        error=f"ERROR: {TABLE_ERROR}",
        kind="table",
        statement='ALTER TABLE "orders" ALTER COLUMN "totalAmount" TYPE DECIMAL(10,2);',
        by_hand=True,
    ),
)
FINAL = Attempt(
    at=utc("2025-05-28 16:30:22"),
    commit="f2b8d46c1e07a935b6c4d18f0e7a52930cb6d1e4",
    passed=(
        "20250515000000-create-orders",
        "20250515000001-update-order-prices-to-decimal",
        "20250527120000-backfill-session-trainers",
        "20250528000000-add-trainer-id-to-sessions",
        "20250528000004-ultimate-uuid-fix",
    ),
)

LOGIN_SQL = (
    'INSERT INTO "sessions" ("id","userId","token","expiresAt","trainerId","createdAt","updatedAt") VALUES '
    '(DEFAULT,{user},\'***\',$1,$2,$3,$4) RETURNING "id","userId","token","expiresAt","trainerId";'
)
PG_STACK = f"""
      at Parser.parseErrorMessage ({ROOT}/node_modules/pg-protocol/dist/parser.js:283:98)
      at Parser.handlePacket ({ROOT}/node_modules/pg-protocol/dist/parser.js:122:29)
      at Parser.parse ({ROOT}/node_modules/pg-protocol/dist/parser.js:35:38)
      at TLSSocket.<anonymous> ({ROOT}/node_modules/pg-protocol/dist/index.js:11:42)
      at TLSSocket.emit (node:events:518:28)
      at TLSWrap.onStreamRead (node:internal/stream_base_commons:190:23) {{{{
    length: 137,
    severity: 'ERROR',
    code: '42703',
    detail: undefined,
    hint: undefined,
    position: '58',
    file: 'parse_target.c',
    line: '1066',
    routine: 'checkInsertTargets',
    sql: '{LOGIN_SQL.replace("'***'", "$5")}'
  }}}}"""
LOGIN_DUMP = (
    f"""Login error: Error
    at Query.run ({DIALECTS}/postgres/query.js:50:25)
    at {ROOT}/node_modules/sequelize/lib/sequelize.js:315:28
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async PostgresQueryInterface.insert ({DIALECTS}/abstract/query-interface.js:308:21)
    at async Session.save ({ROOT}/node_modules/sequelize/lib/model.js:2490:35)
    at async login (file://{ROOT}/controllers/authController.mjs:212:21) {{{{
  name: 'SequelizeDatabaseError',
  parent: error: {COLUMN_ERROR}"""
    + PG_STACK
    + f""",
  original: error: {COLUMN_ERROR}"""
    + PG_STACK
    + f""",
  sql: '{LOGIN_SQL.replace("'***'", "$5")}',
  parameters: {{{{}}}}
}}}}"""
)
