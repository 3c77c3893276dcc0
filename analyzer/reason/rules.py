"""CRE rules that look at more than one record: from events of their terms to events of the rules.

Each rule is applied to each source by itself, to its records in their order; docs/cre.md tells how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.catalogue import Catalogue
from analyzer.match.rules import name_of, terms_of
from analyzer.match.sink import EventSink
from analyzer.model import EVENTS_SCHEMA, TERM_PREFIX, Rule, Term
from analyzer.reason.columns import NO_TIME, Ints, encoded
from analyzer.reason.fulfilment import Entry, fulfilments


def evaluate_rules(table: pa.Table, catalogue: Catalogue) -> pa.Table:
    """The events with those of terms taken out, and one for each time that a rule was fulfilled: at the
    record that completed it."""
    signature, names = encoded(table["signature"])
    is_term = np.array([name.startswith(TERM_PREFIX) for name in names], dtype=bool)[signature]
    if not is_term.any():
        return table
    number_of = {term: number for number, term in enumerate(terms_of(catalogue))}
    numbers = {name_of(term): number for term, number in number_of.items()}
    sources = _sources(table, np.array([numbers.get(name, -1) for name in names])[signature])
    rows: list[int] = []
    found: list[str] = []
    for each in catalogue:
        if each.rule is None or each.rule.single:
            continue
        before = len(rows)
        for source in sources:
            rows += source.completed(each.rule, number_of)
        found += [each.id] * (len(rows) - before)
    severities = [catalogue[name].severity for name in found]
    completed = _renamed(table.take(pa.array(rows, pa.int64())), found, severities)
    return pa.concat_tables([_without(table, is_term), completed])


class _Source:
    """What the records of one source fulfil: for each term the offsets, times and rows of its events,
    in the order of the records."""

    def __init__(self, events: Mapping[int, tuple[Ints, Ints, Ints]]) -> None:
        self._events = events

    def completed(self, rule: Rule, number_of: Mapping[Term, int]) -> list[int]:
        """The rows at which a rule was fulfilled, those of the last of its records."""
        wanted = [number_of[term] for term in rule.terms]
        if any(number not in self._events for number in wanted[: len(rule.positives)]):
            return []
        present = [(place, self._events[number]) for place, number in enumerate(wanted) if number in self._events]
        offsets, times, rows = (np.concatenate([events[column] for _, events in present]) for column in range(3))
        places = np.concatenate([np.full(len(events[0]), place) for place, events in present])
        distinct, firsts, record = np.unique(offsets, return_index=True, return_inverse=True)
        order = np.lexsort((places, record))
        bounds = np.searchsorted(record[order], np.arange(len(distinct) + 1))
        entries = _entries(bounds.tolist(), places[order].tolist(), times[firsts].tolist(), len(rule.positives))
        return [int(rows[firsts[max(entry.place for entry in found)]]) for found in fulfilments(rule, entries)]


def _entries(bounds: list[int], places: list[int], times: list[int], positives: int) -> Iterator[Entry]:
    """The records one by one: the `n`-th fulfils the terms `places[bounds[n]:bounds[n + 1]]` of a rule."""
    clock = NO_TIME
    for record, time in enumerate(times):
        if time < clock:
            continue  # a late one, of which matching could not know
        clock = time
        fulfilled = places[bounds[record] : bounds[record + 1]]
        yield Entry(
            place=record,
            time=time,
            positives=tuple(place for place in fulfilled if place < positives),
            negatives=tuple(place - positives for place in fulfilled if place >= positives),
        )


def _sources(table: pa.Table, terms: Ints) -> list[_Source]:
    """The events of terms, by source and term; `terms` holds the number of each event's term, or -1."""
    rows = np.flatnonzero(terms >= 0)
    offsets = _whole(table["offset"])[rows]
    times = _whole(table["timestamp"].cast(pa.int64()).combine_chunks().fill_null(NO_TIME))[rows]
    source = encoded(table["source"])[0][rows]
    number = terms[rows]
    found: dict[int, dict[int, tuple[Ints, Ints, Ints]]] = {}
    order = np.lexsort((offsets, number, source))
    borders = np.flatnonzero(np.diff(source[order]) | np.diff(number[order])) + 1
    for group in np.split(order, borders):
        events = (offsets[group], times[group], rows[group])
        found.setdefault(int(source[group[0]]), {})[int(number[group[0]])] = events
    return [_Source(_dated(events)) for _, events in sorted(found.items())]


def _dated(events: Mapping[int, tuple[Ints, Ints, Ints]]) -> dict[int, tuple[Ints, Ints, Ints]]:
    """The events of a source; records without a time count as of the first time that is known."""
    known = [times[times != NO_TIME] for _, times, _ in events.values()]
    first = min((int(times.min()) for times in known if len(times)), default=0)
    return {
        number: (offsets, np.where(times == NO_TIME, first, times), rows)
        for number, (offsets, times, rows) in events.items()
    }


def _whole(column: pa.ChunkedArray | pa.Array) -> Ints:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    values: Ints = array.to_numpy(zero_copy_only=False)
    return values


def _without(table: pa.Table, left_out: npt.NDArray[np.bool_]) -> pa.Table:
    """The other events, batch by batch: as little of them is in memory afterwards as before."""
    sink = EventSink()
    begin = 0
    for batch in table.to_batches():
        kept = batch.filter(pa.array(~left_out[begin : begin + len(batch)]))
        begin += len(batch)
        if len(kept):
            sink.add(kept)
    return sink.table()


def _renamed(events: pa.Table, names: Sequence[str], severities: Sequence[str]) -> pa.Table:
    """Events of terms as events of rules."""
    for name, values in (("signature", names), ("severity", severities)):
        field = EVENTS_SCHEMA.field(name)
        column = pa.array(values, pa.string())
        column = column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
        events = events.set_column(EVENTS_SCHEMA.get_field_index(name), field, column)
    return events
