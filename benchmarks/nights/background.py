"""What systems log all night while nothing is wrong: work, and the small failures that belong to it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

Said = tuple[datetime, str, str]
"""time, level, message."""

_APPLICATION = (
    "request completed in {n} ms status=200 path=/api/v1/items/{n}",
    "job {n} finished, 0 errors",
    "cache refreshed, {n} entries",
    "user {n} logged in",
    "sent {n} messages to queue notifications",
    "GET /health 200 2 ms",
    "token refreshed for user {n}",
    "error budget report: 0 failed, {n} total",
    "loaded {n} rows from warehouse",
    "metrics window closed: requests={n} errors=0 error_rate=0.00",
)

_ORDINARY: Mapping[str, tuple[str, ...]] = {
    "postgres": (
        "checkpoint starting: time",
        "connection authorized: user=shop database=shop",
        "automatic vacuum of table \"shop.public.items\": index scans: 0",
        "disconnection: session time: 0:00:30.{n} user=shop database=shop host=10.0.0.4 port={n}",
    ),
    "mysql": ("InnoDB: Buffer pool(s) load completed", "Access granted, connection {n} opened"),
    "redis": ("100 changes in 300 seconds. Saving...", "DB saved on disk", "Background saving terminated with success"),
    "nginx": ("an upstream response is buffered to a temporary file /var/cache/nginx/{n} while reading upstream",),
    "access": (
        '"GET / HTTP/1.1" 200', '"GET /static/app.js HTTP/1.1" 304', '"POST /api/v1/events HTTP/1.1" 202',
        '"GET /healthz HTTP/1.1" 200', '"GET /api/v1/items/{n} HTTP/1.1" 200', '"GET /favicon.ico HTTP/1.1" 404',
    ),
    "log4j": ("[Partition events-1 broker=1] Log loaded for partition events-1 with initial high watermark {n}",),
    "kubernetes": (
        "Pulled|Container image already present on machine", "SawCompletedJob|Saw completed job: reports-{n}",
    ),
    "syslog": (
        "systemd[1]: Started Daily apt download activities.", "CRON[{n}]: (root) CMD (run-parts /etc/cron.hourly)",
    ),
}  # fmt: skip

_BENIGN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "application": (
        ("warn", "request to https://api.partner.example failed with ETIMEDOUT, retrying (attempt 1 of 5)"),
        ("warn", "validation failed: email is required"),
        ("info", "jwt expired, client asked to log in again"),
        ("warn", "slow query: 1203 ms"),
        ("warn", "connection lost, reconnecting"),
        ("info", "reconnected after 1 attempt"),
        ("warn", "rate limit exceeded for client 203.0.113.7"),
    ),
    "postgres": (
        ("ERROR", 'duplicate key value violates unique constraint "users_email_key"'),
        ("ERROR", "canceling statement due to user request"),
        ("LOG", "could not receive data from client: Connection reset by peer"),
    ),
    "access": (("info", '"GET /api/v1/items/{n} HTTP/1.1" 404'), ("info", '"POST /login HTTP/1.1" 401')),
    "nginx": (("error", 'open() "/srv/www/robots.txt" failed (2: No such file or directory)'),),
    "kubernetes": (("warn", "Unhealthy|Readiness probe failed: Get http://10.0.1.9:8080/ready: connection refused"),),
}

_ODD = (
    "palette index {n} is out of gamut, nearest colour taken", "locale bundle of tenant {n} lacks 3 plurals",
    "thumbnail of asset {n} is larger than its source", "cohort {n} has members without a birthday",
    "ribbon layout fell back to narrow for widget {n}", "glossary entry {n} refers to itself",
)  # fmt: skip
"""Errors that some program has always written, of which no signature knows and for which nobody is woken."""

_ALL_NIGHT = (
    ("error", "Exception while exporting Span batch: HTTPConnectionPool(host='jaeger-collector', port=14268): Max "
     "retries exceeded with url: /api/traces (Caused by NewConnectionError('[Errno 111] Connection refused'))"),
    ("warn", "failed to export spans: rpc error: code = Unavailable desc = connection error: desc = "
     "\"transport: Error while dialing: dial tcp: lookup otel-collector on 10.96.0.10:53: no such host\""),
    ("warn", "Dropped {n} spans due to UnknownHostException(zipkin)"),
    ("warn", "JWT expired at 2024-06-10T23:00:00Z, a difference of {n} milliseconds"),
    ("error", "java.net.SocketTimeoutException: connect timed out"),
    ("error", "could not retrieve currencies: rpc error: code = Canceled desc = context canceled"),
)  # fmt: skip
"""What fault-free systems say over and over: telemetry that nobody collects, tokens, callers that went away."""

_SCANNED = ("/wp-login.php", "/.env", "/.git/config", "/phpmyadmin/index.php", "/admin/config.php", "/vendor/phpunit")


def ordinary(layout: str, start: datetime, end: datetime, lines: int, chance: random.Random) -> Iterator[Said]:
    """What a program says while it works."""
    texts = _ORDINARY.get(layout, _APPLICATION)
    for _ in range(lines):
        yield _within(start, end, chance), "info", _filled(chance.choice(texts), chance)


def benign(layout: str, start: datetime, end: datetime, chance: random.Random) -> Iterator[Said]:
    """The failures that nobody is woken for: a few through the night, and now and then a burst of
    a scanner, of refused clients, of retries that succeed."""
    texts = _BENIGN.get(layout, _BENIGN["application"] if layout not in _ORDINARY else ())
    for level, text in texts:
        for _ in range(chance.choice((0, 0, 1, 2, 3))):
            yield _within(start, end, chance), level, _filled(text, chance)
    if layout == "access" and chance.random() < 0.6:
        yield from _scan(_within(start, end, chance), chance)
    if texts is _BENIGN["application"]:
        if chance.random() < 0.3:
            yield from _retries(_within(start, end, chance), chance)
        yield from _oddities(start, end, chance)
        if chance.random() < 0.25:
            yield from _drip(start, end, chance)


def _scan(moment: datetime, chance: random.Random) -> Iterator[Said]:
    for _ in range(chance.randrange(20, 120)):
        moment += timedelta(seconds=chance.uniform(0.1, 2))
        yield moment, "info", f'"GET {chance.choice(_SCANNED)} HTTP/1.1" {chance.choice((404, 404, 403))}'


def _retries(moment: datetime, chance: random.Random) -> Iterator[Said]:
    """A call that fails twice or three times and then succeeds."""
    host = f"10.0.{chance.randrange(9)}.{chance.randrange(200)}"
    for attempt in range(1, chance.randrange(2, 4)):
        yield moment, "warn", f"connect ECONNREFUSED {host}:8080, retrying (attempt {attempt} of 5)"
        moment += timedelta(seconds=2**attempt)
    yield moment, "info", f"connected to {host}:8080"


def _oddities(start: datetime, end: datetime, chance: random.Random) -> Iterator[Said]:
    """Errors without a meaning: one now and then, a few at once, or one at a steady pace all night."""
    some, few, steady = chance.sample(_ODD, 3)
    for _ in range(chance.choice((0, 0, 1, 2, 4))):
        yield _within(start, end, chance), "error", _filled(some, chance)
    moment = _within(start, end, chance)
    for _ in range(chance.choice((0, 0, 0, 2, 3, 4))):
        yield moment, "error", _filled(few, chance)
        moment += timedelta(seconds=chance.uniform(0.1, 20))
    pace, moment = chance.uniform(30, 600), start
    while pace < 300 and moment < end:
        yield moment, "error", _filled(steady, chance)
        moment += timedelta(seconds=chance.expovariate(1 / pace))


def _drip(start: datetime, end: datetime, chance: random.Random) -> Iterator[Said]:
    """A known error that some system has all night, and nobody minds."""
    (level, text), pace, moment = chance.choice(_ALL_NIGHT), chance.uniform(20, 200), start
    while moment < end:
        yield moment, level, _filled(text, chance)
        moment += timedelta(seconds=chance.expovariate(1 / pace))


def _within(start: datetime, end: datetime, chance: random.Random) -> datetime:
    return start + (end - start) * chance.random()


def _filled(text: str, chance: random.Random) -> str:
    return text.replace("{n}", str(chance.randrange(1000, 99999)))
