"""Logical lines: what is read as one line, wherever and in whatever wrapping it stands in a file.

In most files a logical line is a line. In others a line wraps it: a prefix with a time and a pod, or
a JSON object in which it is a string. It may be one of many in a line (OpenTelemetry), or be spread
over several (long lines that a container runtime has cut up, JSON printed over many lines).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analyzer.ingest.timestamps import NO_TIME, Micros
from analyzer.ingest.windows import PADDING, Bytes, Offsets

Codes = npt.NDArray[np.int32]
Levels = npt.NDArray[np.int8]
Fields = Mapping[str, str]
_NEWLINE = 10


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What the envelopes of some lines say about each of them.

    `times` (`NO_TIME` where it is not said) and `levels` (code, 0 where it is not said); `groups`: lines of
    one group come from one writer, so that a record may only go on in lines of its group; `origins`:
    places in `fields`, which name the host, pod, service and the like.
    """

    times: Micros
    levels: Levels
    groups: Codes
    origins: Codes
    fields: Sequence[Fields]

    def take(self, rows: Offsets) -> Wrapping:
        """The same for some of the lines."""
        return replace(
            self, times=self.times[rows], levels=self.levels[rows], groups=self.groups[rows], origins=self.origins[rows]
        )

    def inside(self, outer: Wrapping | None) -> Wrapping:
        """This with what an outer wrapping of the same lines adds: the inner one knows better."""
        if outer is None:
            return self
        origins, fields = _paired(outer.origins, self.origins, outer.fields, self.fields)
        return Wrapping(
            times=np.where(self.times == NO_TIME, outer.times, self.times),
            levels=np.where(self.levels == 0, outer.levels, self.levels),
            groups=_paired(outer.groups, self.groups)[0],
            origins=origins,
            fields=fields,
        )


@dataclass(frozen=True, slots=True)
class Lines:
    """The logical lines of a block: `data[start:end]` for each, in the order of the file.

    `heads` is where the text to show of a line begins, never after its start. `raw` holds the index
    of the (first) line of the block that each comes from, None where they are the same. `PADDING`
    bytes follow the text.
    """

    data: Bytes
    starts: Offsets
    ends: Offsets
    heads: Offsets
    raw: Offsets | None = None
    within: Offsets | None = None
    """How far behind the beginning of that line each begins in the file, None where that is not known."""
    until: Offsets | None = None
    """The index of the last line of the block that each comes from, None where that is the first one, too."""
    wrapping: Wrapping | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def texts(self) -> list[bytes]:
        """The text of every line."""
        content = self.data.tobytes()
        return [content[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]

    def raw_lines(self) -> Offsets:
        """The index of the line of the block that each comes from."""
        return np.arange(len(self.starts)) if self.raw is None else self.raw


def lines_of(data: Bytes, length: int) -> Lines:
    """The lines of `data[:length]` as they stand."""
    ends = np.flatnonzero(data[:length] == _NEWLINE)
    if length and data[length - 1] != _NEWLINE:
        ends = np.append(ends, length)
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1] + 1
    return Lines(data, starts, ends, starts)


def lines_from(texts: Sequence[bytes]) -> Lines:
    """Texts as logical lines, one behind the other."""
    data = b"".join(text + b"\n" for text in texts)
    lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    ends = np.cumsum(lengths + 1) - 1
    return Lines(np.frombuffer(data + bytes(PADDING), dtype=np.uint8), ends - lengths, ends, ends - lengths)


def gather_pieces(data: Bytes, starts: Offsets, ends: Offsets, order: Offsets | None = None) -> tuple[Bytes, Offsets]:
    """The stretches between ascending starts and ends, one behind the other, in the given order: the
    bytes, `PADDING` zeros behind them, and where each stretch begins."""
    # Arrow wants values without gaps: every gap becomes a value of its own, and is left out again.
    edges = np.empty(2 * len(starts) + 1, dtype=np.int32)
    edges[:-1:2] = starts
    edges[1::2] = ends
    edges[-1] = ends[-1] if len(ends) else 0
    values = pa.Array.from_buffers(pa.binary(), 2 * len(starts), [None, pa.py_buffer(edges), pa.py_buffer(data)])
    chosen = values.take(2 * (np.arange(len(starts)) if order is None else order))
    _, offsets, content = chosen.buffers()
    places = np.frombuffer(offsets, dtype=np.int32)[: len(chosen) + 1].astype(np.int64)
    gathered = np.zeros(int(places[-1] if len(places) else 0) + PADDING, dtype=np.uint8)
    if content is not None:
        gathered[: len(gathered) - PADDING] = np.frombuffer(content, dtype=np.uint8)[: len(gathered) - PADDING]
    return gathered, places[:-1]


def _paired(
    outer: Codes, inner: Codes, outer_fields: Sequence[Fields] = (), inner_fields: Sequence[Fields] = ()
) -> tuple[Codes, list[Fields]]:
    """One code for each pair of codes that occurs, and the fields of each such pair."""
    width = int(inner.max(initial=0)) + 1
    pairs, codes = np.unique(outer.astype(np.int64) * width + inner, return_inverse=True)
    fields: list[Fields] = []
    if inner_fields:
        fields = [{**outer_fields[pair // width], **inner_fields[pair % width]} for pair in pairs.tolist()]
    return codes.astype(np.int32).reshape(-1), fields
