"""Timestamps that stand in a column of texts -> times; of whatever shapes, many at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.ingest.timestamps import NO_TIME, Clock, Micros, TimestampReader, parse_timestamp, shape_of
from analyzer.ingest.windows import PADDING

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
        times = np.full(len(texts), NO_TIME, dtype=np.int64)
        widths = pc.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False)
        for width in np.unique(widths[widths > 0]).tolist():
            rows = np.flatnonzero(widths == width)
            times[rows] = self._of_width(texts.take(rows) if len(rows) < len(texts) else texts, width)
        return times

    def _of_width(self, texts: pa.Array, width: int) -> Micros:
        """Times of texts that are all as long as each other, of a few shapes."""
        _, offsets, content = texts.buffers()
        at = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts)].astype(np.int64)
        data = np.zeros(int(at[-1]) + width + PADDING, dtype=np.uint8)
        data[: len(data) - PADDING] = np.frombuffer(content, dtype=np.uint8)[: len(data) - PADDING]
        times = np.full(len(texts), NO_TIME, dtype=np.int64)
        for _ in range(_SHAPES_PER_WIDTH):
            missed = np.flatnonzero(times == NO_TIME)
            if not len(missed):
                break
            reader = self._reader_for(texts[int(missed[0])].as_py())
            if reader is None:
                break
            times[missed] = reader.read(data, at[missed])
        return times

    def _reader_for(self, example: bytes) -> TimestampReader | None:
        shape = shape_of(example)
        if shape not in self._readers:
            fits = parse_timestamp(example, self._clock) is not None
            # In a column of texts the next one follows at once: any byte may stand behind.
            self._readers[shape] = TimestampReader(example, self._clock, behind=bytes(range(256))) if fits else None
        return self._readers[shape]
