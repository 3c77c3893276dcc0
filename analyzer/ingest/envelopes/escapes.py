r"""Escapes undone in many texts at once: those of JSON's strings (`\"` becomes `"`, `\u00e9` becomes `é`), and
rsyslog's octal numbers for control characters (`#011` becomes a tab)."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from analyzer.ingest.locate import line_array
from analyzer.ingest.logical import Lines
from analyzer.ingest.windows import PADDING, Bytes, Offsets

Flags = npt.NDArray[np.bool_]

_BACKSLASH = 92
_PLAIN = np.arange(256, dtype=np.uint8)
_PLAIN[list(b"nrtbf")] = list(b"\n\r\t\b\f")
_HEX = np.zeros(256, dtype=np.int64)
_HEX[list(b"0123456789")] = range(10)
_HEX[list(b"abcdef")] = range(10, 16)
_HEX[list(b"ABCDEF")] = range(10, 16)
_CONTROLS = {b"#011": 9, b"#012": 10, b"#015": 13}
_CONTROL = re.compile(b"|".join(_CONTROLS))
_CONTROL_HINT, _HASH = b"#01", ord("#")
_MANY_LINES = r"^#011|[^\s(\[]#012(?:#01[12]|  |[A-Za-z\[{\"<])"
"""What shows that such a number is no number: it ends a word, and another line begins right behind it."""
_HIGH, _LOW, _PAST = 0xD800, 0xDC00, 0xE000


def unescape(data: Bytes, length: int, starts: Offsets, quoted: Flags) -> tuple[Bytes, Offsets]:
    """`data[:length]` without escapes, `PADDING` zeros behind it; and the ascending places of the bytes
    that were taken out. `starts` are where its lines begin, `quoted` says which of them are the
    inside of a JSON string; the others stay as they are. The data is changed."""
    at = np.flatnonzero(data[:length] == _BACKSLASH)
    if not quoted.all():
        at = at[quoted[np.searchsorted(starts, at, side="right") - 1]]
    if not len(at):
        return data, at
    at = _leading(at, length)
    code = data[at + 1]
    unicode = at[code == ord("u")]
    data[at + 1] = np.where(code == ord("u"), code, _PLAIN[code])
    gone = np.concatenate((at[code != ord("u")], _decode(data, unicode[unicode + 6 <= length])))
    keep = np.ones(length, dtype=bool)
    keep[gone] = False
    kept = data[:length][keep]
    plain = np.zeros(len(kept) + PADDING, dtype=np.uint8)
    plain[: len(kept)] = kept
    return plain, np.sort(gone) if len(unicode) else gone


def with_control_characters(lines: Lines) -> Lines:
    """The same lines, with tabs and newlines in those where rsyslog has replaced them by octal numbers."""
    if not (lines.data == _HASH).any() or _CONTROL_HINT not in lines.data.tobytes():  # true of nearly all logs
        return lines
    texts = line_array(lines.data, lines.starts, lines.ends)
    rows = np.flatnonzero(pc.match_substring_regex(texts, _MANY_LINES).to_numpy(zero_copy_only=False))
    if not len(rows):
        return lines
    length = int(lines.ends[-1]) + 1
    data = np.zeros(length + PADDING, dtype=np.uint8)
    data[:length] = lines.data[:length]
    at: list[int] = []
    for start, end in zip(lines.starts[rows].tolist(), lines.ends[rows].tolist(), strict=True):
        for match in _CONTROL.finditer(bytes(data[start:end])):
            data[start + match.start()] = _CONTROLS[match[0]]
            at.append(start + match.start())
    gone = (np.array(at, dtype=np.int64)[:, None] + np.arange(1, 4)).reshape(-1)
    kept = np.delete(data, gone)
    return replace(
        lines, data=kept, starts=moved(lines.starts, gone), ends=moved(lines.ends, gone), heads=moved(lines.heads, gone)
    )


def moved(places: Offsets, gone: Offsets) -> Offsets:
    """Where places are once the bytes at `gone` are taken out."""
    return places - np.searchsorted(gone, places)


def _leading(at: Offsets, length: int) -> Offsets:
    """Of all backslashes those that begin an escape: in a run of them every other one."""
    first = np.ones(len(at), dtype=bool)
    first[1:] = np.diff(at) != 1
    place = np.arange(len(at))
    in_run = place - np.maximum.accumulate(np.where(first, place, 0))
    leading: Offsets = at[(in_run % 2 == 0) & (at + 1 < length)]
    return leading


def _decode(data: Bytes, at: Offsets) -> Offsets:
    r"""Write the UTF-8 of each `\uXXXX` over it; the places of the bytes that it leaves over."""
    code = np.zeros(len(at), dtype=np.int64)
    for digit in range(2, 6):
        code = code * 16 + _HEX[data[at + digit]]
    paired = np.zeros(len(at), dtype=bool)
    high = (code >= _HIGH) & (code < _LOW)
    paired[:-1] = high[:-1] & (np.diff(at) == 6) & (code[1:] >= _LOW) & (code[1:] < _PAST)
    second = np.zeros(len(at), dtype=bool)
    second[1:] = paired[:-1]
    code[paired] = 0x10000 + ((code[paired] - _HIGH) << 10) + (code[np.flatnonzero(paired) + 1] - _LOW)
    code[~paired & (code >= _HIGH) & (code < _PAST)] = 0xFFFD
    width = np.select([second, code < 0x80, code < 0x800, code < 0x10000], [0, 1, 2, 3], default=4)
    for bytes_ in range(1, 5):
        rows = np.flatnonzero(width == bytes_)
        for place, byte in enumerate(_utf8(code[rows], bytes_)):
            data[at[rows] + place] = byte
    spare = np.arange(6)[None, :] >= width[:, None]
    gone: Offsets = (at[:, None] + np.arange(6)[None, :])[spare]
    return gone


def _utf8(code: npt.NDArray[np.int64], width: int) -> list[npt.NDArray[np.int64]]:
    """The bytes of the UTF-8 of characters that all take as many."""
    if width == 1:
        return [code]
    lead = {2: 0xC0, 3: 0xE0, 4: 0xF0}[width]
    rest = [0x80 | ((code >> (6 * place)) & 0x3F) for place in range(width - 2, -1, -1)]
    return [lead | (code >> (6 * (width - 1))), *rest]
