"""The dialect of patterns: what both `regex`, which applies them, and Python's own parser accept.

Python's parser gives the syntax tree from which the fast engine derives what to search for, so a
pattern that it cannot read could never be found.
"""

from __future__ import annotations

import re
import warnings
from re import _parser  # type: ignore[attr-defined]
from typing import Any


class UnsupportedPattern(ValueError):  # noqa: N818 (what it is, said in two words)
    """The pattern uses syntax outside the dialect."""


def parse_pattern(pattern: bytes) -> Any:
    """The syntax tree of a pattern. Raises `UnsupportedPattern`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # `regex` lets two branches name their groups alike, Python's parser does not.
            return _parser.parse(re.sub(rb"\(\?P<\w+>", b"(", pattern))
    except (re.error, RecursionError, OverflowError) as error:
        raise UnsupportedPattern(str(error)) from error
