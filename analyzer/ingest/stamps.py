"""Timestamps that stand in a column of texts -> times; of whatever shapes, many at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.timestamps import NO_TIME, Clock, Micros, TimestampReader, parse_timestamp, shape_of
from analyzer.ingest.windows import PADDING, Bytes, Offsets

_SHAPES_PER_WIDTH = 8


class Stamps:
    """Reads texts that are timestamps; one reader is kept for each shape met."""

    def __init__(self, clock: Clock) -> None:
        """`clock` says what timestamps leave open."""
        self._clock = clock
        self._readers: dict[bytes, TimestampReader | None] = {}

    @property
    def readers(self) -> list[TimestampReader]:
        """One for each shape that was met and understood."""
        return [reader for reader in self._readers.values() if reader is not None]

    def read(self, texts: pa.Array) -> Micros:
        """The time of each text, `NO_TIME` where it is none."""
        widths = pc.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False)
        data, edges = bytes_of(texts)
        return self.read_at(data, edges[:-1], edges[:-1] + widths)

    def read_at(self, data: Bytes, begins: Offsets, ends: Offsets) -> Micros:
        """The time of each text between `begins` and `ends`, `NO_TIME` where it is none."""
        times = np.full(len(begins), NO_TIME, dtype=np.int64)
        widths = ends - begins
        for width in np.unique(widths[widths > 0]).tolist():
            rows = np.flatnonzero(widths == width)
            times[rows] = self._of_width(data, begins[rows], width)
        return times

    def _of_width(self, data: Bytes, at: Offsets, width: int) -> Micros:
        """Times of texts that are all as long as each other, of a few shapes."""
        times = np.full(len(at), NO_TIME, dtype=np.int64)
        missed = np.arange(len(at))
        for _ in range(_SHAPES_PER_WIDTH):
            first = int(at[missed[0]])
            reader = self._reader_for(data[first : first + width].tobytes())
            if reader is None:
                break
            times[missed] = reader.read(data, at[missed])
            missed = missed[times[missed] == NO_TIME]
            if not len(missed):
                break
        return times

    def _reader_for(self, example: bytes) -> TimestampReader | None:
        shape = shape_of(example)
        if shape not in self._readers:
            fits = parse_timestamp(example, self._clock) is not None
            # In a column of texts the next one follows at once: any byte may stand behind.
            self._readers[shape] = TimestampReader(example, self._clock, behind=bytes(range(256))) if fits else None
        return self._readers[shape]


def bytes_of(texts: pa.Array) -> tuple[Bytes, Offsets]:
    """The bytes of an array of texts one behind the other, `PADDING` zeros behind them; and where each text begins,
    and the last one ends."""
    _, offsets, content = texts.buffers()
    edges = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    length = int(edges[-1]) if len(edges) else 0
    data = np.zeros(length + PADDING, dtype=np.uint8)
    if length:
        data[:length] = np.frombuffer(content, dtype=np.uint8)[:length]
    return data, edges
