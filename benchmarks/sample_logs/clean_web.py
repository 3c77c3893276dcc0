"""A busy night without an incident on a web server: nginx, gunicorn and Django, systemd, cron, sshd.

Bots and scanners, visitors that hang up (499), redirects, TLS handshakes that come to nothing, a worker
that is recycled after its share of requests, logrotate, password guessing at the ssh port, a small deploy
at 02:30. All of this is the internet on an ordinary night.
"""

from __future__ import annotations

from datetime import datetime

from benchmarks.sample_logs import background, formats
from benchmarks.sample_logs.common import Night, later, utc
from benchmarks.sample_logs.golden import golden_file

NAME = "clean-web"
ACCESS_OLD, ACCESS, ERRORS, GUNICORN, DJANGO, SYSLOG = (
    "nginx-access.log.1.gz",
    "nginx-access.log",
    "nginx-error.log",
    "gunicorn.log",
    "django.log",
    "syslog",
)
ROTATED, DEPLOY = utc("2025-11-05 00:00:00"), utc("2025-11-05 02:30:08")
BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
PAGES = (
    "/",
    "/blog/",
    "/blog/2025/10/autumn-menu/",
    "/recipes/pumpkin-soup/",
    "/recipes/?page=3",
    "/about/",
    "/feed.xml",
    "/accounts/login/",
    "/search/?q=error+401+oven",
    "/help/troubleshooting-errors/",
)
ASSETS = (
    "/static/css/site.8f2c1d.css",
    "/static/js/site.11b0ce.js",
    "/static/img/logo.svg",
    "/media/soup-800.webp",
)


def tell() -> tuple[Night, str]:
    """All records of this night and its (empty) golden file."""
    night = Night(NAME, utc("2025-11-04 23:15:00"), utc("2025-11-05 03:30:00"))
    traffic(night)
    noise(night)
    handshakes(night)
    application(night)
    machine(night)
    return night, golden_file(night, SUMMARY, [])


def access(
    night: Night,
    at: datetime,
    line: str,
    status: int,
    size: int,
    agent: str = "",
    referrer: str = "-",
    client: str = "",
) -> None:
    """One access line; logrotate cuts the file at midnight."""
    stream = ACCESS_OLD if at < ROTATED else ACCESS
    agent, client = agent or night.browser(), client or night.visitor()
    night.write(stream, at, formats.combined(at, client, line, status, size, agent, referrer))


def error(night: Night, at: datetime, level: str, text: str) -> None:
    """One line of nginx's error log."""
    connection = 40000 + int((at - night.start).total_seconds() * 1.7)
    line = formats.nginx_error(at, level, night.dice.choice((811, 812)), connection, text)
    night.write(ERRORS, at, line)


def traffic(night: Night) -> None:
    """Visitors with their assets, bots, and what they are answered."""
    for at in night.arrivals(3.6):
        page, client, agent = night.dice.choice(PAGES), night.visitor(), night.browser()
        start = "https://www.example.com"
        access(night, at, f"GET {page}", 200, night.dice.randint(3000, 42000), agent, f"{start}/", client)
        for asset in night.dice.sample(ASSETS, night.dice.randint(0, 3)):
            status = night.dice.choice((200, 304, 304))
            size = 0 if status == 304 else night.dice.randint(2000, 90000)
            access(night, later(at, 0.2), f"GET {asset}", status, size, agent, start + page, client)
    for at in night.arrivals(1.2):
        access(
            night,
            at,
            f"GET {night.dice.choice(PAGES)}",
            night.dice.choice((200, 200, 304)),
            8121,
            night.dice.choice(BOTS),
        )
    for at in night.arrivals(0.4):
        access(night, at, f"GET {night.dice.choice(('/blog', '/about', '/recipes/pumpkin-soup'))}", 301, 0)
    for at in night.arrivals(0.15):
        access(night, at, f"GET {night.dice.choice(PAGES)}", 499, 0)
    for at in night.arrivals(0.1):
        access(night, at, "POST /accounts/login/", 302, 0)
        access(night, later(at, 0.3), "GET /accounts/profile/", 200, 5120)


def noise(night: Night) -> None:
    """Scanners and missing icons: a 404 for nginx, a warning for Django."""
    for at in night.arrivals(0.5):
        request = night.dice.choice(background.SCANS)
        access(night, at, request, 404, 179, night.dice.choice(background.SCANNERS))
        django(night, later(at, 0.01), "WARNING", "log", f"Not Found: {request.split(' ')[1]}")
    for at in night.arrivals(0.1):
        path, client = (
            night.dice.choice(("/favicon.ico", "/apple-touch-icon.png", "/ads.txt")),
            night.visitor(),
        )
        access(night, at, f"GET {path}", 404, 153, client=client)
        text = f'open() "/srv/site/public{path}" failed (2: No such file or directory)'
        error(night, at, "error", f"{text}, {context(client, path)}")
    for at in night.arrivals(0.04):
        client = night.visitor()
        access(night, at, "GET /.git/HEAD", 403, 153, "Go-http-client/1.1", client=client)
        error(night, at, "error", f"access forbidden by rule, {context(client, '/.git/HEAD')}")
    for at in night.arrivals(0.05):
        django(night, at, "WARNING", "exception", "Forbidden (CSRF cookie not set.): /accounts/login/")
        access(night, at, "POST /accounts/login/", 403, 2506, "python-requests/2.31.0")


def handshakes(night: Night) -> None:
    """TLS that comes to nothing, plain rubbish on port 443, and large answers buffered on disk."""
    reasons = (
        (
            "crit",
            "SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking",
        ),
        (
            "info",
            "SSL_do_handshake() failed (SSL: error:0A000102:SSL routines::unsupported protocol) while SSL handshaking",
        ),
        ("info", "peer closed connection in SSL handshake while SSL handshaking"),
        ("info", "client sent invalid request while reading client request line"),
    )
    for at in night.arrivals(0.35):
        level, text = night.dice.choice(reasons)
        error(night, at, level, f"{text}, client: {night.visitor()}, server: 0.0.0.0:443")
        if "invalid request" in text:
            line = (
                f'{night.visitor()} - - [{formats.clf_time(at)}] "\\x16\\x03\\x01\\x00\\xEE\\x01\\x00" 400 150 "-" "-"'
            )
            night.write(ACCESS_OLD if at < ROTATED else ACCESS, at, line)
    for at in night.arrivals(0.05):
        number = night.dice.randint(1000, 9999)
        file = f"/var/cache/nginx/proxy_temp/{number % 10}/{number // 10 % 100:02d}/{number:010d}"
        text = f"an upstream response is buffered to a temporary file {file} while reading upstream"
        upstream = 'upstream: "http://127.0.0.1:8000/feed.xml"'
        error(night, at, "warn", f"{text}, {context(night.visitor(), '/feed.xml', upstream)}")


def context(client: str, path: str, upstream: str = "") -> str:
    """The tail of nginx's error lines: who asked for what."""
    parts = [f"client: {client}", "server: www.example.com", f'request: "GET {path} HTTP/1.1"', upstream]
    return ", ".join([*filter(None, parts), 'host: "www.example.com"'])


def django(night: Night, at: datetime, level: str, module: str, text: str) -> None:
    """The "verbose" formatter from Django's documentation: level first, then the time."""
    stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}"
    night.write(DJANGO, at, f"{level} {stamp} {module} {night.dice.choice((2114, 2115, 2116))} 140283746182976 {text}")


def application(night: Night) -> None:
    """gunicorn recycles workers; a deploy reloads it; Django does its nightly chores."""
    for at in night.every(2400, jitter=300):
        pid = night.dice.randint(3000, 9000)
        for after, who, text in (
            (0, pid, "Autorestarting worker after current request."),
            (0, pid, f"Worker exiting (pid: {pid})"),
            (1, pid + 40, f"Booting worker with pid: {pid + 40}"),
        ):
            night.write(GUNICORN, later(at, after), formats.gunicorn(later(at, after), who, "INFO", text))
    for after, who, text in (
        (0, 2110, "Handling signal: hup"),
        (0, 2110, "Hang up: Master"),
        (1, 9411, "Booting worker with pid: 9411"),
        (1, 9412, "Booting worker with pid: 9412"),
        (2, 2114, "Worker exiting (pid: 2114)"),
        (2, 2115, "Worker exiting (pid: 2115)"),
    ):
        night.write(GUNICORN, later(DEPLOY, after), formats.gunicorn(later(DEPLOY, after), who, "INFO", text))
    for at in night.every(600, jitter=5):
        found = night.dice.randint(0, 40)
        django(
            night,
            at,
            "INFO",
            "clearsessions",
            f"clearsessions: removed {found} expired sessions, 0 failed, errors=0",
        )
    for at in night.arrivals(0.5):
        django(
            night,
            at,
            "INFO",
            "views",
            f"search finished: query='error code' results={night.dice.randint(0, 30)}",
        )
    for at in night.arrivals(0.02):
        django(night, at, "WARNING", "basehttp", "Slow template render: recipes/list.html took 1.2s")


def machine(night: Night) -> None:
    """systemd, cron, logrotate, certbot, sshd."""
    background.cron_and_ssh(night, SYSLOG, "web-2")
    for at, program, text in (
        (later(ROTATED, 0.2), "systemd[1]", "Starting logrotate.service - Rotate log files..."),
        (later(ROTATED, 0.9), "systemd[1]", "logrotate.service: Deactivated successfully."),
        (later(ROTATED, 0.9), "systemd[1]", "Finished logrotate.service - Rotate log files."),
        (later(ROTATED, 4210), "systemd[1]", "Starting certbot.service - Certbot..."),
        (
            later(ROTATED, 4212),
            "certbot[8221]",
            "No renewals were attempted, no hooks were run, no errors found.",
        ),
        (later(ROTATED, 4212), "systemd[1]", "Finished certbot.service - Certbot."),
        (
            later(DEPLOY, -9),
            "deploy[9388]",
            "release 2025-11-05.1 unpacked, collectstatic: 0 copied, 214 unmodified",
        ),
        (later(DEPLOY, 0), "systemd[1]", "Reloading site.service - gunicorn for www.example.com..."),
        (later(DEPLOY, 1), "systemd[1]", "Reloaded site.service - gunicorn for www.example.com."),
    ):
        night.write(SYSLOG, at, formats.syslog(at, "web-2", program, text))
    night.write(
        ERRORS,
        ROTATED,
        formats.nginx_error(ROTATED, "notice", 810, 0, "signal 10 (SIGUSR1) received from 9001, reopening logs"),
    )
    for at in night.arrivals(0.08):
        text = (
            f"[UFW BLOCK] IN=eth0 OUT= SRC={night.visitor()} DST=192.0.2.80 LEN=40 TTL=244 PROTO=TCP DPT=23 SYN URGP=0"
        )
        uptime = 911245 + (at - night.start).total_seconds()
        night.write(SYSLOG, at, formats.syslog(at, "web-2", "kernel", f"[{uptime:.6f}] {text}"))


SUMMARY = """
An ordinary night. Scanners, password guessing, broken TLS handshakes and visitors that hung up; the
reload for the deploy at 02:30 and the recycled workers went unnoticed by anybody.
"""
