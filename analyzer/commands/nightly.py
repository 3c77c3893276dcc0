"""`analyzer nightly`: read what is new into the store, and say what the nights were like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from analyzer.catalogue import Catalogue
from analyzer.catalogue.own import own_catalogue
from analyzer.commands.arrow import spare_pandas
from analyzer.commands.hints import store_option
from analyzer.commands.output import Status, complain, emit, progress, write_file
from analyzer.config import read_settings
from analyzer.errors import InputError
from analyzer.model import Incident
from analyzer.night import Night
from analyzer.nightly import NightlyOptions, Outcome, run_nightly
from analyzer.nightly.announce import announce
from analyzer.nightly.publish import publish
from analyzer.nightly.settings import TEMPLATE, NightlyConfig
from analyzer.pipeline import options_for
from analyzer.report import words
from analyzer.report.clean import one_line
from analyzer.store import Store, default_url, open_store
from analyzer.store.session import StoreSettings

CONFIG = "analyzer.toml"
"""The configuration that is used where none is named, if it is in the current folder."""

_MOST = 40
"""Incidents that a run names; the report has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightlyCommand:
    """The command line of `nightly`, as given; what it names goes before the configuration."""

    config: str | None = None
    sources: Sequence[str] = ()
    store: str | None = None
    report_dir: str | None = None
    quiet: bool = False


def nightly(command: NightlyCommand) -> Status:
    """One nightly run from the command line to the exit status."""
    spare_pandas()
    config = _config(command)
    report_dir = Path(command.report_dir) if command.report_dir else config.report_dir
    if report_dir is not None:
        _make_folder(report_dir)
    chosen = command.store or config.store.url
    url, see = chosen or default_url(), store_option(chosen)
    with progress(quiet=command.quiet) as show:
        reading = options_for(timezone=config.timezone, jobs=config.jobs, redact=config.redact, progress=show)
        options = NightlyOptions(
            sources=tuple(command.sources) or config.sources,
            store=url,
            settings=StoreSettings(
                timezone=config.timezone, night_ends=config.night_ends, events_folder=config.store.events
            ),
            keep_days=config.store.keep_days,
            reading=reading,
        )
        outcome = run_nightly(options, _catalogue(config))
    store = open_store(url)
    emit(_told(store, outcome, ZoneInfo(config.timezone), see))
    if report_dir is not None:
        reported = [outcome.night] if outcome.night is not None else []
        told = dict.fromkeys([*outcome.nights, *reported])
        publish(store, told, report_dir, "directory" if config.shared_plotly else "inline", outcome.night)
    for path, reason in outcome.trouble.items():
        complain(f"{path}: {reason}")
    # What could not be told is told by the next run; the night itself is in the store.
    for failed in announce(store, config.notify, datetime.now(UTC), see=see):
        complain(failed)
    return Status.TROUBLE if outcome.trouble else Status.DONE


def write_template(target: str | None) -> Status:
    """Write a commented configuration to begin with. Raises `InputError` rather than overwrite a file."""
    path = Path(target or CONFIG)
    if path.exists():
        raise InputError(f"{path}: is there already; remove it first, or name another with --config")
    write_file(str(path), TEMPLATE)
    emit(f"{path}: name your logs in it, then run: analyzer nightly --config {path}\n")
    return Status.DONE


def _config(command: NightlyCommand) -> NightlyConfig:
    path = command.config or (CONFIG if Path(CONFIG).exists() else None)
    config = read_settings(path, NightlyConfig) if path is not None else NightlyConfig()
    if not command.sources and not config.sources:
        where = f"{path}: names no sources" if path else "no configuration"
        raise InputError(f"{where}; analyzer nightly --init writes one, --source PATH names logs without one")
    return config


def _catalogue(config: NightlyConfig) -> Catalogue:
    own = own_catalogue(config.catalogue)
    for remark in own.remarks:
        complain(remark)
    return own.whole()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from error


def _told(store: Store, outcome: Outcome, zone: ZoneInfo, see: str) -> str:
    """What the run has to say: a line per night that changed, and the incidents of the one to report."""
    if outcome.night is None:
        return "nothing was read, and the store holds no night yet\n"
    read = f"read {words.counted(outcome.records, 'new record')}, {words.size(outcome.bytes)}\n"
    others = [night for night in outcome.nights if night != outcome.night]
    lines = [_headline(store.night(night)) for night in others]
    night = store.night(outcome.night)
    incidents = _in_order(night)
    left = len(incidents) - _MOST
    more = f"  and {left:,} more: analyzer incidents list{see}\n" if left > 0 else ""
    return "".join([read, *lines, _headline(night), *(_line(i, zone) for i in incidents[:_MOST]), more])


def _headline(night: Night) -> str:
    totals = night.totals
    counts = [f"{getattr(totals, name)} {name}" for name in ("new", "regressed", "ongoing", "resolved")]
    rate = "nothing was logged" if totals.error_rate is None else f"{totals.error_rate:.1%} errors"
    so_far = "" if night.completeness.over else ", so far"
    unknown = totals.unknown_new
    first = f", {words.counted(unknown, 'unknown failure')} for the first time" if unknown else ""
    records = words.counted(totals.records, "record")
    return f"{totals.date}  {', '.join(counts)}{first}; {records}, {rate}{so_far}\n"


def _in_order(night: Night) -> list[Incident]:
    """The incidents that matter most first: by status, then as they are."""
    order = ("new", "regressed", "ongoing", "resolved")
    told = [incident for incident in night.analysis.incidents if incident.id not in night.muted]
    return sorted([*told, *night.resolved], key=lambda incident: order.index(incident.status))


def _line(incident: Incident, zone: ZoneInfo) -> str:
    start = f"{incident.start.astimezone(zone):%H:%M}" if incident.start else "  ?  "
    head = f"  {incident.status:9}  {incident.severity:8}  {incident.id:8}  {start}"
    return f"{head}  {one_line(incident.title, 90)}  {words.counted(incident.event_count, 'event')}\n"
