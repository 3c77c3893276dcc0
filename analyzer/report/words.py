"""The words that every report uses for the same thing: counts, times, spans, confidence, headlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.model import SEVERITIES, Analysis, CascadeMember, Change, Evidence, Incident, Rhythm, Skipped, Source
from analyzer.report.clean import one_line

_MOST_NAMED = 3
_RHYTHMS: dict[Rhythm, str] = {"burst": "in one burst", "steady": "a steady drip", "on and off": "on and off"}


def number(count: int) -> str:
    """`24310` as `24,310`."""
    return f"{count:,}"


def counted(count: int, noun: str) -> str:
    """A count with its noun in the right number."""
    plural = noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"
    return f"{number(count)} {noun if count == 1 else plural}"


def size(count: int) -> str:
    """A number of bytes as a person says it."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    if unit == "bytes":
        return counted(count, "byte")
    return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:.0f} {unit}"


def date_and_time(moment: datetime | None) -> str:
    """`2025-10-24 02:14:07`, UTC."""
    return "unknown time" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def clock(moment: datetime | None) -> str:
    """`02:14:07`, UTC."""
    return "unknown time" if moment is None else moment.astimezone(UTC).strftime("%H:%M:%S")


def moment_of(incident: Incident, moment: datetime | None) -> str:
    """A moment of an incident: its clock time, and the date where that is not the day on which the incident began."""
    elsewhere = moment is not None and incident.start is not None and _day(moment) != _day(incident.start)
    return date_and_time(moment) if elsewhere else clock(moment)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def on_one_day(analysis: Analysis) -> bool:
    """Whether clock times alone say enough."""
    start, end = analysis.start, analysis.end
    return start is not None and end is not None and _day(start) == _day(end)


def span(start: datetime | None, end: datetime | None, *, with_date: bool = True) -> str:
    """From when to when; the second date only where it differs."""
    if start is None or end is None:
        return "at an unknown time"
    same_day = _day(start) == _day(end)
    first = date_and_time(start) if with_date or not same_day else clock(start)
    return f"{first} to {clock(end) if same_day else date_and_time(end)}"


def period(analysis: Analysis) -> str:
    """What the logs cover, to the minute."""
    if analysis.start is None or analysis.end is None:
        return "no times known"
    start, end = (moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M") for moment in (analysis.start, analysis.end))
    return f"{start} to {end[11:] if start[:10] == end[:10] else end} UTC"


def duration(seconds: float | None) -> str:
    """`2246.0` as `37 min 26 s`; the two largest units only."""
    if seconds is None:
        return "unknown duration"
    if seconds < 1:
        return "under 1 s"
    left = round(seconds)
    parts: list[tuple[int, str]] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if left >= length or parts:
            parts.append((left // length, unit))
            left %= length
    return " ".join(f"{amount} {unit}" for amount, unit in parts[:2] if amount)


def rhythm(incident: Incident) -> str:
    """How the failures of an incident come: those of its root or, where that is too rare to tell, of the
    most frequent effect."""
    failures = [member for member in incident.cascade if member.role != "related"]
    failures.sort(key=lambda member: (member.role != "root", -member.count))
    return next((_RHYTHMS[member.rhythm] for member in failures if member.rhythm is not None), "")


def confidence(value: float) -> str:
    """How sure we are, in words."""
    for least, words in ((0.85, "very likely"), (0.65, "likely"), (0.4, "plausible")):
        if value >= least:
            return words
    return "a guess"


def headline(analysis: Analysis) -> str:
    """How many incidents of which severity."""
    if not analysis.incidents:
        return "No incident"
    counts = Counter(incident.severity for incident in analysis.incidents)
    split = ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity])
    return f"{counted(len(analysis.incidents), 'incident')}: {split}"


def reading(analysis: Analysis) -> str:
    """How much was read, and how many of its records have a time."""
    totals = analysis.totals
    timed = sum(source.timestamped_records for source in analysis.sources)
    words = f"{counted(len(analysis.sources), 'source')}, {counted(totals.lines, 'line')}, {size(totals.bytes)}"
    if not totals.records:
        return words
    share = f"{int(1000 * timed / totals.records) / 10:g} %"
    return f"{words}, {share} of records timed"


def clean_result(analysis: Analysis) -> str:
    """A result without incidents, in words that leave no doubt about what was looked at."""
    if not analysis.totals.records:
        return "Nothing could be read, so nothing can be said about incidents."
    compared = f"No incident: {counted(analysis.totals.records, 'record')} compared with the catalogue"
    milder = _milder_failures(analysis)
    if milder:
        return f"{compared}; what failed was too mild and too rare to be one: {milder}."
    known = "" if analysis.unknown else ", and no error-like record that it does not know"
    return f"{compared}, and none shows a failure{known}."


def _milder_failures(analysis: Analysis) -> str:
    """The signatures of failures that are part of no incident, the commonest first."""
    serious = analysis.events.filter(pc.not_equal(analysis.events["severity"], "info"))
    counts = Counter(serious["signature"].cast(pa.string()).to_pylist())
    named = [f"{one_line(name, 60)} ({count:,})" for name, count in counts.most_common(_MOST_NAMED)]
    others = len(counts) - len(named)
    return ", ".join([*named, f"{others} more"] if others else named)


def confident_root(incident: Incident) -> str:
    """The confidence in the root cause in words and number."""
    value = incident.root_cause.confidence
    return f"{confidence(value)} ({value:.2f})"


def main_entity(incident: Incident) -> str:
    """What the incident is about: many of one kind as a count, otherwise a name."""
    if not incident.entities:
        return ""
    name, values = max(incident.entities.items(), key=lambda item: len(item[1]))
    if len(values) > 1:
        return counted(len(values), one_line(name, 30))
    name, values = next(iter(incident.entities.items()))
    return f"{one_line(name, 30)} {one_line(values[0], 40)}" if values else ""


def fix_headline(incident: Incident, member: CascadeMember | None = None) -> str:
    """The first step of what to do, for one member where it has advice of its own."""
    fixes = [fix for fix in incident.fixes if fix.steps]
    own = [fix for fix in fixes if member and fix.signature == member.signature]
    return one_line((own or fixes)[0].steps[0].text, 160) if fixes else ""


def impact(incident: Incident) -> list[str]:
    """Whom an incident hit and how much more fails, in a few short statements; none where it is not known."""
    hit = incident.impact
    counts = ((hit.users, "user"), (hit.sessions, "session"), (hit.requests, "request"), (hit.things, "record"))
    said = [", ".join(counted(count, noun) for count, noun in counts if count)] if any(c for c, _ in counts) else []
    if hit.endpoints:
        said.append(", ".join(one_line(endpoint, 60) for endpoint in hit.endpoints[:3]))
    if hit.error_share is not None:
        said.append(f"errors {_percent(hit.error_share.after)} of records, {_percent(hit.error_share.before)} before")
    if hit.around_change is not None and incident.change is not None:
        after, before = (f"{rate:.3g}" for rate in (hit.around_change.after, hit.around_change.before))
        kind = incident.change.kind.replace("_", " ")
        said.append(f"{after} failures a minute after the {kind}, {before} before")
    return said


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %" if share >= 0.0005 or not share else "under 0.1 %"


def change_before(incident: Incident, change: Change) -> str:
    """How long before the incident a change was."""
    if change.timestamp is None or incident.start is None:
        return ""
    seconds = (incident.start - change.timestamp).total_seconds()
    if abs(seconds) < 1:
        return "at the same moment"
    return f"{duration(abs(seconds))} {'before' if seconds > 0 else 'after'} it began"


def beginning(incident: Incident) -> str:
    """What came first, where the title does not say it already, and the change before that."""
    root, change = incident.root_cause, incident.change
    first = f"first: {one_line(root.title, 160)}" if root.title != incident.title else ""
    before = change_before(incident, change) if change else ""
    return ", ".join(filter(None, (first, f"{change.kind} {before}" if change and before else "")))


def proofs(incident: Incident) -> list[Evidence]:
    """The records that prove an incident, each once: one record may prove several of its failures."""
    first: dict[tuple[str, int], Evidence] = {}
    for proof in incident.evidence:
        first.setdefault((proof.source, proof.line), proof)
    return list(first.values())


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that was not read or not understood, in one source or for the same reason in several."""

    reason: str
    trouble: bool
    count: int
    sources: tuple[str, ...]
    sample: str | None

    def times(self) -> str:
        """How often, where that was more than once in each source."""
        return f"{number(self.count)} times" if self.count > len(self.sources) else ""


def doubts(analysis: Analysis) -> list[Doubt]:
    """Everything that was not read or not understood, trouble first; what many sources share is said once."""
    found: dict[tuple[str, bool], list[tuple[Source, Skipped]]] = {}
    for source in analysis.sources:
        for skipped in _skipped(source):
            found.setdefault((skipped.reason, skipped.trouble), []).append((source, skipped))
    told = [_doubt(reason, trouble, group) for (reason, trouble), group in found.items()]
    return sorted(told, key=lambda doubt: not doubt.trouble)


def _doubt(reason: str, trouble: bool, group: Sequence[tuple[Source, Skipped]]) -> Doubt:
    # A file that is left out for its name has that name as its sample.
    samples = (skip.sample for source, skip in group if not f"/{source.path}".endswith(f"/{skip.sample}"))
    return Doubt(
        reason=reason,
        trouble=trouble,
        count=sum(skipped.count for _, skipped in group),
        sources=tuple(source.path for source, _ in group),
        sample=next(filter(None, samples), None),
    )


def _skipped(source: Source) -> Iterator[Skipped]:
    yield from source.skipped
    if source.records and not source.timestamped_records and not source.skipped:
        yield Skipped(reason="no record has a time", count=source.records)
