"""`analyzer formats ...`: which line formats are known, and how a file is understood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analyzer.commands.arrow import spare_pandas
from analyzer.commands.output import Look, Status, complain, emit, look_of_output
from analyzer.errors import InputError
from analyzer.ingest.account import Account, Sampled, accounts_of
from analyzer.ingest.discover import Input, discover
from analyzer.ingest.envelopes.choose import EXAMPLES
from analyzer.ingest.layout import Layout, all_layouts
from analyzer.ingest.timestamps import moment_text
from analyzer.redact import redact
from analyzer.report.clean import one_line

_LABEL = 16
_MOST_CANDIDATES = 6
_KEPT_APART = frozenset({"timestamp", "level", "status", "priority", "message"})


def list_formats(text: str | None) -> Status:
    """One line for each layout, and each envelope around lines of any layout, whose name or example holds
    the text: name, how it is read, an example."""
    found = [
        (layout.name, str(layout.style), _example(layout))
        for layout in all_layouts()
        if text is None or text.lower() in _words(layout).lower()
    ]
    found += [
        (name, "around", example)
        for name, example in EXAMPLES.items()
        if text is None or text.lower() in f"{name}\n{example}".lower()
    ]
    width = max((len(name) for name, *_ in found), default=0)
    room = max(look_of_output().width - width - 10, 40)
    emit("".join(f"{name:<{width}}  {style:<6}  {one_line(example, room)}\n" for name, style, example in found))
    if not found:
        complain("no format fits")
    return Status.DONE


def _words(layout: Layout) -> str:
    return "\n".join((layout.name, layout.service or "", *(str(sample["line"]) for sample in layout.samples)))


def _example(layout: Layout) -> str:
    return str(layout.samples[0]["line"]).replace("\n", " ⏎ ") if layout.samples else '{"any": "JSON object"}'


def explain(paths: Sequence[str], timezone: str) -> Status:
    """How the beginning of each input is understood, and what was assumed."""
    spare_pandas()
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone {timezone!r}; use an IANA name such as Europe/Berlin or UTC") from error
    inputs, refused = discover(paths)
    if not inputs and not refused:
        raise InputError("nothing to explain: name a file, a folder, a glob, or - for standard input")
    status = Status.DONE
    for source in refused:
        for skipped in source.skipped:
            complain(f"{source.path}: {skipped.reason}")
            status = Status.TROUBLE if skipped.trouble else status
    for given in inputs:
        for account in _accounts(given, zone):
            if account.trouble is None:
                emit("\n".join(_page(account, look_of_output())) + "\n")
            else:
                complain(f"{account.path}: {account.trouble}")
                status = Status.TROUBLE
    return status


def _accounts(given: Input, zone: ZoneInfo) -> Iterator[Account]:
    try:
        yield from accounts_of(given, zone)
    except OSError as error:
        yield Account(given.path, trouble=f"cannot be opened: {error.strerror or error}")


def _page(account: Account, look: Look) -> Iterator[str]:
    title = one_line(account.path)
    yield f"\x1b[1m{title}\x1b[0m" if look.colour else title
    others = [f"{name} ({count:,})" for name, count in account.layouts.items() if name != account.layout]
    yield _entry("layout", f"{account.layout}{'; also ' + ', '.join(others) if others else ''}")
    yield _entry("understood", f"{account.understood:.1%} of the lines that may begin a record")
    for label, (name, share) in zip(["why", *[""] * _MOST_CANDIDATES], account.candidates, strict=False):
        yield _entry(label, f"{name:<24} fits {share:7.1%}")
    if not account.candidates:
        yield _entry("why", "no layout fits any line: each that is not indented is a record of its own")
    yield _entry("read", f"{account.lines:,} lines, {account.records:,} records, {_dated(account)}")
    yield _entry("from, to", f"{moment_text(account.first)}, {moment_text(account.last)}")
    for label, text in zip(["assumed", *[""] * len(account.assumptions)], account.assumptions, strict=False):
        yield _entry(label, text)
    for label, line in zip(["not understood", *[""] * len(account.missed)], account.missed, strict=False):
        yield _entry(label, _shown(line, look.width - _LABEL - 2))
    for number, sample in enumerate(account.samples, start=1):
        yield from _record(number, sample, look)


def _dated(account: Account) -> str:
    if account.dated == account.records:
        return "all with a time of their own"
    return f"{account.dated:,} of them with a time of their own" if account.dated else "none with a time"


def _record(number: int, sample: Sampled, look: Look) -> Iterator[str]:
    width = look.width - _LABEL - 2
    yield _entry(f"record {number}", _shown(sample.text.partition("\n")[0], width))
    yield _entry("", f"{moment_text(sample.time)}  {sample.level or 'no level'}  {one_line(sample.service or '', 40)}")
    values = (f"{one_line(name, 30)}={value}" for name, value in sample.values.items()
              if name not in _KEPT_APART)  # fmt: skip
    if shown := ", ".join(values):
        yield _entry("", _shown(shown, width))


def _shown(text: str, width: int) -> str:
    """Log text on one line, without secrets and without anything that a terminal would obey."""
    return one_line(redact(text), max(width, 40))


def _entry(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}}{text}".rstrip()
