"""Sets, sequences, counts, windows and negation, as docs/cre.md tells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import Negative, Positive, Rule, Term
from analyzer.reason.fulfilment import Entry, fulfilments
from tests.reason.obvious_rules import obvious_fulfilments


def _term(name: str) -> Term:
    return Term(kind="value", text=name)


def _rule(positives: str, *negatives: Negative, window: int = 10, ordered: bool = False) -> Rule:
    """`aab`: two of a and one of b."""
    counts: dict[str, int] = {}
    for name in positives:
        counts[name] = counts.get(name, 0) + 1
    each = tuple(Positive(term=_term(name), count=count) for name, count in counts.items())
    return Rule(positives=each, negatives=negatives, window=window, ordered=ordered)


def _not(name: str, **options: int | bool) -> Negative:
    return Negative(term=_term(name), **options)  # type: ignore[arg-type]


def _entries(rule: Rule, story: str) -> Iterator[Entry]:
    """`a1 b3 ab7`: at 1 a record that fulfils a, at 7 one that fulfils both."""
    for place, moment in enumerate(story.split()):
        names = moment.rstrip("0123456789")
        yield Entry(
            place=place,
            time=int(moment.removeprefix(names)),
            positives=tuple(n for n, positive in enumerate(rule.positives) if positive.term.text in names),
            negatives=tuple(n for n, negative in enumerate(rule.negatives) if negative.term.text in names),
        )


def _times(rule: Rule, story: str) -> list[list[int]]:
    return [[entry.time for entry in found] for found in fulfilments(rule, _entries(rule, story))]


@pytest.mark.parametrize(
    ("positives", "story", "found"),
    [
        ("ab", "a1 b5", [[1, 5]]),
        ("ab", "b1 a5", [[1, 5]]),
        ("ab", "ab3", [[3, 3]]),
        ("ab", "a1 b11", [[1, 11]]),
        ("ab", "a1 b12", []),
        ("ab", "a1 a2 b3 b4", [[1, 3], [2, 4]]),
        ("aab", "a1 b2 a3", [[1, 2, 3]]),
        ("aab", "a1 b2 a12", []),
        ("aa", "a1 a2 a3 a4 a5", [[1, 2], [3, 4]]),
        ("abc", "a1 b2 b3 a4 c5 c6 c7 b8 a9", [[1, 2, 5], [3, 4, 6], [7, 8, 9]]),
    ],
    ids=str,
)
def test_a_set_wants_all_terms_within_the_window(positives: str, story: str, found: list[list[int]]) -> None:
    assert _times(_rule(positives), story) == found


@pytest.mark.parametrize(
    ("positives", "story", "found"),
    [
        ("ab", "a1 b5", [[1, 5]]),
        ("ab", "b1 a5", []),
        ("ab", "a1 b1", [[1, 1]]),
        ("ab", "ab3", []),
        ("ab", "ab3 ab4", [[3, 4]]),
        ("ab", "a1 a2 a3 b4", [[1, 4]]),
        ("ab", "a1 b11", [[1, 11]]),
        ("ab", "a1 b12", []),
        ("ab", "a1 a2 b12 b13", [[2, 12]]),
        ("abc", "a1 a2 b3 a4 c5 b6 a7 c8 b9 c13", [[1, 3, 5], [2, 6, 8], [4, 9, 13]]),
        ("aaab", "a1 b2 a3 a4 a5 a6 b7 b8", [[1, 3, 4, 7]]),
        ("aabb", "a1 a2 b3 b4", [[1, 2, 3, 4]]),
        ("aaab", "a1 a2 a3 a4 a5 b14", []),
    ],
    ids=str,
)
def test_a_sequence_wants_them_in_order(positives: str, story: str, found: list[list[int]]) -> None:
    assert _times(_rule(positives, ordered=True), story) == found


def test_equal_terms_that_are_no_neighbours_stay_apart() -> None:
    a, b = Positive(term=_term("a")), Positive(term=_term("b"))
    rule = Rule(positives=(a, b, a), window=10, ordered=True)
    assert _times(rule, "a1 b2 b3") == []
    assert _times(rule, "a1 a2 b3 a4") == [[1, 3, 4]]


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize(
    ("negative", "story", "found"),
    [
        (_not("n"), "a1 n3 b5", []),
        (_not("n"), "a1 b5 n5", []),
        (_not("n"), "a1 b5 n6", [[1, 5]]),
        (_not("n"), "n0 a1 b5", [[1, 5]]),
        (_not("n"), "n1 a1 b5", [[1, 5]]),  # before the first positive nothing is remembered
        (_not("n", window=3), "a1 b5 n8", []),
        (_not("n", window=3), "a1 b5 n9", [[1, 5]]),
        (_not("n", window=3, absolute=True), "a1 n4 b5", []),
        (_not("n", window=3, absolute=True), "a1 n5 b5", [[1, 5]]),
        (_not("n", window=2, anchor=1, absolute=True), "a1 n4 b5", [[1, 5]]),
        (_not("n", window=2, anchor=1, absolute=True), "a1 b5 n7", []),
        (_not("n", slide=-3, window=2, absolute=True), "n3 a5 b6", []),
        (_not("n", slide=-3, window=2, absolute=True), "n1 a5 b6", [[5, 6]]),
        (_not("n", slide=4, window=2, absolute=True), "a1 b2 n4", [[1, 2]]),
        (_not("n", slide=4, window=2, absolute=True), "a1 b2 n5", []),
        (_not("n"), "a1 n3 a4 b5", [[4, 5]]),  # the anchored entry goes, the next one is tried
        (_not("n", window=50, absolute=True), "a1 b5", [[1, 5]]),  # released at the end of input
    ],
    ids=lambda value: str(value) if not isinstance(value, Negative) else "",
)
def test_a_negative_denies(negative: Negative, story: str, found: list[list[int]], ordered: bool) -> None:
    assert _times(_rule("ab", negative, ordered=ordered), story) == found


def test_a_bare_negative_of_a_single_term_acts_at_the_same_time_only() -> None:
    rule = _rule("a", _not("n"), window=0)
    assert _times(rule, "a1 n1 a2 n3") == [[2]]
    assert _times(rule, "n1 a1") == []


def test_a_candidate_waits_until_its_forbidden_time_is_over() -> None:
    rule = _rule("a", _not("n", window=5), window=0)
    found = fulfilments(rule, iter([Entry(0, 1, (0,)), Entry(1, 6, (0,)), Entry(2, 7, (0,))]))
    assert [entry.time for (entry,) in (next(found),)] == [1]
    assert len(list(found)) == 2


_NAMES = "abcn"


@st.composite
def _stories(draw: st.DrawFn) -> tuple[Rule, list[Entry]]:
    positives = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
    total = len(positives)
    counted = [Positive(term=_term(name), count=draw(st.integers(1, 2))) for name in positives]
    ordered = draw(st.booleans())
    if ordered and draw(st.booleans()):
        counted.append(Positive(term=_term(positives[0]), count=1))
        counted = counted if total > 1 else counted[:1]
    negatives = draw(
        st.lists(
            st.builds(
                Negative,
                term=st.just(_term("n")),
                window=st.integers(0, 6),
                slide=st.integers(-5, 5),
                anchor=st.integers(0, sum(each.count for each in counted) - 1),
                absolute=st.booleans(),
            ),
            max_size=2,
        )
    )
    rule = Rule(positives=tuple(counted), negatives=tuple(negatives), window=draw(st.integers(0, 8)), ordered=ordered)
    gaps = draw(st.lists(st.tuples(st.integers(0, 4), st.sets(st.sampled_from(_NAMES), min_size=1)), max_size=14))
    return rule, list(_told(rule, gaps))


def _told(rule: Rule, gaps: Sequence[tuple[int, set[str]]]) -> Iterator[Entry]:
    time = 0
    for place, (gap, names) in enumerate(gaps):
        time += gap
        yield Entry(
            place=place,
            time=time,
            positives=tuple(n for n, positive in enumerate(rule.positives) if positive.term.text in names),
            negatives=tuple(n for n, negative in enumerate(rule.negatives) if negative.term.text in names),
        )


@given(_stories())
def test_it_finds_what_the_obvious_way_finds(story: tuple[Rule, list[Entry]]) -> None:
    rule, entries = story
    assert list(fulfilments(rule, entries)) == obvious_fulfilments(rule, entries)
