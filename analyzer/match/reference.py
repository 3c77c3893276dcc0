"""The slow, obvious engine: every pattern of every signature on every record. The specification.

A signature matches a record when one of its `match` patterns is found in the record's canonical
text, or the HTTP exchange that its `request` asks for, or the SQLSTATE that its `where` asks for; none
of its `exclude` patterns is; and the record states no field otherwise than `where` has it. Its
captures are those of the exchange, or of the first pattern found.
Where a signature and a broader one that it refines both match, only the more specific one counts;
it takes over the captures that it does not have itself. A signature that `yields` counts only where
no other failure is found, except those that yield too and those that tell only an effect: the application's
own words (`app.`), an answer 5xx (`http.server_error`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.catalogue import Catalogue
from analyzer.ingest.layout import Layout
from analyzer.match.expressions import compile_pattern
from analyzer.match.http import exchange_in, fits
from analyzer.match.stated import Stated, decided, stated_by, vetoed
from analyzer.model import Signature

CONFIRM_TIMEOUT = 1.0
"""Seconds that one pattern may spend on one record before it counts as not matching."""
_EFFECTS = ("app.", "http.server_error")
"""Signatures, or technologies, that tell what a failure did to its users."""


@dataclass(frozen=True, slots=True)
class Match:
    """A signature found in a record, with its captures."""

    signature: str
    captures: Mapping[str, str]


def match_record(record: bytes, catalogue: Catalogue, layout: Layout | None = None) -> list[Match]:
    """Every signature that matches one record, in the order of their ids."""
    stated = stated_by(record, layout)
    found = {}
    for signature in catalogue:
        captures = match_signature(stated, signature)
        if captures is not None:
            found[signature.id] = captures
    return most_specific(found, catalogue)


def match_signature(stated: Stated, signature: Signature) -> dict[str, str] | None:
    """The captures of a signature in a record, or None where it does not match."""
    found = _first_match(stated, signature)
    if (where := signature.where) is not None:
        if found is None and decided(where, stated):
            found = {}
        if found is not None and vetoed(where, stated):
            return None
    if found is None or any(_search(veto, stated.text) is not None for veto in signature.exclude):
        return None
    return with_sqlstate(found, signature, stated)


def _first_match(stated: Stated, signature: Signature) -> dict[str, str] | None:
    if signature.request is not None:
        exchange = exchange_in(stated.text)
        if exchange is not None and fits(exchange, signature.request):
            return exchange.captures()
    text = stated.seen_by(signature)
    return next((found for pattern in signature.match if (found := _search(pattern, text)) is not None), None)


def with_sqlstate(captures: dict[str, str], signature: Signature, stated: Stated) -> dict[str, str]:
    """Captures with the SQLSTATE of the record, where the signature asks for it."""
    if signature.where and signature.where.sqlstate and stated.sqlstate:
        return {"sqlstate": stated.sqlstate, **captures}
    return captures


def most_specific(found: Mapping[str, dict[str, str]], catalogue: Catalogue) -> list[Match]:
    """Drop each signature that another one found in the same record refines, and each that yields to another."""
    if len(found) == 1:
        return [Match(name, captures) for name, captures in found.items()]
    refined: set[str] = set()
    merged = {name: dict(captures) for name, captures in found.items()}
    for name in found:
        for ancestor in catalogue.ancestors(name):
            if ancestor in found:
                refined.add(ancestor)
                merged[name] = {**found[ancestor], **merged[name]}
    left = [catalogue[name] for name in sorted(found) if name not in refined]
    outspoken = any(_says_what_failed(signature) for signature in left)
    return [Match(each.id, merged[each.id]) for each in left if not (outspoken and each.yields)]


def _says_what_failed(signature: Signature) -> bool:
    """Whether broad signatures step back before this one. They do not before what tells only an effect,
    beside which the cause must stay: the application's own words (`could not save order 42`), an answer 5xx."""
    return signature.kind == "failure" and not signature.yields and not signature.id.startswith(_EFFECTS)


def _search(pattern: str, text: bytes) -> dict[str, str] | None:
    try:
        found = compile_pattern(pattern).search(text, timeout=CONFIRM_TIMEOUT)
    except TimeoutError:
        return None
    if found is None:
        return None
    return decode_captures(found.groupdict())


def decode_captures(groups: Mapping[str, bytes | None]) -> dict[str, str]:
    """Captured bytes as text; groups that took no part are left out."""
    return {name: value.decode("utf-8", "replace").strip() for name, value in groups.items() if value}


__all__: Sequence[str] = ["Match", "match_record", "match_signature", "most_specific"]
