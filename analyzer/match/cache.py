"""The compiled engine of a catalogue, kept on disk between runs."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
from functools import cache
from pathlib import Path

import hyperscan

from analyzer.catalogue import Catalogue, dialect
from analyzer.match import canonical, engine, literals, relax
from analyzer.match.engine import HyperscanEngine
from analyzer.match.scan import patterns_of

_LOG = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where caches of this program live, by the XDG convention."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "analyzer"


def engine_for(catalogue: Catalogue) -> HyperscanEngine:
    """The engine of a catalogue; compiled once, then restored from the cache.

    A cache that cannot be read or written is no failure: the engine is compiled again.
    """
    patterns = patterns_of(catalogue)
    file = cache_folder() / f"{_fingerprint(patterns)}.hsdb"
    try:
        return HyperscanEngine.restored(_unpacked(file.read_bytes()))
    except (OSError, ValueError, hyperscan.error) as error:
        _LOG.debug("engine cache not used: %s", error)
    compiled = HyperscanEngine.of(patterns)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(_packed(compiled.saved()))
        os.replace(temporary, file)
    except OSError as error:
        _LOG.debug("engine cache not written: %s", error)
    return compiled


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


@cache
def compiler_sources() -> str:
    """The code between a pattern and its expressions. A cached database says for each expression which
    patterns it stands for only by its place, so after a change of this code it would find the wrong ones."""
    modules = (engine, literals, relax, canonical, dialect)
    return hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)).hexdigest()
