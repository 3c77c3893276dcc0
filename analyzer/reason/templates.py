"""Failures that no signature knows, grouped by what stays the same in their text.

Matching has masked the variable parts of each record (`analyzer.match.masks`); the few shapes that
remain are merged where they differ in one word only.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.match.masks import WILDCARD
from analyzer.model import LEVEL_CODES, LEVELS, RECORDS_KEY, UNKNOWN_PREFIX, UnknownTemplate
from analyzer.reason.columns import NO_TIME
from analyzer.reason.moments import moment

MAX_TEMPLATES = 5_000
OTHER = "<other>"


@dataclass(slots=True)
class _Group:
    count: int = 0
    first: int = NO_TIME
    last: int = NO_TIME
    level: int = 0
    sources: set[str] = field(default_factory=set)
    example: str = ""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The distinct masked texts of some events, each with its records, times, level code and an example."""

    templates: list[str]
    counts: list[int]
    first: list[int]
    last: list[int]
    levels: list[int]
    examples: list[str]


def shapes(events: pa.RecordBatch | None) -> Shapes:
    """The distinct masked texts among the events of one block."""
    rows = unknown_rows(events) if events is not None else np.empty(0, np.int64)
    if events is None or not len(rows):
        return Shapes([], [], [], [], [], [])
    found = events.take(pa.array(rows))
    names = found["signature"].cast(pa.string()).dictionary_encode()
    codes = names.indices.to_numpy(zero_copy_only=False)
    size = len(names.dictionary)
    times = found["timestamp"].cast(pa.int64()).fill_null(NO_TIME).to_numpy(zero_copy_only=False)
    dated = times != NO_TIME
    first = np.full(size, np.iinfo(np.int64).max)
    last = np.full(size, NO_TIME)
    np.minimum.at(first, codes[dated], times[dated])
    np.maximum.at(last, codes[dated], times[dated])
    worst = np.zeros(size, dtype=np.int8)
    levels = found["level"].to_pylist()
    np.maximum.at(worst, codes, np.array([LEVEL_CODES.get(level, 0) for level in levels], dtype=np.int8))
    counts = np.zeros(size, dtype=np.int64)
    np.add.at(counts, codes, records_of(found["keys"]))
    _, places = np.unique(codes, return_index=True)
    return Shapes(
        templates=[name.removeprefix(UNKNOWN_PREFIX) for name in names.dictionary.to_pylist()],
        counts=counts.tolist(),
        first=np.where(last == NO_TIME, NO_TIME, first).tolist(),
        last=last.tolist(),
        levels=worst.tolist(),
        examples=found["text"].take(pa.array(places)).to_pylist(),
    )


def unknown_rows(events: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """The rows of failures that no signature knows."""
    names = events["signature"]
    unknown = pc.starts_with(names.dictionary, UNKNOWN_PREFIX).to_numpy(zero_copy_only=False)
    return np.flatnonzero(unknown[names.indices.to_numpy(zero_copy_only=False)])


def records_of(keys: pa.Array) -> npt.NDArray[np.int64]:
    """For how many records each event of an unknown failure stands."""
    found = pc.map_lookup(keys, pa.scalar(RECORDS_KEY), "first").cast(pa.int64())
    counts: npt.NDArray[np.int64] = found.fill_null(1).to_numpy(zero_copy_only=False)
    return counts


class Templates:
    """Collects shapes over all blocks; memory stays bounded, what is over the limit counts as other."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = defaultdict(_Group)

    def add(self, found: Shapes, source: str) -> None:
        """Take in the shapes of one block of a source."""
        rows = zip(found.templates, found.counts, found.first, found.last, found.levels, found.examples, strict=True)
        for template, count, first, last, level, example in rows:
            known = template in self._groups or len(self._groups) < MAX_TEMPLATES
            group = self._groups[template if known else OTHER]
            group.count += count
            group.level = max(group.level, level)
            group.sources.add(source)
            group.example = group.example or example
            if last != NO_TIME:
                group.first = first if group.first == NO_TIME else min(group.first, first)
                group.last = max(group.last, last)

    def summary(self) -> list[UnknownTemplate]:
        """The templates, most striking first: severe, then frequent."""
        found = [_template(text, group) for text, group in _merge(self._groups).items()]
        return sorted(found, key=strikingness, reverse=True)


def strikingness(template: UnknownTemplate) -> tuple[int, int]:
    """What sorts the more striking template higher."""
    return (LEVELS.index(template.level) if template.level in LEVELS else 0, template.count)


def template_id(template: str) -> str:
    """The id under which a template is known from one night to the next."""
    return hashlib.sha256(template.encode()).hexdigest()[:6]


def _template(text: str, group: _Group) -> UnknownTemplate:
    return UnknownTemplate(
        id=template_id(text),
        template=text,
        level=LEVELS[group.level - 1] if group.level else None,
        count=group.count,
        first_seen=moment(group.first),
        last_seen=moment(group.last),
        sources=tuple(sorted(group.sources)),
        example=group.example,
    )


def names_of(texts: Iterable[str]) -> dict[str, str]:
    """For each masked text the template that stands for it: those of the same length that differ in
    a single word are one."""
    known = list(texts)
    shapes_by_hole: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for text in known:
        words = text.split()
        for place in range(1, len(words)) if len(words) >= 4 else ():
            if words[place] == WILDCARD:
                continue
            shapes_by_hole[(*words[:place], WILDCARD, *words[place + 1 :])].append(text)
    names: dict[str, str] = {}
    for shape, members in sorted(shapes_by_hole.items(), key=lambda item: -len(item[1])):
        free = [text for text in members if text not in names]
        if len(free) >= 3:
            names.update(dict.fromkeys(free, " ".join(shape)))
    return {text: names.get(text, text) for text in known}


def _merge(groups: Mapping[str, _Group]) -> dict[str, _Group]:
    members: dict[str, list[_Group]] = defaultdict(list)
    for text, name in names_of(groups).items():
        members[name].append(groups[text])
    return {name: _sum(parts) for name, parts in members.items()}


def _sum(groups: Iterable[_Group]) -> _Group:
    total = _Group()
    for group in groups:
        total.count += group.count
        total.level = max(total.level, group.level)
        total.sources |= group.sources
        total.example = total.example or group.example
        if group.last != NO_TIME:
            total.first = group.first if total.first == NO_TIME else min(total.first, group.first)
            total.last = max(total.last, group.last)
    return total
