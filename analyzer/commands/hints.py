"""What a command tells people to type next."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit


def store_option(store: str | None) -> str:
    """What a command has to be told to find the store that another one was told; a password is not repeated."""
    if store is None:
        return ""
    return f" --store {'URL' if urlsplit(store).password else shlex.quote(store)}"
