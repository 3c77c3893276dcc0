"""Single terms of CRE rules: durations, what is wrong with a term, and whether it is too broad."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.catalogue.lint import fixed_texts
from analyzer.model import Rule, Term

_UNITS = {"ns": 1e-3, "us": 1.0, "µs": 1.0, "μs": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6, "h": 3600e6}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_WORD = re.compile(r"[^\W_]+")
_COMMON = re.compile(r"[a-z0-9]+|[A-Z][a-z]+|[A-Z]{1,5}")
"""Words as they stand in any text, unlike `OOMKilled` or `ETIMEDOUT`."""


def duration(text: str) -> int:
    """A duration as Go writes it (`30s`, `1m30s`, `500ms`, `-10s`) in microseconds. Raises ValueError."""
    unsigned = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    parts = list(_PART.finditer(unsigned))
    if unsigned != "0" and (not parts or "".join(part[0] for part in parts) != unsigned):
        raise ValueError(f"{text!r} is no duration")
    span = round(sum(float(part[1]) * _UNITS[part[2]] for part in parts))
    return -span if text.startswith("-") else span


def fault_in(term: Term) -> tuple[str, str] | None:
    """What makes a term unusable, and a hint."""
    if not term.text:
        return f"the {term.kind} is empty", "it would match every record"
    if term.kind == "regex":
        try:
            pc.match_substring_regex(pa.array([""]), term.text)
        except pa.ArrowInvalid as error:
            return str(error), "CRE rules use the RE2 dialect"
    return _fault_in_query(term.text) if term.kind == "jq" else None


def _fault_in_query(query: str) -> tuple[str, str] | None:
    try:
        import jq
    except ImportError:
        return "jq terms need the package jq", "pip install 'log-incident-analyzer[cre]'"
    try:
        jq.compile(query)
    except ValueError as error:
        return f"not a valid jq query: {str(error).splitlines()[0]}", ""
    return None


def broad_term(rule: Rule) -> Term | None:
    """The most telling term of a rule that says too little to be believed, None for other rules.

    Such a rule fires on healthy logs too: all it asks for is one common word or a number.
    """
    terms = [positive.term for positive in rule.positives]
    return terms[0] if all(map(_is_broad, terms)) else None


def _is_broad(term: Term) -> bool:
    """Whether a term says no more than one common word or number; of alternatives the first counts."""
    if term.kind == "jq":
        return False
    fixed = [term.text] if term.kind == "value" else fixed_texts(term.text)
    words = _WORD.findall(" ".join(fixed))
    return len(words) < 2 and all(map(_COMMON.fullmatch, words))
