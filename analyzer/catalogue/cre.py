"""CRE rules (github.com/prequel-dev/cre) -> signatures, unchanged.

A CRE file holds `rules:`, each with its description (`cre:`), and named `terms:` that they may use.
What such a rule means when it meets records is told in docs/cre.md; here it is only read, checked and
brought into the form of `analyzer.model.Rule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from pydantic import ValidationError

from analyzer.catalogue.cre_advice import destroys, steps_of
from analyzer.catalogue.cre_shape import KNOWN_KEYS, CreFile, CreRule, CreTerm, Sequence, Set, Terms
from analyzer.catalogue.cre_terms import broad_term, duration, fault_in
from analyzer.catalogue.document import Document
from analyzer.model import FixStep, Negative, Positive, Rule, Severity, Signature, Term, TermKind
from analyzer.validation import complaints

_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""By CRE's numbers: 0 is critical."""

BROAD = "healthy logs may fulfil it as well"
_MOST_TERMS = 64
_MANUAL = "docs/cre.md"


def is_cre(document: Document) -> bool:
    """Whether a file holds CRE rules rather than one of our own signatures."""
    return isinstance(document.values, dict) and "rules" in document.values and "id" not in document.values


def is_supplement(document: Document) -> bool:
    """Whether a file is one of those that lie beside CRE rules: lists of tags, categories and sources."""
    values = document.values
    if not isinstance(values, dict) or not values:
        return False
    listing = "metadata" in values and ("tags" in values or "categories" in values)
    sources = {"version", "sources"} <= values.keys() or all(key.startswith("cre.") for key in values)
    return listing or sources


def read_rules(document: Document) -> list[Signature]:
    """The rules of a CRE file as signatures; faults are noted in the document, and no rule that has
    one is returned."""
    try:
        file = CreFile.model_validate(document.values)
    except ValidationError as error:
        for complaint in complaints(error, KNOWN_KEYS, _MANUAL):
            document.problem(*complaint)
        return []
    if not file.rules:
        document.problem("rules", "the list holds no rule", f"see {_MANUAL}")
    signatures = []
    for index, written in enumerate(file.rules):
        key, faults = f"rules[{index}]", len(document.problems)
        rule = _Reader(document, f"{key}.rule", file.terms).rule(written)
        if rule is not None and len(document.problems) == faults:
            signatures.append(_signature(written, rule))
            _remark(written, rule, key, document)
    return signatures


@dataclass(frozen=True, slots=True)
class _Meant:
    """A term as it is meant, a name replaced by what it stands for; `key` is where it is written."""

    key: str
    kind: TermKind
    text: str
    written: CreTerm
    options: CreTerm

    @property
    def term(self) -> Term:
        return Term(kind=self.kind, text=self.text)


class _Reader:
    """Reads the body of one rule; `terms` are the named ones of the file."""

    def __init__(self, document: Document, key: str, terms: Mapping[str, CreTerm]) -> None:
        self._document = document
        self._key = key
        self._terms = terms

    def rule(self, written: CreRule) -> Rule | None:
        """The rule, or None with the reasons noted."""
        group = written.rule.sequence or written.rule.set
        if group is None:
            self._document.problem(self._key, "the rule has neither a set nor a sequence", f"see {_MANUAL}")
            return None
        ordered = isinstance(group, Sequence)
        key, name = (f"{self._key}.sequence", "order") if ordered else (f"{self._key}.set", "match")
        found = list(self._meant(group.positives, f"{key}.{name}"))
        positives = [Positive(term=meant.term, count=self._count(meant)) for meant in found]
        total = sum(positive.count for positive in positives)
        if not group.positives:
            self._document.problem(f"{key}.{name}", f"{name} needs at least one term")
        merged = _in_order(positives) if ordered else _together(positives)
        if len({positive.term for positive in merged}) > _MOST_TERMS:
            self._document.problem(f"{key}.{name}", f"more than {_MOST_TERMS} different terms")
        window = self._window(group, key, total, ordered=ordered)
        negatives = [self._negative(m, total, window) for m in self._meant(group.negate, f"{key}.negate")]
        return Rule(positives=merged, negatives=tuple(negatives), window=window, ordered=ordered)

    def _meant(self, terms: Terms, key: str) -> Iterator[_Meant]:
        for index, written in enumerate(terms):
            place = f"{key}[{index}]"
            named = self._terms.get(written.value) if written.value is not None else None
            if named is not None and written.count is not None:
                self._document.remark(f"{place}.count", "has no effect beside a named term", "count it under terms:")
            stated = self._stated(named or written, f"terms.{written.value}" if named else place)
            if stated is not None:
                negating = written if named is None or written.negates else named
                yield _Meant(place, *stated, written=named or written, options=negating)

    def _stated(self, term: CreTerm, key: str) -> tuple[TermKind, str] | None:
        """What a term says: its kind and text, or None with the reason noted."""
        stated = [(kind, text) for kind in get_args(TermKind) if (text := getattr(term, kind)) is not None]
        if len(stated) != 1:
            self._document.problem(key, "a term needs exactly one of value, regex and jq")
            return None
        kind, text = stated[0]
        fault = fault_in(Term(kind=kind, text=text))
        if fault is not None:
            self._document.problem(f"{key}.{kind}", *fault)
            return None
        return kind, text

    def _count(self, meant: _Meant) -> int:
        count = 1 if meant.written.count is None else meant.written.count
        if count < 1:
            self._document.problem(f"{meant.key}.count", f"{count} is no number of records", "1 or more")
        return max(count, 1)

    def _window(self, group: Set | Sequence, key: str, total: int, *, ordered: bool) -> int:
        if ordered and total < 2:
            self._document.problem(f"{key}.order", "a sequence needs two terms", "use a set for one")
        if group.window is None and (ordered or total > 1):
            self._document.problem(key, "more than one term needs a window", "like window: 30s")
        elif group.window is not None and not ordered and total == 1:
            self._document.problem(f"{key}.window", "one term alone has no window", "drop it, or count more")
        return self._duration(group.window, f"{key}.window", least=0)

    def _negative(self, meant: _Meant, total: int, window: int) -> Negative:
        options = meant.options
        if meant.written.count is not None and meant.written.count > 1:
            self._document.problem(f"{meant.key}.count", "what must not be there cannot be counted")
        if not 0 <= options.anchor < total:
            self._document.problem(f"{meant.key}.anchor", f"no positive has the number {options.anchor}")
        own = self._duration(options.window, f"{meant.key}.window", least=0)
        return Negative(
            term=meant.term,
            window=window if options.window is None else own,
            slide=self._duration(options.slide, f"{meant.key}.slide"),
            anchor=options.anchor,
            absolute=options.absolute,
        )

    def _duration(self, text: str | None, key: str, least: int | None = None) -> int:
        if text is None:
            return 0
        try:
            span = duration(text)
        except ValueError as error:
            self._document.problem(key, str(error), "like 30s, 1m30s or 500ms")
            return 0
        if least is not None and span < least:
            self._document.problem(key, f"{text} is negative")
        return span


def _together(positives: Iterable[Positive]) -> tuple[Positive, ...]:
    """The terms of a set: each once, with the number of records that it needs."""
    counts: dict[Term, int] = {}
    for positive in positives:
        counts[positive.term] = counts.get(positive.term, 0) + positive.count
    return tuple(Positive(term=term, count=count) for term, count in counts.items())


def _in_order(positives: Iterable[Positive]) -> tuple[Positive, ...]:
    """The terms of a sequence: equal neighbours are one that needs more records."""
    merged: list[Positive] = []
    for positive in positives:
        count = positive.count
        if merged and merged[-1].term == positive.term:
            count += merged.pop().count
        merged.append(Positive(term=positive.term, count=count))
    return tuple(merged)


def _remark(written: CreRule, rule: Rule, key: str, document: Document) -> None:
    """Say what is odd about a rule that can be used nevertheless."""
    for part, extra in (("cre", written.cre.model_extra), ("metadata", written.metadata.model_extra)):
        for name in extra or {}:
            document.remark(f"{key}.{part}.{name}", "unknown key", "it is not read")
    broad = broad_term(rule)
    if broad is not None:
        message = f"{written.cre.id}, which asks for nothing more telling than the {broad.kind} {broad.text!r}"
        document.remark(f"{key}.rule", message, BROAD)


def _signature(rule: CreRule, body: Rule) -> Signature:
    cre = rule.cre
    applications = [application["name"].lower() for application in cre.applications if application.get("name")]
    return Signature(
        id=cre.id,
        title=_literal(" ".join(cre.title.split())),
        category=cre.category,
        severity=_SEVERITIES[cre.severity],
        tags=tuple(dict.fromkeys([*cre.tags, *applications])),
        rule=body,
        cause=(cre.cause or cre.description).strip(),
        impact=cre.impact.strip(),
        fix=tuple(_step(text, command) for text, command in steps_of("\n".join([cre.mitigation, *cre.recovery]))),
        verify=tuple(map(_literal, cre.validation)),
        prevent=tuple(map(_literal, cre.prevention)),
        references=cre.references,
    )


def _step(text: str, command: str | None) -> FixStep:
    return FixStep(text=text, command=_literal(command) if command else None, destructive=destroys(command))


def _literal(text: str) -> str:
    """Text in which braces stand for themselves, where ours are templates."""
    return text.replace("{", "{{").replace("}", "}}")
