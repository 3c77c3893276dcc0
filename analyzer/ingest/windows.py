"""Small vectorised tools on the bytes of a block: windows at many offsets, and finding a byte.

All work on eight bytes at a time: an overlapping view of the block as little-endian 64-bit words,
from which numpy gathers one word for each line.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PADDING = 64
"""Bytes that must follow the content of a block, so that a window may reach past its last line."""

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
_ONES = np.uint64(0x0101010101010101)
_HIGHS = np.uint64(0x8080808080808080)


def words(data: Bytes) -> npt.NDArray[np.uint64]:
    """The 64-bit word that begins at each byte of `data`, as a view."""
    return np.ndarray((len(data) - 7,), dtype="<u8", buffer=data.data, strides=(1,))


def among(wanted: bytes) -> npt.NDArray[np.bool_]:
    """For each byte whether it is one of some: looking that up is far quicker than searching."""
    table = np.zeros(256, dtype=bool)
    table[list(wanted)] = True
    return table


def gather(data: Bytes, at: Offsets, width: int) -> Bytes:
    """`width` bytes from each offset, shape (len(at), width rounded up to a multiple of 8)."""
    view = words(data)
    count = -(-width // 8)
    window = np.empty((len(at), count), dtype=np.uint64)
    last = len(view) - 1
    for column in range(count):
        window[:, column] = view[np.minimum(at + 8 * column, last)]
    return window.view(np.uint8)


def find_byte(data: Bytes, at: Offsets, byte: int, limit: int) -> Offsets:
    """The offset of the first `byte` at or after each offset, at most `limit` bytes on; else -1."""
    view = words(data)
    wanted = np.uint64(byte) * _ONES
    found = np.full(len(at), -1, dtype=np.int64)
    pending = np.arange(len(at))
    position = at.astype(np.int64, copy=True)
    for _ in range(-(-limit // 8)):
        inside = position < len(view)
        pending, position = pending[inside], position[inside]
        if not len(pending):
            break
        difference = view[position] ^ wanted
        zero = (difference - _ONES) & ~difference & _HIGHS
        hit = zero != 0
        low = zero[hit]
        index = np.bitwise_count((low & (~low + np.uint64(1))) - np.uint64(1)) >> 3
        found[pending[hit]] = position[hit] + index
        pending, position = pending[~hit], position[~hit] + 8
    return found
