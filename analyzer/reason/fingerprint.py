"""What makes a problem the same problem on another night, on other hosts and with other ids."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from analyzer.catalogue.vocabulary import is_entity

_FLEETING = frozenset("host pod container path endpoint node replica process address function region".split())
"""Entities that change from night to night while the problem stays the same."""

_VARIABLE = re.compile(r"\d{2,}|[0-9a-f]{8,}")


def is_lasting(name: str) -> bool:
    """Whether a key names a thing that another night finds under the same name."""
    return is_entity(name) and name not in _FLEETING


def stable(value: str) -> str:
    """A value without the parts that differ from one occurrence to the next."""
    return _VARIABLE.sub("*", value)


def fingerprint(root: str, entities: Mapping[str, str]) -> str:
    """The id of a problem: what its root is, and which lasting thing it hit."""
    parts = [f"{name}={stable(value)}" for name, value in sorted(entities.items()) if is_lasting(name)]
    return hashlib.sha256("\n".join([root, *parts]).encode()).hexdigest()[:6]
