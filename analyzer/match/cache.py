"""The compiled engine of a catalogue and its compiled expressions, kept on disk between runs."""

from __future__ import annotations

import hashlib
import platform
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import hyperscan
import regex

from analyzer import cache
from analyzer.catalogue import Catalogue, dialect
from analyzer.match import canonical, expressions, literals, relax
from analyzer.match import engine as engine_module
from analyzer.match.engine import HyperscanEngine
from analyzer.match.scan import patterns_of

_ENGINE, _EXPRESSIONS = "engine", "expressions"


def engine_for(catalogue: Catalogue) -> HyperscanEngine:
    """The engine of a catalogue; compiled once, then restored from the cache, and with it the expressions that
    confirm what it finds."""
    _restore_expressions(catalogue)
    return cached_engine(patterns_of(catalogue))


def _restore_expressions(catalogue: Catalogue) -> None:
    patterns = sorted({pattern for signature in catalogue for pattern in (*signature.match, *signature.exclude)})
    key = _name_of([regex.__version__, platform.machine(), *patterns])
    kept = cache.recall(_EXPRESSIONS, key)
    with suppress(ValueError):  # what is broken is compiled again
        if kept is not None:
            expressions.restore(kept)
            return
    written = expressions.written_down(patterns)
    cache.keep(_EXPRESSIONS, key, written)
    expressions.restore(written)


def cached_engine(patterns: list[str]) -> HyperscanEngine:
    """The engine of some patterns; compiled once, then restored from the cache."""
    key = _fingerprint(patterns)
    kept = cache.recall(_ENGINE, key)
    if kept is not None:
        # What is broken, or of another processor, is compiled again.
        with suppress(ValueError, hyperscan.error):
            return HyperscanEngine.restored(_unpacked(kept))
    engine = HyperscanEngine.of(patterns)
    cache.keep(_ENGINE, key, _packed(engine.saved()))
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
    return _name_of([version, platform.machine(), platform.processor(), compiler_sources(), *patterns])


def _name_of(texts: list[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]


@lru_cache(maxsize=1)
def compiler_sources() -> str:
    """The code between a pattern and its expressions. A cached database says for each expression which
    patterns it stands for only by its place, so after a change of this code it would find the wrong ones."""
    modules = (engine_module, literals, relax, canonical, dialect)
    return hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)).hexdigest()
