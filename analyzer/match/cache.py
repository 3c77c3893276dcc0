"""The compiled engine of a catalogue, kept on disk between runs."""

from __future__ import annotations

import hashlib
import platform
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import hyperscan

from analyzer import cache
from analyzer.catalogue import Catalogue, dialect
from analyzer.match import canonical, literals, relax
from analyzer.match import engine as engine_module
from analyzer.match.engine import HyperscanEngine
from analyzer.match.scan import patterns_of

_KIND = "engine"


def engine_for(catalogue: Catalogue) -> HyperscanEngine:
    """The engine of a catalogue; compiled once, then restored from the cache."""
    return cached_engine(patterns_of(catalogue))


def cached_engine(patterns: list[str]) -> HyperscanEngine:
    """The engine of some patterns; compiled once, then restored from the cache."""
    key = _fingerprint(patterns)
    kept = cache.recall(_KIND, key)
    if kept is not None:
        # What is broken, or of another processor, is compiled again.
        with suppress(ValueError, hyperscan.error):
            return HyperscanEngine.restored(_unpacked(kept))
    engine = HyperscanEngine.of(patterns)
    cache.keep(_KIND, key, _packed(engine.saved()))
    return engine


def _packed(parts: list[bytes]) -> bytes:
    """Several byte strings as one: each behind its length."""
    return b"".join(len(part).to_bytes(8, "little") + part for part in parts)


def _unpacked(data: bytes) -> list[bytes]:
    """What `_packed` packed. Raises ValueError where it is cut off."""
    parts: list[bytes] = []
    while data:
        length = int.from_bytes(data[:8], "little")
        part, data = data[8 : 8 + length], data[8 + length :]
        if len(part) != length:
            raise ValueError("the cache file is cut off")
        parts.append(part)
    return parts


def _fingerprint(patterns: list[str]) -> str:
    """A name for the compiled form of these patterns: any change in them, in how we make expressions
    of them, in Hyperscan or in the processor makes another one."""
    version = getattr(hyperscan, "__version__", "")
    text = "\0".join([version, platform.machine(), platform.processor(), compiler_sources(), *patterns])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@lru_cache(maxsize=1)
def compiler_sources() -> str:
    """The code between a pattern and its expressions. A cached database says for each expression which
    patterns it stands for only by its place, so after a change of this code it would find the wrong ones."""
    modules = (engine_module, literals, relax, canonical, dialect)
    return hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)).hexdigest()
