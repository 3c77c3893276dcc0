"""`analyzer watch`: new incidents as they open, escalate and close."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from analyzer.commands.catalogue import CatalogueOptions, chosen_catalogue
from analyzer.commands.hints import store_option
from analyzer.commands.output import Status, complain, emit
from analyzer.commands.spool import Spool
from analyzer.ingest.discover import STANDARD_INPUT
from analyzer.nightly import NightlyOptions
from analyzer.pipeline import options_for
from analyzer.report import words
from analyzer.report.clean import one_line
from analyzer.store import default_url
from analyzer.store.session import StoreSettings
from analyzer.watch import News, Pace, watch


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCommand:
    """The command line of `watch`, as given."""

    paths: Sequence[str]
    store: str | None = None
    catalogue: CatalogueOptions = field(default_factory=CatalogueOptions)
    timezone: str = "UTC"
    redact: bool = True


def follow(command: WatchCommand) -> Status:
    """Watch until interrupted."""
    catalogue, _ = chosen_catalogue(command.catalogue)
    stop, pace = threading.Event(), Pace()
    for interrupt in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interrupt, lambda *_: stop.set())
    with _spooled(command.paths) as (paths, spool):
        reading = options_for(timezone=command.timezone, jobs=None, redact=command.redact, progress=None)
        options = NightlyOptions(
            sources=tuple(paths),
            store=command.store or default_url(),
            settings=StoreSettings(timezone=command.timezone),
            reading=replace(reading, processes=False),  # each round has little to read
        )
        for number, turn in enumerate(watch(options, catalogue, stop, pace=pace)):
            if number == 0:
                emit(
                    f"{_clock()}  watching {', '.join(command.paths)}: {words.counted(turn.records, 'record')} so far\n"
                )
            for news in turn.news:
                emit(_told(news, command.store))
            for path, reason in turn.trouble.items():
                complain(f"{path}: {reason}")
            if spool is not None:
                if pace.hurry and not turn.records and turn.settled:
                    return Status.DONE
                pace.hurry = spool.ended.is_set()
                spool.round_done(trouble=bool(turn.trouble))
    return Status.INTERRUPTED


def _told(news: News, store: str | None) -> str:
    incident = news.incident
    head = f"{_clock()}  {news.turn:9}  {incident.severity:8}  {one_line(incident.title, 120)}"
    events = words.counted(incident.event_count, "event")
    if news.turn == "closed":
        return f"{head}  after {words.duration(incident.duration_seconds)}, {events}\n"
    lines = [f"{head}  since {words.clock(incident.start)}, {events}"]
    if incident.root_cause.title != incident.title:
        lines.append(f"          cause  {one_line(incident.root_cause.title, 120)}, {words.confident_root(incident)}")
    fix = words.fix_headline(incident)
    lines += [f"          fix    {fix}"] if fix and news.turn == "opened" else []
    lines.append(f"          see    analyzer show {incident.id}{store_option(store)}")
    return "\n".join(lines) + "\n"


def _clock() -> str:
    return f"{datetime.now(UTC):%H:%M:%S}"


@contextmanager
def _spooled(paths: Sequence[str]) -> Iterator[tuple[list[str], Spool | None]]:
    """The paths to follow, standard input being copied to a folder of its own."""
    if STANDARD_INPUT not in paths:
        yield list(paths), None
        return
    with (
        tempfile.TemporaryDirectory(prefix="analyzer-watch-") as folder,
        open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as given,
    ):
        spool = Spool(Path(folder))
        threading.Thread(target=spool.copy, args=(given,), daemon=True, name="stdin").start()
        yield [folder if path == STANDARD_INPUT else path for path in paths], spool
