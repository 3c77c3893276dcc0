"""Templates that were compiled once, kept on disk between runs: compiling takes longer than filling them in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

from analyzer import cache

_KIND = "template"


class _Kept(BytecodeCache):
    """Jinja's own form of a compiled template, under a name that tells of everything that shaped it but its text:
    that is checked by Jinja."""

    def __init__(self, makers: bytes) -> None:
        self._makers = makers

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        place = f"{name}\0{filename}".encode()
        return hashlib.sha256(self._makers + place).hexdigest()[:24]

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = cache.recall(_KIND, bucket.key)
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        cache.keep(_KIND, bucket.key, bucket.bytecode_to_string())


def compiled_templates(setting: Path) -> BytecodeCache:
    """The templates that were compiled with this version of Jinja, and with the options and filters of a module."""
    return _Kept(jinja2.__version__.encode() + setting.read_bytes())
