"""A busy night without an incident: two APIs, a back office, PostgreSQL and Redis on Kubernetes.

Everything a real night brings along: a deploy, a planned rolling restart, scanners, favicons, expired
tokens that are refreshed, retries that succeed, slow queries, clients that hang up, deprecation warnings,
and harmless lines that speak of errors (``errors=0``, ``/api/errors``, "no errors found"). Nothing here
needs anybody's attention.
"""

from __future__ import annotations

from datetime import datetime

from benchmarks.sample_logs import background, formats
from benchmarks.sample_logs.common import Night, later, utc
from benchmarks.sample_logs.golden import golden_file

NAME = "clean-api"
GATEWAY, ORDERS, OFFICE, DATABASE, REDIS, EVENTS = (
    "gateway.log",
    "orders-api.log",
    "back-office.log",
    "postgres.log",
    "redis.log",
    "k8s-events.log",
)
POD = "gateway-7d4b9c6f58-{}"
DATABASE_SESSION = "shop@shop"
DEPLOY, RESTART = utc("2025-11-04 01:50:20"), utc("2025-11-04 02:45:00")


def tell() -> tuple[Night, str]:
    """All records of this night and its (empty) golden file."""
    night = Night(NAME, utc("2025-11-04 01:00:00"), utc("2025-11-04 03:40:00"))
    events(night)
    for at in night.arrivals(1.6):
        order(night, at)
    visits(night)
    oddities(night)
    back_office(night)
    stores(night)
    return night, golden_file(night, SUMMARY, [])


def gateway(night: Night, at: datetime, level: str, message: str, **fields: object) -> None:
    """A pino line of the gateway; after the rolling restart from new pods."""
    pod = night.dice.choice(("2xk9p", "m8w4t")) if at < RESTART else night.dice.choice(("c5q7n", "zr2jd"))
    night.write(GATEWAY, at, formats.pino(at, level, 1, POD.format(pod), message, **fields))


def request(night: Night, at: datetime, line: str, status: int) -> None:
    """A finished request at the gateway."""
    method, url = line.split(" ")
    level = "warn" if status in (401, 404, 422, 429) else "info"
    fields = {"reqId": night.hex(8), "method": method, "url": url, "statusCode": status}
    gateway(night, at, level, "request completed", **fields, responseTime=round(night.latency(21), 1))


def orders_api(night: Night, at: datetime, level: str, event: str, **fields: object) -> None:
    """A structlog line of the orders API."""
    night.write(ORDERS, at, formats.structlog(at, level, event, **fields))


def order(night: Night, at: datetime) -> None:
    """An order is placed and shown: 201, then 200 for the same id."""
    number = night.dice.randint(770000, 799999)
    request_id = night.hex(8)
    orders_api(
        night,
        at,
        "info",
        "order.created",
        order_id=number,
        request_id=request_id,
        items=night.dice.randint(1, 7),
    )
    request(night, later(at, 0.01), "POST /api/orders", 201)
    if night.dice.random() < 0.04:
        orders_api(
            night,
            later(at, 0.9),
            "warning",
            "payment.retry",
            order_id=number,
            attempt=1,
            reason="gateway timeout",
        )
        at = later(at, 2.0)
    orders_api(night, later(at, 1.1), "info", "payment.captured", order_id=number, errors=0)
    at = later(at, night.dice.uniform(1.5, 6))
    request(night, at, f"GET /api/orders/{number}", 200)


def visits(night: Night) -> None:
    """What people do all night, with the 4xx that belong to it."""
    pages = (
        "GET /api/products?page=1",
        "GET /api/products/8812",
        "GET /api/cart",
        "PUT /api/cart/items/3",
        "GET /api/search?q=headphones",
        "GET /api/errors/summary",
        "POST /api/errors",
        "GET /health",
    )
    for at in night.arrivals(7.5):
        page = night.dice.choice(pages)
        request(
            night,
            at,
            page,
            204 if page == "POST /api/errors" else night.dice.choice((200, 200, 200, 200, 304)),
        )
    for at in night.arrivals(0.2):
        request(night, at, "GET /api/account", 401)
        gateway(night, later(at, 0.001), "info", "access token expired, client will refresh", code="TOKEN_EXPIRED")
        request(night, later(at, 0.2), "POST /api/auth/refresh", 200)
        request(night, later(at, 0.4), "GET /api/account", 200)
    for at in night.arrivals(0.12):
        request(
            night,
            at,
            night.dice.choice(("GET /favicon.ico", "GET /robots.txt", "GET /apple-touch-icon.png")),
            404,
        )
    for at in night.arrivals(0.15):
        request(night, at, night.dice.choice(background.SCANS), 404)
    for at in night.arrivals(0.05):
        orders_api(night, at, "info", "request.rejected", reason="quantity must be positive", status=422)
        request(night, later(at, 0.004), "POST /api/orders", 422)
    for at in night.arrivals(0.02):
        number = night.dice.randint(100, 999)
        orders_api(night, at, "warning", "Order not found", order_id=number)
        request(night, later(at, 0.003), f"GET /api/orders/{number}", 404)


def oddities(night: Night) -> None:
    """Lines that look like trouble and are none."""
    for at in night.every(60, jitter=0.3):
        text = f"metrics window closed: requests={night.dice.randint(300, 900)} errors=0 error_rate=0.00"
        gateway(night, at, "info", text, p95=round(night.latency(60), 1))
    for at in night.arrivals(0.06):
        gateway(night, at, "warn", "upstream request timed out, retrying", upstream="catalog", attempt=1)
        gateway(
            night,
            later(at, 0.6),
            "info",
            "upstream request succeeded after retry",
            upstream="catalog",
            attempt=2,
        )
    for at in night.every(1800, jitter=30):
        orders_api(night, at, "info", "consistency check finished: no errors found", tables=14, failed=0)
    for at in night.every(3000, jitter=100):
        gateway(night, at, "info", "certificate check passed", errorCount=0, failedHosts=[])
    for at in (later(night.start, 3), later(RESTART, 21), later(RESTART, 43)):
        night.write(
            GATEWAY,
            at,
            "(node:1) [DEP0169] DeprecationWarning: `url.parse()` behavior is "
            "not standardized and "
            "prone to errors that have security implications. Use the WHATWG URL API instead.\n"
            "(Use `node --trace-deprecation ...` to show where the warning was created)",
        )


def events(night: Night) -> None:
    """``kubectl get events`` with times: a deploy of the orders API, a planned gateway restart."""
    night.write(EVENTS, night.start, event_line("TIME", "TYPE", "REASON", "OBJECT", "MESSAGE"))
    rollout(night, DEPLOY, "orders-api", "6f7c9d5b44", "58d6bb7c9f", "registry.example.com/shop/orders-api:4.12.0")
    rollout(night, RESTART, "gateway", "84bb6d7d9c", "7d4b9c6f58", "registry.example.com/shop/gateway:2.31.4")
    at = later(DEPLOY, 8)
    orders_api(night, at, "info", "application.started", version="4.12.0", workers=4)
    for after in (18, 40):
        at = later(RESTART, after)
        gateway(night, at, "info", "SIGTERM received, draining connections")
        gateway(night, later(at, 2), "info", "server closed, exiting", openConnections=0)
        gateway(night, later(at, 4), "info", "server listening", port=3000)
    for at in night.every(900, jitter=20):
        text = "Saw completed job: shop-reports, status: Complete"
        night.write(
            EVENTS,
            at,
            event_line(f"{at:%Y-%m-%dT%H:%M:%SZ}", "Normal", "SawCompletedJob", "shop-reports", text),
        )


def rollout(night: Night, at: datetime, name: str, new: str, old: str, image: str) -> None:
    """The events of one rolling update of two pods."""
    for index in range(2):
        pod, gone = f"{name}-{new}-{night.hex(5)}", f"{name}-{old}-{night.hex(5)}"
        step = 22.0 * index
        for after, reason, thing, text in (
            (step, "ScalingReplicaSet", name, f"Scaled up replica set {name}-{new} to {index + 1}"),
            (step + 1, "Scheduled", pod, f"Successfully assigned shop/{pod} to node-3"),
            (step + 2, "Pulled", pod, f'Successfully pulled image "{image}" in 1.4s'),
            (step + 3, "Created", pod, f"Created container {name}"),
            (step + 3, "Started", pod, f"Started container {name}"),
            (step + 18, "ScalingReplicaSet", name, f"Scaled down replica set {name}-{old} to {1 - index}"),
            (step + 18, "Killing", gone, f"Stopping container {name}"),
        ):
            when = later(at, after)
            line = event_line(f"{when:%Y-%m-%dT%H:%M:%SZ}", "Normal", reason, thing, text)
            night.write(EVENTS, when, line)


def event_line(time: str, kind: str, reason: str, thing: str, text: str) -> str:
    """One row as kubectl aligns it."""
    return f"{time:<23}{kind:<10}{reason:<20}{thing:<36}{text}"


def back_office(night: Night) -> None:
    """A small Flask application (Werkzeug lines)."""
    pages = (
        "GET /admin/orders",
        "GET /admin/customers?page=2",
        "GET /admin/errors",
        "POST /admin/export",
        "GET /static/a.css",
    )
    for at in night.arrivals(1.4):
        page = night.dice.choice(pages)
        status = 304 if "static" in page else 302 if "export" in page else 200
        night.write(OFFICE, at, formats.werkzeug(at, f"10.20.3.{night.dice.randint(4, 40)}", page, status))


def stores(night: Night) -> None:
    """PostgreSQL and Redis."""
    background.postgres_housekeeping(night, DATABASE, 66)
    background.postgres_connections(night, DATABASE, DATABASE_SESSION, 0.8)
    statements = (
        "SELECT o.*, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.created_at > $1",
        "UPDATE products SET stock = stock - $1 WHERE id = $2",
    )
    background.postgres_slow_query(night, DATABASE, DATABASE_SESSION, statements, 0.12)
    for after, text in (
        (3600, "received SIGHUP, reloading configuration files"),
        (3600.01, 'parameter "log_min_duration_statement" changed to "400"'),
    ):
        at = later(night.start, after)
        night.write(DATABASE, at, formats.postgres(at, 1, "LOG", text))
    for at in night.every(1500, jitter=60):
        text = f'temporary file: path "base/pgsql_tmp/pgsql_tmp{night.dice.randint(2000, 9000)}.0", size 10223616'
        night.write(DATABASE, at, formats.postgres(at, night.dice.randint(2000, 9000), "LOG", text, DATABASE_SESSION))
    background.redis_snapshots(night, REDIS, 1, seconds=240)


SUMMARY = """
An ordinary night. The deploy of orders-api 4.12.0 at 01:50 and the planned restart of the gateway at
02:45 went smoothly; retries succeeded, expired tokens were refreshed, and every order that was created
could be read.
"""
