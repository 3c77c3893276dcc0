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
from dataclasses import dataclass
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

from analyzer.catalogue.dialect import parse_pattern
from analyzer.match.canonical import ESCAPED

DISTINCTIVE = 4.5
"""How much distinctive text (see `_weight`) a literal needs to stand for its pattern."""

TELLING = 1.0
"""How much a hint must tell, by `_telling`."""

_MOST = 24
_COMMON = re.compile(
    rb"(?i)errors?|fail(?:ed|ure|s|ing)?|exceptions?|connect(?:ion|ed)?|request|response|message|warning|status|"
    rb"server|client|session|query|table|column|could not|cannot|unable to|timeout|timed out|http|info|null|"
    rb"file|host|user|"
    rb"the |for |not |with |from |while |in |to |of |is |was |has "
)


_SELDOM = re.compile(
    rb"(?i)fail|unable|could not|couldn|cannot|can.t|error|exception|refus|denied|timed|timeout|unhealthy|drop|discard|"
    rb"exceeded|mismatch|reject|invalid|missing|undefined|unset|abort|rolled|up after|giv\w+ up|not found|t find|"
    rb"exhaust|lost|losing|corrupt|panic|fatal|crash|kill|overflow|not exist|unsuccessful"
)

Weight = Callable[[bytes], float]


@dataclass(frozen=True, slots=True)
class Literal:
    """A fixed text, and whether its case matters."""

    text: bytes
    ignore_case: bool


def required_literals(pattern: bytes) -> frozenset[Literal] | None:
    """The texts of which every match holds at least one, or None if none is distinctive enough."""
    return _required(pattern, _weight, DISTINCTIVE)


def hints(pattern: bytes) -> frozenset[Literal] | None:
    """Like `required_literals`, but content with words such as `failed`, `refused` or `deploy`: few
    healthy records hold one, so they tell which records are worth a closer look."""
    return _required(pattern, _telling, TELLING)


def _required(pattern: bytes, weight: Weight, least: float) -> frozenset[Literal] | None:
    tree = parse_pattern(pattern)
    best = _best_of(list(tree), bool(tree.state.flags & re.IGNORECASE), weight)
    return best if best is not None and _strength(best, weight) >= least else None


def _best_of(items: Sequence[Any], ignore_case: bool, weight: Weight) -> frozenset[Literal] | None:
    candidates: list[frozenset[Literal]] = []
    run = bytearray()
    for kind, value in _flat(items):
        if kind is op.LITERAL and (value >= 0x80 or value not in ESCAPED):
            run.append(value)
            continue
        candidates += _literal(run, ignore_case)
        run.clear()
        inner = _inside(kind, value, ignore_case, weight)
        if inner is not None:
            candidates.append(inner)
    candidates += _literal(run, ignore_case)
    return max(candidates, key=lambda literals: _strength(literals, weight), default=None)


def _flat(items: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    """The items with plain groups opened, so that a text may run across their borders."""
    for kind, value in items:
        if kind is op.SUBPATTERN and not value[1] and not value[2] and not _is_branch(value[3]):
            yield from _flat(list(value[3]))
        else:
            yield kind, value


def _is_branch(body: Any) -> bool:
    return len(body) == 1 and body[0][0] is op.BRANCH


def _literal(run: bytearray, ignore_case: bool) -> list[frozenset[Literal]]:
    """A run of plain characters as a requirement. JSON may write those outside ASCII as `\\uXXXX`:
    then the number of the first of them is what must stand there."""
    if not run:
        return []
    text = bytes(run)
    wide = next((character for character in text.decode("utf-8", "ignore") if character > "\x7f"), None)
    if wide is None:
        return [frozenset({Literal(text, ignore_case)})] if text.isascii() else []
    escaped = wide.encode("utf-16-be").hex()[:4].encode()
    return [frozenset({Literal(text, ignore_case), Literal(b"u" + escaped, True)})]


def _inside(kind: Any, value: Any, ignore_case: bool, weight: Weight) -> frozenset[Literal] | None:
    """What an item that is no plain character requires."""
    if kind is op.SUBPATTERN:
        _, add, remove, body = value
        return _best_of(list(body), bool((ignore_case or add & re.IGNORECASE) and not remove & re.IGNORECASE), weight)
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


def _strength(literals: frozenset[Literal], weight: Weight) -> float:
    """A set is as distinctive as its weakest member; a small set is better than a large one."""
    return min(weight(literal.text) for literal in literals) - 0.05 * len(literals)


def _telling(text: bytes) -> float:
    """Whether a text is, or holds, a word that is seldom in healthy records."""
    return TELLING + 1 if _SELDOM.search(text) else 0.0


def _weight(text: bytes) -> float:
    """The length of a text, where words that stand in every log count little, and a single plain
    word (`method`, `memory`) little as well: any service may print it all day."""
    if re.fullmatch(rb"u[0-9a-f]{4}", text):
        return DISTINCTIVE + 1  # the escaped form of a character outside ASCII
    rare = _COMMON.sub(b"", text).replace(b" ", b"")
    weight = len(rare) + 0.25 * len(_COMMON.findall(text))
    return weight * 0.4 if re.fullmatch(rb"[a-z]+", text.strip(b" :.,")) else weight
