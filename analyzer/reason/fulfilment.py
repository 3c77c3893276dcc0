"""When a rule over time is fulfilled: positives within a window, in order or in any, and no negative
around them.

Positives wait in a queue each. As soon as the heads of all queues make up a candidate, its negatives are
looked at: a candidate that takes too long, or has a negative around it, loses one entry and the next one
is tried; one whose forbidden time is not over yet waits; any other is a fulfilment, and its entries are
used up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from analyzer.model import Negative, Positive, Rule

_END = 1 << 62
"""A time after all others, at which the input is over."""


class Entry(NamedTuple):
    """A record that fulfils terms of a rule: its place in the source, its time, and the numbers of the
    positives and of the negatives."""

    place: int
    time: int
    positives: tuple[int, ...]
    negatives: tuple[int, ...] = ()


Candidate = list[tuple[int, Entry]]
"""The entries that together may fulfil a rule, each with the number of the positive for which it stands."""


def fulfilments(rule: Rule, entries: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    """The entries of each fulfilment, in the order in which they are found. `entries` come in the order
    of their places, and none is older than the one before it."""
    waiting = _Ordered(rule.positives) if rule.ordered else _Unordered(rule.positives)
    denials: list[list[int]] = [[] for _ in rule.negatives]
    reach = max([rule.window, *(rule.window + n.window + n.slide for n in rule.negatives)])
    looks_back = rule.window == 0 or any(negative.slide < 0 for negative in rule.negatives)
    for entry in entries:
        if not waiting.complete:
            waiting.expire(entry.time - reach)
        waiting.admit(entry)
        if waiting.begun or looks_back:
            for number in entry.negatives:
                denials[number].append(entry.time)
        yield from _released(rule, waiting, denials, entry.time)
    yield from _released(rule, waiting, denials, _END)


def _released(rule: Rule, waiting: _Waiting, denials: list[list[int]], clock: int) -> Iterator[tuple[Entry, ...]]:
    """Decide on every candidate on which one can be decided at a time."""
    while waiting.complete:
        candidate = waiting.candidate()
        times = [entry.time for _, entry in candidate]
        too_long = times[-1] - times[0] > rule.window
        loser = 0 if too_long else _denied(rule.negatives, denials, times, clock)
        if loser is None:
            return
        if loser >= 0:
            waiting.drop(*candidate[loser])
        else:
            yield tuple(entry for _, entry in candidate)
            waiting.use()


def _denied(
    negatives: Sequence[Negative], denials: Sequence[list[int]], times: Sequence[int], clock: int
) -> int | None:
    """Which entry of a candidate a negative denies, -1 if none does, None if it is too early to say."""
    for negative, seen in zip(negatives, denials, strict=True):
        begin = times[negative.anchor] + negative.slide
        width = negative.window + (0 if negative.absolute else times[-1] - times[0])
        end = begin + max(0, width)
        place = bisect_left(seen, begin)
        if place < len(seen) and seen[place] <= end:
            return negative.anchor
        if end >= clock:
            return None
    return -1


class _Waiting:
    """Entries that wait for others, in a queue for each positive."""

    def __init__(self, positives: Sequence[Positive]) -> None:
        self._counts = [positive.count for positive in positives]
        self._queues: list[deque[Entry]] = [deque() for _ in positives]

    @property
    def begun(self) -> bool:
        """Whether any entry waits."""
        return any(self._queues)

    @property
    def complete(self) -> bool:
        """Whether there is a candidate."""
        raise NotImplementedError

    def admit(self, entry: Entry) -> None:
        """Let an entry wait."""
        raise NotImplementedError

    def expire(self, deadline: int) -> None:
        """Let go of what is older than the deadline."""
        raise NotImplementedError

    def candidate(self) -> Candidate:
        """The heads of all queues, in the order of time."""
        heads = [
            (number, entry)
            for number, (queue, count) in enumerate(zip(self._queues, self._counts, strict=True))
            for entry in islice(queue, count)
        ]
        return sorted(heads, key=lambda head: head[1].time)

    def drop(self, number: int, entry: Entry) -> None:
        """Give up one entry of a candidate."""
        self._queues[number].remove(entry)

    def use(self) -> None:
        """Use up the entries of the candidate."""
        for queue, count in zip(self._queues, self._counts, strict=True):
            for _ in range(count):
                queue.popleft()


class _Unordered(_Waiting):
    """One entry may serve several positives."""

    @property
    def complete(self) -> bool:
        return all(len(queue) >= count for queue, count in zip(self._queues, self._counts, strict=True))

    def admit(self, entry: Entry) -> None:
        for number in entry.positives:
            self._queues[number].append(entry)

    def expire(self, deadline: int) -> None:
        for queue in self._queues:
            while queue and queue[0].time < deadline:
                queue.popleft()


class _Ordered(_Waiting):
    """Positives before the `_next` one have the entries they need, each behind those of the positive
    before; they go on gathering more. Only the next one can get further, so one entry advances one."""

    _next = 0

    @property
    def complete(self) -> bool:
        return self._next == len(self._queues)

    def admit(self, entry: Entry) -> None:
        reached = self._next
        for number in entry.positives:
            if number <= reached:
                self._queues[number].append(entry)
        if reached in entry.positives and len(self._queues[reached]) >= self._counts[reached]:
            self._next += 1

    def expire(self, deadline: int) -> None:
        first = self._queues[0]
        if first and first[0].time < deadline:
            while first and first[0].time < deadline:
                first.popleft()
            self._settle()

    def drop(self, number: int, entry: Entry) -> None:
        super().drop(number, entry)
        self._settle()

    def use(self) -> None:
        super().use()
        self._settle()

    def _settle(self) -> None:
        """Find out how far the order still holds."""
        behind = -1
        for number, (queue, count) in enumerate(zip(self._queues, self._counts, strict=True)):
            while queue and queue[0].place <= behind:
                queue.popleft()
            if len(queue) < count:
                self._next = number
                for later in self._queues[number + 1 :]:
                    later.clear()
                return
            behind = queue[count - 1].place
        self._next = len(self._queues)
