"""What runs on every machine through any night: checkpoints, snapshots, cron, probes from the internet."""

from __future__ import annotations

from datetime import datetime

from benchmarks.sample_logs import formats
from benchmarks.sample_logs.common import Night, later

SCANS = (
    "GET /.env",
    "GET /wp-login.php",
    "GET /.git/config",
    "GET /phpmyadmin/index.php",
    "POST /boaform/admin/formLogin",
    "GET /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "GET /actuator/health",
    "GET /owa/auth/logon.aspx",
)
SCANNERS = (
    "Mozilla/5.0 zgrab/0.x",
    "python-requests/2.31.0",
    "curl/7.68.0",
    "Go-http-client/1.1",
    "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)",
)


def postgres_housekeeping(night: Night, stream: str, pid: int) -> None:
    """Checkpoints every five minutes and autovacuum now and then."""
    for at in night.every(300, jitter=0.2):
        buffers = night.dice.randint(40, 900)
        write = buffers * 0.1003
        distance = night.dice.randint(300, 9000)
        night.write(stream, at, formats.postgres(at, pid, "LOG", "checkpoint starting: time"))
        night.write(
            stream,
            later(at, write),
            formats.postgres(
                later(at, write),
                pid,
                "LOG",
                f"checkpoint complete: wrote {buffers} buffers ({buffers / 163.84:.1f}%); 0 WAL file(s) "
                "added, 0 removed, "
                f"{night.dice.randint(0, 1)} recycled; write={write:.3f} s, "
                f"sync=0.00{night.dice.randint(2, 9)} s, "
                f"total={write + 0.011:.3f} s; sync files={night.dice.randint(9, 60)}, longest=0.002 s, "
                "average=0.001 s; "
                f"distance={distance} kB, estimate={distance + night.dice.randint(100, 4000)} kB",
            ),
        )


def postgres_slow_query(
    night: Night, stream: str, session: str, statements: tuple[str, ...], per_minute: float
) -> None:
    """``log_min_duration_statement``: a slow query is a LOG line, not a failure."""
    for at in night.arrivals(per_minute):
        took = night.dice.uniform(502, 2400)
        text = f"duration: {took:.3f} ms  execute <unnamed>: {night.dice.choice(statements)}"
        night.write(stream, at, formats.postgres(at, night.dice.randint(2000, 9000), "LOG", text, session))


def postgres_connections(night: Night, stream: str, session: str, per_minute: float) -> None:
    """``log_connections`` and ``log_disconnections``; a few clients leave without saying goodbye."""
    user, database = session.split("@")
    for at in night.arrivals(per_minute):
        pid, port = night.dice.randint(2000, 9000), night.dice.randint(33000, 60000)
        host = f"host=10.20.0.{night.dice.randint(5, 30)} port={port}"
        night.write(
            stream,
            at,
            formats.postgres(at, pid, "LOG", f"connection received: {host}", "[unknown]@[unknown]"),
        )
        text = (
            f"connection authorized: user={user} database={database} SSL enabled (protocol=TLSv1.3, "
            "cipher=TLS_AES_256_GCM_SHA384, bits=256)"
        )
        night.write(stream, later(at, 0.006), formats.postgres(later(at, 0.006), pid, "LOG", text, session))
        stay = night.dice.expovariate(1 / 400)
        left = later(at, stay)
        if night.dice.random() < 0.06:
            reset = "could not receive data from client: Connection reset by peer"
            night.write(stream, left, formats.postgres(left, pid, "LOG", reset, session))
        text = f"disconnection: session time: {clock(stay)} user={user} database={database} {host}"
        night.write(stream, later(left, 0.001), formats.postgres(later(left, 0.001), pid, "LOG", text, session))


def clock(seconds: float) -> str:
    """PostgreSQL's ``0:06:40.123``."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}.{int(seconds * 1000) % 1000:03d}"


def redis_snapshots(night: Night, stream: str, pid: int, seconds: float = 310) -> None:
    """Snapshots in the background, each by a child with a pid of its own."""
    child = 20000 + night.dice.randint(0, 900)
    for at in night.every(seconds, jitter=8):
        child += night.dice.randint(1, 40)
        redis_snapshot(night, stream, at, pid, child)


def redis_snapshot(night: Night, stream: str, at: datetime, pid: int, child: int) -> None:
    """The five lines of one background save."""
    steps = (
        (0.0, pid, "M", "100 changes in 300 seconds. Saving..."),
        (0.001, pid, "M", f"Background saving started by pid {child}"),
        (0.021, child, "C", "DB saved on disk"),
        (0.022, child, "C", "Fork CoW for RDB: current 0 MB, peak 0 MB, average 0 MB"),
        (0.102, pid, "M", "Background saving terminated with success"),
    )
    for after, who, role, message in steps:
        night.write(stream, later(at, after), formats.redis_server(later(at, after), who, role, "*", message))


def cron_and_ssh(night: Night, stream: str, host: str) -> None:
    """cron, systemd timers, and strangers at the ssh port."""
    for at in night.every(300):
        pid = night.dice.randint(10000, 60000)
        night.write(
            stream,
            at,
            formats.syslog(
                at, host, f"CRON[{pid}]", "(root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)"
            ),
        )
    for at in night.arrivals(0.25):
        pid, port = night.dice.randint(10000, 60000), night.dice.randint(30000, 60000)
        guest, address = (
            night.dice.choice(("admin", "ubuntu", "oracle", "test", "git", "postgres")),
            night.visitor(),
        )
        night.write(
            stream,
            at,
            formats.syslog(at, host, f"sshd[{pid}]", f"Invalid user {guest} from {address} port {port}"),
        )
        text = f"Failed password for invalid user {guest} from {address} port {port} ssh2"
        night.write(stream, later(at, 2.1), formats.syslog(later(at, 2.1), host, f"sshd[{pid}]", text))
        text = f"Connection closed by invalid user {guest} {address} port {port} [preauth]"
        night.write(stream, later(at, 3.2), formats.syslog(later(at, 3.2), host, f"sshd[{pid}]", text))
    for at in night.every(1800, jitter=400):
        for after, text in (
            (0.0, "Starting sysstat-collect.service - system activity accounting tool..."),
            (0.3, "sysstat-collect.service: Deactivated successfully."),
            (0.3, "Finished sysstat-collect.service - system activity accounting tool."),
        ):
            night.write(stream, later(at, after), formats.syslog(later(at, after), host, "systemd[1]", text))


def scanners(night: Night, stream: str, per_minute: float) -> None:
    """Probes for what is not there, answered 404 in a combined access log."""
    for at in night.arrivals(per_minute):
        request, agent = night.dice.choice(SCANS), night.dice.choice(SCANNERS)
        night.write(stream, at, formats.combined(at, night.visitor(), request, 404, 153, agent))
