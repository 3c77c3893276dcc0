"""The slow, obvious way to tell when a rule over time is fulfilled: everything is looked for anew, among
all entries so far, whenever another one comes."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model import Rule
from analyzer.reason.fulfilment import Entry

_END = 1 << 62


def obvious_fulfilments(rule: Rule, entries: Sequence[Entry]) -> list[tuple[Entry, ...]]:
    """What `analyzer.reason.fulfilment.fulfilments` must find."""
    gone: set[tuple[int, int]] = set()
    denials: list[tuple[int, int]] = []
    found: list[tuple[Entry, ...]] = []
    for so_far in range(1, len(entries) + 2):
        seen = entries[:so_far]
        over = so_far > len(entries)
        if not over and (_looks_back(rule) or _begun(rule, seen, gone)):
            denials += [(number, seen[-1].time) for number in seen[-1].negatives]
        while candidate := _candidate(rule, seen, gone):
            clock = _END if over else seen[-1].time
            loser = _loser(rule, [entry.time for _, entry in candidate], denials, clock)
            if loser == "wait":
                break
            if loser == "none":
                found.append(tuple(entry for _, entry in candidate))
                gone |= {(number, entry.place) for number, entry in candidate}
            else:
                number, entry = candidate[int(loser)]
                gone.add((number, entry.place))
    return found


def _candidate(rule: Rule, seen: Sequence[Entry], gone: set[tuple[int, int]]) -> list[tuple[int, Entry]]:
    """The oldest entries that make up the positives, in the order of time."""
    chosen: list[tuple[int, Entry]] = []
    behind = -1
    for number, positive in enumerate(rule.positives):
        able = [e for e in seen if number in e.positives and (number, e.place) not in gone and e.place > behind]
        if len(able) < positive.count:
            return []
        chosen += [(number, entry) for entry in able[: positive.count]]
        behind = chosen[-1][1].place if rule.ordered else -1
    return sorted(chosen, key=lambda each: each[1].time)


def _loser(rule: Rule, times: Sequence[int], denials: Sequence[tuple[int, int]], clock: int) -> str:
    if times[-1] - times[0] > rule.window:
        return "0"
    for number, negative in enumerate(rule.negatives):
        begin = times[negative.anchor] + negative.slide
        end = begin + max(0, negative.window + (0 if negative.absolute else times[-1] - times[0]))
        if any(number == denied and begin <= time <= end for denied, time in denials):
            return str(negative.anchor)
        if end >= clock:
            return "wait"
    return "none"


def _looks_back(rule: Rule) -> bool:
    return rule.window == 0 or any(negative.slide < 0 for negative in rule.negatives)


def _begun(rule: Rule, seen: Sequence[Entry], gone: set[tuple[int, int]]) -> bool:
    """Whether a positive waits: one that is not too old to be part of anything."""
    if _candidate(rule, seen, gone):
        return True
    reach = max([rule.window, *(rule.window + n.window + n.slide for n in rule.negatives)])
    first = [0] if rule.ordered else range(len(rule.positives))
    return any(
        number in entry.positives and (number, entry.place) not in gone and entry.time >= seen[-1].time - reach
        for entry in seen
        for number in first
    )
