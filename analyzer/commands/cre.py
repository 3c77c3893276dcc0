"""What `analyzer patterns` says of CRE rules: their logic, their test logs, what a record means to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from analyzer.catalogue import Catalogue
from analyzer.match.jq_queries import Queries
from analyzer.match.rules import terms_of
from analyzer.match.terms import fulfil
from analyzer.match.verify import Failure
from analyzer.model import Negative, Rule, Signature, Term
from analyzer.pipeline import analyze

TEST_LOG, FALSE_POSITIVE_LOG = "test.log", "test-fp.log"
"""Logs beside a rule: one on which it must fire, and one on which it must not."""


def described(rule: Rule) -> Iterator[tuple[str, str]]:
    """The logic of a rule in lines, each with a label."""
    if not rule.single:
        order = "in this order" if rule.ordered else "in any order"
        yield "rule", f"all within {_span(rule.window)}, {order}" if rule.window else "one term alone"
    for positive in rule.positives:
        yield "", f"{positive.count} x {_named(positive.term)}" if positive.count > 1 else _named(positive.term)
    for negative in rule.negatives:
        yield "but not", f"{_named(negative.term)}, {_when(negative)}"


def _named(term: Term) -> str:
    return f"{term.kind} {term.text}"


def _when(negative: Negative) -> str:
    begin = f"record {negative.anchor + 1}"
    if negative.slide:
        begin = f"{_span(abs(negative.slide))} {'after' if negative.slide > 0 else 'before'} {begin}"
    end = "" if negative.absolute else " and as long as the match takes"
    return f"from {begin} on for {_span(negative.window)}{end}"


def _span(micros: int) -> str:
    return f"{micros / 1_000_000:g}s"


def trials(catalogue: Catalogue) -> tuple[int, list[Failure]]:
    """How many test logs lie beside the rules of a catalogue, and which rules do not behave on theirs."""
    rules = Catalogue(tuple(signature for signature in catalogue if signature.rule is not None))
    homes = Counter(catalogue.files[signature.id].parent for signature in rules)
    tried, failures = 0, list[Failure]()
    for signature in rules:
        home = catalogue.files[signature.id].parent
        if homes[home] > 1:
            continue  # whose log would it be?
        for name, wanted in ((TEST_LOG, True), (FALSE_POSITIVE_LOG, False)):
            if (home / name).is_file():
                tried += 1
                if _fires(signature, home / name, rules) is not wanted:
                    failures.append(Failure(signature.id, name, "does not fire" if wanted else "fires, and must not"))
    return tried, failures


def _fires(signature: Signature, log: Path, rules: Catalogue) -> bool:
    return signature.id in analyze([log], catalogue=rules).events["signature"].unique().to_pylist()


def told_of(record: str, catalogue: Catalogue) -> Iterator[tuple[Signature, str]]:
    """Which rules a record fulfils, or terms of them: each with what it fulfils of it."""
    text = pa.array([record])
    with closing(Queries()) as queries:
        true = {term for term in terms_of(catalogue) if fulfil(term, text, queries)[0]}
    for signature in catalogue:
        fulfilled = [term for term in signature.rule.terms if term in true] if signature.rule else []
        if fulfilled and signature.rule:
            every = "the rule" if signature.rule.single else f"{len(fulfilled)} of {len(signature.rule.terms)} terms"
            yield signature, f"fulfils {every}: {'; '.join(map(_named, fulfilled))}"
