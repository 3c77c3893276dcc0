"""What stands in a stretch of a file besides its text is taken out before anything reads it.

Terminal escapes, carriage returns before newlines and NUL bytes (the hole that a file has when it
is truncated while a program still writes to it, or after a crash) would have to be thought of in
every layout and every pattern otherwise. Newlines are never removed or added, so line numbers hold;
where each line began in the original is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from analyzer.ingest.ansi import has_ansi, strip_ansi
from analyzer.ingest.windows import PADDING, Bytes, Offsets

_HOLE = re.compile(rb"\0+")


@dataclass(frozen=True, slots=True)
class Text:
    """`data[:length]` is clean; `PADDING` zero bytes follow.

    `origins` holds the offset of each line in the original, None where nothing had to be removed;
    `nuls` is the number of NUL bytes removed.
    """

    data: Bytes
    length: int
    origins: Offsets | None = None
    nuls: int = 0


def clean(raw: bytearray, length: int, at_end: bool = False, encoding: str | None = None) -> Text:
    """The text in `raw[:length]`, which must be followed by `PADDING` bytes that may be overwritten.

    Clean bytes, nearly all there are, are used where they stand. `at_end` says that nothing follows;
    text in another `encoding` than UTF-8 is brought into that.
    """
    nul = raw.find(b"\0", 0, length) >= 0
    carriage = raw.find(b"\r", 0, length) >= 0
    if not nul and not carriage and encoding is None and not has_ansi(raw, length):
        raw[length : length + PADDING] = bytes(PADDING)
        return Text(np.frombuffer(raw, dtype=np.uint8), length)
    original = bytes(memoryview(raw)[:length])
    decoded = original if encoding is None else original.decode(encoding, "replace").encode("utf-8", "replace")
    text = strip_ansi(decoded.translate(None, b"\0") if nul else decoded)
    if carriage:
        text = text.replace(b"\r\n", b"\n")
        text = text.removesuffix(b"\r") if at_end else text
    return Text(
        data=np.frombuffer(text + bytes(PADDING), dtype=np.uint8),
        length=len(text),
        origins=_line_origins(original),
        nuls=original.count(b"\0") if nul else 0,
    )


def _line_origins(original: bytes) -> Offsets:
    """Where each line begins, behind the NUL bytes that may stand before it."""
    origins = np.concatenate(([0], np.flatnonzero(np.frombuffer(original, dtype=np.uint8) == 10) + 1))
    for line in np.flatnonzero(np.frombuffer(original + b"\n", dtype=np.uint8)[origins] == 0):
        hole = _HOLE.match(original, int(origins[line]))
        origins[line] = hole.end() if hole else origins[line]
    return origins
