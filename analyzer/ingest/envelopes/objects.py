"""JSON objects that are not one to a line: a list of them (`[{...},{...}]`), on one line or on many, or
one right behind the other, as exports and delivery services leave them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analyzer.ingest.logical import Lines
from analyzer.ingest.timeformats import Clock

_BETWEEN = " \t\r\n,[]"
_FEWEST = 0.6
_NEAR = 1 << 16
_scan = json.JSONDecoder().raw_decode


class JsonObjects:
    """Each object becomes a line; brackets and commas between them are no text."""

    name = "json-array"

    def share(self, lines: Sequence[bytes]) -> float:
        """See `Envelope`. Lines of exactly one object each need no unwrapping."""
        filled = [line for line in lines if line.strip(b" \t\r,[]")]
        objects = [_objects(line) for line in filled if line.lstrip(b" \t\r,[")[:1] == b"{"]
        found = [(spans, text) for spans, text in objects if spans]
        several = sum(len(spans) > 1 or text[:1] in "[," or text.rstrip()[-1:] in ",]" for spans, text in found)
        share = len(found) / len(filled) if filled else 0.0
        # The last one of a list has no comma, and a short list has few others.
        return share if share >= _FEWEST and several * 2 >= len(found) and several else 0.0

    def times_in(self, lines: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002
        """See `Envelope`."""
        return []

    def last_start(self, data: bytes) -> int:
        """Where the last object begins, of many that share a line; 0 where lines are short."""
        if data.rfind(b"\n", max(0, len(data) - _NEAR)) >= 0:
            return 0
        begin = data.rfind(b"\n") + 1
        spans, _ = _objects(data[begin:])
        return begin + spans[-1][0] if spans and begin + spans[-1][0] else 0

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:  # noqa: ARG002
        """See `Envelope`. What is no object stays as it is."""
        starts: list[int] = []
        ends: list[int] = []
        rows: list[int] = []
        for row, (text, start) in enumerate(zip(lines.texts(), lines.starts.tolist(), strict=True)):
            spans, latin = _objects(text)
            rest = spans[-1][1] if spans else 0
            if latin[rest:].strip(_BETWEEN):
                spans.append((rest + len(latin[rest:]) - len(latin[rest:].lstrip(_BETWEEN)), len(latin)))
            starts += [start + begin for begin, _ in spans]
            ends += [start + end for _, end in spans]
            rows += [row] * len(spans)
        chosen = np.array(rows, dtype=np.int64)
        places = np.array(starts, dtype=np.int64)
        return replace(
            lines,
            starts=places,
            ends=np.array(ends, dtype=np.int64),
            heads=places,
            raw=lines.raw_lines()[chosen],
            within=places - lines.starts[chosen],
            until=lines.until[chosen] if lines.until is not None else None,
            wrapping=lines.wrapping.take(chosen) if lines.wrapping is not None else None,
        )


def _objects(line: bytes) -> tuple[list[tuple[int, int]], str]:
    """Where the objects of a line stand, as far as it holds nothing else; and the line, a character for each byte."""
    text = line.decode("latin-1")
    spans: list[tuple[int, int]] = []
    place, length = 0, len(text)
    while True:
        while place < length and text[place] in _BETWEEN:
            place += 1
        if place == length or text[place] != "{":
            return spans, text
        try:
            end = _scan(text, place)[1]
        except (ValueError, RecursionError):
            return spans, text
        spans.append((place, end))
        place = end
