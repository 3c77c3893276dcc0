"""The fixed texts of which one must stand in any record that a pattern matches.

Searching for hundreds of fixed texts at once is what Hyperscan does fastest, several times faster
than hundreds of expressions. So a pattern that cannot match without one of a few distinctive texts
is looked for by them; what is found is confirmed by the pattern itself anyway.

Only characters that no program escapes may stand in such a text, so that what holds in canonical
text holds in the raw bytes too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from analyzer.catalogue.dialect import parse_pattern
from analyzer.match.canonical import ESCAPED

DISTINCTIVE = 4.5
"""How much distinctive text (see `_weight`) a literal needs to stand for its pattern."""

TELLING = 1.0
"""How much a hint must tell, by `_telling`."""

_MOST = 40
_SMALL_CLASS = 10
_PHRASE = 3
_LONG_WORD = 10
_COMMON = re.compile(
    rb"(?<![A-Za-z])(?:[Ee]rrors?|ERROR|[Ff]ail(?:ed|ure|s|ing)?|FAILED|[Ee]xceptions?|[Cc]onnect(?:ion|ed)?|[Rr]equests?|"
    rb"[Rr]esponse|[Mm]essage|[Ww]arning|WARNING|[Ss]tatus|[Ss]erver|[Cc]lient|[Ss]ession|[Qq]uery|[Tt]able|[Cc]olumn|"
    rb"[Cc]ould not|[Cc]annot|[Uu]nable to|[Tt]imeout|timed out|[Hh]ttps?|HTTP|[Ii]nfo|INFO|[Nn]ull|NULL|[Ff]ile|"
    rb"[Hh]ost|[Uu]ser|GET|POST|PUT|PATCH|DELETE|the|for|not|with|from|while|in|to|of|is|was|has)(?![A-Za-z])"
)
_SELDOM = re.compile(
    rb"(?i)fail|unable|could not|couldn|cannot|can.t|error|exception|refus|denied|timed|timeout|unhealthy|drop|discard|"
    rb"exceed|mismatch|reject|invalid|missing|undefined|unset|abort|rolled|up after|giv\w+ up|not found|t find|"
    rb"exhaust|lost|losing|corrupt|panic|fatal|crash|kill|overflow|not exist|unsuccessful|found|stall|too many|slow|"
    rb"migrat|rolled|rolling|deploy|reload|re-?read|renew|rotated|blocked|segmentation|cordon|drained|evicted|"
    rb"scal(?:ed|ing)|fallback|signal|goose|problem|illegal|not able|not match|doesn|t connect|threshold|"
    rb"expected|no route|not supported|will reset|at capacity|sasl|pg_?code|"
    rb"not (?:been )?(?:set|defined|configured|provided|processed|imported|saved|synced|stored)|"
    rb"\b(?:flipped|toggled|patched|modified|is full|is down|EOF|goaway|reverted|reverting)\b"
)
_COMPLETION = re.compile(
    rb"(?i)(?:creat|sav|stor|persist|insert|record|register|submitt|plac|complet|finali[sz]|committ|chang|updat|finish|"
    rb"end|import)ed ?\Z|(?:written|wrote) ?\Z"
)
_EXCHANGE = re.compile(rb"(?<!\d)(?:404|413|429|499|5\d\d|H\d\d) ?\Z")


class Topic(IntEnum):
    """What hints speak of: that something was done, a request with its answer, or a failure."""

    COMPLETION = 0
    EXCHANGE = 1
    FAILURE = 2


class Literal(NamedTuple):
    """A fixed text, whether its case matters, and whether a word ends with it.

    That a word begins with it is not said: in raw bytes the `n` of `\\n` may stand right before.
    """

    text: bytes
    ignore_case: bool
    ends_word: bool = False


Texts = frozenset[Literal]
Weight = Callable[[Literal], float]
_NOTHING: Texts = frozenset({Literal(b"", ignore_case=False)})
_WORD_END: Texts = frozenset({Literal(b"", ignore_case=False, ends_word=True)})


def required_literals(pattern: bytes) -> Texts | None:
    """The texts of which every match holds at least one, or None if none is distinctive enough."""
    return _required(pattern, _weight, DISTINCTIVE)


def hints(pattern: bytes) -> Texts | None:
    """Like `required_literals`, but content with words such as `failed`, `refused` or `deploy`: few
    healthy records hold one, so they tell which records are worth a closer look."""
    return _required(pattern, _telling, TELLING)


def topic_of(texts: Texts) -> Topic:
    """What all of some hints speak of; where they speak of several things, of failures."""
    topics = {_topic(literal) for literal in texts}
    return next((topic for topic in Topic if topics == {topic}), Topic.FAILURE)


def any_literals(pattern: bytes) -> Texts | None:
    """Like `required_literals`, but content with any text of three characters or more, however common."""
    return _required(pattern, lambda literal: 2 * (len(literal.text) // 3), 0.0)


def _required(pattern: bytes, weight: Weight, least: float) -> Texts | None:
    tree = parse_pattern(pattern)
    best = _best_of(list(tree), bool(tree.state.flags & re.IGNORECASE), weight)
    return best if best is not None and _strength(best, weight) >= least else None


def _best_of(items: Sequence[Any], ignore_case: bool, weight: Weight) -> Texts | None:
    """The best requirement of a sequence: a run of items that spell out a few texts, or what one of
    the other items requires. Short runs compete with long ones, which have more spellings."""
    candidates: list[Texts | None] = []
    parts = _parts(items, ignore_case)
    for most in (1, _MOST):
        run = _NOTHING
        for kind, value, spelled in parts:
            if spelled is not None and len(spelled) <= most and len(grown := _joined(run, spelled)) <= most:
                run = grown
                continue
            candidates.append(_requirement(run))
            run = _NOTHING if spelled is None else spelled
            if spelled is None and (inner := _inside(kind, value, ignore_case, weight)) is not None:
                candidates.append(inner)
        candidates.append(_requirement(run))
    return max(filter(None, candidates), key=lambda texts: _strength(texts, weight), default=None)


def _parts(items: Sequence[Any], ignore_case: bool) -> list[tuple[Any, Any, Texts | None]]:
    """The items with their spellings; those that can be spelled one way only, together as one."""
    parts: list[tuple[Any, Any, Texts | None]] = []
    for kind, value in _flat(items):
        spelled = _spellings(kind, value, ignore_case)
        before = parts[-1][2] if parts else None
        if before is not None and spelled is not None and len(before) == len(spelled) == 1:
            spelled = _joined(before, spelled)
            parts.pop()
        parts.append((kind, value, spelled))
    return parts


def _flat(items: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    """The items with plain groups opened, so that a text may run across their borders."""
    for kind, value in items:
        if kind is op.SUBPATTERN and not value[1] and not value[2] and not _is_branch(value[3]):
            yield from _flat(list(value[3]))
        else:
            yield kind, value


def _is_branch(body: Any) -> bool:
    return len(body) == 1 and body[0][0] is op.BRANCH


def _spellings(kind: Any, value: Any, ignore_case: bool) -> Texts | None:
    """All texts that an item can match, where they are few and of characters that are not escaped."""
    if kind is op.AT and value is op.AT_BOUNDARY:
        return _WORD_END
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return _NOTHING
    if kind is op.LITERAL:
        plain = value >= 0x80 or value not in ESCAPED
        return frozenset({Literal(b"%c" % value, ignore_case)}) if plain else None
    if kind is op.IN:
        codes = _few_codes(value)
        return _either([[(op.LITERAL, code)] for code in codes], ignore_case) if codes else None
    if kind is op.SUBPATTERN:
        _, add, remove, body = value
        return _spelled(list(body), _ignores(ignore_case, add, remove))
    if kind is op.ATOMIC_GROUP:
        return _spelled(list(value), ignore_case)
    if kind is op.BRANCH:
        return _either(value[1], ignore_case)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and value[1] <= max(value[0], 2):
        return _either([list(value[2]) * times for times in range(value[0], value[1] + 1)], ignore_case)
    return None


def _few_codes(items: Sequence[Any]) -> list[int]:
    """The ASCII codes of a small class; none where it is large, or takes others."""
    codes: list[int] = []
    for kind, value in items:
        if kind is op.LITERAL:
            codes.append(value)
        elif kind is op.RANGE:
            codes.extend(range(value[0], value[1] + 1))
        elif kind is op.CATEGORY and value is op.CATEGORY_DIGIT:
            codes.extend(b"0123456789")
        else:
            return []
    return codes if len(codes) <= _SMALL_CLASS and all(code < 0x80 for code in codes) else []


def _ignores(ignore_case: bool, add: int, remove: int) -> bool:
    """Whether case is ignored in a group with flags of its own."""
    return bool((ignore_case or add & re.IGNORECASE) and not remove & re.IGNORECASE)


def _spelled(items: Sequence[Any], ignore_case: bool) -> Texts | None:
    """The spellings of a sequence."""
    texts = _NOTHING
    for kind, value in items:
        following = _spellings(kind, value, ignore_case)
        if following is None or len(texts := _joined(texts, following)) > _MOST:
            return None
    return texts


def _either(branches: Sequence[Sequence[Any]], ignore_case: bool) -> Texts | None:
    """The spellings of alternatives."""
    if len(branches) > _MOST:
        return None
    spelled = [_spelled(list(branch), ignore_case) for branch in branches]
    known = [texts for texts in spelled if texts is not None]
    return frozenset().union(*known) if len(known) == len(spelled) else None


def _joined(texts: Texts, following: Texts) -> Texts:
    """Each text with each of the following ones behind it; case matters where it does in both parts."""
    return frozenset([_followed(first, second) for first in texts for second in following])


def _followed(first: Literal, second: Literal) -> Literal:
    return Literal(
        first.text + second.text,
        first.ignore_case or second.ignore_case,
        second.ends_word or (first.ends_word and not second.text),
    )


def _requirement(texts: Texts) -> Texts | None:
    """Spellings as a requirement, without those in which another stands anyway. JSON may write
    characters outside ASCII as `\\uXXXX`: then the number of the first of them must stand there."""
    required: set[Literal] = set()
    shortest_first = sorted(texts, key=lambda literal: (len(literal.text), literal))
    for literal in map(_without_boundary_of_next, shortest_first):
        if not literal.text:
            return None
        if not any(_implies(literal, shorter) for shorter in required):
            required.add(literal)
    for literal in tuple(required):
        if not literal.text.isascii():
            wide = next((character for character in literal.text.decode("utf-8", "ignore") if character > "\x7f"), None)
            if wide is None:
                return None
            required.add(Literal(b"u" + wide.encode("utf-16-be").hex()[:4].encode(), True))
    return frozenset(required)


def _without_boundary_of_next(literal: Literal) -> Literal:
    """A literal that ends in no word character ends no word: the boundary is where the next begins."""
    return literal if re.search(rb"\w\Z", literal.text) else literal._replace(ends_word=False)


def _implies(literal: Literal, other: Literal) -> bool:
    """Whether `other` stands wherever `literal` does."""
    if literal.ignore_case and not other.ignore_case:
        return False
    text, part = (literal.text.lower(), other.text.lower()) if other.ignore_case else (literal.text, other.text)
    if not other.ends_word:
        return part in text
    return re.search(re.escape(part) + rb"(?!\w)" + (b"" if literal.ends_word else b"(?!$)"), text) is not None


def _inside(kind: Any, value: Any, ignore_case: bool, weight: Weight) -> Texts | None:
    """What an item with too many spellings requires."""
    if kind is op.SUBPATTERN:
        _, add, remove, body = value
        return _best_of(list(body), _ignores(ignore_case, add, remove), weight)
    if kind is op.ATOMIC_GROUP:
        return _best_of(list(value), ignore_case, weight)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and value[0] > 0:
        return _best_of(list(value[2]), ignore_case, weight)
    if kind is op.BRANCH:
        branches = [_best_of(list(branch), ignore_case, weight) for branch in value[1]]
        known = [branch for branch in branches if branch is not None]
        if len(known) == len(branches) and sum(map(len, known)) <= _MOST:
            return frozenset().union(*known)
    return None


def _strength(literals: Texts, weight: Weight) -> float:
    """A set is as distinctive as its weakest member; a small set is better than a large one."""
    return min(weight(literal) for literal in literals) - 0.05 * len(literals)


def _telling(literal: Literal) -> float:
    """Whether a text is, or holds, a word that is seldom in healthy records."""
    return TELLING + 2 if _topic(literal) is not None else 0.0


def _topic(literal: Literal) -> Topic | None:
    """What a text hints at. Words of completion and numbers do where they are whole, and no part of
    `created_at` or of a larger number."""
    whole = literal.ends_word or literal.text.endswith(b" ")
    if _SELDOM.search(literal.text):
        return Topic.FAILURE
    if _EXCHANGE.search(literal.text) and (whole or not literal.text[-1:].isdigit()):
        return Topic.EXCHANGE
    return Topic.COMPLETION if whole and _COMPLETION.search(literal.text) else None


def _weight(literal: Literal) -> float:
    """The length of a text, where words that stand in every log count little, unless several make a phrase,
    and a single plain word (`method`, `memory`) little as well: any service may print it all day."""
    text = literal.text
    if re.fullmatch(rb"u[0-9a-f]{4}", text):
        return DISTINCTIVE + 1  # the escaped form of a character outside ASCII
    rare = _COMMON.sub(b"", text).replace(b" ", b"")
    weight = len(rare) + (1 if len(text.split()) >= _PHRASE else 0.25) * len(_COMMON.findall(text))
    named = len(rare) > _LONG_WORD and text.endswith((b":", b": "))
    plain = re.fullmatch(rb"[a-z]+", text.strip(b" :,")) and not named
    return weight * 0.4 if plain else weight
