"""Failures that no signature knows, made fit for reasoning: each template of them stands as a signature of
its own as long as the run lasts, and each of its records is as severe as it is unusual."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.catalogue import Catalogue
from analyzer.match.masks import WILDCARD
from analyzer.model import EVENTS_SCHEMA, SEVERITIES, UNKNOWN, UNKNOWN_PREFIX, FixStep, Severity, Signature
from analyzer.reason.columns import NO_TIME, Codes, Ints, encoded
from analyzer.reason.outbreaks import CHRONIC, FLASH, LEAST, NOVEL, judge
from analyzer.reason.templates import names_of, template_id

Spans = Mapping[str, tuple[int, int]]

MOST_SIGNATURES = 200
"""How many templates are reasoned about at most: those with the most unusual records."""

_HIGH, _MEDIUM, _LOW, _INFO = (SEVERITIES.index(name) for name in ("high", "medium", "low", "info"))
_KNOWN = -1
_ENDS_A_SESSION = "postgresql"
"""The service to which FATAL means the end of one session, and no more."""

_LONGEST_TITLE = 120
_WORD = re.compile(r"[^\W\d_]{3}")
_FIX = (
    FixStep(text="Read its first records, and what its service said just before."),
    FixStep(
        text="Once it is understood, give it a signature of its own: paste the record to",
        command="analyzer patterns new --from -",
    ),
)


@dataclass(frozen=True, slots=True)
class Named:
    """A table with its unknown failures under ids, a catalogue that knows those worth a thought, and of
    each row how severe it is as a place in `SEVERITIES`, -1 where a signature says so."""

    table: pa.Table
    catalogue: Catalogue
    places: npt.NDArray[np.int8]

    @property
    def is_unknown(self) -> npt.NDArray[np.bool_]:
        """Which rows no signature knows."""
        unknown: npt.NDArray[np.bool_] = self.places != _KNOWN
        return unknown


def named(table: pa.Table, catalogue: Catalogue, spans: Spans, families: Mapping[str, str] | None = None) -> Named:
    """Name and judge the unknown failures of a table.

    `spans` are the first and last time of each source; `families` names the template that stands for
    a masked text where more texts are known than those in the table.
    """
    codes, names = encoded(table["signature"])
    texts = [name.removeprefix(UNKNOWN_PREFIX) for name in names if name.startswith(UNKNOWN_PREFIX)]
    places = np.full(len(codes), _KNOWN, dtype=np.int8)
    if not texts:
        return Named(table, catalogue, places)
    template_of = {**names_of(texts), **{text: families[text] for text in texts if families and text in families}}
    ids = [_id_of(name, template_of) for name in names]
    templates = {f"{UNKNOWN}.{template_id(t)}": t for t in template_of.values()}
    distinct, place_of = np.unique(np.array(ids, dtype=object), return_inverse=True)
    codes = place_of[codes].astype(np.int32)
    rows = np.flatnonzero(np.isin(codes, [n for n, name in enumerate(distinct) if name in templates]))
    signatures = {}
    places[rows] = _INFO
    judged = _judged(_Rows.of(table, rows, codes), spans)
    for code in _most_unusual(codes[rows], judged):
        mine = codes[rows] == code
        places[rows[mine]] = judged[mine]
        signature = _signature(distinct[code], templates[distinct[code]], judged[mine])
        signatures[signature.id] = signature
    known = tuple(sorted((*catalogue, *signatures.values()), key=lambda signature: signature.id))
    return Named(_renamed(table, codes, distinct.tolist(), places), replace(catalogue, signatures=known), places)


def without_unused(table: pa.Table, named_: Named, rows: Mapping[str, Ints]) -> tuple[pa.Table, dict[str, Ints]]:
    """The events without unknown failures that belong to no incident; `rows` of each incident, as they are
    numbered then."""
    keep = np.ones(table.num_rows, dtype=bool)
    keep[: len(named_.places)] = ~named_.is_unknown
    for mine in rows.values():
        keep[mine] = True
    if keep.all():
        return table, dict(rows)
    number = np.cumsum(keep) - 1
    return table.filter(pa.array(keep)), {name: number[mine] for name, mine in rows.items()}


@dataclass(frozen=True, slots=True)
class _Rows:
    """The records of unknown failures, column by column."""

    template: Codes
    times: Ints
    service: Codes
    services: list[str]
    source: Codes
    sources: list[str]
    levels: npt.NDArray[np.object_]

    @classmethod
    def of(cls, table: pa.Table, rows: Ints, codes: Codes) -> _Rows:
        chosen = table.select(["timestamp", "service", "source", "level"]).take(pa.array(rows))
        times = chosen["timestamp"].cast(pa.int64()).combine_chunks().fill_null(NO_TIME)
        service, services = encoded(chosen["service"])
        source, sources = encoded(chosen["source"])
        levels = np.array(chosen["level"].to_pylist(), dtype=object)
        return cls(codes[rows], times.to_numpy(zero_copy_only=False), service, services, source, sources, levels)

    def groups(self) -> Iterator[Ints]:
        """The records of one template in one service each, in the order of time."""
        order = np.lexsort((self.times, self.service, self.template))
        same = (np.diff(self.template[order]) == 0) & (np.diff(self.service[order]) == 0)
        yield from np.split(order, np.flatnonzero(~same) + 1)


def _judged(rows: _Rows, spans: Spans) -> npt.NDArray[np.int8]:
    """How severe each record is, as a place in `SEVERITIES`."""
    places = np.full(len(rows.times), _INFO, dtype=np.int8)
    dated = rows.times[rows.times != NO_TIME]
    first = min((begin for begin, _ in spans.values()), default=int(dated.min()) if len(dated) else NO_TIME)
    begins = [spans.get(source, (first, first))[0] for source in rows.sources]
    for group in rows.groups():
        begin = min(begins[source] for source in np.unique(rows.source[group]).tolist())
        places[group] = _severe(judge(rows.times[group], begin), rows, group)
    return places


def _severe(kinds: npt.NDArray[np.int8], rows: _Rows, group: Ints) -> npt.NDArray[np.int8]:
    """How severe the records of one template in one service are; one that is fatal counts by itself."""
    mild = ~np.isin(rows.levels[group], ("error", "fatal"))
    found = np.select([kinds == CHRONIC, (kinds == NOVEL) | (kinds == FLASH) | mild], [_INFO, _LOW], _MEDIUM)
    if rows.services[rows.service[group[0]]] != _ENDS_A_SESSION:
        found[(rows.levels[group] == "fatal") & (kinds != CHRONIC)] = _HIGH
    return found.astype(np.int8)


def _most_unusual(codes: Codes, places: npt.NDArray[np.int8]) -> list[int]:
    """The templates with anything unusual, as far as there are not too many: the severest, then the most."""
    unusual = places != _INFO
    found, counts = np.unique(codes[unusual], return_counts=True)
    worst = np.full(int(codes.max(initial=0)) + 1, _INFO, dtype=np.int8)
    np.minimum.at(worst, codes, places)
    order = np.lexsort((-counts, worst[found]))
    return [int(code) for code in found[order][:MOST_SIGNATURES]]


def _signature(name: str, template: str, places: npt.NDArray[np.int8]) -> Signature:
    return Signature(
        id=name,
        title=_title(template),
        category=UNKNOWN,
        severity=_severity(places),
        cause="No signature knows this failure; it stands out because " + _why(places),
        fix=_FIX,
    )


def _severity(places: npt.NDArray[np.int8]) -> Severity:
    """High only for what was fatal again and again: nobody knows what it means."""
    worst = int(places.min())
    again = int((places == _HIGH).sum()) >= LEAST
    return SEVERITIES[_MEDIUM if worst == _HIGH and not again else worst]


def _why(places: npt.NDArray[np.int8]) -> str:
    if (places < _INFO).sum() >= LEAST:
        return "it came in numbers that nothing before in these logs let one expect."
    return "nothing like it was in these logs before."


def _title(template: str) -> str:
    """A template as a title, in which braces have a meaning."""
    words = template.replace(WILDCARD, "…").strip() if _WORD.search(template) else "An error without words"
    short = words if len(words) <= _LONGEST_TITLE else words[: _LONGEST_TITLE - 1].rstrip() + "…"
    return short.replace("{", "{{").replace("}", "}}")


def _id_of(name: str, template_of: Mapping[str, str]) -> str:
    if not name.startswith(UNKNOWN_PREFIX):
        return name
    return f"{UNKNOWN}.{template_id(template_of[name.removeprefix(UNKNOWN_PREFIX)])}"


def _renamed(table: pa.Table, codes: Codes, names: Sequence[str], places: npt.NDArray[np.int8]) -> pa.Table:
    """The table with these names of signatures, and the severity of what is unknown."""
    column = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, pa.string()))
    table = table.set_column(EVENTS_SCHEMA.get_field_index("signature"), EVENTS_SCHEMA.field("signature"), column)
    said = pa.DictionaryArray.from_arrays(pa.array(np.maximum(places, 0)), pa.array(SEVERITIES)).cast(pa.string())
    severity = pc.if_else(pa.array(places != _KNOWN), said, table["severity"])
    return table.set_column(EVENTS_SCHEMA.get_field_index("severity"), EVENTS_SCHEMA.field("severity"), severity)
