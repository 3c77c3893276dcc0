"""Which problems are worth waking somebody for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.catalogue import Catalogue
from analyzer.model import SEVERITIES, Severity
from analyzer.reason.columns import NO_TIME, Events, Ints
from analyzer.reason.episodes import MINUTE, Episode

_LEAST_EVENTS: Mapping[Severity, int] = {"critical": 1, "high": 1, "medium": 4, "low": 20, "info": 1 << 62}
"""How many events of a severity or worse, within `_BURST`, make a problem worth waking anybody. Mild
failures drip all night in any healthy system; only their bursts mean something."""

_BURST = 10 * MINUTE
_HIGH, _LOW = (SEVERITIES.index(name) for name in ("high", "low"))
_TRIES_AGAIN = r"(?i)\bretrying\b|\bwill retry\b|\bretry (?:in|after|#)|\battempt \d+ ?(?:of|/) ?\d+|\breconnecting\b"

Places = npt.NDArray[np.int8]


def severities(events: Events, table: pa.Table, catalogue: Catalogue, unknown: Places) -> Places:
    """How severe each event is, as a place in `SEVERITIES`: as its signature says (or as `unknown` does,
    unless it is negative), but milder where the program that wrote it takes it lightly. What is written
    as a warning counts one step less, unless it is critical; what announces the next attempt counts as
    low, for if that fails, too, other words follow."""
    known = [SEVERITIES.index(catalogue[name].severity) if name in catalogue else len(SEVERITIES) - 1
             for name in events.signatures]  # fmt: skip
    places: Places = np.array([*known, 0], dtype=np.int8)[events.signature]
    places[: len(unknown)] = np.where(unknown >= 0, unknown, places[: len(unknown)])
    warned = pc.is_in(table["level"], pa.array(["warn", "info", "debug", "trace"])).to_numpy(zero_copy_only=False)
    places = np.where(warned & (places >= _HIGH), np.maximum(places, np.minimum(places + 1, _LOW)), places)
    again = pc.match_substring_regex(table["text"], _TRIES_AGAIN).fill_null(False).to_numpy(zero_copy_only=False)
    return np.where(again, np.maximum(places, _LOW), places).astype(np.int8)


def matters(episodes: Sequence[Episode], events: Events, places: Places) -> bool:
    """Whether some episodes together are severe, or thick enough for their severity."""
    rows = np.concatenate([episode.rows for episode in episodes])
    return any(
        _thickest(events.times[rows[places[rows] <= place]]) >= _LEAST_EVENTS[severity]
        for place, severity in enumerate(SEVERITIES)
    )


def _thickest(times: Ints) -> int:
    """The most events within any stretch of `_BURST`; events without a time count as one burst."""
    dated = np.sort(times[times != NO_TIME])
    ahead = np.searchsorted(dated, dated + _BURST, side="right") - np.arange(len(dated))
    return int(max(ahead.max(initial=0), len(times) - len(dated)))
