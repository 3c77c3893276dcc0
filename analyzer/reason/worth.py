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
_HIGH, _LOW, _INFO = (SEVERITIES.index(name) for name in ("high", "low", "info"))
_TRIES_AGAIN = r"(?i)\bretrying\b|\bwill retry\b|\bretry (?:in|after|#)|\battempt \d+ ?(?:of|/) ?\d+|\breconnecting\b"

_TELEMETRY = (
    r"(?i)\A[^\n]*(?:\b(?:jaeger|zipkin|otel|otlp|open-?telemetry)(?:[-_.]?(?:collector|agent|exporter|query))*\b"
    r"|\bexport\w* (?:\w+ ){0,2}(?:spans?|traces|metrics|telemetry)\b|\bdropped \d+ spans?\b)"
)
"""Words of programs that cannot deliver their traces or metrics: nobody misses a request for that."""

_MILD_WORD = (
    r"(?i)^[^\n]{0,100}?(?:\b(?:info|inf|information|informational|notice|debug|dbg|dbug|trace|verbose)\b|\blog: |"
    r"(?-i:\b(?:FINE|FINER|FINEST|CONFIG)\b|^\W*[IDVTN]\b|^[IDVT]\d{4} |[\[ /(|][IDVTN][\]/ )|])|^<\d+>)"
    r"|\\?\"(?:level|severity|priority)|\b(?:level|lvl|severity)="
)
"""What says of a record that it is information or less."""

Places = npt.NDArray[np.int8]
_FEW_PICKED = 3
"""Records of an excerpt that is about all of them."""


def severities(events: Events, table: pa.Table, catalogue: Catalogue, unknown: Places) -> Places:
    """How severe each event is, as a place in `SEVERITIES`: as its signature says (or as `unknown` does,
    unless it is negative), but milder where the program that wrote it takes it lightly. What is written
    as a warning counts one step less, unless it is critical; what announces the next attempt counts as
    low, for if that fails, too, other words follow; what complains of its own telemetry counts as nothing."""
    known = [SEVERITIES.index(catalogue[name].severity) if name in catalogue else len(SEVERITIES) - 1
             for name in events.signatures]  # fmt: skip
    places: Places = np.array([*known, 0], dtype=np.int8)[events.signature]
    places[: len(unknown)] = np.where(unknown >= 0, unknown, places[: len(unknown)])
    warned = _taken_lightly(table)
    places = np.where(warned & (places >= _HIGH), np.maximum(places, np.minimum(places + 1, _LOW)), places)
    places = np.where(_says(_TRIES_AGAIN, table), np.maximum(places, _LOW), places)
    return np.where(_says(_TELEMETRY, table), _INFO, places).astype(np.int8)


def picked(events: Events, table: pa.Table, places: Places, records: int) -> npt.NDArray[np.bool_]:
    """Which failures to tell of an excerpt of so many records, each of which somebody has picked: all, but of low ones
    that their program takes lightly only those that the excerpt is about. A warning amid the many lines of a program
    that starts is there for the sake of the others."""
    serious: npt.NDArray[np.bool_] = places < _INFO
    aside = (places == _LOW) & _taken_lightly(table)
    lines = len(set(zip(events.source[aside].tolist(), events.line[aside].tolist(), strict=True)))
    return serious & ~aside if records > _FEW_PICKED and 2 * lines < records else serious


def _says(pattern: str, table: pa.Table) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (
        pc.match_substring_regex(table["text"], pattern).fill_null(False).to_numpy(zero_copy_only=False)
    )
    return found


def _taken_lightly(table: pa.Table) -> npt.NDArray[np.bool_]:
    """Which records are written as a warning or less. One without any word for its level passes for information
    as long as nothing in it sounds like an error, which says nothing of how its writer took it."""
    warning = pc.equal(table["level"], "warn")
    mild = pc.is_in(table["level"], pa.array(["info", "debug", "trace"]))
    lightly = pc.or_kleene(warning, pc.and_kleene(mild, pc.match_substring_regex(table["text"], _MILD_WORD)))
    found: npt.NDArray[np.bool_] = lightly.fill_null(False).to_numpy(zero_copy_only=False)
    return found


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
