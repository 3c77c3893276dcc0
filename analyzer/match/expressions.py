"""Patterns -> compiled expressions, by which what the engine found is confirmed.

To compile one takes as long as to search for it a hundred times, and a run meets some hundreds of them;
so all those of a catalogue can be written down compiled, and are restored one by one as they are met.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Iterable
from functools import cache

import regex

_written: dict[str, bytes] = {}
"""Expressions that this process need not compile."""


@cache
def compile_pattern(pattern: str) -> regex.Pattern[bytes]:
    """A pattern as it is applied: to bytes, so that `\\w` and `.` mean the same to both engines."""
    written = _written.get(pattern)
    return regex.compile(pattern.encode()) if written is None else _Reader(io.BytesIO(written)).load()


def written_down(patterns: Iterable[str]) -> bytes:
    """The compiled expressions of some patterns, for a cache."""
    content = pickle.dumps({pattern: pickle.dumps(regex.compile(pattern.encode())) for pattern in patterns})
    return hashlib.sha256(content).digest() + content


def restore(written: bytes) -> None:
    """Take over what `written_down` gave, by the same version of `regex`. Raises `ValueError` where it is broken."""
    size = hashlib.sha256().digest_size
    if hashlib.sha256(written[size:]).digest() != written[:size]:
        raise ValueError("these are no compiled expressions")
    _written.update(_Reader(io.BytesIO(written[size:])).load())


class _Reader(pickle.Unpickler):
    """Reads compiled expressions and nothing else: a file can be anybody's."""

    def find_class(self, module: str, name: str) -> object:
        """What `regex` names in its own pickles. Raises `pickle.UnpicklingError` for anything else."""
        if (module, name) == ("regex._regex", "compile"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"no part of an expression: {module}.{name}")
