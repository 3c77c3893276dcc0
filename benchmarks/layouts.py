"""How fast lines of each kind are read: where records begin, when, how bad, from where. No matching.

    python -m benchmarks.layouts [--size MB] [--only NAME]

Writes a log of each kind and reads it on one thread, from bytes to the table of its records. Speeds are of
processor time; beside each stands what counting the newlines of the same file takes, for JSON also what Arrow's
own JSON reader takes.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pyarrow.json

from analyzer.ingest.blocks import read_blocks
from analyzer.ingest.discover import Input
from analyzer.ingest.open import Stream

MEGA = 1e6
Result = TypeVar("Result")
_START = datetime(2025, 10, 24, 2, 0, 0, tzinfo=UTC)
_LEVELS = ("INFO", "INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "ERROR")
_PODS = tuple(f"orders-7f9c6d5b8-{name}" for name in ("x2x4z", "q8w7r", "k3j5h", "m1n2b"))


def main() -> None:
    """Measure every kind and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=24, metavar="MB")
    parser.add_argument("--only", metavar="NAME")
    options = parser.parse_args()
    print("| lines | as | MB/s | lines/s | times a count of lines | times Arrow's JSON |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, line in KINDS.items():
            if options.only in (None, name):
                path = Path(folder) / "app.log"
                _write(path, line, options.size * 1_000_000)
                print(_measured(name, path), flush=True)


def _write(path: Path, line: Callable[[int, random.Random], str], size: int) -> None:
    dice = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        written = number = 0
        while written < size:
            text = "".join(line(number + offset, dice) + "\n" for offset in range(1000))
            written += file.write(text)
            number += 1000


def _measured(name: str, path: Path) -> str:
    content = path.read_bytes()
    read, (layout, lines) = min((_timed(lambda: _read(path)) for _ in range(2)), key=lambda timed: timed[0])
    counted, _ = min(_timed(lambda: content.count(b"\n")) for _ in range(3))
    arrow = "-"
    if content.startswith(b"{"):
        parsed, _ = _timed(lambda: pyarrow.json.read_json(io.BytesIO(content)).num_rows)
        arrow = f"{read / parsed:.1f}"
    speed = f"{len(content) / read / MEGA:.0f} | {lines / read / 1e3:,.0f} k"
    return f"| {name} | {layout} | {speed} | {read / counted:.0f} | {arrow} |"


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def _read(path: Path) -> tuple[str, int]:
    """The layout and the number of lines of a file, every line of which is read."""
    stream = Stream(Input(str(path)))
    lines, layout = 0, ""
    try:
        for block in read_blocks(stream):
            table = block.read()
            lines += len(table.starts)
            layout = block.reader.name
    finally:
        stream.close()
    return layout, lines


def _messages(number: int, dice: random.Random) -> str:
    return dice.choice((
        f"request served order={number} user=u-{dice.randrange(9999)} in {dice.randrange(400)} ms",
        f"cache miss for session {dice.getrandbits(64):016x}, loading from the database",
        f"payment {dice.getrandbits(32):08x} accepted by gateway, amount {dice.randrange(99999) / 100} EUR",
        f"GET /api/orders/{number} 200 {dice.randrange(900)} bytes",
        "slow query: SELECT * FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 50",
        "heartbeat ok",
    ))  # fmt: skip


def _time(number: int) -> datetime:
    return _START + timedelta(milliseconds=37 * number)


def _iso(number: int) -> str:
    return _time(number).strftime("%Y-%m-%dT%H:%M:%S.") + f"{number * 37 % 1000:03d}Z"


def _nanos(number: int) -> str:
    return _iso(number)[:-1] + f"{number * 7919 % 1_000_000:06d}Z"


def _gcp(number: int, dice: random.Random) -> str:
    labels = {
        "cluster_name": "prod", "container_name": "orders", "location": "europe-west1", "namespace_name": "shop",
        "pod_name": dice.choice(_PODS), "project_id": "shop",
    }  # fmt: skip
    payload: dict[str, object] = {"textPayload": _messages(number, dice)}
    if number % 2:
        payload = {"jsonPayload": {"message": _messages(number, dice), "order": number, "latency_ms": number % 977 / 4}}
    return json.dumps({
        "insertId": f"{dice.getrandbits(60):015x}", **payload, "labels": {"k8s-pod/app": "orders"},
        "logName": "projects/shop/logs/stdout", "receiveTimestamp": _nanos(number + 900),
        "resource": {"labels": labels, "type": "k8s_container"}, "severity": dice.choice(_LEVELS),
        "timestamp": _nanos(number), "trace": f"projects/shop/traces/{dice.getrandbits(128):032x}",
        "spanId": f"{dice.getrandbits(64):016x}",
    }, separators=(",", ":"))  # fmt: skip


def _journald(number: int, dice: random.Random) -> str:
    micros = int(_time(number).timestamp() * 1e6)
    unit, pid = dice.choice((("orders", 4711), ("nginx", 812), ("postgresql", 99), ("sshd", 20_000 + number % 500)))
    return json.dumps({
        "__CURSOR": f"s=4f1c;i={number:x};b=9a7e", "__REALTIME_TIMESTAMP": str(micros),
        "__MONOTONIC_TIMESTAMP": str(micros % 10**10), "_BOOT_ID": "9a7e4b1c2d3e4f5a6b7c8d9e0f1a2b3c",
        "_HOSTNAME": "web-1", "PRIORITY": dice.choice("6665743"), "SYSLOG_IDENTIFIER": unit, "_PID": str(pid),
        "_UID": "0", "_SYSTEMD_UNIT": f"{unit}.service", "_TRANSPORT": "journal", "MESSAGE": _messages(number, dice),
    })  # fmt: skip


def _docker(number: int, dice: random.Random) -> str:
    text = f"{_iso(number)} {dice.choice(_LEVELS)} [orders] {_messages(number, dice)}\n"
    return json.dumps({"log": text, "stream": "stdout", "time": _nanos(number)}, separators=(",", ":"))


def _pino(number: int, dice: random.Random) -> str:
    return json.dumps({
        "level": dice.choice((20, 30, 30, 30, 40, 50)), "time": int(_time(number).timestamp() * 1000), "pid": 7,
        "hostname": "web-1", "reqId": f"{dice.getrandbits(64):016x}", "msg": _messages(number, dice),
    }, separators=(",", ":"))  # fmt: skip


def _syslog(number: int, dice: random.Random) -> str:
    program = dice.choice(("orders[4711]", "nginx[812]", "postgres[99]", "kernel", f"sshd[{20_000 + number % 500}]"))
    return f"{_time(number):%b %d %H:%M:%S} web-1 {program}: {_messages(number, dice)}"


def _rfc5424(number: int, dice: random.Random) -> str:
    return f"<{dice.choice((134, 134, 132, 131))}>1 {_iso(number)} web-1 orders 4711 - - {_messages(number, dice)}"


def _access(number: int, dice: random.Random) -> str:
    status = dice.choice((200, 200, 200, 304, 404, 500))
    return (
        f'203.0.113.{number % 250} - - [{_time(number):%d/%b/%Y:%H:%M:%S} +0000] "GET /api/orders/{number} HTTP/1.1" '
        f'{status} {dice.randrange(9999)} "-" "Mozilla/5.0 (X11; Linux x86_64)"'
    )


def _spring(number: int, dice: random.Random) -> str:
    head = f"{_iso(number)} {dice.choice(_LEVELS):>5} 7 --- [nio-8080-exec-{number % 9}]"
    return f"{head} c.example.orders.OrderService           : {_messages(number, dice)}"


KINDS: dict[str, Callable[[int, random.Random], str]] = {
    "JSON lines (pino)": _pino,
    "GCP export": _gcp,
    "journald JSON": _journald,
    "Docker json-file": _docker,
    "Kubernetes CRI": lambda n, dice: f"{_nanos(n)} stdout F {_iso(n)} {dice.choice(_LEVELS)} {_messages(n, dice)}",
    "bare timestamps": lambda n, dice: f"{_iso(n)} {_messages(n, dice)}",
    "syslog": _syslog,
    "syslog RFC 5424": _rfc5424,
    "docker compose": lambda n, dice: f"{dice.choice(('api-1', 'worker-1'))}  | {_iso(n)} INFO {_messages(n, dice)}",
    "Python logging": lambda n, dice: f"{_iso(n)[:-1]} - app.db - {dice.choice(_LEVELS)} - {_messages(n, dice)}",
    "Spring Boot": _spring,
    "logfmt": lambda n, dice: f'time={_iso(n)} level={dice.choice(_LEVELS).lower()} msg="{_messages(n, dice)}" n={n}',
    "access log": _access,
    "no timestamps": lambda n, dice: f"[{dice.choice(_LEVELS)}] {_messages(n, dice)}",
}


if __name__ == "__main__":
    main()
