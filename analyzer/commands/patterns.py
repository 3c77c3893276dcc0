"""`analyzer patterns ...`: look into a catalogue, check it, try it on a record."""

from __future__ import annotations

import difflib
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analyzer.catalogue import Catalogue
from analyzer.commands import listing
from analyzer.commands.catalogue import CatalogueOptions, chosen_catalogue, read_chosen
from analyzer.commands.output import Look, Status, complain, emit, look_of_output, write_file
from analyzer.errors import FileProblem, InputError
from analyzer.model import Severity, Signature
from analyzer.report.clean import one_line, visible

Format = Literal["text", "json", "markdown"]
_LABEL = 12


@dataclass(frozen=True, slots=True)
class Filter:
    """Which signatures to list: those that fit all that is given."""

    technology: str | None = None
    severity: Severity | None = None
    text: str | None = None


def list_signatures(wanted: Filter, form: Format, options: CatalogueOptions) -> Status:
    """The signatures that fit, one line each: id, severity, title, and where it comes from if not built in."""
    catalogue, status = chosen_catalogue(options)
    everything = sorted((*catalogue, *catalogue.disabled), key=lambda signature: signature.id)
    found = [s for s in everything if _fits(s, wanted)]
    match form:
        case "text":
            emit(listing.as_text(found, catalogue))
        case "json":
            emit(listing.as_json(found, catalogue))
        case "markdown":
            emit(listing.as_markdown(found))
    if not found:
        complain("no signature fits")
    return status


def _fits(signature: Signature, wanted: Filter) -> bool:
    if wanted.technology is not None and wanted.technology.lower() not in _technologies(signature):
        return False
    if wanted.severity is not None and signature.severity != wanted.severity:
        return False
    return wanted.text is None or wanted.text.lower() in _words(signature).lower()


def _technologies(signature: Signature) -> tuple[str, ...]:
    """What the id begins with or, where a CRE rule is numbered, its tags."""
    return signature.tags if signature.rule is not None else (signature.id.partition(".")[0],)


def _words(signature: Signature) -> str:
    return "\n".join((signature.id, signature.title, signature.category, signature.cause, *signature.tags))


def show_signature(signature_id: str, options: CatalogueOptions) -> Status:
    """Everything about one signature, as a page to read."""
    catalogue, status = chosen_catalogue(options)
    if signature_id not in catalogue:
        close = difflib.get_close_matches(signature_id, catalogue.by_id, n=3, cutoff=0.4)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise InputError(f"no signature {signature_id!r} in the catalogue{hint}")
    look = look_of_output()
    emit("\n".join(_page(catalogue[signature_id], catalogue, look)) + "\n")
    return status


def _page(signature: Signature, catalogue: Catalogue, look: Look) -> Iterator[str]:
    from analyzer.catalogue.lint import captures_of

    yield _bold(one_line(signature.title), look)
    kind = "" if signature.kind == "failure" else f"{signature.kind}   "
    yield f"{signature.id}   {kind}{signature.severity}   {signature.category}"
    yield ""
    yield from _entry("cause", [signature.cause], look)
    yield from _entry("impact", [signature.impact], look)
    for number, step in enumerate(signature.fix, start=1):
        danger = " (can lose data)" if step.destructive else ""
        yield from _entry("fix" if number == 1 else "", [f"{number}. {step.text}{danger}"], look)
        yield from (f"{'':<{_LABEL}}      {line}" for line in visible(step.command or "").splitlines())
    yield from _entry("verify", signature.verify, look)
    yield from _entry("prevent", signature.prevent, look)
    yield from _entry("leads to", signature.leads_to, look)
    yield from _entry("see", signature.references, look)
    yield from _entry("tags", [" ".join(signature.tags)], look)
    yield ""
    yield _bold("How it is recognised", look)
    yield from _recognition(signature, look)
    yield from _entry("captures", [" ".join(sorted(captures_of(signature)))], look)
    yield from _verbatim("sample", [sample.text for sample in signature.samples])
    yield from _verbatim("near miss", signature.near_misses)
    if signature.id in catalogue.files:
        yield from _entry("file", [str(catalogue.files[signature.id])], look)


def _recognition(signature: Signature, look: Look) -> Iterator[str]:
    from analyzer.commands.cre import described

    yield from _verbatim("match", signature.match)
    yield from _verbatim("exclude", signature.exclude)
    if request := signature.request:
        asked = f"{' or '.join(request.methods) or 'any method'} answered {' or '.join(request.statuses)}"
        yield from _entry("request", [asked + (", with an identifier in the path" if request.with_id else "")], look)
    if where := signature.where:
        names = ("level", "logger", "service", "status", "sqlstate")
        yield from _entry("where", [f"{n}: {' or '.join(getattr(where, n))}" for n in names if getattr(where, n)], look)
    yield from _entry("refines", [signature.refines or ""], look)
    if signature.yields:
        yield from _entry("yields", ["to any other failure in the same record"], look)
    if rule := signature.correlation:
        yield from _entry("rule", [f"{rule.type} of {', '.join(rule.rules)} within {rule.timespan}"], look)
        yield from _entry("against", rule.counterpart, look)
    if signature.rule is not None:
        for label, line in described(signature.rule):
            yield f"{label:<{_LABEL}}{one_line(line)}"


def _entry(label: str, texts: Iterable[str], look: Look) -> Iterator[str]:
    """Wrapped paragraphs with the label before the first; nothing for empty text."""
    for text in filter(None, map(one_line, texts)):
        for line in textwrap.wrap(text, max(look.width - _LABEL, 30), break_on_hyphens=False, break_long_words=False):
            yield f"{label:<{_LABEL}}{line}"
            label = ""


def _verbatim(label: str, texts: Iterable[str]) -> Iterator[str]:
    """Texts as they stand, each with the label before its first line."""
    for text in texts:
        for number, line in enumerate(visible(text).splitlines()):
            yield f"{'' if number else label:<{_LABEL}}{line}"


def _bold(text: str, look: Look) -> str:
    return f"\x1b[1m{text}\x1b[0m" if look.colour else text


def lint(options: CatalogueOptions) -> Status:
    """Every fault in the shape, names and references of the signatures."""
    catalogue, problems = read_chosen(options, lint_built_in=True)
    problems += _refused_by_the_engine(catalogue)
    emit("".join(f"{one_line(str(problem))}\n" for problem in (*problems, *catalogue.remarks)))
    if problems:
        complain(f"{len(problems)} problems, {len(catalogue)} signatures without")
        return Status.TROUBLE
    remarks = len(catalogue.remarks)
    found = "1 remark" if remarks == 1 else f"{remarks} remarks" if remarks else "no problem"
    emit(f"{len(catalogue)} signatures, {found}\n")
    return Status.DONE


def _refused_by_the_engine(catalogue: Catalogue) -> list[FileProblem]:
    """The patterns that are sound, and nevertheless too large or too odd to be searched for."""
    from analyzer.catalogue.document import read_document
    from analyzer.match.verify import refused

    problems: list[FileProblem] = []
    for refusal in refused(catalogue):
        file = catalogue.files[refusal.signature.id]
        document = read_document(str(file), file.read_text(encoding="utf-8"))
        hint = "shorten its bounded repeats, or make several patterns of it"
        document.problem(refusal.key, f"the engine refuses this pattern: {refusal.reason}", hint)
        problems.append(document.problems[-1])
    return problems


def test(options: CatalogueOptions, corpus: Sequence[str]) -> Status:
    """Every sample and near miss held against all signatures; or, with a corpus, how often each fires on it."""
    from analyzer.commands.cre import trials
    from analyzer.match.verify import verify

    catalogue, status = chosen_catalogue(options)
    if corpus:
        from analyzer.commands.hit_rate import hit_rate

        return max(status, hit_rate(corpus, catalogue))
    tried, failures = trials(catalogue)
    failures = [*verify(catalogue), *failures]
    emit("".join(f"{one_line(str(failure))}\n" for failure in failures))
    if failures:
        complain(f"{len(failures)} samples, near misses or test logs do not behave as their files say")
        return Status.TROUBLE
    samples = sum(len(signature.samples) + len(signature.near_misses) for signature in catalogue)
    logs = f", {tried} test logs of CRE rules" if tried else ""
    emit(f"{len(catalogue)} signatures, {samples} samples and near misses{logs}, all as they should be\n")
    return status


def explain(record: str, options: CatalogueOptions) -> Status:
    """Which signatures match a record, with which captures, and which nearly do; `-` is standard input."""
    from analyzer.match.explain import explanation

    catalogue, status = chosen_catalogue(options)
    raw = _record(record)
    told = explanation(raw, catalogue)
    lines: list[str] = []
    for match in told.matches:
        lines += _explained(catalogue[match.signature], match.captures)
    lines += [f"{near.signature}: {near.reason}" for near in told.near]
    rules = _rules_told(raw, catalogue)
    for signature, fulfilled in rules:
        lines += [f"{signature.id}   {signature.severity}   {one_line(signature.title)}", f"    {one_line(fulfilled)}"]
    if not told.matches and not any(signature.rule and signature.rule.single for signature, _ in rules):
        lines.append("no signature matches this record")
    emit("\n".join(lines) + "\n")
    return status


def _rules_told(raw: bytes, catalogue: Catalogue) -> list[tuple[Signature, str]]:
    """What a record means to the CRE rules of a catalogue; where there are none, nothing is loaded for them."""
    if all(signature.rule is None for signature in catalogue):
        return []
    from analyzer.commands.cre import told_of

    return list(told_of(raw.decode("utf-8", "replace").rstrip("\n"), catalogue))


def new(record: str, signature_id: str | None, output: str | None, options: CatalogueOptions) -> Status:
    """Draft a signature from one record, to standard output or to a file; `-` is standard input."""
    from analyzer.match.draft import as_yaml, draft
    from analyzer.match.explain import explanation

    raw = _record(record)
    if not raw.strip():
        raise InputError("--from: there is nothing in this record")
    catalogue, status = chosen_catalogue(options)
    for match in explanation(raw, catalogue).matches:
        complain(f"this record is recognised already: {match.signature} ({catalogue[match.signature].title})")
    drafted = draft(raw, signature_id)
    if output is None:
        emit(as_yaml(drafted))
        return status
    technology, _, failure = drafted.id.partition(".")
    file = Path(output, technology, f"{failure}.yaml") if Path(output).is_dir() else Path(output)
    if file.exists():
        raise InputError(f"{file}: exists already; choose another --id or --output")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_file(str(file), as_yaml(drafted))
    emit(f"{file}: fill in what is marked TODO, then: analyzer patterns lint {output}\n")
    return status


def _record(given: str) -> bytes:
    return sys.stdin.buffer.read() if given == "-" else given.encode("utf-8", "surrogateescape")


def _explained(signature: Signature, captures: Mapping[str, str]) -> Iterator[str]:
    yield f"{signature.id}   {signature.severity}   {one_line(signature.title)}"
    width = max(map(len, captures), default=0)
    yield from (f"    {name:<{width}}  {one_line(value)}" for name, value in sorted(captures.items()))


def schema() -> Status:
    """The JSON Schema of a signature file."""
    from analyzer.catalogue.schema import json_schema

    emit(json.dumps(json_schema(), indent=2) + "\n")
    return Status.DONE
