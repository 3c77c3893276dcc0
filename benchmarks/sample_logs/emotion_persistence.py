"""Seed 1: emotions are detected and then lost, because a module resolved to undefined.

A Node service on Render analyses faces with Gemini and stores each emotion from a fire-and-forget
callback. At 00:34 a deploy makes that callback ``require('../../models')``, which yields undefined in the
container. Detection goes on, every save fails, the emotion stays in memory, and sessions end empty.
PostgreSQL never sees an error. At 01:24 the fix goes live. The console is there twice: Render's export
with times (whole night) and the bare console (part of it).
"""

from __future__ import annotations

from datetime import datetime

from benchmarks.sample_logs import background, formats
from benchmarks.sample_logs.common import Night, later, utc
from benchmarks.sample_logs.golden import Incident, golden_file

NAME = "emotion-persistence"
EXPORT, CONSOLE, API, DATABASE = "render-export.log", "render-console.log", "api.log", "postgres.log"
BROKEN, FIXED = utc("2025-10-26 00:34:52"), utc("2025-10-26 01:24:31")
CONSOLE_FROM, CONSOLE_TO = utc("2025-10-26 00:30:00"), utc("2025-10-26 01:15:00")
EMOTIONS = ("excited", "happy", "neutral", "focused", "tired", "surprised", "anxious", "calm")
KOREAN = {
    "excited": "흥분",
    "happy": "행복",
    "neutral": "중립",
    "focused": "집중",
    "tired": "피곤",
    "surprised": "놀람",
    "anxious": "불안",
    "calm": "평온",
}
HOST = "srv-d3kq0b7diees73e2v0ag-7c9bb5f6cd-{}"

FAILURE = """❌ [CRITICAL] Failed to save emotion to database:
   Error: Cannot read properties of undefined (reading 'constructor')
   Code: undefined
   Path attempted: ../../models
   Stack: at Function.keys (<anonymous>)
          at Timeout._onTimeout (/app/node_modules/sequelize/lib/model.js:83:34)
          at Immediate.<anonymous> (/app/services/socket/landmarksHandler.js:181:22)
          at process.processImmediate (node:internal/timers:485:21)"""

DEPLOY = (
    (-142.0, "==> Cloning from https://github.com/example-mindlens/backend"),
    (-139.0, "==> Checking out commit {commit} in branch woo"),
    (-131.0, "#1 [internal] load build definition from Dockerfile"),
    (-130.8, "#1 transferring dockerfile: 612B done"),
    (-124.0, "#5 [1/6] FROM docker.io/library/node:20-alpine"),
    (-101.0, "#8 [4/6] RUN npm ci --omit=dev"),
    (-83.0, "#8 16.91 added 214 packages, and audited 215 packages in 16s"),
    (-82.9, "#8 16.91 found 0 vulnerabilities"),
    (-70.0, "#11 exporting to docker image format"),
    (-55.0, "#11 DONE 14.7s"),
    (-41.0, "Pushing image to registry..."),
    (-29.0, "Upload succeeded"),
    (-27.0, "==> Deploying..."),
    (-9.1, "🔧 [Config] NODE_ENV=production PORT=10000"),
    (-8.2, "✅ [Database] PostgreSQL connected (sequelize 6.37.3)"),
    (-8.1, "✅ [Gemini] Client ready (model: gemini-2.5-flash)"),
    (-7.9, "🚀 Server listening on port 10000"),
    (-2.4, "==> Your service is live 🎉"),
    (-2.3, "==> "),
    (-2.3, "==> ///////////////////////////////////////////////////////////"),
    (-2.3, "==> "),
    (-2.3, "==> Available at your primary URL https://mindlens-backend.example.com"),
    (0.0, "[Server] SIGTERM received on old instance, draining WebSocket connections"),
)


def tell() -> tuple[Night, str]:
    """All records of this night and its golden file."""
    night = Night(NAME, utc("2025-10-25 23:40:00"), utc("2025-10-26 02:10:00"))
    deploy(night, BROKEN, "5be1f2c3d8a94e07b6c1f0a2e9d47c35b18f6e24")
    deploy(night, FIXED, "a0eda02f4c7b1d93e58a6b0c2f7d9e1348c5ab60")
    for at in night.arrivals(0.24):
        session(night, at)
    for at in night.every(30, jitter=0.4):
        say(night, at, formats.morgan_dev("GET /health", 200, night.latency(1.4), 15))
    background_noise(night)
    return night, golden_file(night, SUMMARY, [incident()])


def say(night: Night, at: datetime, text: str, *signatures: str) -> None:
    """Print to the console: with a time in the export, bare in the console's part."""
    night.write(EXPORT, at, formats.render_export(at, text, night.dice), *signatures)
    if CONSOLE_FROM <= at <= CONSOLE_TO:
        night.write(CONSOLE, at, text, *signatures)


def deploy(night: Night, live: datetime, commit: str) -> None:
    """Render builds the image, starts the new instance, and stops the old one."""
    for after, text in DEPLOY:
        at = later(live, after + night.dice.uniform(0, 0.04))
        say(night, at, text.format(commit=commit))


def session(night: Night, at: datetime) -> None:
    """One user in front of the camera, from connect to the summary at the end."""
    sid, device = night.uuid(), night.hex(8)
    create(night, at, sid)
    at = later(at, 0.4)
    say(night, at, f"🔌 [WebSocket] Client connected: session={sid} device={device}")
    say(night, later(at, 0.02), f"✅ [Session] Session joined: {sid}")
    saved: list[str] = []
    for _ in range(night.dice.randint(3, 9)):
        at = later(at, night.dice.uniform(10, 13))
        at = analysis(night, at, sid, saved)
    at = later(at, night.dice.uniform(2, 9))
    finish(night, at, sid, saved)


def analysis(night: Night, at: datetime, sid: str, saved: list[str]) -> datetime:
    """One cycle: landmarks in, Gemini's answer 13 to 17 seconds later, then the save that may fail."""
    frames = night.dice.randint(178, 240)
    say(night, at, f"📥 [Landmarks] Batch received: session={sid} frames={frames} points=468")
    say(night, later(at, 0.03), f"🤖 [Gemini] Analyzing {frames} frames...")
    took = night.dice.uniform(13.1, 16.9)
    if night.dice.random() < 0.03:
        retry = later(at, 4.2)
        say(
            night,
            retry,
            "⚠️  [Gemini] 503 The model is overloaded. Please try again later. (attempt 1/3, retrying in 2s)",
        )
    at = later(at, took)
    emotion = night.dice.choice(EMOTIONS)
    say(night, at, f'✅ [Gemini] Emotion detected: {emotion} ("{KOREAN[emotion]}") in {took:.1f}s')
    say(night, later(at, 0.004), f"📤 [WebSocket] emotion_result sent: session={sid} emotion={emotion}")
    at = later(at, 0.011)
    say(night, at, "💾 [CRITICAL] Attempting to save emotion to database...")
    if BROKEN <= at < FIXED:
        fail(night, later(at, 0.003), sid, emotion)
    else:
        saved.append(emotion)
        done = later(at, night.latency(19) / 1000)
        say(night, done, f"✅ [CRITICAL] Emotion saved to database: {emotion}")
        say(night, later(done, 0.001), f"✅ [CRITICAL] Total emotions for session: {len(saved)}")
    return at


def fail(night: Night, at: datetime, sid: str, emotion: str) -> None:
    """The save fails before it reaches the database; the emotion stays in this process."""
    say(night, at, FAILURE, "app.save_failed", "node.undefined_property", "node.module_resolved_undefined")
    text = f"⚠️  [Fallback] Emotion kept in memory only: session={sid} emotion={emotion}"
    say(night, later(at, 0.002), text, "app.memory_fallback")


def finish(night: Night, at: datetime, sid: str, saved: list[str]) -> None:
    """The session ends: the summary is read back from the database."""
    say(night, at, f"🏁 [WebSocket] end_session received: {sid}")
    empty = () if saved else ("app.empty_result",)
    if saved:
        main = max(sorted(set(saved)), key=saved.count)
        share = round(100 * saved.count(main) / len(saved))
        text = (
            f"📊 [감정 통합 분석] ✅ {len(saved)}개 감정 분석 완료\n"
            f"   - 주요 감정: {KOREAN[main]} ({share}%)\n   - 감정 상태: 활발한 상태"
        )
    else:
        text = "📊 [감정 통합 분석] ⚠️  분석할 감정이 없습니다\n   - 주요 감정: 없음\n   - 감정 상태: 알 수 없음"
    say(night, later(at, 0.03), text)
    say(night, later(at, 0.04), f"Session {sid} ended: {len(saved)} emotions persisted", *empty)
    request(night, later(at, 0.08), "POST", f"/api/sessions/{sid}/end", 200)
    at = later(at, night.dice.uniform(0.6, 2.0))
    level, message = ("info", "emotion summary built") if saved else ("warn", "emotion summary is empty")
    report = {"reqId": f"req-{night.hex(6)}", "sessionId": sid, "emotionCount": len(saved)}
    night.write(API, at, formats.pino(at, level, 1, HOST.format("k4v9t"), message, **report), *empty)
    request(night, later(at, 0.012), "GET", f"/api/sessions/{sid}/report", 200)


def create(night: Night, at: datetime, sid: str) -> None:
    """The session itself is created through the API, which has no trouble at all."""
    fields = {"sessionId": sid, "userId": night.dice.randint(1001, 1420)}
    night.write(API, at, formats.pino(at, "info", 1, HOST.format("k4v9t"), "session created", **fields))
    request(night, later(at, 0.004), "POST", "/api/sessions", 201)


def request(night: Night, at: datetime, method: str, url: str, status: int) -> None:
    """pino-http's line for a finished request."""
    level = "warn" if status >= 400 else "info"
    fields = {
        "req": {"id": f"req-{night.hex(6)}", "method": method, "url": url, "remoteAddress": night.visitor()},
        "res": {"statusCode": status},
        "responseTime": round(night.latency(24)),
    }
    night.write(API, at, formats.pino(at, level, 1, HOST.format("k4v9t"), "request completed", **fields))


def background_noise(night: Night) -> None:
    """Ordinary requests, and a database that is well."""
    pages = ("/api/users/me", "/api/sessions?limit=20", "/api/stats/weekly", "/api/notices", "/api/devices")
    for at in night.arrivals(5):
        if night.dice.random() < 0.02:
            request(night, at, "GET", "/api/users/me", 401)
            request(night, later(at, 0.2), "POST", "/api/auth/refresh", 200)
            at = later(at, 0.4)
        request(night, at, "GET", night.dice.choice(pages), night.dice.choice((200, 200, 200, 304)))
    background.postgres_housekeeping(night, DATABASE, 27)
    background.postgres_connections(night, DATABASE, "mindlens@mindlens_prod", 0.7)
    statements = (
        'SELECT "id", "emotionsData", "startedAt" FROM "sessions" AS "Session" WHERE "Session"."userId" = $1',
    )
    background.postgres_slow_query(night, DATABASE, "mindlens@mindlens_prod", statements, 0.05)


SUMMARY = """
From 00:35 to 01:24 UTC no detected emotion reached the database. The deploy at 00:34 (5be1f2c) loads the
models with require('../../models') inside landmarksHandler.js; in the container this yields undefined, so
every save dies with "Cannot read properties of undefined (reading 'constructor')". Detection itself
works, emotions stay in memory only, and sessions end with an empty summary. PostgreSQL is healthy
throughout; the deploy at 01:24 (a0eda02) cures it.
"""


def incident() -> Incident:
    """What must be found."""
    return Incident(
        severity="critical",
        root="node.module_resolved_undefined",
        root_text="Cannot read properties of undefined (reading 'constructor')",
        cascade=(
            "node.module_resolved_undefined",
            "app.save_failed",
            "app.memory_fallback",
            "app.empty_result",
        ),
        also=("node.undefined_property",),
        entities={
            "module": ("../../models",),
            "property": ("constructor",),
            "file": ("landmarksHandler.js",),
        },
        change="==> Your service is live",
        fix_mentions=("path.join(__dirname", "circular", "retry"),
    )
