"""Which readers the lines of a file need: one for each layout in it, learned from a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from analyzer.ingest.detect import detect_layout
from analyzer.ingest.envelopes.choose import Wrapped
from analyzer.ingest.layout import PLAIN, STRAY, Layout, Understood
from analyzer.ingest.layout_reader import LayoutReader
from analyzer.ingest.timeformats import Clock

MOST_LAYOUTS = 6
_FEWEST_LINES = 3
_SMALLEST_SHARE = 0.02
_NEARLY_AS_MANY = 0.8
_FEW = 60


def stray_reader(clock: Clock) -> LayoutReader:
    """A reader of lines too few to be met in a sample, but with a date that none can mistake."""
    example = b"2025-10-24 02:14:07Z x"
    return LayoutReader(STRAY, [(example, STRAY.spans(example) or {})], clock)


def learn_readers(wrapped: Wrapped, clock: Clock) -> list[LayoutReader]:
    """The readers of all writers' layouts, those of most lines first: two services that share a console
    have little in common but that both begin with a time."""
    groups: dict[int, list[bytes]] = {}
    for group, line in zip(wrapped.groups, wrapped.inside, strict=True):
        groups.setdefault(group, []).append(line)
    if len(groups) < 2:
        return _learn(wrapped.inside, clock)
    lines_of_layout: Counter[str] = Counter()
    learned: dict[str, tuple[Layout, list[Understood]]] = {}
    for lines in groups.values():
        for reader in _learn(lines, clock):
            # Where the platform says when, a date that one program's messages end with is not that of its records.
            layout = PLAIN if reader.layout.anywhere and wrapped.times else reader.layout
            known = learned.setdefault(layout.name, (layout, []))[1]
            known += [(line, spans) for line in lines if (spans := layout.spans(line)) is not None]
            lines_of_layout[layout.name] += len(known) or len(lines)
    found = [LayoutReader(*learned[name], clock) for name, _ in lines_of_layout.most_common(MOST_LAYOUTS)]
    return sorted(found, key=lambda reader: reader.layout is PLAIN and len(found) > 1)


def _learn(lines: Sequence[bytes], clock: Clock) -> list[LayoutReader]:
    """The reader of the layout that most lines have, then those of the layouts among the rest."""
    layout, understood, rest = detect_layout(lines)
    if layout.name == STRAY.name and (several := _several(lines, len(understood))):
        return [LayoutReader(layout, understood, clock) for layout, understood in several]
    if layout.style == "text" and not _dated(understood) and len(understood) < len(rest):
        # A few access lines in console output do not make it an access log.
        layout, understood, rest = PLAIN, [], list(lines)
    readers = [LayoutReader(layout, understood, clock)]
    readers += _dated_beside(lines, readers[0], clock)
    least = max(_FEWEST_LINES, int(_SMALLEST_SHARE * len(lines)))
    # Of a few lines, each counts that has a time.
    fewest = 1 if len(lines) <= _FEW and (readers[0].has_time or layout is not PLAIN) else least
    while len(readers) < MOST_LAYOUTS and len(rest) >= fewest:
        another, understood, rest = detect_layout(rest, fewest, dated=readers[0].has_time)
        if len(understood) < least and not (_sure if readers[0].has_time else _sure_of_time)(another, understood):
            break
        # Without a timestamp or a head of its own, a line may as well be the continuation of another.
        if another is PLAIN or (another.style == "text" and another.has_timestamp and not _dated(understood)):
            break
        if another.style == "json" and readers[0].has_time and _says_nothing(another, understood):
            continue
        readers.append(LayoutReader(another, understood, clock))
    return readers


def _several(lines: Sequence[bytes], count: int) -> list[tuple[Layout, Sequence[Understood]]]:
    """The layouts that together explain nearly as many lines as begin with any time at all, and each of
    them better; none if there are none."""
    found: list[tuple[Layout, Sequence[Understood]]] = []
    rest = lines
    fewest = 1 if len(lines) <= _FEW else _FEWEST_LINES
    while len(rest) >= fewest and len(found) < MOST_LAYOUTS:
        layout, understood, rest = detect_layout(rest, max(fewest, count // 10), dated=True, without=STRAY.name)
        if layout is PLAIN or layout.anywhere or not _dated(understood):
            break
        found.append((layout, understood))
    return found if sum(len(understood) for _, understood in found) >= _NEARLY_AS_MANY * count else []


def _sure(layout: Layout, understood: Sequence[Understood]) -> bool:
    """Whether a line or two suffice: they have a time, or are of a format that has none but a head of its own."""
    return _dated(understood) or (layout.style == "text" and not layout.has_timestamp)


def _dated_beside(lines: Sequence[bytes], main: LayoutReader, clock: Clock) -> list[LayoutReader]:
    """The reader of a layout that knows the time of some lines that the main one, which knows none, explains, too:
    the requests that Flask logs among everything else."""
    if main.has_time or main.layout is PLAIN or main.layout.style != "text":
        return []
    dated, understood, _ = detect_layout(lines, 1, without=main.layout.name)
    return [LayoutReader(dated, understood, clock)] if _sure_of_time(dated, understood) else []


def _says_nothing(layout: Layout, understood: Sequence[Understood]) -> bool:
    """Whether objects state neither a time nor a level: between lines with a time they are what those are about."""
    return not _dated(understood) and not any(layout.level_group_of(spans) for _, spans in understood)


def _sure_of_time(layout: Layout, understood: Sequence[Understood]) -> bool:
    """Whether a line or two among lines without a time suffice."""
    return _dated(understood) and not layout.anywhere


def _dated(understood: Sequence[Understood]) -> bool:
    return any("timestamp" in spans for _, spans in understood)


__all__ = ["MOST_LAYOUTS", "learn_readers", "stray_reader"]
