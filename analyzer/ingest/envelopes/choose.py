"""Which envelopes the lines of a file are in, the outermost first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.ingest.detect import detect_layout
from analyzer.ingest.envelopes.blocks import Elements, KeyBlocks
from analyzer.ingest.envelopes.docker import DockerJson
from analyzer.ingest.envelopes.documents import DOCUMENTS
from analyzer.ingest.envelopes.envelope import Coder, Envelope
from analyzer.ingest.envelopes.exports import EXPORTS
from analyzer.ingest.envelopes.objects import JsonObjects
from analyzer.ingest.envelopes.prefixes import CLOCKED, PREFIXES, TIMESTAMPED
from analyzer.ingest.envelopes.spread import SPREAD, OctetCounted, PrettyJson
from analyzer.ingest.layout import PLAIN
from analyzer.ingest.logical import Lines, Wrapping, lines_from
from analyzer.ingest.timeformats import GENERAL, match_timestamp
from analyzer.ingest.timestamps import Clock, Micros, shape_of

ENVELOPES: tuple[Envelope, ...] = (DockerJson(), *DOCUMENTS, *EXPORTS, JsonObjects(), *SPREAD, *PREFIXES)
"""Every envelope that is recognised by itself, in order of preference."""

EXAMPLES = {
    "docker": r'{"log":"could not save\n","stream":"stderr","time":"2025-10-24T02:14:07.113456789Z"}',
    "journald": '{"__REALTIME_TIMESTAMP":"1761272047113456","_HOSTNAME":"web-1","MESSAGE":"could not save"}',
    "gcp": '{"insertId":"1","timestamp":"2025-10-24T02:14:07Z","severity":"ERROR","textPayload":"could not save"}',
    "cloudwatch": '{"events":[{"timestamp":1761272047113,"message":"could not save","ingestionTime":1761272047999}]}',
    "opentelemetry": '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"could not save"}}]}]}]}',
    "loki": '2025-10-24T02:14:07Z {app="api", pod="api-1"} could not save',
    "elasticsearch": '{"_index":"logs","_source":{"@timestamp":"2025-10-24T02:14:07Z","message":"could not save"}}',
    "splunk": '{"result":{"_time":"2025-10-24T02:14:07Z","_raw":"could not save"}}',
    "datadog": '{"data":[{"type":"log","attributes":{"status":"error","message":"could not save"}}]}',
    "records": '{"Records":[{"eventTime":"2025-10-24T02:14:07Z","eventName":"GetObject"}]}',
    "json-array": '[{"level":"error","msg":"could not save"},{"level":"info","msg":"saved"}]',
    "octet-counted": "52 <11>Oct 24 02:14:07 web-1 api[4711]: could not save",
    "kubernetes": "2025-10-24T02:14:07.113456789Z stderr F could not save",
    "stern": "api-7d9c5b6f4d-x2x7k api could not save",
    "kubetail": "[api-7d9c5b6f4d-x2x7k] could not save",
    "kubectl": "[pod/api-7d9c5b6f4d-x2x7k/api] could not save",
    "compose": "web-1  | could not save",
    "tilt": "      web │ could not save",
    "pm2": "0|api  | could not save",
    "turbo": "api:dev: could not save",
    "concurrently": "[0] could not save",
    "grep": "logs/api.log:42:could not save",
    "github-actions": "2025-10-24T02:14:07.1134567Z ##[error]could not save",
    "heroku": "2025-10-24T02:14:07.113456+00:00 app[web.1]: could not save",
    "fly": "2025-10-24T02:14:07Z app[148e2d] fra [info] could not save",
    "cloud-foundry": "   2025-10-24T02:14:07.11+0000 [APP/PROC/WEB/0] ERR could not save",
    "render": "Oct 24 02:14:07 AM  could not save",
    "quoted": "> could not save",
    "gitlab-ci": "2025-10-24T02:14:07.113456Z 01E could not save",
    "syslog-5424": "<11>1 2025-10-24T02:14:07.113Z web-1 api 4711 - - could not save",
    "syslog": "Oct 24 02:14:07 web-1 api[4711]: could not save",
    "timestamped": "2025-10-24T02:14:07.113456789Z could not save",
    "clocked": "04:14:07 2025-10-24 02:14:07,113 could not save",
}
"""A line in each envelope, by its name, to show people; JSON printed over many lines is one, too."""

_TIMELESS = (PrettyJson, OctetCounted, JsonObjects, Elements, KeyBlocks)
_PROTOCOLS = frozenset({"syslog", "syslog-5424"})
_NEARLY_ALL = 0.95
_DEEPEST = 4
_FEWEST_ALIKE = 0.6
_MOST_INDENTED = 0.5
_OPENING = b"[(<"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The envelopes of a file, the outermost first, and what is inside those of a sample."""

    envelopes: tuple[Envelope, ...]
    inside: Sequence[bytes]
    groups: Sequence[int]
    """The program that wrote each line inside, whichever of its processes did."""
    times: Sequence[bytes]
    """Some timestamps of the innermost envelope that has any, as text."""
    stamps: Micros | None = None
    """What the envelopes say of when each line inside was written, in microseconds."""

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
        return any(not isinstance(envelope, _TIMELESS) for envelope in self.envelopes)

    def last_start(self, buffer: bytearray, filled: int) -> int:
        """Where the last message of a buffer begins, if messages do not end with lines; otherwise 0."""
        if not self.envelopes or not isinstance(self.envelopes[0], (OctetCounted, JsonObjects)):
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
    if sample.wrapping is None:
        return Wrapped(tuple(chosen), inside, [0] * len(inside), times)
    return Wrapped(tuple(chosen), inside, _programs(sample.wrapping), times, sample.wrapping.times)


def _programs(wrapping: Wrapping) -> list[int]:
    """A number for each line: equal where what wrote them differs in nothing but its process id."""
    _, first, group_of = np.unique(wrapping.groups, return_index=True, return_inverse=True)
    coder = Coder()
    known = [wrapping.fields[origin] for origin in wrapping.origins[first].tolist()]
    programs = [coder.place({name: text for name, text in fields.items() if name != "pid"}) for fields in known]
    return [programs[group] for group in group_of.tolist()]


def _envelope_of(lines: Sequence[bytes], stamped: bool) -> Envelope | None:
    """The envelope of most lines, a bare time (if `stamped` allows it) only where there is no other."""
    share, best = max(((candidate.share(lines), candidate) for candidate in ENVELOPES), key=lambda pair: pair[0])
    if share:
        return None if best.name in _PROTOCOLS and _is_one_program(lines) else best
    if spread := PrettyJson.learn(lines) or Elements.learn(lines) or KeyBlocks.learn(lines):
        return spread
    if stamped and _is_stamped(lines):
        return TIMESTAMPED
    clocked = CLOCKED.share(lines) > 0
    return CLOCKED if clocked and _are_stamped(CLOCKED.unwrap(lines_from(lines), Clock()).texts(), ()) else None


def _is_one_program(lines: Sequence[bytes]) -> bool:
    """Whether all lines are of one program whose own layout, prefix included, is known."""
    layout, understood, _ = detect_layout(lines)
    known = layout is not PLAIN and layout.family != "general" and layout.name not in _PROTOCOLS
    return known and len(understood) >= _NEARLY_ALL * len(lines)


def _is_stamped(lines: Sequence[bytes]) -> bool:
    """Whether the times in front of the lines were put there by somebody else than who wrote them: no
    layout knows the whole or another time follows, and what is behind is not arranged in columns."""
    if TIMESTAMPED.share(lines) < _FEWEST_ALIKE:
        return False
    layout, _, _ = detect_layout(lines)
    behind = TIMESTAMPED.unwrap(lines_from(lines), Clock()).texts()
    if layout is not PLAIN and layout.name != TIMESTAMPED.name:
        return _are_stamped(behind, {shape_of(text) for text in TIMESTAMPED.times_in(lines)})
    indented = sum(text[:1].isspace() for text in behind)
    return indented <= _MOST_INDENTED * len(behind)


def _are_stamped(texts: Sequence[bytes], others: Collection[bytes]) -> bool:
    """Whether most texts begin with a time and date that are written in another way than `others`: two that are
    written alike may be when something began and when it ended."""
    found = (match_timestamp(text.lstrip(_OPENING)) for text in texts)
    times = [shape_of(each[1][0]) for each in found if each is not None and each[0] in GENERAL]
    return len(times) >= _FEWEST_ALIKE * len(texts) and not set(times) & set(others)
