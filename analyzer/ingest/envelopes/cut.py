"""Documents of one record, of which only the values that matter are cut out, as the bytes that they are.

Who wrote a line and how bad it is stand in values that many documents share. What those mean is asked
of the kind's own function once for each combination; so a line costs a few microseconds instead of
thirty. Whatever is unusual in any way is left to that function, which is the specification.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, NamedTuple, overload

import msgspec
import numpy as np
from msgspec.structs import astuple

from analyzer.ingest.logical import Codes, Fields

Document = Mapping[str, Any]
_MOST_KNOWN = 1 << 14
_LONGEST_NUMBER = 20
_NONE = msgspec.Raw()
_BETWEEN = b"\0"
"""Stands between values; in JSON it cannot."""


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


class Row(NamedTuple):
    """One record as it was cut out: `common` holds what others have, too, `own` the values of `Keys.own`."""

    text: bytes
    time: bytes | str | int | None
    common: Entry
    own: tuple[bytes, ...] = ()


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
        values = msgspec.defstruct(
            "Values",
            [(f"_{place}", msgspec.Raw, _NONE) for place in range(len(names))],
            rename={f"_{place}": name for place, name in enumerate(names)},
            gc=False,
        )
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(values).decode
        self._text_at = len(keys.shared)
        self._time_at = self._text_at + len(keys.text)
        self._own_at = self._time_at + len(keys.time)
        self._micros = keys.micros
        self._known: Mapping[int, dict[bytes, Entry | Literal[False]]] = {
            place: {} for place in range(self._text_at, self._time_at)
        }

    def __reduce__(self) -> tuple[Callable[..., Cutter], tuple[object, ...]]:
        """Processes are handed what it is made of; each keeps one, with what it comes to know."""
        return _cutter_of, (self._keys, self._recognise, self._entries, self._own)

    def rows(self, lines: Sequence[bytes]) -> list[Row | None]:
        """The record in each line, None where that is for the kind's own function to say."""
        return list(map(self._row, lines))

    # Every line of a file comes through here, so this is written for speed: few values become objects of
    # their own, and those that lines share become one.
    def _row(self, line: bytes) -> Row | None:
        try:
            if not line.isascii():
                line.decode("utf-8")
            values = astuple(self._decode(line))
        except (ValueError, RecursionError):
            return None
        place = self._text_at
        while not values[place] and place + 1 < self._time_at:
            place += 1
        shared = _BETWEEN.join(values[: self._text_at])
        common = self._known[place].get(shared)
        if common is None:
            common = self._common(place, shared)
        if common is False:
            return None
        raw = bytes(values[place])
        text = raw[1:-1] if raw[:1] == b'"' and b"\\" not in raw else self._odd_text(raw)
        given = values[self._time_at] or next(filter(None, values[self._time_at : self._own_at]), None)
        time = self._time_of(bytes(given)) if given else None
        if text is None or (given and time is None):
            return None
        own = tuple(map(bytes, values[self._own_at :]))
        for value in own:
            if value[:1] not in b'"':
                return None
        return Row(text, time, common, own if any(own) else ())

    def _time_of(self, raw: bytes) -> bytes | int | None:
        """A time of the usual form, None for any other."""
        text = raw[1:-1] if raw[:1] == b'"' else raw
        if self._micros:
            return int(text) if text.isdigit() and len(text) < _LONGEST_NUMBER else None
        return text if text and text is not raw and b"\\" not in text else None

    def _odd_text(self, raw: bytes) -> bytes | None:
        """A string with escapes, or an object, which is text as it stands; None for anything else."""
        if raw[:1] == b'"':
            return _string(raw).encode().rstrip(b"\r\n")
        return raw if self._keys.objects and raw[:1] == b"{" and b"\n" not in raw else None

    def _common(self, place: int, shared: bytes) -> Entry | Literal[False]:
        """What all documents with the same shared values have in common; False where those alone do not
        tell that it is one of this kind."""
        names = zip(self._keys.shared, shared.split(_BETWEEN), strict=True)
        common: Entry | Literal[False] = False
        with suppress(ValueError, RecursionError):
            document = {name: json.loads(raw) for name, raw in names if raw}
            document[self._keys.text[place - self._text_at]] = ""
            common = next(self._entries(document)) if self._recognise(document) else False
        if len(self._known[place]) < _MOST_KNOWN:
            self._known[place][shared] = common
        return common

    def own_of(self, values: tuple[bytes, ...]) -> Fields:
        """What only one record has, by its row's `own`."""
        named = zip(self._keys.own, values, strict=True)
        return self._own({key: _string(raw) for key, raw in named if raw}) if self._own is not None else {}


@cache
def _cutter_of(
    keys: Keys,
    recognise: Callable[[Document], bool],
    entries: Callable[[Document], Iterator[Entry]],
    own: Callable[[Document], Fields] | None,
) -> Cutter:
    return Cutter(keys, recognise, entries, own)


class _WithOwn(Sequence[Fields]):
    """Sets of fields, and behind them such with what only one record has, made when they are asked for:
    few records are."""

    def __init__(
        self,
        fields: Sequence[Fields],
        more: Sequence[tuple[int, tuple[bytes, ...]]],
        own_of: Callable[[tuple[bytes, ...]], Fields],
    ) -> None:
        self._fields, self._more, self._own_of = fields, more, own_of

    def __len__(self) -> int:
        return len(self._fields) + len(self._more)

    @overload
    def __getitem__(self, place: int) -> Fields: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Fields]: ...
    def __getitem__(self, place: int | slice) -> Fields | Sequence[Fields]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place < len(self._fields):
            return self._fields[place]
        common, own = self._more[place - len(self._fields)]
        return {**self._fields[common], **self._own_of(own)}


def with_own(
    places: Codes,
    fields: Sequence[Fields],
    own: Sequence[tuple[bytes, ...]],
    own_of: Callable[[tuple[bytes, ...]], Fields],
) -> tuple[Codes, Sequence[Fields]]:
    """Places in `fields` and those, with the values that each row has of its `own` added."""
    more: dict[tuple[int, tuple[bytes, ...]], int] = {}
    first = len(fields)
    pairs = zip(places.tolist(), own, strict=True)
    found = [more.setdefault(pair, first + len(more)) if pair[1] else pair[0] for pair in pairs]
    return np.array(found, dtype=np.int32), _WithOwn(fields, list(more), own_of)


def _string(raw: bytes) -> str:
    """A JSON string. Raises ValueError where it is none, or holds half a character."""
    if raw[:1] != b'"':
        raise ValueError
    text: str = msgspec.json.decode(raw)
    return text


__all__ = ["Cutter", "Document", "Entry", "Fields", "Keys", "Row", "with_own"]
