"""Deploys, restarts and migrations seen in the logs, and the one just before an incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analyzer.catalogue import Catalogue
from analyzer.model import Change
from analyzer.reason.columns import NO_TIME, Events
from analyzer.reason.episodes import MINUTE
from analyzer.reason.moments import moment

LOOK_BACK = 45 * MINUTE
_WEIGHTS = {"deploy": 1.0, "rollback": 1.0, "migration": 0.9, "migration_done": 0.9,
            "schema_change": 0.9, "config": 0.9, "feature_flag": 0.9,
            "config_reload": 0.8, "failover": 0.8, "restart": 0.7, "scale": 0.5}  # fmt: skip
_MAX_TEXT = 300


@dataclass(frozen=True, slots=True)
class Seen:
    """A change with where it was seen."""

    micros: int
    kind: str
    source: int
    row: int


def changes(events: Events, catalogue: Catalogue) -> list[Seen]:
    """All change events in time order."""
    names = [name for name in events.signatures if name in catalogue and catalogue[name].kind == "change"]
    rows = events.rows_of(names)
    return [
        Seen(
            int(events.times[row]), events.signatures[events.signature[row]].split(".")[1], int(events.source[row]), row
        )
        for row in rows.tolist()
        if events.times[row] != NO_TIME
    ]


def described(seen: Seen, table: pa.Table) -> Change:
    """A change as the report shows it."""
    text = str(table["text"][seen.row].as_py()).strip().splitlines()[0]
    return Change(timestamp=moment(seen.micros), kind=seen.kind, text=text[:_MAX_TEXT])


def just_before(seen: Sequence[Seen], onset: int, sources: set[int], nearby: frozenset[int]) -> Seen | None:
    """The change that most likely set off what began at `onset`: recent, weighty, and seen where
    the incident is seen (`sources`), or at least in the same folder (`nearby`)."""
    if onset == NO_TIME:
        return None
    candidates = [change for change in seen if onset - LOOK_BACK <= change.micros <= onset and change.source in nearby]

    def likelihood(change: Seen) -> float:
        recency = float(np.exp(-(onset - change.micros) / (15 * MINUTE)))
        return _WEIGHTS.get(change.kind, 0.4) * recency * (1.2 if change.source in sources else 1.0)

    return max(candidates, key=likelihood, default=None)
