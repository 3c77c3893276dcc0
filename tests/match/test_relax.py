"""What the fast engine looks for in raw bytes covers whatever a pattern finds in canonical text."""

from __future__ import annotations

import json
import re

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyzer.catalogue.dialect import UnsupportedPattern
from analyzer.match.canonical import canonical
from analyzer.match.literals import Topic, any_literals, hints, required_literals, topic_of
from analyzer.match.relax import relax

ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "relation",
        " ",
        '"',
        "'",
        "/",
        "é",
        "🚀",
        r"\n",
        ".",
        r"\s",
        r"\S",
        r"\w",
        r"\d",
        "[0-9]",
        "40[34]",
        "error",
        '[^"]',
        "[^a]",
        "[a-z]",
        "[\"']",
        r"[^\s\"]",
        "<",
        "&",
        r"\.",
        ":",
        r"\(",
    ]
)
REPEATS = st.sampled_from(["", "", "", "+", "*", "?", "{2}", "{1,3}", "{2,}", "+?", "*?"])
PATTERNS = st.recursive(
    st.lists(st.tuples(ATOMS, REPEATS).map("".join), min_size=1, max_size=4).map("".join),
    lambda inner: st.one_of(
        st.tuples(inner, REPEATS).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, inner).map("".join),
        inner.map(lambda pattern: f"(?P<id>{pattern})"),
        inner.map(lambda pattern: rf"\b{pattern}"),
    ),
    max_leaves=4,
)
TEXTS = st.lists(
    st.sampled_from([*"ab 'é🚀\n\t1.:<&(/\\“’", '"', "relation", "\r\n"]),
).map("".join)


def _raw_forms(text: str) -> list[bytes]:
    once = json.dumps({"msg": text})
    return [
        text.encode(),
        once.encode(),
        json.dumps({"msg": text}, ensure_ascii=False).encode(),
        json.dumps({"log": once}).encode(),
        once.replace("/", "\\/").replace("<", "\\u003c").replace("&", "\\u0026").replace("'", "\\u0027").encode(),
    ]


def _relaxed(pattern: str) -> tuple[bytes, bool] | None:
    try:
        return relax(pattern.encode())
    except UnsupportedPattern:  # nothing but optional parts
        return None


def _finds(expression: tuple[bytes, bool], raw: bytes) -> bool:
    """Hyperscan's syntax is that of `regex` as far as `relax` uses it."""
    body, ignore_case = expression
    return regex.search(body, raw, regex.IGNORECASE if ignore_case else 0) is not None


@settings(max_examples=200)
@given(PATTERNS.filter(lambda pattern: pattern.count("?P<id>") <= 1), TEXTS)
def test_the_relaxed_pattern_is_found_wherever_the_pattern_is(pattern: str, text: str) -> None:
    relaxed = _relaxed(pattern)
    assume(relaxed is not None)
    assert relaxed is not None
    for raw in _raw_forms(text):
        if regex.search(pattern.encode(), canonical(raw)):
            assert _finds(relaxed, raw), (pattern, relaxed[0], raw)


@settings(max_examples=200)
@given(PATTERNS.filter(lambda pattern: pattern.count("?P<id>") <= 1), TEXTS)
def test_one_of_the_required_texts_stands_wherever_the_pattern_is_found(pattern: str, text: str) -> None:
    for literals in (required_literals(pattern.encode()), hints(pattern.encode()), any_literals(pattern.encode())):
        for raw in _raw_forms(text) if literals is not None else ():
            if regex.search(pattern.encode(), canonical(raw)):
                assert any(_stands(literal.text, literal.ignore_case, raw) for literal in literals or ()), (
                    pattern,
                    raw,
                )


def _stands(text: bytes, ignore_case: bool, raw: bytes) -> bool:
    return (text.lower() in raw.lower()) if ignore_case else text in raw


@pytest.mark.parametrize(
    ("pattern", "raw"),
    [
        ("orders.is", rb'{"m":"orders\"is"}'),
        ('relation "(?P<relation>[^"]+)" does', rb'{"m":"relation \\\"orders\\\" does"}'),
        (r"first\nsecond", rb'{"m":"first\r\nsecond"}'),
        (r"first\ssecond", rb'{"m":"first\u000d\u000asecond"}'),
        ("caf[^ ]{2} au lait", rb'{"m":"caf\u00e9 au lait"}'),
        ("say [^x]{4} now", rb'{"m":"say \ud83d\ude80 now"}'),
        ("(?i)DOES NOT exist", b"does not EXIST"),
        (r"(?i:orders) \w+", b"ORDERS x"),
        (r"(?P<id>a)-(?P=id)", b"a-a"),
        (r"(?<=x)after", b"xafter"),
        (r"(?s)begin.+end", b"begin\nend"),
    ],
)
def test_forms_met_in_the_wild(pattern: str, raw: bytes) -> None:
    assert regex.search(pattern.encode(), canonical(raw))
    try:
        assert _finds(relax(pattern.encode()), raw)
    except UnsupportedPattern:
        assert "(?P=" in pattern


@pytest.mark.parametrize("pattern", ["a*", "(?:ab)?", "^", r"\b", "x{0,3}$"])
def test_patterns_of_which_nothing_is_left(pattern: str) -> None:
    with pytest.raises(UnsupportedPattern):
        relax(pattern.encode())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("violates foreign key constraint", {b"violates foreign key constraint"}),
        ('relation "[^"]+" does not exist', None),
        (r"(?:ECONNREFUSED|ENOTFOUND) \d+", {b"ECONNREFUSED ", b"ENOTFOUND "}),
        (r"(?i)circuit(?:-| )?breaker \w+", {b"circuitbreaker ", b"circuit-breaker ", b"circuit breaker "}),
        (r"(?i:Disk) quota exceeded\b", {b"Disk quota exceeded"}),
        (
            r"(?:logs?|part) (?:corrupt|lost) \w+",
            {f"{a} {b} ".encode() for a in ("log", "logs", "part") for b in ("corrupt", "lost")},
        ),
        (r"(?:ECONNREFUSED|x) \d+", None),
        (r"(?:ECONNREFUSED)?", None),
        (r"error", None),
    ],
)
def test_required_texts(pattern: str, expected: set[bytes] | None) -> None:
    literals = required_literals(pattern.encode())
    texts = None if literals is None else {literal.text for literal in literals}
    assert texts == expected or (expected is None and texts is not None and all(re.search(rb"\w{4}", t) for t in texts))


@pytest.mark.parametrize(
    ("pattern", "expected", "topic"),
    [
        (r"(?i)\w+ (?:failed|refused) \w+", {b"failed", b"refused"}, Topic.FAILURE),
        (r"order \w+ (?:created|saved)\b", {b" created", b" saved"}, Topic.COMPLETION),
        (r"GET \S+ (?:429|50[2-4])\b", {b" 429", b" 502", b" 503", b" 504"}, Topic.EXCHANGE),
        (r"\S+ (?:saved|lost) \w+", {b" saved ", b" lost "}, Topic.FAILURE),
        (r"GET \S+ 200\b", None, None),
        (r"created_\w+", None, None),
    ],
)
def test_hints_are_of_a_topic(pattern: str, expected: set[bytes] | None, topic: Topic | None) -> None:
    texts = hints(pattern.encode())
    assert (None if texts is None else {literal.text for literal in texts}) == expected
    assert (None if texts is None else topic_of(texts)) == topic
