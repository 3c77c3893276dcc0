"""The part of the command line that works with the store: nightly runs, incidents, stored events."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from analyzer.cli_catalogue import CatalogueOption, ConfigOption, catalogue_options

# The names of `analyzer.night` and of the commands, said again because importing those takes too long.
IncidentState = Literal["open", "muted", "resolved"]
IncidentFormat = Literal["text", "json"]
EventsFormat = Literal["csv", "json", "parquet"]

incidents = typer.Typer(
    help="What the nights found: look, decide, take notes.", no_args_is_help=True, rich_markup_mode=None
)

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="sqlite:///path/to/store.db or postgresql://user@host/database; default: in the user's data folder.",
        show_default=False,
    ),
]
IncidentArgument = Annotated[str, typer.Argument(metavar="ID", help="The id of an incident, or how it begins.")]
IncidentFormatOption = Annotated[IncidentFormat, typer.Option("--format")]


def add_operations(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command(short_help="Read what is new into the store, explain each night.")(nightly)
    app.command(short_help="Follow logs; say when incidents open and close.")(watch)
    app.add_typer(incidents, name="incidents")
    app.command()(events)


def nightly(
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="Default: analyzer.toml, if it is here.", show_default=False),
    ] = None,
    init: Annotated[bool, typer.Option("--init", help="Write a commented configuration, and do nothing else.")] = False,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Logs to read in place of those configured; repeatable.", show_default=False),
    ] = None,
    store: StoreOption = None,
    report_dir: Annotated[
        str | None, typer.Option("--report-dir", metavar="DIR", help="Where reports go.", show_default=False)
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress; errors are still said.")] = False,
) -> None:
    """Read what is new in the logs into the store, explain each night, and report.

    Nothing is read twice, whatever the logs are called by now. A run that was interrupted is made
    up for by the next one. Exit status 3: another run is at work.

    \b
      analyzer nightly --init
      analyzer nightly --config /etc/analyzer.toml
      analyzer nightly --source '/var/log/myapp/*.log*' --store sqlite:///store.db
    """
    from analyzer.commands.nightly import NightlyCommand, write_template
    from analyzer.commands.nightly import nightly as run

    if init:
        raise typer.Exit(write_template(config))
    command = NightlyCommand(config=config, sources=source or (), store=store, report_dir=report_dir, quiet=quiet)
    raise typer.Exit(run(command))


def watch(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files, folders, globs, or - for standard input.")],
    store: StoreOption = None,
    catalogue: CatalogueOption = None,
    config: ConfigOption = None,
    timezone: Annotated[str, typer.Option(metavar="NAME", help="Of timestamps that name none.")] = "UTC",
    redact: Annotated[bool, typer.Option("--redact/--no-redact", help="Take secrets out of log text.")] = True,
) -> None:
    """Follow logs as they grow; say when an incident opens, escalates and closes.

    What is read goes into the store, so that a restart goes on where reading stopped. Ends with
    Ctrl-C, or with standard input.

    \b
      analyzer watch /var/log/myapp
      kubectl logs -f deploy/api | analyzer watch -
    """
    from analyzer.commands.watch import WatchCommand, follow

    options = catalogue_options(catalogue, config)
    command = WatchCommand(paths=paths, store=store, catalogue=options, timezone=timezone, redact=redact)
    raise typer.Exit(follow(command))


@incidents.command("list")
def incidents_list(
    store: StoreOption = None,
    state: Annotated[IncidentState | None, typer.Option(help="Only those.", show_default=False)] = None,
    format: IncidentFormatOption = "text",  # noqa: A002 - the name of the option
) -> None:
    """The incidents of all nights, one per line, those that are open first."""
    from analyzer.commands.incidents import list_incidents

    raise typer.Exit(list_incidents(store, state, format))


@incidents.command("show")
def incidents_show(
    incident_id: IncidentArgument,
    store: StoreOption = None,
    format: IncidentFormatOption = "text",  # noqa: A002 - the name of the option
) -> None:
    """One incident in full, with its history and what was noted."""
    from analyzer.commands.incidents import show_incident

    raise typer.Exit(show_incident(store, incident_id, format))


@incidents.command("resolve")
def incidents_resolve(
    incident_id: IncidentArgument,
    store: StoreOption = None,
    format: IncidentFormatOption = "text",  # noqa: A002 - the name of the option
) -> None:
    """Declare an incident solved; if it is seen again, it counts as regressed."""
    from analyzer.commands.incidents import decide

    raise typer.Exit(decide(store, incident_id, "resolve", "", format))


@incidents.command("mute")
def incidents_mute(
    incident_id: IncidentArgument,
    store: StoreOption = None,
    undo: Annotated[bool, typer.Option("--undo", help="Wake it again.")] = False,
    format: IncidentFormatOption = "text",  # noqa: A002 - the name of the option
) -> None:
    """Hear no more of an incident, until it becomes more severe or far more frequent."""
    from analyzer.commands.incidents import decide

    raise typer.Exit(decide(store, incident_id, "wake" if undo else "mute", "", format))


@incidents.command("note")
def incidents_note(
    incident_id: IncidentArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What there is to say.")],
    store: StoreOption = None,
    format: IncidentFormatOption = "text",  # noqa: A002 - the name of the option
) -> None:
    """Write something down about an incident.

    \b
      analyzer incidents note 7c1e9a 'the pool is too small; see OPS-311'
    """
    from analyzer.commands.incidents import decide

    raise typer.Exit(decide(store, incident_id, "note", text, format))


def events(
    where: Annotated[
        str | None, typer.Option(metavar="CONDITION", help='Like severity == "critical".', show_default=False)
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Earliest time, like 2025-10-24T02:00.", show_default=False)
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Latest time.", show_default=False)] = None,
    format: Annotated[  # noqa: A002 - the name of the option
        EventsFormat | None, typer.Option(help="Default: as FILE ends, else csv.", show_default=False)
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write them there.", show_default=False)
    ] = None,
    store: StoreOption = None,
) -> None:
    """Stored events that meet a condition.

    \b
      analyzer events --where 'severity == "critical" and service in ("api", "web")'
      analyzer events --where 'keys.relation == "orders" and contains(text, "timeout")' --format json
      analyzer events --since 2025-10-24T00:00 --format parquet --output night.parquet

    Columns: timestamp, source, line, offset, signature, severity, level, service, text, keys.NAME.
    JSON is one object per line. DuckDB and pandas read the files themselves: see docs/nightly.md.
    """
    from analyzer.commands.events import EventsCommand
    from analyzer.commands.events import events as run

    command = EventsCommand(store=store, where=where, since=since, until=until, format=format, output=output)
    raise typer.Exit(run(command))
