"""Logs in the W3C extended format (IIS, CloudFront), whose columns stand in a `#Fields:` line of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.ingest.layout import Layout

_FIELDS = b"#Fields:"
_GROUPS = {
    "c-ip": "client", "cs-username": "user", "sc-status": "status", "cs-method": "method", "cs-uri-stem": "path",
    "s-sitename": "service", "s-computername": "host", "cs-host": "site", "x-edge-request-id": "request_id",
}  # fmt: skip


def layout_of_header(lines: Sequence[bytes]) -> Layout | None:
    """The layout that a header among the lines declares, or None if there is none."""
    header = next((line for line in lines if line.startswith(_FIELDS)), None)
    if header is None:
        return None
    names = header[len(_FIELDS) :].decode("utf-8", "replace").split()
    if not {"date", "time"} <= set(names) or names.index("time") != names.index("date") + 1:
        return None
    columns: list[str] = []
    taken: set[str] = set()
    for name in names:
        if name == "time":
            continue
        group = "timestamp" if name == "date" else _GROUPS.get(name.lower().replace("(", "-").rstrip(")"))
        value = r"\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d(?:\.\d+)?" if name == "date" else r'(?:"[^"]*"|[^ \t]+)'
        columns.append(f"(?P<{group}>{value})" if group and group not in taken else value)
        taken.add(group or "")
    last = max((at for at, column in enumerate(columns) if column.startswith("(?P<")), default=0)
    head = re.sub(r"(?<!\\)%", "\\\\x25", r"[ \t]".join(columns[: last + 1]))
    return Layout(name="w3c", head=head, zone="UTC")


__all__ = ["layout_of_header"]
