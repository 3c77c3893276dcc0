"""Which envelopes the lines of a file are in, the outermost first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.ingest.detect import detect_layout
from analyzer.ingest.envelopes.docker import DockerJson
from analyzer.ingest.envelopes.documents import DOCUMENTS
from analyzer.ingest.envelopes.envelope import Envelope
from analyzer.ingest.envelopes.prefix import PREFIXES, TIMESTAMPED
from analyzer.ingest.envelopes.spread import SPREAD, OctetCounted, PrettyJson
from analyzer.ingest.layout import PLAIN
from analyzer.ingest.logical import Lines, lines_from
from analyzer.ingest.timestamps import Clock

ENVELOPES: tuple[Envelope, ...] = (DockerJson(), *DOCUMENTS, *SPREAD, *PREFIXES)
"""Every envelope that is recognised by itself, in order of preference."""

_PROTOCOLS = frozenset({"syslog", "syslog-5424"})
_NEARLY_ALL = 0.95
_DEEPEST = 4
_FEWEST_ALIKE = 0.6
_MOST_INDENTED = 0.5


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The envelopes of a file, the outermost first, and what is inside those of a sample."""

    envelopes: tuple[Envelope, ...]
    inside: Sequence[bytes]
    groups: Sequence[int]
    """The writer of each line inside."""
    times: Sequence[bytes]
    """Some timestamps of the innermost envelope that has any, as text."""

    @property
    def name(self) -> str:
        """What people call the envelopes, each once."""
        return " > ".join(dict.fromkeys(envelope.name for envelope in self.envelopes))

    def share(self, lines: Sequence[bytes]) -> float:
        """The share of lines that are in the outermost envelope."""
        return self.envelopes[0].share(lines) if self.envelopes else 0.0

    @property
    def gives_time(self) -> bool:
        """Whether an envelope says when a line was written."""
        return any(not isinstance(envelope, (PrettyJson, OctetCounted)) for envelope in self.envelopes)

    def last_start(self, buffer: bytearray, filled: int) -> int:
        """Where the last message of a buffer begins, if messages do not end with lines; otherwise 0."""
        if not self.envelopes or not isinstance(self.envelopes[0], OctetCounted):
            return 0
        return self.envelopes[0].last_start(bytes(memoryview(buffer)[:filled]))

    def unwrap(self, lines: Lines, clock: Clock) -> Lines:
        """The innermost lines."""
        for envelope in self.envelopes:
            lines = envelope.unwrap(lines, clock) if len(lines) else lines
        return lines


def choose_envelopes(lines: Sequence[bytes], clock: Clock) -> Wrapped:
    """The envelopes that most of a sample's lines are in; none, mostly."""
    chosen: list[Envelope] = []
    times: list[bytes] = []
    sample = lines_from(lines)
    inside = list(lines)
    while len(chosen) < _DEEPEST and inside:
        envelope = _envelope_of(inside, TIMESTAMPED not in chosen)
        if envelope is None:
            break
        chosen.append(envelope)
        times = envelope.times_in(inside) or times
        sample = envelope.unwrap(sample, clock)
        inside = sample.texts()
    groups = sample.wrapping.groups.tolist() if sample.wrapping is not None else [0] * len(inside)
    return Wrapped(tuple(chosen), inside, groups, times)


def _envelope_of(lines: Sequence[bytes], stamped: bool) -> Envelope | None:
    """The envelope of most lines, a bare time (if `stamped` allows it) only where there is no other."""
    share, best = max(((candidate.share(lines), candidate) for candidate in ENVELOPES), key=lambda pair: pair[0])
    if share:
        return None if best.name in _PROTOCOLS and _is_one_program(lines) else best
    if pretty := PrettyJson.learn(lines):
        return pretty
    return TIMESTAMPED if stamped and _is_stamped(lines) else None


def _is_one_program(lines: Sequence[bytes]) -> bool:
    """Whether all lines are of one program whose own layout, prefix included, is known."""
    layout, understood, _ = detect_layout(lines)
    return layout is not PLAIN and layout.name not in _PROTOCOLS and len(understood) >= _NEARLY_ALL * len(lines)


def _is_stamped(lines: Sequence[bytes]) -> bool:
    """Whether the times in front of the lines were put there by somebody else than who wrote them: no
    layout knows the whole, and what is behind is not arranged in columns."""
    if TIMESTAMPED.share(lines) < _FEWEST_ALIKE:
        return False
    layout, _, _ = detect_layout(lines)
    if layout is not PLAIN and layout.name != TIMESTAMPED.name:
        return False
    behind = TIMESTAMPED.unwrap(lines_from(lines), Clock()).texts()
    indented = sum(text[:1].isspace() for text in behind)
    return indented <= _MOST_INDENTED * len(behind)
