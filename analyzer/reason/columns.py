"""The events table as plain numpy columns, which is what reasoning works on.

Text is left in the table: reasoning over a million events needs their times, signatures, services
and keys, and touches no log text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.model import RECORDS_KEY

NO_TIME = np.iinfo(np.int64).min
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Events:
    """Events as columns; rows are numbered as in the table.

    `keys` gives, for each name, the rows that carry it and their values (as codes of `values`).
    """

    times: Ints
    signature: npt.NDArray[np.int32]
    source: npt.NDArray[np.int32]
    line: Ints
    service: npt.NDArray[np.int32]
    signatures: list[str]
    sources: list[str]
    services: list[str]
    keys: Mapping[str, tuple[Ints, Codes]]
    values: list[str]
    _dense: dict[str, Codes] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.times)

    def signature_of(self, row: int) -> str:
        """The signature of one row."""
        name: str = self.signatures[self.signature[row]]
        return name

    def rows_of(self, names: Iterable[str]) -> Ints:
        """The rows of the given signatures, in time order; rows without a time come first."""
        wanted = [code for code, name in enumerate(self.signatures) if name in set(names)]
        rows = np.flatnonzero(np.isin(self.signature, wanted))
        return rows[np.argsort(self.times[rows], kind="stable")]

    def extent(self, sources: Iterable[int]) -> tuple[int, int]:
        """The first and last time in some sources, both `NO_TIME` where they have none."""
        firsts, lasts = self._extents
        chosen = [source for source in sources if lasts[source] != NO_TIME]
        return (int(firsts[chosen].min()), int(lasts[chosen].max())) if chosen else (NO_TIME, NO_TIME)

    @cached_property
    def _extents(self) -> tuple[Ints, Ints]:
        """The first and last time of each source."""
        dated = self.times != NO_TIME
        firsts = np.full(len(self.sources), np.iinfo(np.int64).max)
        lasts = np.full(len(self.sources), NO_TIME)
        np.minimum.at(firsts, self.source[dated], self.times[dated])
        np.maximum.at(lasts, self.source[dated], self.times[dated])
        return firsts, lasts

    def dense(self, name: str) -> Codes:
        """The value code of a key for every row, -1 where a row has none."""
        found = self._dense.get(name)
        if found is None:
            found = np.full(len(self), -1, dtype=np.int32)
            if name in self.keys:
                rows, codes = self.keys[name]
                found[rows] = codes
            self._dense[name] = found
        return found

    def codes_of(self, name: str, rows: Ints) -> Codes:
        """The distinct value codes of a key among the given rows."""
        return self._counted(name, rows)[0]

    def weights(self, rows: Ints) -> Ints:
        """For how many records each of the given rows stands."""
        if RECORDS_KEY not in self.keys:
            return np.ones(len(rows), dtype=np.int64)
        codes = self.dense(RECORDS_KEY)[rows]
        said = {code: int(self.values[code]) for code in np.unique(codes[codes >= 0]).tolist()}
        return np.array([said.get(code, 1) for code in codes.tolist()], dtype=np.int64)

    def values_of(self, name: str, rows: Ints) -> Counter[str]:
        """How often each value of a key occurs among the given rows."""
        codes, counts = self._counted(name, rows)
        return Counter({self.values[code]: count for code, count in zip(codes.tolist(), counts.tolist(), strict=True)})

    def _counted(self, name: str, rows: Ints) -> tuple[Codes, Ints]:
        """The distinct value codes of a key among the given rows, and how often each occurs."""
        if name not in self.keys:
            return np.empty(0, np.int32), np.empty(0, np.int64)
        chosen = self.dense(name)[rows]
        chosen = chosen[chosen >= 0]
        if len(chosen) * 4 < len(self.values):
            return np.unique(chosen, return_counts=True)
        counts = np.bincount(chosen, minlength=1)  # cheaper than sorting, where codes are not many more than rows
        codes = np.flatnonzero(counts)
        return codes.astype(np.int32), counts[codes]

    def value(self, name: str, row: int) -> str | None:
        """The value of one key of one row."""
        code = int(self.dense(name)[row])
        return self.values[code] if code >= 0 else None

    def with_copies(self, rows: Ints, signatures: Sequence[str]) -> Events:
        """These events, and after them copies of some rows under other signatures."""
        names = list(dict.fromkeys((*self.signatures, *signatures)))
        place = {name: code for code, name in enumerate(names)}
        copied = np.array([place[name] for name in signatures], dtype=np.int32)
        return Events(
            times=np.append(self.times, self.times[rows]),
            signature=np.append(self.signature, copied),
            source=np.append(self.source, self.source[rows]),
            line=np.append(self.line, self.line[rows]),
            service=np.append(self.service, self.service[rows]),
            signatures=names,
            sources=self.sources,
            services=self.services,
            keys={name: self._with_copies(name, rows) for name in self.keys},
            values=self.values,
        )

    def _with_copies(self, name: str, rows: Ints) -> tuple[Ints, Codes]:
        at, codes = self.keys[name]
        copied = self.dense(name)[rows]
        has = np.flatnonzero(copied >= 0)
        return np.append(at, len(self) + has), np.append(codes, copied[has])


def columns(table: pa.Table) -> Events:
    """The columns of an events table."""
    signature, signatures = encoded(table["signature"])
    source, sources = encoded(table["source"])
    service, services = encoded(table["service"])
    keys, values = _keys(table["keys"])
    times = table["timestamp"].cast(pa.int64()).combine_chunks().fill_null(NO_TIME).to_numpy(zero_copy_only=False)
    return Events(
        times=times, signature=signature, source=source, service=service,
        line=table["line"].combine_chunks().to_numpy(zero_copy_only=False),
        signatures=signatures, sources=sources, services=services, keys=keys, values=values,
    )  # fmt: skip


def encoded(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    """A column of text as codes (-1 for none) and the text that each code stands for."""
    whole = column.combine_chunks()
    array = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    codes: Codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(array.dictionary)))
    place = np.full(len(array.dictionary) + 1, -1, dtype=np.int32)
    place[used] = np.arange(len(used))
    return place[codes], array.dictionary.take(pa.array(used)).to_pylist()


def _keys(column: pa.ChunkedArray) -> tuple[dict[str, tuple[Ints, Codes]], list[str]]:
    """The map column by name: rows (ascending) and value codes."""
    maps = column.combine_chunks()
    lengths = np.diff(maps.offsets.to_numpy())
    rows = np.repeat(np.arange(len(maps)), lengths)
    names = maps.keys.dictionary_encode()
    values = maps.items.dictionary_encode()
    name_codes = names.indices.to_numpy(zero_copy_only=False)
    value_codes = values.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    keys = {}
    for code, name in enumerate(names.dictionary.to_pylist()):
        chosen = name_codes == code
        keys[name] = (rows[chosen], value_codes[chosen])
    return keys, values.dictionary.to_pylist()
