"""Failures that no signature knows, over the nights.

The store keeps masked texts as the scan found them. Which of them are one template is decided when
they are read, over all nights up to the one asked for: so a template keeps its name.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, func, select

from analyzer.model import LEVELS, UnknownTemplate
from analyzer.reason.templates import names_of, strikingness, template_id
from analyzer.store.documents import time_of
from analyzer.store.schema import shapes

_MOST_TEXTS = 50_000
"""How many masked texts are compared; beyond, the oldest are left out."""


def unknown_of(connection: Connection, night: str) -> tuple[list[UnknownTemplate], list[UnknownTemplate]]:
    """The templates of a night, most striking first, and those of them that no earlier night has seen."""
    names = families_until(connection, night)
    rows = connection.execute(select(shapes).where(shapes.c.night == night).order_by(shapes.c.template))
    members: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        members[names.get(row.template, row.template)].append(row)
    found = sorted((_template(name, parts) for name, parts in members.items()), key=strikingness, reverse=True)
    earlier = select(shapes.c.template).where(shapes.c.night < night).distinct()
    known = {names.get(text, text) for text in connection.scalars(earlier)}
    return found, [template for template in found if template.template not in known]


def families_until(connection: Connection, night: str) -> dict[str, str]:
    """The template that stands for each masked text, by all nights up to one."""
    query = (
        select(shapes.c.template)
        .where(shapes.c.night <= night)
        .group_by(shapes.c.template)
        .order_by(func.max(shapes.c.night).desc(), shapes.c.template)
        .limit(_MOST_TEXTS)
    )
    return names_of(connection.scalars(query))


def _template(name: str, parts: list[Row[Any]]) -> UnknownTemplate:
    level = max(row.level for row in parts)
    firsts = [row.first_time for row in parts if row.first_time is not None]
    lasts = [row.last_time for row in parts if row.last_time is not None]
    return UnknownTemplate(
        id=template_id(name),
        template=name,
        level=LEVELS[level - 1] if level else None,
        count=sum(row.records for row in parts),
        first_seen=time_of(min(firsts, default=None)),
        last_seen=time_of(max(lasts, default=None)),
        sources=tuple(sorted({path for row in parts for path in json.loads(row.sources)})),
        example=parts[0].example,
    )
