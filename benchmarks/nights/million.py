"""A large events table, as the scan of a terrible night yields it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from analyzer.model import EVENTS_SCHEMA

_KINDS = (
    ("postgresql.undefined_column", "high", 0.30, "relation"), ("http.server_error", "medium", 0.25, "endpoint"),
    ("http.write_accepted", "info", 0.15, "endpoint"), ("http.not_found", "info", 0.10, "endpoint"),
    ("redis.connection_refused", "medium", 0.10, "host"), ("app.save_failed", "critical", 0.05, "model"),
    ("nginx.upstream_timed_out", "high", 0.04, "endpoint"), ("node.pg_pool_timeout", "high", 0.01, "host"),
)  # fmt: skip
_SERVICES = 20
_VALUES = 12


def events(count: int, seed: int = 7) -> pa.Table:
    """So many events of eight signatures in twenty services over six hours: each with a request id
    of which three share one, a row id, and an entity."""
    chance = np.random.default_rng(seed)
    kinds = chance.choice(len(_KINDS), count, p=[share for _, _, share, _ in _KINDS])
    service = chance.integers(0, _SERVICES, count)
    start = int(datetime(2025, 3, 1, 22, tzinfo=UTC).timestamp() * 1e6)
    times = start + np.sort(chance.integers(0, 6 * 3600 * 10**6, count))
    names = np.array([f"svc-{number}" for number in range(_SERVICES)])
    requests = np.arange(count) // 3
    columns = [
        pa.array(times, EVENTS_SCHEMA.field("timestamp").type),
        pa.DictionaryArray.from_arrays(
            pa.array(service, pa.int32()), pa.array([f"logs/{name}.log" for name in names], pa.string())
        ),
        pa.array(np.arange(1, count + 1)),
        pa.array(np.arange(count) * 120),
        pa.DictionaryArray.from_arrays(pa.array(kinds, pa.int32()), pa.array([kind for kind, *_ in _KINDS])),
        pa.array([severity for _, severity, _, _ in _KINDS]).take(pa.array(kinds)),
        pa.array(["error"] * count),
        pa.array(names).take(pa.array(service)),
        _keys(kinds, requests, chance),
        pa.array(["something failed, as it does"] * count),
    ]
    return pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA)


def _keys(kinds: np.ndarray, requests: np.ndarray, chance: np.random.Generator) -> pa.Array:
    count = len(kinds)
    entity = pa.array([name for *_, name in _KINDS]).take(pa.array(kinds))
    thing = pa.array([f"thing-{chr(97 + number)}" for number in range(_VALUES)])
    names = np.empty((count, 3), dtype=object)
    names[:, 0], names[:, 1], names[:, 2] = "request_id", "id", entity.to_numpy(zero_copy_only=False)
    values = np.empty((count, 3), dtype=object)
    values[:, 0] = [f"req-{number:09x}" for number in requests.tolist()]
    values[:, 1] = [f"row-{number:09x}" for number in (requests // 2).tolist()]
    values[:, 2] = thing.take(pa.array(chance.integers(0, _VALUES, count))).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.arange(0, 3 * count + 1, 3), pa.int32())
    return pa.MapArray.from_arrays(offsets, pa.array(names.ravel(), pa.string()), pa.array(values.ravel(), pa.string()))
