"""One small function for each log format, as the program in question really prints it."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta

from benchmarks.sample_logs.common import later

PINO_LEVELS = {"debug": 20, "info": 30, "warn": 40, "error": 50, "fatal": 60}
REASONS = {
    101: "Switching Protocols", 200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified",
    400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Entity",
    500: "Internal Server Error",
}  # fmt: skip


def iso_ms(at: datetime) -> str:
    """``2025-10-24T02:13:11.532Z``, JavaScript's ``toISOString``."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def iso_nano(at: datetime, nanoseconds: int) -> str:
    """Go's RFC3339Nano: nine digits of fraction with the trailing zeros cut off."""
    fraction = f"{at.microsecond:06d}{nanoseconds:03d}".rstrip("0")
    return f"{at:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}Z"


def clf_time(at: datetime) -> str:
    """``24/Oct/2025:02:13:11 +0000``."""
    return f"{at:%d/%b/%Y:%H:%M:%S} +0000"


def render_export(at: datetime, text: str, dice: random.Random) -> str:
    """Render's log export: each printed line gets a time of its own, continuation lines too."""
    lines = []
    for line in text.split("\n"):
        lines.append(f"{iso_nano(at, dice.randint(0, 999))} {line}")
        at += timedelta(microseconds=dice.randint(2, 9))
    return "\n".join(lines)


def postgres(at: datetime, pid: int, level: str, message: str, session: str = "") -> str:
    """PostgreSQL to stderr with Debian's prefix ``%m [%p] %q%u@%d ``."""
    who = f"{session} " if session else ""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC [{pid}] {who}{level}:  {message}"


def pino(at: datetime, level: str, pid: int, hostname: str, message: str, **fields: object) -> str:
    """pino: numeric level, epoch milliseconds, ``msg`` last."""
    head = {"level": PINO_LEVELS[level], "time": int(at.timestamp() * 1000), "pid": pid, "hostname": hostname}
    return compact({**head, **fields, "msg": message})


def winston_json(at: datetime, level: str, message: str, **fields: object) -> str:
    """winston's ``format.json()`` after ``format.timestamp()``: keys sorted (stable stringify)."""
    return compact(dict(sorted({"level": level, "message": message, **fields, "timestamp": iso_ms(at)}.items())))


def winston_text(at: datetime, level: str, label: str, message: str) -> str:
    """winston's ``printf`` in its most copied form."""
    return f"{iso_ms(at)} [{label}] {level}: {message}"


def structlog(at: datetime, level: str, event: str, **fields: object) -> str:
    """structlog's JSONRenderer with an ISO TimeStamper."""
    return json.dumps({**fields, "event": event, "level": level, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"})


def compact(value: object) -> str:
    """JSON as JavaScript's ``JSON.stringify`` writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def python_logging(at: datetime, level: str, logger: str, message: str) -> str:
    """``%(asctime)s %(levelname)s %(name)s - %(message)s``."""
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} {level} {logger} - {message}"


def gunicorn(at: datetime, pid: int, level: str, message: str) -> str:
    """gunicorn's error log."""
    return f"[{at:%Y-%m-%d %H:%M:%S} +0000] [{pid}] [{level}] {message}"


def uvicorn(level: str, message: str) -> str:
    """uvicorn's default formatter: no time at all."""
    return f"{level + ':':<10}{message}"


def uvicorn_access(client: str, request: str, status: int) -> str:
    """uvicorn's access line, without a time."""
    return uvicorn("INFO", f'{client} - "{request} HTTP/1.1" {status} {REASONS[status]}')


def werkzeug(at: datetime, client: str, request: str, status: int) -> str:
    """Werkzeug's access line."""
    return f'{client} - - [{at:%d/%b/%Y %H:%M:%S}] "{request} HTTP/1.1" {status} -'


def combined(
    at: datetime, client: str, request: str, status: int, size: int | str, agent: str, referrer: str = "-"
) -> str:
    """Combined log format of nginx, Apache and morgan (which prints ``-`` for a length it does not know)."""
    return f'{client} - - [{clf_time(at)}] "{request} HTTP/1.1" {status} {size} "{referrer}" "{agent}"'


def nginx_error(at: datetime, level: str, pid: int, connection: int, message: str) -> str:
    """nginx's error log."""
    number = f"*{connection} " if connection else ""
    return f"{at:%Y/%m/%d %H:%M:%S} [{level}] {pid}#{pid}: {number}{message}"


def morgan_dev(request: str, status: int, milliseconds: float, size: int) -> str:
    """morgan's ``dev`` format; it colours the status even when nobody looks at a terminal."""
    colour = {5: 31, 4: 33, 3: 36, 2: 32}.get(status // 100, 0)
    length = "-" if status in (204, 304) else str(size)
    return f"\x1b[0m{request} \x1b[{colour}m{status}\x1b[0m {milliseconds:.3f} ms - {length}\x1b[0m"


def redis_server(at: datetime, pid: int, role: str, mark: str, message: str) -> str:
    """The Redis server's log: ``1:M 24 Oct 2025 02:13:11.532 * ...``."""
    return f"{pid}:{role} {at:%d %b %Y %H:%M:%S}.{at.microsecond // 1000:03d} {mark} {message}"


def syslog(at: datetime, host: str, program: str, message: str) -> str:
    """RFC 3164 as rsyslog writes it to /var/log/syslog: no year, day padded with a space."""
    return f"{at:%b} {at.day:>2} {at:%H:%M:%S} {host} {program}: {message}"


def docker_event(at: datetime, nanoseconds: int, action: str, container: str, attributes: str) -> str:
    """A line of ``docker events``."""
    fraction = f"{at.microsecond:06d}{nanoseconds:03d}"
    return f"{at:%Y-%m-%dT%H:%M:%S}.{fraction}Z container {action} {container} ({attributes})"


def epoch(at: datetime, seconds: float = 0.0) -> int:
    """Whole seconds since 1970 of a time some seconds after ``at``."""
    return int(later(at, seconds).timestamp())
