"""A large log with realistic background and a chosen share of failure lines.

The background imitates what services print all day; the failures are the samples of the built-in
catalogue, spread over many signatures, put behind the same timestamp and level.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyzer.catalogue import load_catalogue

_BACKGROUND = (
    "INFO  [api] [req-{hex}] GET /api/v1/users/{number}/orders?page={small}&limit=20 200 {small}ms ip={ip} agent=\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"",
    "INFO  [api] [req-{hex}] POST /api/v1/events accepted by collector batch={number} size={number} bytes duration={small}ms",
    "DEBUG [cache] key=user:{number}:profile hit=true ttl={small}s shard={small} node=cache-{small}.internal latency=0.{small}ms",
    "INFO  [worker] processed message {uuid} from queue emails in {small} ms, attempt 1, result ok, next poll in 250 ms",
    "INFO  [auth] token refreshed for user={number} client=web scopes=\"read:orders write:orders\" expires_in=3600 ip={ip}",
    "INFO  [db] select id, status, total from orders where user_id = $1 order by created_at desc limit 20 -- {small}.{small} ms rows={small}",
    "DEBUG [db] query took {small} ms: select count(*) from order_items where order_id in (select id from orders where status = 'open')",
    "INFO  [scheduler] job nightly-rollup step {small}/64 finished, {number} rows aggregated, memory {small} MB, errors=0",
    "DEBUG [http] outgoing request POST https://payments.example.com/v2/charges status=200 duration={small}ms trace={hex}{hex}",
    "INFO  [gateway] upstream=api-{small} method=GET path=/healthz status=200 bytes_out={number} rt=0.0{small} tls=TLSv1.3",
)  # fmt: skip


def write_log(path: Path, size: int, share: float, seed: int = 7) -> int:
    """Write about `size` bytes with the given share of failure lines; the number of lines."""
    random.seed(seed)
    failures = failure_messages()
    moment = datetime(2025, 10, 24, 0, 0, tzinfo=UTC)
    written = lines = 0
    with path.open("wb") as file:
        while written < size:
            chunk = []
            for _ in range(20_000):
                moment += timedelta(microseconds=random.randrange(1, 60_000))
                stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z "
                chunk.append(stamp + (random.choice(failures) if random.random() < share else ordinary()))
            data = ("\n".join(chunk) + "\n").encode()
            file.write(data)
            written += len(data)
            lines += len(chunk)
    return lines


def ordinary() -> str:
    number = random.getrandbits(48)
    return random.choice(_BACKGROUND).format(
        hex=f"{number:012x}",
        number=number % 100_000,
        small=number % 89 + 10,
        ip=f"203.0.113.{number % 250}",
        uuid=f"{number % 2**32:08x}-4f2c-4e1e-9a7c-{number:012x}",
    )


def failure_messages() -> list[str]:
    """One-line samples of every failure signature, as error messages."""
    samples = (s.text for signature in load_catalogue() if signature.kind == "failure" for s in signature.samples)
    return ["ERROR [api] " + text for text in samples if "\n" not in text and len(text) < 400]
