"""Failures that no signature knows, grouped by what stays the same in their text.

Records are de-duplicated, their variable parts masked in one pass of RE2 over the distinct ones,
and de-duplicated again; the few shapes that remain are merged where they differ in one word only.
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

from analyzer.model import LEVELS, UnknownTemplate
from analyzer.reason.columns import NO_TIME
from analyzer.reason.moments import moment
from analyzer.redact import redact

MAX_TEMPLATES = 5_000
OTHER = "<other>"
WILDCARD = "<*>"
_MAX_TEXT = 512
_SHOWN = 200

# The head of a record in RE2: timestamps, levels, process ids and brackets before the message.
_HEAD = (
    r"^(?:[\[(<]?(?:\d{4}[-/.]\d\d[-/.]\d\d[T _-]\d\d:\d\d:\d\d\S*|\d\d/[A-Z][a-z]{2}/\d{4}:\S+|"
    r"[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d)"
    r"(?: ?(?:UTC|GMT|[+-]\d{4}|Z))?[\])>]?[\s,:|-]*)?"
    r"(?:\[\d+\][\s:]*|\d+#\d+: )?(?:[\w.\[\]-]+@[\w.\[\]-]+ )?"
    r"(?:[\[(<|]?(?i:error|err|fatal|critical|crit|panic|alert|emerg|severe)[\])>|]?[\s:|-]+)?"
)
_JSON_MESSAGE = r'"(?:msg|message|error|err|event)"\s*:\s*"(?P<m>(?:[^"\\]|\\.)*)"'
_EXCEPTION = r"(?m)^(?P<x>(?:[\w.$]+\.)?[A-Z]\w*(?:Error|Exception|Failure|Fault|Panic)\b[^\n]{0,300})"
_MASKS: tuple[str, ...] = (
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,:+Z-]*",
    r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b",
    r"https?://[^\s\"']+",
    r"[\w.+-]+@[\w-]+\.[\w.]+",
    r"\\?\"[^\"\\]*\\?\"|'[^']*'",
    r"(?:/[\w.@+-]+){2,}/?",
    r"\b0x[0-9a-fA-F]+\b|\b[0-9a-fA-F]{8,}\b",
    r"[\w-]*\d[\w-]*",
)


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
    """The distinct masked texts of one block, each with its count, times, level and an example."""

    templates: list[str]
    counts: list[int]
    first: list[int]
    last: list[int]
    levels: list[int]
    examples: list[bytes]


def shapes(records: pa.Array, times: npt.NDArray[np.int64], levels: npt.NDArray[np.int8]) -> Shapes:
    """Mask a block's unexplained records and count the distinct shapes."""
    if not len(records):
        return Shapes([], [], [], [], [], [])
    masked = _masked(_message(records)).dictionary_encode()
    codes = masked.indices.to_numpy(zero_copy_only=False)
    size = len(masked.dictionary)
    dated = times != NO_TIME
    first = np.full(size, np.iinfo(np.int64).max)
    last = np.full(size, NO_TIME)
    np.minimum.at(first, codes[dated], times[dated])
    np.maximum.at(last, codes[dated], times[dated])
    worst = np.zeros(size, dtype=np.int8)
    np.maximum.at(worst, codes, levels)
    _, places = np.unique(codes, return_index=True)
    return Shapes(
        templates=masked.dictionary.to_pylist(),
        counts=np.bincount(codes, minlength=size).tolist(),
        first=np.where(last == NO_TIME, NO_TIME, first).tolist(),
        last=last.tolist(),
        levels=worst.tolist(),
        examples=records.take(places).to_pylist(),
    )


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
            group.example = group.example or example.decode("utf-8", "replace")
            if last != NO_TIME:
                group.first = first if group.first == NO_TIME else min(group.first, first)
                group.last = max(group.last, last)

    def summary(self, hide_secrets: bool = True) -> list[UnknownTemplate]:
        """The templates, most striking first: severe, frequent, and new within the logs."""
        clean = redact if hide_secrets else str
        merged = _merge(self._groups)
        found = [_template(text, group, clean(group.example)) for text, group in merged.items()]
        return sorted(found, key=strikingness, reverse=True)


def strikingness(template: UnknownTemplate) -> tuple[int, int]:
    """What sorts the more striking template higher."""
    return (LEVELS.index(template.level) if template.level in LEVELS else 0, template.count)


def template_id(template: str) -> str:
    """The id under which a template is known from one night to the next."""
    return hashlib.sha256(template.encode()).hexdigest()[:6]


def _template(text: str, group: _Group, example: str) -> UnknownTemplate:
    return UnknownTemplate(
        id=template_id(text),
        template=text,
        level=LEVELS[group.level - 1] if group.level else None,
        count=group.count,
        first_seen=moment(group.first),
        last_seen=moment(group.last),
        sources=tuple(sorted(group.sources)),
        example=example,
    )


def _message(records: pa.Array) -> pa.Array:
    """The telling part of each record: the message and, of a stack trace, the exception."""
    texts = pc.binary_replace_slice(records, _MAX_TEXT * 8, 1 << 30, b"") if len(records) else records
    text = _as_text(texts)
    first = pc.replace_substring_regex(text, r"(?s)\n.*", "")
    json = pc.extract_regex(first, _JSON_MESSAGE).field("m")
    plain = pc.replace_substring_regex(first, _HEAD, "")
    is_json = pc.starts_with(pc.ascii_ltrim_whitespace(first), "{")
    message = pc.if_else(pc.and_(is_json, pc.greater(pc.binary_length(json).fill_null(0), 0)), json, plain)
    exception = pc.extract_regex(text, _EXCEPTION).field("x")
    behind = pc.if_else(
        pc.greater(pc.binary_length(exception).fill_null(0), 0), pc.binary_join_element_wise(" ", exception, ""), ""
    )
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(message, behind, ""), 0, _MAX_TEXT)


def _as_text(records: pa.Array) -> pa.Array:
    try:
        return records.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([value.decode("utf-8", "replace") for value in records.to_pylist()], pa.string())


def _masked(messages: pa.Array) -> pa.Array:
    """Messages with their variable parts as `<*>`; each distinct message is masked once."""
    encoded = messages.dictionary_encode()
    text = encoded.dictionary
    for pattern in _MASKS:
        text = pc.replace_substring_regex(text, pattern, WILDCARD)
    text = pc.replace_substring_regex(text, r"(?:<\*>[\s.,:;/=|-]*){2,}", WILDCARD + " ")
    text = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(text, 0, _SHOWN))
    return text.take(encoded.indices)


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
