"""What was found in the records of a block -> a table of events with the columns of the public contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.ingest.blocks import Block
from analyzer.ingest.lines import LineTable
from analyzer.ingest.timestamps import NO_TIME
from analyzer.match.fields import ORIGIN_KEYS, identifiers, services, writers
from analyzer.match.records import as_text, payload_array, record_array
from analyzer.match.rules import Spotted
from analyzer.match.unmatched import Unmatched
from analyzer.model import EVENTS_SCHEMA, LEVELS, RECORDS_KEY
from analyzer.redact import redact_all, suspects

Ints = npt.NDArray[np.int64]
_SEVERITY_OF_UNKNOWN = "medium"
"""What stands for the severity of a failure that no signature knows until reasoning has judged it."""

_LEVEL_NAMES = (None, *LEVELS)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the records of a block, said once for all records that say the same.

    Three columns of equal length, in the order of the records: the `records` themselves, the numbers
    of the `signatures` found in them, and `said`, the place of what they say in two further columns:
    the `captures`, and the record that is the `example` for it.
    """

    records: Ints
    signatures: Ints
    said: Ints
    captures: Sequence[Mapping[str, str]]
    example: Ints

    def __len__(self) -> int:
        """The number of events."""
        return len(self.records)

    def and_spotted(self, spotted: Sequence[Spotted]) -> Found:
        """This with what was spotted by rules behind it: each says something of its own."""
        if not spotted:
            return self
        records = np.array([s.record for s in spotted], dtype=np.int64)
        places = len(self.captures) + np.arange(len(spotted))
        return Found(
            records=np.concatenate((self.records, records)),
            signatures=np.concatenate((self.signatures, [s.signature for s in spotted])),
            said=np.concatenate((self.said, places)),
            captures=[*self.captures, *({} for _ in spotted)],
            example=np.concatenate((self.example, records)),
        )

    def and_unknown(self, unknown: Unmatched, first: int) -> Found:
        """This with failures behind it that no signature knows, whose names are numbered from `first` on."""
        if not len(unknown):
            return self
        places = len(self.captures) + np.arange(len(unknown))
        standing_for = ({RECORDS_KEY: str(n)} if n > 1 else {} for n in unknown.records.tolist())
        return Found(
            records=np.concatenate((self.records, unknown.rows)),
            signatures=np.concatenate((self.signatures, unknown.codes.astype(np.int64) + first)),
            said=np.concatenate((self.said, places)),
            captures=[*self.captures, *standing_for],
            example=np.concatenate((self.example, unknown.rows)),
        )


_NONE = np.zeros(0, dtype=np.int64)
NOTHING = Found(_NONE, _NONE, _NONE, (), _NONE)


@dataclass(frozen=True, slots=True)
class EventWriter:
    """Writes events of a catalogue: `names` and `severities` are those of its signatures, by number."""

    names: pa.Array
    severities: pa.Array
    redact: bool

    def write(
        self, block: Block, table: LineTable, found: Found, spotted: Sequence[Spotted], unknown: Unmatched, source: str
    ) -> pa.RecordBatch:
        """The events of a block of `source`, by record and signature."""
        terms = slice(len(found), len(found) + len(spotted))
        mixed = spotted or (len(found) and len(unknown))
        found = found.and_spotted(spotted).and_unknown(unknown, len(self.names))
        names, severities = self.names, self.severities
        if len(unknown):
            names = pa.concat_arrays([names, unknown.names])
            severities = pa.concat_arrays([severities, pa.repeat(_SEVERITY_OF_UNKNOWN, len(unknown.names))])
        rows, signatures = found.records, pa.array(found.signatures.astype(np.int32))
        times, lines = table.times[rows], table.first_line[rows]
        times[terms], lines[terms] = [s.time for s in spotted], [s.line for s in spotted]
        service, keys = _origin_and_keys(block, table, found, source)
        said = pa.array(found.said)
        columns = [
            pa.array(times, pa.timestamp("us", tz="UTC"), mask=times == NO_TIME),
            pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(rows), np.int32)), pa.array([source], pa.string())),
            pa.array(block.line_numbers(lines, table)),
            pa.array(block.offsets(lines, table)),
            pa.DictionaryArray.from_arrays(signatures, names),
            severities.take(signatures),
            pa.array(_LEVEL_NAMES, pa.string()).take(pa.array(table.levels[rows])),
            service.take(said),
            keys.take(said),
            self._text(table, found),
        ]
        batch = pa.RecordBatch.from_arrays(columns, schema=EVENTS_SCHEMA)
        return batch.take(pa.array(np.lexsort((found.signatures, lines)))) if mixed else batch

    def _text(self, table: LineTable, found: Found) -> pa.Array:
        """The text of each event. Whether it may hold a secret is found out once for all that say the same."""
        distinct, place = np.unique(found.records, return_inverse=True)
        text = as_text(record_array(table, distinct).take(place))
        if not self.redact:
            return text
        examples, of_example = np.unique(found.example, return_inverse=True)
        suspicious = suspects(as_text(record_array(table, examples)))
        return redact_all(text, suspicious[of_example][found.said])


def _origin_and_keys(block: Block, table: LineTable, found: Found, source: str) -> tuple[pa.Array, pa.Array]:
    """The service that says it, and captures and ids, for everything that is said."""
    distinct, place = np.unique(found.example, return_inverse=True)
    written, kinds = payload_array(table, distinct), table.layouts[distinct]
    origins = [table.origin_of(row) for row in distinct.tolist()]
    layouts = block.reader.layouts
    ids = identifiers(record_array(table, distinct))
    authors = writers(written, layouts, kinds)
    service = services(written, layouts, kinds, source, origins)
    keys = [
        _keys(captures, row, ids, authors, origins[row])
        for captures, row in zip(found.captures, place.tolist(), strict=True)
    ]
    return pa.array(service, pa.string()).take(pa.array(place)), _map_array(keys)


def _keys(
    captures: Mapping[str, str],
    row: int,
    ids: Mapping[str, Sequence[str | None]],
    authors: Mapping[str, Sequence[str | None]],
    origin: Mapping[str, str],
) -> dict[str, str]:
    """Captures and ids of one record; a capture wins over an id of the same name, what the record says
    of itself over its envelope."""
    keys = dict(captures)
    for name, column in ids.items():
        value = column[row]
        if value is not None and name not in keys and value not in keys.values():
            keys[name] = value
    for name, column in authors.items():
        if value := column[row]:
            keys.setdefault(name, value)
    for name in ORIGIN_KEYS & origin.keys():
        keys.setdefault(name, origin[name])
    return keys


def _map_array(dicts: Sequence[Mapping[str, str]]) -> pa.Array:
    offsets = np.concatenate(([0], np.cumsum([len(keys) for keys in dicts], dtype=np.int32)))
    names = [name for keys in dicts for name in keys]
    values = [value for keys in dicts for value in keys.values()]
    return pa.MapArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(names, pa.string()), pa.array(values, pa.string())
    )
