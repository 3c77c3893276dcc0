"""Which layout the lines of a file have: the one that explains most of them, and most of each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analyzer.ingest.layout import LONGEST_HEAD, PLAIN, Layout, Spans, Understood, all_layouts
from analyzer.ingest.locate import learn
from analyzer.ingest.sieve import lines_by_layout
from analyzer.ingest.timeformats import ANY_CLOCK, parse_timestamp
from analyzer.ingest.w3c import layout_of_header

_PROBE = 200
_SHAPED_BYTES = 60
_SHAPED = bytes.maketrans(
    b"123456789ABCDEFGHIJKLMNOPQRSTUVWXYZbcdefghijklmnopqrstuvwxyz", b"0" * 9 + b"A" * 26 + b"a" * 25
)
_RUNS = tuple((re.compile(rb"%c%c+" % (each, each)), bytes([each])) for each in b"0Aa")
_INDENTED_HEAD = re.compile(
    rb" {1,2}(?:[A-Z]{4,8}\b|\d{2,4}[-/]\d\d|\xe2[\x80-\xbf]{2}|(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /)"
)
_GOROUTINE = re.compile(rb"goroutine \d+ (?:[\w=]+ )*\[[^\]]+\]:$|\[signal (?:\w|0x)")
_TAGS = re.compile(
    rb"(?:[\[(<{][^\])>}]{0,80}[\])>}][ :-]?){1,3}[\[(<]?|[^\s{\"=]{1,40}[ \t|:]{0,2}[\[(<]?|\S+ \S+ +\S+ +\["
)
"""What may stand before the timestamp of a line: tags in brackets, or one word."""

_LEVEL_BEHIND = re.compile(
    rb"[\])>]?[ \t:,|-]{1,3}[\[(<]?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL|NOTICE)\b"
)
_AGREEMENT = 0.8
_IN_ORDER = 0.8
_STEP_BACK = 60_000_000
_FEWEST_ANYWHERE = 3
_MOST_PER_DATED = 1.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A layout, the lines of a sample that it explains, and how much that is worth."""

    layout: Layout
    understood: list[Understood]
    score: float


def is_head(line: bytes) -> bool:
    """Whether a line may begin a record: not blank, and not indented but for a level's alignment."""
    if not line[:1].isspace():
        return bool(line)
    return _INDENTED_HEAD.match(line) is not None


def _heads(lines: Sequence[bytes]) -> Iterator[bytes]:
    """The lines that may begin a record. Those of a goroutine do not, and soon are more than the log above them."""
    for line, below in itertools.pairwise((*lines, b"")):
        if is_head(line) and not below.startswith(b"\t/") and _GOROUTINE.match(line) is None:
            yield line


Detected = tuple[Layout, Sequence[Understood], Sequence[bytes]]


def detect_layout(
    lines: Sequence[bytes], least: int | None = None, dated: bool = False, without: str | None = None
) -> Detected:
    """The layout that explains most of the given lines; the lines it explains, with the spans of
    their fields; the lines it leaves. `PLAIN` if none explains `least` lines (by default a tenth).

    `dated` says that the file is known to have timestamps; `without` names a layout that does not count.
    """
    return _detected(tuple(lines), least, dated, without)


# The same beginning of a file is asked about several times: for envelopes, for the year, for its order among others.
@lru_cache(maxsize=8)
def _detected(lines: tuple[bytes, ...], least: int | None, dated: bool, without: str | None) -> Detected:
    heads = tuple(_heads(lines)) or lines
    fitting = (
        candidate
        for candidate in candidates(heads)
        if candidate.layout.name != without and not (candidate.layout.undated_only if dated else candidate.layout.below)
    )
    best = max(fitting, key=lambda candidate: candidate.score, default=None)
    if best is None or len(best.understood) < (max(1, len(heads) // 10) if least is None else least):
        return PLAIN, (), heads
    explained = {line for line, _ in best.understood}
    return best.layout, tuple(best.understood), tuple(line for line in heads if line not in explained)


def candidates(heads: Sequence[bytes]) -> Iterator[Candidate]:
    """Every layout that explains any of the lines."""
    probe = list({_shape(line[:_SHAPED_BYTES]): line for line in heads}.values())[:_PROBE]
    maybe = lines_by_layout(probe)
    header = layout_of_header(heads)
    for layout in (*([header] if header else []), *all_layouts()):
        spans_of = _spans_of(layout)
        if not any(spans_of(line) is not None for line in maybe.get(layout.name, probe)):
            continue
        understood = [(line, spans) for line in heads if (spans := spans_of(line)) is not None]
        if layout.anywhere and not (_agree(understood) or _lead(understood, len(heads))):
            continue
        yield Candidate(layout, understood, sum(_worth(layout, spans) for _, spans in understood))


def _spans_of(layout: Layout) -> Callable[[bytes], Spans | None]:
    """What tells where the fields of a line of a layout stand."""
    if _declared().get(layout.name) is not layout:
        return layout.spans
    return lambda line: (_spans if len(line) <= LONGEST_HEAD else _spans.__wrapped__)(layout.name, line)


# What one layout leaves of a sample is offered to the others, again and again. Long lines would fill the memory.
@lru_cache(maxsize=1 << 15)
def _spans(name: str, line: bytes) -> Spans | None:
    return _declared()[name].spans(line)


@lru_cache(maxsize=1)
def _declared() -> Mapping[str, Layout]:
    return {layout.name: layout for layout in all_layouts()}


@lru_cache(maxsize=1 << 13)
def _shape(head: bytes) -> bytes:
    """What the beginning of a line looks like: runs of digits and letters made alike."""
    shape = head.translate(_SHAPED)
    for run, one in _RUNS:
        shape = run.sub(one, shape)
    return shape


def _worth(layout: Layout, spans: Mapping[str, tuple[int, int]]) -> float:
    """A line counts more the more of it the layout explains; a bare timestamp explains little."""
    known = 0.1 * len(layout.requires) if layout.has_keys else 0.05 * len(spans)
    states_level = layout.level_group_of(spans) is not None or layout.level_below
    return 1.0 + 0.5 * ("timestamp" in spans) + 0.25 * states_level + known


def _agree(understood: Sequence[Understood]) -> bool:
    """Whether timestamps that might stand anywhere are those of the records: most stand at the same
    place, and time goes on from line to line. Dates that messages speak of do neither."""
    dated = [(line, spans["timestamp"]) for line, spans in understood if "timestamp" in spans]
    if len(dated) < _FEWEST_ANYWHERE or all(_is_number(line, span) for line, span in dated):
        return False
    if learn([line for line, _ in dated], [span for _, span in dated], _AGREEMENT) is None:
        return False
    return in_order([line[slice(*span)] for line, span in dated])


def _lead(understood: Sequence[Understood], heads: int) -> bool:
    """Whether most of too few lines to agree on anything have a timestamp, right behind a tag or two."""
    if not 0 < len(understood) < _FEWEST_ANYWHERE or heads > _MOST_PER_DATED * len(understood):
        return False
    if all(_is_number(line, spans.get("timestamp", (0, 0))) for line, spans in understood):
        return False
    return all("timestamp" in spans and _leads(line, *spans["timestamp"]) for line, spans in understood)


def _is_number(line: bytes, span: tuple[int, int]) -> bool:
    """Whether what may be seconds since 1970 may as well be any other number: a rule's, an account's."""
    return line[slice(*span)].isdigit()


def _leads(line: bytes, start: int, end: int) -> bool:
    """Whether what stands before a timestamp, or a level behind it, shows that it is the time of the line."""
    return _TAGS.fullmatch(line, 0, start) is not None or _LEVEL_BEHIND.match(line, end) is not None


def in_order(texts: Sequence[bytes]) -> bool:
    """Whether timestamps nearly always go forward, as those of a log do."""
    times = [time for text in texts if (time := parse_timestamp(text, ANY_CLOCK)) is not None]
    if len(times) < 0.9 * len(texts):
        return False
    steps = [after - before for before, after in itertools.pairwise(times)]
    return sum(step >= -_STEP_BACK for step in steps) >= _IN_ORDER * len(steps)


def explains(layout: Layout, line: bytes) -> bool:
    """Whether a layout says when a line was written or, where it never does, how it begins."""
    spans = _spans_of(layout)(line) if layout is not PLAIN else None
    return spans is not None and ("timestamp" in spans or not layout.has_timestamp)


__all__ = ["Candidate", "candidates", "detect_layout", "explains", "in_order", "is_head"]
