"""Documents of one record, of which only the values that matter are cut out, as the bytes that they are.

Who wrote a line and how bad it is stand in values that many documents share: what those mean is asked of the
kind's own function once for each combination. All else stays in columns, so that a document costs a microsecond
or two instead of thirty. Whatever is unusual in any way is left to that function, which is the specification.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from operator import attrgetter
from typing import Any, Literal, overload

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.locate import line_array
from analyzer.ingest.logical import Codes, Fields
from analyzer.ingest.stamps import Stamps, bytes_of
from analyzer.ingest.timestamps import NO_TIME, Clock, Micros
from analyzer.ingest.windows import Bytes, Offsets, gather

Document = Mapping[str, Any]
Flags = npt.NDArray[np.bool_]
_MOST_KNOWN = 1 << 14
_LATEST = 1 << 62
_LONGEST_NUMBER = 20
_QUOTE, _BACKSLASH, _BRACE, _NEWLINE = b'"\\{\n'
_BETWEEN = b"\0"
"""Stands between values; in JSON it cannot."""
_STRINGS = r'^(?:"[^\x00]*)?(?:\x00(?:"[^\x00]*)?)*$'
"""Such values of which each is a string or missing."""


@dataclass(slots=True)
class Entry:
    """One record of a document. `time` is text or microseconds; `own` holds what only this record has."""

    text: bytes
    time: str | int | None = None
    level: int = 0
    fields: Fields = field(default_factory=dict)
    own: Fields = field(default_factory=dict)
    shown: bytes = b""
    """What stands before the text where it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Where a kind of document has what. Of several keys for one thing the first that is given counts."""

    shared: tuple[str, ...]
    """All keys on which anything but text, time and `own` depends."""
    text: tuple[str, ...]
    time: tuple[str, ...]
    micros: bool = False
    """Whether the time is a number of microseconds."""
    objects: bool = False
    """Whether the text may be an object, which is a line of JSON."""
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Records:
    """Records cut out of documents; `parents` are the places of the lines that they were in. `entries` is what
    several have in common, `codes` which of them each has. `own` holds the values of `Keys.own`, empty where
    there are none; None where the kind has no such."""

    parents: Offsets
    texts: pa.Array
    times: Micros
    entries: Sequence[Entry]
    codes: Offsets
    own: pa.Array | None = None

    def and_of_others(self, others: Records) -> Records:
        """These and records of other lines, in the order of the lines."""
        parents = np.concatenate((self.parents, others.parents))
        order = np.argsort(parents, kind="stable")
        own = self.own
        if own is not None:
            own = pa.concat_arrays([own, pa.array([b""] * len(others.parents), own.type)]).take(order)
        return Records(
            parents=parents[order],
            texts=pa.concat_arrays([self.texts, others.texts]).take(order),
            times=np.concatenate((self.times, others.times))[order],
            entries=[*self.entries, *others.entries],
            codes=np.concatenate((self.codes, others.codes + len(self.entries)))[order],
            own=own,
        )


def records_of(entries: Sequence[Entry], parents: Offsets, clock: Clock) -> Records:
    """Records of which each has everything for itself."""
    texts = pa.array([entry.text for entry in entries], pa.binary())
    return Records(parents, texts, _times([entry.time for entry in entries], clock), entries, np.arange(len(entries)))


class Cutter:
    """Reads documents of one kind; `entries` is the kind's own function."""

    def __init__(
        self,
        keys: Keys,
        recognise: Callable[[Document], bool],
        entries: Callable[[Document], Iterator[Entry]],
        own: Callable[[Document], Fields] | None = None,
    ) -> None:
        """`own` says what only one record has, by the values of `keys.own`."""
        self._keys, self._recognise, self._entries, self._own = keys, recognise, entries, own
        names = (*keys.shared, *keys.text, *keys.time, *keys.own)
        self._values = msgspec.defstruct(
            "Values",
            [(_attribute(name), msgspec.Raw, msgspec.Raw()) for name in names],
            rename={_attribute(name): name for name in names},
            gc=False,
        )
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(self._values).decode
        self._known: Mapping[str, dict[bytes, Entry | Literal[False]]] = {key: {} for key in keys.text}

    def __reduce__(self) -> tuple[Callable[..., Cutter], tuple[object, ...]]:
        """Processes are handed what it is made of; each keeps one, with what it comes to know."""
        return _cutter_of, (self._keys, self._recognise, self._entries, self._own)

    def cut(self, lines: Sequence[bytes], clock: Clock) -> Records:
        """The record of each line that is a usual document. All others are for the kind's own function."""
        documents = self._decoded(lines)
        said, texts = _first_given(documents, self._keys.text)
        shared = _joined(documents, self._keys.shared)
        own = _joined(documents, self._keys.own) if self._keys.own else None
        texts, fits = self._opened(texts)
        times, timely = self._timed(documents, clock)
        fits &= timely
        if own is not None:
            fits &= pc.match_substring_regex(own, _STRINGS).to_numpy(zero_copy_only=False)
        entries, codes = self._in_common(shared, said)
        rows = np.flatnonzero(fits & (codes >= 0))
        cut = Records(rows, texts, times[rows], entries, codes[rows], own)
        return cut if len(rows) == len(lines) else replace(cut, texts=texts.take(rows), own=own and own.take(rows))

    def _decoded(self, lines: Sequence[bytes]) -> Sequence[Any]:
        """The values in each line, none at all where it is no JSON object."""
        if all(map(bytes.isascii, lines)):
            with suppress(ValueError, RecursionError):
                return list(map(self._decode, lines))
        return list(map(self._decoded_with_care, lines))

    def _decoded_with_care(self, line: bytes) -> Any:
        with suppress(ValueError, RecursionError):
            line.decode("utf-8")  # what is passed over is not looked at
            return self._decode(line)
        return self._values()

    def _opened(self, raw: pa.Array) -> tuple[pa.Array, Flags]:
        """Strings without their quotes and escapes, objects on one line as they stand; and which are either."""
        data, edges = bytes_of(raw)
        begins, ends = edges[:-1], edges[1:]
        quoted = (data[begins] == _QUOTE) & (ends > begins)
        texts = line_array(data, begins + quoted, ends - quoted)
        escaped = quoted & _holds(data, begins, ends, _BACKSLASH)
        if escaped.any():
            strings = msgspec.json.decode(b"[" + b",".join(raw.filter(escaped).to_pylist()) + b"]", type=list[str])
            plain = [text.encode().rstrip(b"\r\n") for text in strings]
            texts = pc.replace_with_mask(texts, escaped, pa.array(plain, pa.binary()))
        objects = (data[begins] == _BRACE) & (ends > begins) & self._keys.objects
        return texts, quoted | (objects & ~_holds(data, begins, ends, _NEWLINE))

    def _timed(self, documents: Sequence[Any], clock: Clock) -> tuple[Micros, Flags]:
        """The time of each document, and whether that has the usual form or is not said at all."""
        said, raw = _first_given(documents, self._keys.time)
        data, edges = bytes_of(raw)
        begins, ends = edges[:-1], edges[1:]
        quoted = (said >= 0) & (data[begins] == _QUOTE)
        begins, ends = begins + quoted, ends - quoted
        if self._keys.micros:
            times, fits = _numbers(data, begins, ends)
        else:
            fits = quoted & (ends > begins) & ~_holds(data, begins, ends, _BACKSLASH)
            times = Stamps(clock).read_at(data, begins, np.where(fits, ends, begins))
        return times, fits | (said < 0)

    def _in_common(self, shared: pa.Array, said: Offsets) -> tuple[list[Entry], Offsets]:
        """What documents have in common with others, and the code of it for each; -1 where their shared values
        do not tell that they are of this kind. `said` is which of the keys of texts each one has."""
        encoded = shared.dictionary_encode()
        values, width = encoded.dictionary.to_pylist(), len(self._keys.text)
        kinds, kind = np.unique(encoded.indices.to_numpy() * width + np.maximum(said, 0), return_inverse=True)
        entries: list[Entry] = []
        codes = []
        for place, text in zip(*divmod(kinds.astype(np.int64), width), strict=True):
            entry = self._entry(self._keys.text[text], values[place])
            codes.append(len(entries) if entry else -1)
            entries += [entry] if entry else []
        return entries, np.array(codes, dtype=np.int64)[kind]

    def _entry(self, key: str, shared: bytes) -> Entry | Literal[False]:
        """What all documents with the same shared values have in common; False where those alone do not
        tell that it is one of this kind."""
        known = self._known[key].get(shared)
        if known is not None:
            return known
        names = zip(self._keys.shared, shared.split(_BETWEEN), strict=True)
        entry: Entry | Literal[False] = False
        with suppress(ValueError, RecursionError):
            document = {name: json.loads(raw) for name, raw in names if raw}
            document[key] = ""
            entry = next(self._entries(document)) if self._recognise(document) else False
        if len(self._known[key]) < _MOST_KNOWN:
            self._known[key][shared] = entry
        return entry

    def own_of(self, values: bytes) -> Fields:
        """What only one record has, by its text in `Records.own`."""
        named = zip(self._keys.own, values.split(_BETWEEN), strict=False)
        return self._own({key: json.loads(raw) for key, raw in named if raw}) if self._own is not None else {}


@cache
def _cutter_of(
    keys: Keys,
    recognise: Callable[[Document], bool],
    entries: Callable[[Document], Iterator[Entry]],
    own: Callable[[Document], Fields] | None,
) -> Cutter:
    return Cutter(keys, recognise, entries, own)


def _attribute(name: str) -> str:
    """A key as the name of an attribute."""
    return "key_" + "".join(letter if letter.isalnum() else "_" for letter in name)


def _column(documents: Sequence[Any], key: str) -> list[bytes]:
    """The value of a key in each document as it stands there, empty where it has none."""
    return list(map(bytes, map(attrgetter(_attribute(key)), documents)))


def _first_given(documents: Sequence[Any], keys: Sequence[str]) -> tuple[Offsets, pa.Array]:
    """Of each document the place of the first of some keys that it has, -1 for none, and the value of that."""
    values = _column(documents, keys[0])
    place = np.zeros(len(documents), dtype=np.int64)
    missing = [row for row, value in enumerate(values) if not value]
    for number, key in enumerate(keys[1:], 1):
        for row, value in zip(missing, _column([documents[row] for row in missing], key), strict=True):
            values[row] = value
        place[missing] = number
        missing = [row for row in missing if not values[row]]
    place[missing] = -1
    return place, pa.array(values, pa.binary())


def _joined(documents: Sequence[Any], keys: Sequence[str]) -> pa.Array:
    """The values of some keys as one text for each document."""
    columns = (map(attrgetter(_attribute(key)), documents) for key in keys)
    return pa.array(list(map(_BETWEEN.join, zip(*columns, strict=True))), pa.binary())


def _holds(data: Bytes, begins: Offsets, ends: Offsets, byte: int) -> Flags:
    """Which stretches hold a byte."""
    at = np.flatnonzero(data == byte)
    flags: Flags = np.searchsorted(at, begins) < np.searchsorted(at, ends)
    return flags


def _numbers(data: Bytes, begins: Offsets, stops: Offsets) -> tuple[Micros, Flags]:
    """The numbers that some texts are, and which of them are any; `NO_TIME` for those without sense as a time."""
    widths = stops - begins
    window = gather(data, begins, _LONGEST_NUMBER) - np.uint8(48)
    value = np.zeros(len(begins), dtype=np.uint64)
    fits = (widths > 0) & (widths < _LONGEST_NUMBER)
    for column in range(min(int(widths.max(initial=0)), _LONGEST_NUMBER - 1)):
        inside, digit = column < widths, window[:, column]
        fits &= ~inside | (digit < 10)
        value = np.where(inside, value * np.uint64(10) + digit, value)
    return np.where(fits & (value < _LATEST), value.astype(np.int64), NO_TIME), fits


def _times(times: Sequence[str | int | None], clock: Clock) -> Micros:
    """Numbers are microseconds, texts are read."""
    numbers = [time if isinstance(time, int) and abs(time) < _LATEST else NO_TIME for time in times]
    read = np.array(numbers, dtype=np.int64)
    rows = [row for row, time in enumerate(times) if isinstance(time, str)]
    if rows:
        texts = [str(times[row]).encode("utf-8", "replace") for row in rows]
        read[rows] = Stamps(clock).read(pa.array(texts, pa.binary()))
    return read


class _WithOwn(Sequence[Fields]):
    """Sets of fields, and behind them such with what only one record has, made when they are asked for:
    few records are."""

    def __init__(
        self, fields: Sequence[Fields], common: Offsets, own: pa.Array, own_of: Callable[[bytes], Fields]
    ) -> None:
        self._fields, self._common, self._own, self._own_of = fields, common, own, own_of

    def __len__(self) -> int:
        return len(self._fields) + len(self._common)

    @overload
    def __getitem__(self, place: int) -> Fields: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Fields]: ...
    def __getitem__(self, place: int | slice) -> Fields | Sequence[Fields]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place < len(self._fields):
            return self._fields[place]
        place = int(place) - len(self._fields)
        return {**self._fields[self._common[place]], **self._own_of(self._own[place].as_py())}


def with_own(
    places: Codes, fields: Sequence[Fields], own: pa.Array, own_of: Callable[[bytes], Fields]
) -> tuple[Codes, Sequence[Fields]]:
    """Places in `fields` and those, with the values that each record has of its `own` added."""
    encoded = own.dictionary_encode()
    pairs = places.astype(np.int64) * len(encoded.dictionary) + encoded.indices.to_numpy(zero_copy_only=False)
    pairs, found = np.unique(pairs, return_inverse=True)
    common, texts = np.divmod(pairs, max(1, len(encoded.dictionary)))
    return found.astype(np.int32) + len(fields), _WithOwn(fields, common, encoded.dictionary.take(texts), own_of)


__all__ = ["Cutter", "Document", "Entry", "Fields", "Keys", "Records", "records_of", "with_own"]
