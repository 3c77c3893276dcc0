"""What flows between the rooms: signatures, events, incidents and the analysis as a whole.

This module imports no other room. Large things (events, volume) are Arrow tables with the schemas
below; dataclasses are for the few things that people name. Times are aware datetimes in UTC at the
surface, int64 microseconds since 1970 inside tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

import pyarrow as pa

SCHEMA_VERSION = 1

Severity = Literal["critical", "high", "medium", "low", "info"]
Level = Literal["trace", "debug", "info", "warn", "error", "fatal"]
Status = Literal["new", "ongoing", "regressed", "resolved"]
Role = Literal["root", "effect", "related"]
Rhythm = Literal["burst", "steady", "on and off"]
Kind = Literal["failure", "observation", "change"]
CorrelationType = Literal["event_count", "value_count", "temporal", "temporal_ordered", "absence", "contradiction"]
TermKind = Literal["value", "regex", "jq"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""Worst first."""

LEVELS: tuple[Level, ...] = ("trace", "debug", "info", "warn", "error", "fatal")
"""Mildest first. A level code in a table is the index here plus one; 0 stands for unknown."""

LEVEL_CODES: Mapping[str, int] = {name: code for code, name in enumerate(LEVELS, start=1)}

UTC_MICROS = pa.timestamp("us", tz="UTC")

EVENTS_SCHEMA = pa.schema(
    [
        ("timestamp", UTC_MICROS),
        ("source", pa.dictionary(pa.int32(), pa.string())),
        ("line", pa.int64()),
        ("offset", pa.int64()),
        ("signature", pa.dictionary(pa.int32(), pa.string())),
        ("severity", pa.string()),
        ("level", pa.string()),
        ("service", pa.string()),
        ("keys", pa.map_(pa.string(), pa.string())),
        ("text", pa.string()),
    ]
)
"""One row per matched record and signature; `line` is 1-based, `offset` counts decompressed bytes."""

TERM_PREFIX = "term:"
"""How events of the terms of CRE rules are named before reasoning turns them into events of the rules."""

UNKNOWN_PREFIX = "unknown:"
"""How records of failures that no signature knows are named, with their masked text behind it, before
reasoning decides which of these texts are one template."""

UNKNOWN = "unknown"
"""The category of such failures, and what their ids begin with once their template is known."""

RECORDS_KEY = "records"
"""The key of an event of an unknown failure that stands for more records than its own: how many."""

VOLUME_SCHEMA = pa.schema(
    [
        ("minute", UTC_MICROS),
        ("source", pa.string()),
        ("level", pa.string()),
        ("records", pa.int64()),
    ]
)
"""Records per minute, source and level; records without a timestamp have a null minute."""


# --- the catalogue -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FixStep:
    """One step of a fix.

    `command` may hold placeholders in braces (`{relation}`), each the name of a capture of the same
    signature; a literal brace is doubled. `destructive` marks a command that can lose data.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    text: str
    command: str | None = None
    destructive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A record as some program prints it, and the captures that it must yield.

    `layout` names the line format it is in, where that is not to be seen from a single record.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    text: str
    captures: Mapping[str, str] = field(default_factory=dict)
    layout: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request and its answer that a signature asks for, however a record writes them.

    `statuses` holds numbers (`404`) and classes (`5xx`); without `methods` any will do. With
    `with_id` the path must hold an identifier. Captures: `method`, `endpoint`, `status`, `id`.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    statuses: tuple[str, ...]
    methods: tuple[str, ...] = ()
    with_id: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Fields that a record must have for a signature, each with the values that will do.

    In `logger`, `service` and `sqlstate`, `*` stands for anything (`08*`); `status` has numbers and
    classes (`5xx`). A field that the record does not state vetoes nothing. A SQLSTATE that it does state
    decides by itself: the words may be in any language.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    level: tuple[Level, ...] = ()
    logger: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    sqlstate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The threshold of a count, as in the Sigma correlation specification."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    gte: int
    field: str | None = None
    """For `value_count`: the key whose distinct values are counted."""


def _hyphenated(name: str) -> str:
    return name.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A rule over the events of other signatures in time.

    Types, `rules`, `group-by`, `timespan` and `condition` mean what they mean in the Sigma
    correlation specification. Two types are ours: `absence` (an event of `rules` that no event of
    `counterpart` with the same key follows within `timespan`) and `contradiction` (an event of
    `rules`, a claim of success, and an event of `counterpart`, evidence against it, with the same
    key within `timespan` of each other).

    With `claim_first`, a contradiction counts evidence after the claim only, and not where a later claim
    takes it back: what is tried again and succeeds is well. With a `condition`, so many pieces of
    evidence are needed within `timespan`, with a claim among them.

    In `group-by`, the name `id` stands for any identifier that two events share, whatever the key
    is called on either side, and `service` for who wrote the record.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "alias_generator": _hyphenated}

    type: CorrelationType
    rules: tuple[str, ...]
    counterpart: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    timespan: str = "5m"
    condition: Condition | None = None
    claim_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition on the text of a record: a `value` that it contains, a `regex` (RE2) found in
    it, or a `jq` query that yields something true of it."""

    kind: TermKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Positive:
    """A term that must match, in `count` different records."""

    term: Term
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """A term that must not match around the positives.

    The forbidden time begins `slide` after the record of number `anchor` among the positives and
    lasts for `window`, unless `absolute` prolonged by what the positives took. In microseconds.
    """

    term: Term
    window: int = 0
    slide: int = 0
    anchor: int = 0
    absolute: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A CRE rule: terms that records of one source fulfil within `window` microseconds, in the given
    order where it is `ordered`. docs/cre.md says exactly when it fires."""

    positives: tuple[Positive, ...]
    negatives: tuple[Negative, ...] = ()
    window: int = 0
    ordered: bool = False

    @property
    def single(self) -> bool:
        """Whether one record decides: nothing has to be counted, put in order or ruled out."""
        return len(self.positives) == 1 and self.positives[0].count == 1 and not self.negatives

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms, the positives first."""
        return (*(p.term for p in self.positives), *(n.term for n in self.negatives))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One known failure: how to recognise it, what it means, how to fix it.

    `match` holds regular expressions (the dialect of the `regex` package, on bytes) of which any
    one suffices; `exclude` holds expressions that veto a match. Named groups are the captures.
    `request` asks for an HTTP exchange instead of, or beside, text; `where` for fields that the
    record states. A signature with a `correlation` has none of these: it fires on the events of
    others.

    One that `yields` describes a failure so broadly that it has nothing to say where any other
    failure is recognised in the same record.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    id: str
    title: str
    kind: Kind = "failure"
    category: str
    severity: Severity
    tags: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    request: Request | None = None
    where: Where | None = None
    yields: bool = False
    correlation: Correlation | None = None
    rule: Rule | None = None
    """Set by the loader of CRE rules alone; a signature with a rule has nothing else to match by."""

    cause: str = ""
    impact: str = ""
    fix: tuple[FixStep, ...] = ()
    verify: tuple[str, ...] = ()
    prevent: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    refines: str | None = None
    samples: tuple[Sample, ...] = ()
    near_misses: tuple[str, ...] = ()


# --- what was read -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that was not understood or not read: why, how often, and one sample of it.

    `trouble` tells a fault that the user should act on (exit status 2) from a mere remark.
    """

    reason: str
    count: int = 1
    sample: str | None = None
    trouble: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One input as it was read and understood. `bytes` counts what came out of decompression."""

    path: str
    layout: str | None = None
    compression: str | None = None
    encoding: str | None = None
    bytes: int = 0
    lines: int = 0
    records: int = 0
    timestamped_records: int = 0
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    skipped: tuple[Skipped, ...] = ()

    @property
    def in_trouble(self) -> bool:
        """Whether something here needs the user's attention."""
        return any(skip.trouble for skip in self.skipped)


# --- the explanation ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """What started an incident; `confidence` in 0..1, `reasons` in words."""

    signature: str
    title: str
    category: str
    tags: tuple[str, ...]
    confidence: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeMember:
    """One signature's part in an incident, in causal order.

    `activity` counts its events per minute: (minute as epoch microseconds, count) in time order;
    `rhythm` says how they come, where that can be told.
    """

    signature: str
    title: str
    role: Role
    caused_by: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    count: int
    severity: Severity = "medium"
    activity: tuple[tuple[int, int], ...] = ()
    rhythm: Rhythm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A deploy, restart, migration or configuration change seen in the logs."""

    timestamp: datetime | None
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledStep:
    """A fix step with its command filled from this incident's entities."""

    text: str
    command: str | None
    destructive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The advice of one signature, filled for one incident."""

    signature: str
    title: str
    cause: str
    steps: tuple[FilledStep, ...]
    verify: tuple[str, ...]
    prevent: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A log record that proves a member of the cascade; `before` and `after` are its context lines."""

    source: str
    line: int
    timestamp: datetime | None
    signature: str
    text: str
    offset: int = 0
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """One measure before and after (or during) something."""

    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Whom an incident hit: distinct users, sessions, requests and other things by id (0 where the
    logs name none), the endpoints hit most; the share of error records in its sources, before it and
    while it lasted; and its failures per minute before and after the change that preceded it."""

    users: int = 0
    sessions: int = 0
    requests: int = 0
    things: int = 0
    endpoints: tuple[str, ...] = ()
    error_share: Rates | None = None
    around_change: Rates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One problem: what started it, what it dragged along, and what to do."""

    id: str
    title: str
    status: Status
    severity: Severity
    start: datetime | None
    end: datetime | None
    event_count: int
    root_cause: RootCause
    cascade: tuple[CascadeMember, ...]
    services: tuple[str, ...]
    entities: Mapping[str, tuple[str, ...]]
    change: Change | None
    fixes: tuple[Fix, ...]
    evidence: tuple[Evidence, ...]
    impact: Impact = Impact()

    @property
    def duration_seconds(self) -> float | None:
        """Seconds from the first event to the last, None where no time is known."""
        if self.start is None or self.end is None:
            return None
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProblem:
    """A problem as it is remembered from one run to the next.

    `first_seen` and `last_seen` are the first and last event of all its occurrences (incidents);
    `silences` the seconds between its latest occurrences, newest last: the rhythm at which it comes
    back. `root` and `signatures` are failures of its cascade, by which it is recognised where only
    a part of the cascade shows. `resolved_at` is set while `status` is resolved. `muted` is the user's
    word and changes nothing but who is told.
    """

    id: str
    title: str
    severity: Severity
    status: Status
    first_seen: datetime
    last_seen: datetime
    occurrences: int = 1
    event_count: int = 0
    silences: tuple[float, ...] = ()
    root: str = ""
    signatures: tuple[str, ...] = ()
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resolved_at: datetime | None = None
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownTemplate:
    """A group of error-like records that no signature knows; variable parts are masked as `<*>`."""

    id: str
    template: str
    level: str | None
    count: int
    first_seen: datetime | None
    last_seen: datetime | None
    sources: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the whole run amounts to."""

    bytes: int
    lines: int
    records: int
    events: int
    incidents: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """The result of one run; `events` and `volume` have the schemas above."""

    incidents: list[Incident]
    events: pa.Table
    unknown: list[UnknownTemplate]
    sources: list[Source]
    volume: pa.Table
    changes: list[Change]
    totals: Totals
    start: datetime | None
    end: datetime | None
    generated_at: datetime
    analyzer_version: str

    def to_dict(self) -> dict[str, Any]:
        """The analysis as plain values, exactly the JSON of the public contract."""
        from analyzer.contract import analysis_to_dict

        return analysis_to_dict(self)
