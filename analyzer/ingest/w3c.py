"""Logs whose columns stand in a header of their own: the W3C extended format (IIS, CloudFront), and VPC flow logs
of columns that somebody has chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.ingest.layout import Layout

_FIELDS = b"#Fields:"
_FLOW = re.compile(rb"(?:[a-z][a-z-]+ )*(?:interface-id|srcaddr) (?:[a-z][a-z-]+ )*start (?:[a-z][a-z-]+ ?)*$")
_GROUPS = {
    "c-ip": "client", "cs-username": "user", "sc-status": "status", "cs-method": "method", "cs-uri-stem": "path",
    "s-sitename": "service", "s-computername": "host", "cs-host": "site", "x-edge-request-id": "request_id",
}  # fmt: skip
_FLOW_GROUPS = {
    "start": "timestamp", "action": "level", "interface-id": "interface", "instance-id": "host", "srcaddr": "source",
    "dstaddr": "target",
}  # fmt: skip


def layout_of_header(lines: Sequence[bytes]) -> Layout | None:
    """The layout that a header among the lines declares, or None if there is none."""
    header = next((line for line in lines if line.startswith(_FIELDS)), None)
    if header is not None:
        return _extended(header[len(_FIELDS) :].decode("utf-8", "replace").split())
    flow = next((line for line in lines if line.endswith(_FLOW_ENDS) and _FLOW.match(line)), None)
    return _flow(flow.decode().split()) if flow is not None else None


_FLOW_ENDS = tuple(
    b"log-status action end start protocol bytes packets tcp-flags type dstaddr dstport srcport flow-direction "
    b"traffic-path sublocation-id region az-id".split()
)


def _extended(names: Sequence[str]) -> Layout | None:
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
    return Layout(name="w3c", head=head, zone="UTC", one_line=True)


def _flow(names: Sequence[str]) -> Layout:
    columns: list[str] = []
    for name in names:
        group = _FLOW_GROUPS.get(name)
        value = r"1\d{9}" if name == "start" else r"[^ ]+"
        columns.append(f"(?P<{group}>{value})" if group and names.index(name) == len(columns) else value)
    return Layout(
        name="aws-vpc-flow-columns", head=" ".join(columns) + "(?P<message>)$", service="vpc",
        levels={"ACCEPT": "info", "REJECT": "warn", "-": "info"},
    )  # fmt: skip


__all__ = ["layout_of_header"]
