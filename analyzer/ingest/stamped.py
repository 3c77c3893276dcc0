"""Stack traces of which every line carries a time of its own, joined to the record that they belong to.

A program that logs a trace line by line stamps each of them: the time, level, thread and logger in
front are the same, what follows is indented or continues a trace by its words. Lines with the same
front are of one writer, so that the traces of two threads are told apart where they interleave.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from analyzer.ingest.locate import line_array
from analyzer.ingest.timestamps import Micros
from analyzer.ingest.windows import Bytes, Offsets

Flags = npt.NDArray[np.bool_]
_INDENTED = r"(?:\t| {2,})\s*(?:at [\w$.<>/\[]|File \"|\.\.\. \d+ (?:more|common))"
_ANCHOR = rf"{_INDENTED}|Traceback \(most recent call last\):"
_FRAME = re.compile(rf"(?P<front>.*?\S)??\s*{_INDENTED}".encode(), re.DOTALL)
_HEADER = re.compile(rb"(?P<front>.*?)\s*Traceback \(most recent call last\):", re.DOTALL)
_GOES_ON = re.compile(
    rb"(?:\t| {2,})\s*\S|\s?(?:Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)|[}\]]|$)"
    rb"|\s?(?:During handling of the above exception|The above exception was the direct cause)"
)
_LONGEST_PAUSE = 1_000_000
_REACH = 4
"""How many lines like it further up the record may stand to which a first frame belongs."""
_LONGEST_FRONT = 400


@dataclass(slots=True)
class _Trace:
    """A trace that may go on: the line that begins it, when its last line was written, and whether the
    line that names the exception of a Python traceback is still to come."""

    head: int
    time: int
    unnamed: bool = False
    frames: int = 0


def stamped_traces(
    data: Bytes,
    starts: Offsets,
    ends: Offsets,
    suspects: Flags,
    times: Micros,
    writers: npt.NDArray[np.int32] | None,
    behind: Callable[[Bytes, Offsets, Offsets], Offsets],
) -> dict[int, int]:
    """For each line that goes on with a trace the line with which that begins.

    Looked at are `suspects`; `behind` tells where a line goes on behind its time, `writers` who wrote it
    as far as that is known already.
    """
    rows = np.flatnonzero(suspects)
    if len(rows) < 2:
        return {}
    close = np.diff(times[rows]) <= _LONGEST_PAUSE
    rows = rows[np.append(close, False) | np.append(False, close)]
    anchors = np.flatnonzero(_ends_like_a_trace(data, ends[rows]))
    texts = line_array(data, starts[rows[anchors]], ends[rows[anchors]])
    anchors = anchors[pc.match_substring_regex(texts, _ANCHOR).to_numpy(zero_copy_only=False)]
    if not len(anchors):
        return {}
    near = np.zeros(len(rows), dtype=bool)
    for step in range(-_REACH, _REACH + 1):
        near[np.clip(anchors + step, 0, len(rows) - 1)] = True
    joined = _Joiner()
    rows = rows[near]
    for row, start in zip(rows.tolist(), behind(data, starts[rows], ends[rows]).tolist(), strict=True):
        text = bytes(data[start : min(int(ends[row]), start + _LONGEST_FRONT)])
        joined.look_at(row, text, int(times[row]), 0 if writers is None else int(writers[row]))
    return joined.homes


def _ends_like_a_trace(data: Bytes, ends: Offsets) -> Flags:
    """Whether lines end as some line of every trace does: `Orders.java:42)`, `(Native Method)`, `Main()`,
    `(most recent call last):`. That is quickly seen, and sorts out nearly all that are none."""
    last, before = data[np.maximum(ends - 1, 0)], data[np.maximum(ends - 2, 0)]
    closed = (last == ord(")")) & ((before - np.uint8(48) < 10) | np.isin(before, np.frombuffer(b"(de", np.uint8)))
    flags: Flags = closed | ((last == ord(":")) & (before == ord(")")))
    return flags


class _Joiner:
    """Goes through the lines in order."""

    def __init__(self) -> None:
        self.homes: dict[int, int] = {}
        self._open: dict[tuple[int, bytes], _Trace] = {}
        self._recent: list[tuple[int, int, bytes, int]] = []

    def look_at(self, row: int, text: bytes, time: int, writer: int) -> None:
        """Join a line to the trace that it goes on with, or remember it as one that a trace may go on with."""
        for key, trace in list(self._open.items()):
            if time - trace.time > _LONGEST_PAUSE:
                del self._open[key]
            elif key[0] == writer and text.startswith(key[1]) and self._goes_on(row, text[len(key[1]) :], time, trace):
                return
        frame = _FRAME.match(text)
        header = _HEADER.match(text) if frame is None else None
        if header is not None:
            head = self._said_with(header["front"], time, writer)
            self._open[writer, header["front"]] = _Trace(row if head is None else head, time, unnamed=True)
            if head is not None:
                self.homes[row] = head
        elif frame is not None:
            self._begin(row, frame["front"] or b"", time, writer)
        else:
            self._recent = [*self._recent[1 - _REACH :], (row, writer, text, time)]

    def _said_with(self, front: bytes, time: int, writer: int) -> int | None:
        """The line right above with the same front and the very same time: what failed, before the traceback."""
        if not self._recent:
            return None
        head, by, text, earlier = self._recent[-1]
        return head if by == writer and time == earlier and text.startswith(front) else None

    def _goes_on(self, row: int, rest: bytes, time: int, trace: _Trace) -> bool:
        """Whether a line with the front of a trace is a part of it."""
        names = trace.unnamed and trace.frames > 0 and rest.strip() != b""
        if _GOES_ON.match(rest):
            trace.frames += 1
        elif b"Traceback (most recent call last):" in rest:
            if trace.unnamed:
                return False
            trace.unnamed, trace.frames = True, 0
        elif names:
            trace.unnamed = False
        else:
            return False
        trace.time = time
        self.homes[row] = trace.head
        return True

    def _begin(self, row: int, front: bytes, time: int, writer: int) -> None:
        """A frame: it belongs to the last line with the same front."""
        for head, by, text, earlier in reversed(self._recent):
            if by == writer and text.startswith(front) and time - earlier <= _LONGEST_PAUSE:
                self.homes[row] = head
                self._open[writer, front] = _Trace(head, time, frames=1)
                return
