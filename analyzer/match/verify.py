"""A catalogue held against its own samples: what `analyzer patterns test` and CI run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import hyperscan
import numpy as np

from analyzer.catalogue import Catalogue
from analyzer.catalogue.dialect import UnsupportedPattern
from analyzer.ingest.detect import detect_layout
from analyzer.ingest.layout import PLAIN, Layout, all_layouts
from analyzer.match.cache import engine_for
from analyzer.match.engine import HyperscanEngine
from analyzer.match.reference import Match, match_signature, most_specific
from analyzer.match.stated import stated_by
from analyzer.model import Sample, Signature


@dataclass(frozen=True, slots=True)
class Failure:
    """A sample or near miss that does not behave as its file says."""

    signature: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.signature}: {self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A pattern that no engine can take."""

    signature: Signature
    key: str
    reason: str


def verify(catalogue: Catalogue) -> list[Failure]:
    """Every disagreement between the signatures and their samples, and patterns no engine can take."""
    if refusals := refused(catalogue):
        return [Failure(each.signature.id, each.key, each.reason) for each in refusals]
    engine = engine_for(catalogue)
    samples = [(s, f"samples[{n}]", sample) for s in catalogue for n, sample in enumerate(s.samples)]
    near = [(s, f"near_misses[{n}]", Sample(text=text)) for s in catalogue for n, text in enumerate(s.near_misses)]
    suspects = _suspects([sample.text for _, _, sample in (*samples, *near)], catalogue, engine)
    failures: list[Failure] = []
    for (signature, place, sample), suspected in zip(samples, suspects, strict=False):
        layout = layout_of(sample)
        if sample.layout and layout is None:
            failures.append(Failure(signature.id, place, f"no layout {sample.layout!r}; known: {_layout_names()}"))
            continue
        matches = _matches(sample, layout, suspected, catalogue)
        failures += _check_sample(signature, place, dict(sample.captures), matches, catalogue)
    for (signature, place, sample), suspected in zip(near, suspects[len(samples) :], strict=True):
        if (
            signature in suspected
            and match_signature(stated_by(sample.text.encode(), layout_of(sample)), signature) is not None
        ):
            failures.append(Failure(signature.id, place, "matches, and must not"))
    return sorted(failures, key=lambda failure: failure.signature)


def layout_of(sample: Sample) -> Layout | None:
    """The layout that a sample names, or the one that its text seems to be in."""
    if sample.layout is not None:
        return next((layout for layout in (PLAIN, *all_layouts()) if layout.name == sample.layout), None)
    return detect_layout(sample.text.encode().split(b"\n"), least=1)[0]


def _layout_names() -> str:
    return ", ".join(layout.name for layout in all_layouts())


def _suspects(texts: Sequence[str], catalogue: Catalogue, engine: HyperscanEngine) -> list[list[Signature]]:
    """For each text, the signatures of which the fast engine finds a trace: few, and none is missing."""
    records = [text.encode() + b"\n\n" for text in texts]
    begins = np.cumsum([0, *map(len, records)])[:-1]
    patterns, ends = engine.scan(b"".join(records), begins)
    owners = [signature for signature in catalogue for _ in signature.match]
    shared = [s for s in catalogue if s.request is not None or (s.where is not None and s.where.sqlstate)]
    found: list[dict[str, Signature]] = [{} for _ in texts]
    for record, pattern in zip(np.searchsorted(begins, ends - 1, side="right") - 1, patterns, strict=True):
        for signature in [owners[pattern]] if pattern < len(owners) else shared:
            found[record][signature.id] = signature
    return [[each[name] for name in sorted(each)] for each in found]


def _matches(sample: Sample, layout: Layout | None, suspected: list[Signature], catalogue: Catalogue) -> list[Match]:
    stated = stated_by(sample.text.encode(), layout)
    found = {s.id: captures for s in suspected if (captures := match_signature(stated, s)) is not None}
    return most_specific(found, catalogue)


def refused(catalogue: Catalogue) -> list[Refusal]:
    """The patterns that the engine does not take. All are tried at once, which is then kept for the next run; only
    where that fails are the culprits searched for, by halves."""
    try:
        engine_for(catalogue)
    except (UnsupportedPattern, hyperscan.error):
        patterns = [(signature, index) for signature in catalogue for index in range(len(signature.match))]
        return _refused_among(patterns)
    return []


def _refused_among(patterns: Sequence[tuple[Signature, int]]) -> list[Refusal]:
    try:
        HyperscanEngine.of([signature.match[index] for signature, index in patterns])
    except (UnsupportedPattern, hyperscan.error) as error:
        if len(patterns) == 1:
            signature, index = patterns[0]
            return [Refusal(signature, f"match[{index}]", str(error))]
        middle = len(patterns) // 2
        return [*_refused_among(patterns[:middle]), *_refused_among(patterns[middle:])]
    return []


def _check_sample(
    signature: Signature, place: str, expected: dict[str, str], matches: list[Match], catalogue: Catalogue
) -> Iterator[Failure]:
    own = next((match for match in matches if match.signature == signature.id), None)
    descendant = any(signature.id in catalogue.ancestors(match.signature) for match in matches)
    if own is None and not descendant:
        others = f"; it is matched by {', '.join(match.signature for match in matches)}" if matches else ""
        yield Failure(signature.id, place, f"does not match its own signature{others}")
        return
    if own is not None:
        for name, value in expected.items():
            if own.captures.get(name) != value:
                yield Failure(signature.id, place, f"{name} is {own.captures.get(name)!r}, expected {value!r}")
    related = {signature.id, *catalogue.ancestors(signature.id)}
    for match in matches:
        if match.signature not in related and signature.id not in catalogue.ancestors(match.signature):
            yield Failure(signature.id, place, f"is also matched by {match.signature}")
