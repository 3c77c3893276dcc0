"""`analyzer patterns test --corpus`: how often each signature fires on logs, best on healthy ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow.compute as pc

from analyzer import pipeline
from analyzer.catalogue import Catalogue
from analyzer.commands.outcome import outcome
from analyzer.commands.output import Look, Status, emit, look_of_output
from analyzer.model import Analysis
from analyzer.report.clean import one_line

_EXAMPLE = 80
"""The least width that an example of a match is worth showing in."""
_UNKNOWN = "unknown"
"""What failures are that no signature knows."""


def hit_rate(corpus: Sequence[str], catalogue: Catalogue) -> Status:
    """Print which signatures fire on a corpus, per 1,000 lines, with one record that each was seen in."""
    analysis = pipeline.analyze(corpus, catalogue=catalogue, redact=False)
    emit("".join(f"{line}\n" for line in _table(analysis, catalogue, look_of_output())))
    return outcome(analysis.sources)


def _table(analysis: Analysis, catalogue: Catalogue, look: Look) -> Iterator[str]:
    """Failures first, the most frequent first."""
    events, lines = analysis.events, analysis.totals.lines
    yield f"{lines:,} lines, {events.num_rows:,} matches, {events.num_rows * 1000 / max(lines, 1):.2f} per 1,000 lines"
    if not events.num_rows:
        return
    names = pc.cast(events["signature"], "string")
    counted = [(row["values"].as_py(), row["counts"].as_py()) for row in pc.value_counts(names)]
    width = max(len(name) for name, _ in counted)
    yield f"{'signature':<{width}}  {'kind':<11}  {'matches':>8}  {'per 1,000':>9}  for example"
    kinds = {name: catalogue[name].kind if name in catalogue else _UNKNOWN for name, _ in counted}
    for name, count in sorted(counted, key=lambda each: (kinds[each[0]] != "failure", -each[1], each[0])):
        example = one_line(
            events["text"][pc.index(names, name).as_py()].as_py(), max(look.width - width - 38, _EXAMPLE)
        )
        yield f"{name:<{width}}  {kinds[name]:<11}  {count:>8,}  {count * 1000 / lines:>9.2f}  {example}"
