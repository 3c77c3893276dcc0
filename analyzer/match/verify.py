"""A catalogue held against its own samples: what `analyzer patterns test` and CI run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import hyperscan

from analyzer.catalogue import Catalogue
from analyzer.catalogue.dialect import UnsupportedPattern
from analyzer.match.canonical import canonical
from analyzer.match.engine import HyperscanEngine
from analyzer.match.reference import Match, match_record, match_signature
from analyzer.model import Signature


@dataclass(frozen=True, slots=True)
class Failure:
    """A sample or near miss that does not behave as its file says."""

    signature: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.signature}: {self.place}: {self.message}"


def verify(catalogue: Catalogue) -> list[Failure]:
    """Every disagreement between the signatures and their samples, and patterns no engine can take."""
    failures = list(_uncompilable(catalogue))
    for signature in catalogue:
        for index, sample in enumerate(signature.samples):
            matches = match_record(sample.text.encode(), catalogue)
            failures += _check_sample(signature, f"samples[{index}]", dict(sample.captures), matches, catalogue)
        for index, text in enumerate(signature.near_misses):
            if match_signature(canonical(text.encode()), signature) is not None:
                failures.append(Failure(signature.id, f"near_misses[{index}]", "matches, and must not"))
    return failures


def _uncompilable(catalogue: Catalogue) -> Iterator[Failure]:
    for signature in catalogue:
        for index, pattern in enumerate(signature.match):
            try:
                HyperscanEngine([pattern])
            except (UnsupportedPattern, hyperscan.error) as error:
                yield Failure(signature.id, f"match[{index}]", str(error))


def _check_sample(
    signature: Signature, place: str, expected: dict[str, str], matches: list[Match], catalogue: Catalogue
) -> Iterator[Failure]:
    own = next((match for match in matches if match.signature == signature.id), None)
    descendant = any(signature.id in catalogue.ancestors(match.signature) for match in matches)
    if own is None and not descendant:
        yield Failure(signature.id, place, "does not match its own signature")
    if own is not None:
        for name, value in expected.items():
            if own.captures.get(name) != value:
                yield Failure(signature.id, place, f"{name} is {own.captures.get(name)!r}, expected {value!r}")
    related = {signature.id, *catalogue.ancestors(signature.id)}
    for match in matches:
        if match.signature not in related and signature.id not in catalogue.ancestors(match.signature):
            yield Failure(signature.id, place, f"is also matched by {match.signature}")
