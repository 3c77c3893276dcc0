r"""Docker's json-file: `{"log":"...\n","stream":"stderr","time":"..."}`, a line of the container in each.

Docker cuts lines after 16 KB; a part has no newline at its end, and the rest follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.envelopes.documents import container_fields
from analyzer.ingest.envelopes.envelope import Flags, join_parts, nothing_said
from analyzer.ingest.envelopes.escapes import moved, unescape
from analyzer.ingest.envelopes.heads import Head
from analyzer.ingest.logical import Codes, Fields, Lines, gather_pieces
from analyzer.ingest.stamps import Stamps
from analyzer.ingest.timestamps import Clock
from analyzer.ingest.windows import Bytes, Offsets, words

_HEAD = b'{"log":"'
_TAIL = (
    r'","stream":"(?P<stream>stdout|stderr)"(?:,"attrs":(?P<attrs>\{[^{}]*\}))?'
    r',"time":"(?P<time>[0-9TZ:.+-]{20,35})"\}\s*$'
)
_TAIL_REACH = 512
_WHOLE = re.compile(rb'\{"log":"(?:[^"\\]|\\.)*' + _TAIL.encode())
_BACKSLASH, _NEWLINE = 92, 10


class DockerJson:
    """Docker's json-file, as Docker itself writes it; with its keys in another order it is read as any
    wrapping in JSON."""

    name = "docker"

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`."""
        share = sum(_WHOLE.match(line) is not None for line in lines) / len(lines) if lines else 0.0
        return share if share >= 0.6 else 0.0

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:
        """See `Envelope`."""
        return [match["time"] for line in lines if (match := _WHOLE.match(line))]

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:
        """See `Envelope`."""
        data = lines.data
        found = _tail().find_at_end(data, np.maximum(lines.starts, lines.ends - _TAIL_REACH), lines.ends)
        fits = _begins_with_head(lines) & (found.lengths > 0)
        starts = np.where(fits, lines.starts + len(_HEAD), lines.starts)
        ends = np.where(fits, lines.ends - found.lengths, lines.ends)
        ends, partial = _without_newline(data, starts, ends, fits)
        origins, fields = _origins(found.texts("stream", data), found.texts("attrs", data))
        begin, end = found.spans["time"]
        wrapping = replace(
            nothing_said(len(lines)),
            times=Stamps(clock).read_at(data, begin, np.where(fits, end, begin)),
            groups=origins,
            origins=origins,
            fields=fields,
        )
        opened = _unescaped(lines, starts, ends, fits)
        return join_parts(
            replace(
                opened, raw=lines.raw, within=lines.within, until=lines.until, wrapping=wrapping.inside(lines.wrapping)
            ),
            partial,
        )


@cache
def _tail() -> Head:
    return Head(_TAIL)


def _origins(streams: pa.Array, attributes: pa.Array) -> tuple[Codes, list[Fields]]:
    """What stream and attributes (tag and labels, where Docker was told to write them) say."""
    texts = pc.binary_join_element_wise(streams, attributes, b"").dictionary_encode()
    fields: list[Fields] = []
    for text in texts.dictionary.to_pylist():
        stream, brace, rest = text.partition(b"{")
        labels: dict[str, object] = {}
        with suppress(ValueError):  # what only looks like labels
            labels = json.loads(brace + rest) if brace else {}
        fields.append({"stream": stream.decode()} | container_fields(labels))
    return texts.indices.to_numpy(zero_copy_only=False).astype(np.int32), fields


def _begins_with_head(lines: Lines) -> Flags:
    view = words(lines.data)
    flags: Flags = view[np.minimum(lines.starts, len(view) - 1)] == np.uint64(int.from_bytes(_HEAD, "little"))
    return flags


def _without_newline(data: Bytes, starts: Offsets, ends: Offsets, fits: Flags) -> tuple[Offsets, Flags]:
    r"""Where each string ends without the `\n` or `\r\n` of its line, and which have none."""
    ends, escaped = _without_escape(data, starts, ends, fits, ord("n"))
    with_return, _ = _without_escape(data, starts, ends, fits & escaped, ord("r"))
    return with_return, fits & ~escaped


def _without_escape(data: Bytes, starts: Offsets, ends: Offsets, fits: Flags, letter: int) -> tuple[Offsets, Flags]:
    """Where each string ends without one escape, and which of them ended with it."""
    found = fits & (ends - starts >= 2) & (data[ends - 1] == letter) & (data[ends - 2] == _BACKSLASH)
    for row in np.flatnonzero(found & (data[ends - 3] == _BACKSLASH)).tolist():
        before = bytes(data[starts[row] : ends[row] - 1])
        found[row] = (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
    return np.where(found, ends - 2, ends), found


def _unescaped(lines: Lines, starts: Offsets, ends: Offsets, fits: Flags) -> Lines:
    """The insides of the strings as text, a line each; lines that are no envelope as they are."""
    data, places = gather_pieces(lines.data, starts, ends + 1)
    ends = places + (ends - starts)
    data[ends] = _NEWLINE
    if not len(lines):
        return lines
    plain, gone = unescape(data, int(ends[-1]) + 1, places, fits)
    starts, ends = moved(places, gone), moved(ends, gone)
    return Lines(plain, starts, ends, starts)
