"""The command line: arguments -> options -> exit status.

Nothing heavy is imported here. Each command imports what it needs when it runs, so that `--help`
and shell completion answer at once.
"""

from __future__ import annotations

import gc
import sys
import traceback
from typing import Annotated, Literal, NoReturn

import typer

from analyzer import __version__
from analyzer.cli_catalogue import (
    CatalogueOption,
    ConfigOption,
    KeepGoingOption,
    Severity,
    add_catalogue,
    catalogue_options,
)
from analyzer.cli_operations import StoreOption, add_operations
from analyzer.errors import AnalyzerError, CatalogueError, RefusedFiles, StoreBusyError

# The names of `analyzer.model` and of the commands, said again because importing those takes too long.
ScanFormat = Literal["text", "json", "markdown", "html", "csv", "parquet"]
ShowFormat = Literal["text", "json", "markdown"]
CompareFormat = Literal["text", "json"]

_HELP = """
Find out from logs what went wrong, why, and what to do about it.

\b
  analyzer scan /var/log/myapp              what happened, in the terminal
  analyzer scan logs/ --output report.html  the same as a page to click through
  analyzer serve logs/                      the same as a dashboard in the browser
  analyzer nightly --init                   from now on every night, incrementally, with a history

\b
Exit status: 0 done; 1 done, and --fail-on was met; 2 an input, the catalogue or the
command line was in trouble (all that could be read is still reported); 3 another run is
writing to the same store; 130 interrupted.
"""

# Plain help: rich would double the time that --help takes.
app = typer.Typer(
    name="analyzer",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"analyzer {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def scan(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Files, folders, globs, archives, addresses (s3://, https://), or -."),
    ],
    format: Annotated[  # noqa: A002 - the name of the option
        ScanFormat | None,
        typer.Option(help="Default: what the name of the output file says, else text.", show_default=False),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there.", show_default=False)
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(metavar="FILE.parquet", help="Write every matched record there, too.", show_default=False),
    ] = None,
    catalogue: CatalogueOption = None,
    config: ConfigOption = None,
    keep_going: KeepGoingOption = False,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Earliest time, like 2025-10-24T02:00.", show_default=False)
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Latest time.", show_default=False)] = None,
    timezone: Annotated[str, typer.Option(metavar="NAME", help="IANA time zone of timestamps that name none.")] = "UTC",
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoding of logs that are not Unicode, like latin-1.", show_default=False),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Workers that read at once; default: one per core.",
            show_default=False,
        ),
    ] = None,
    fail_on: Annotated[
        Severity | None,
        typer.Option("--fail-on", help="Exit with 1 if an incident is this severe or worse.", show_default=False),
    ] = None,
    no_redact: Annotated[bool, typer.Option("--no-redact", help="Leave secrets in log text as they are.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress; errors are still said.")] = False,
) -> None:
    """Analyze logs: which incidents, what caused each, what to do.

    \b
      analyzer scan app.log postgres.log.gz
      analyzer scan 'logs/**/*.log' --since 2025-10-24T01:00 --timezone Europe/Berlin
      kubectl logs deploy/api | analyzer scan -
      analyzer scan logs/ --format json --fail-on high --quiet > report.json
    """
    from analyzer.commands.scan import ScanOptions
    from analyzer.commands.scan import scan as run

    options = ScanOptions(
        paths=paths,
        format=format,
        output=output,
        events=events,
        catalogue=catalogue_options(catalogue, config, keep_going),
        since=since,
        until=until,
        timezone=timezone,
        encoding=encoding,
        jobs=jobs,
        fail_on=fail_on,
        redact=not no_redact,
        quiet=quiet,
    )
    raise typer.Exit(run(options))


@app.command(short_help="One incident in full, from the store or from a report.")
def show(
    incident_id: Annotated[str, typer.Argument(metavar="ID", help="The id of an incident, or how it begins.")],
    report: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE.json",
            help="A report by scan --format json; - for standard input.",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = None,
    format: Annotated[ShowFormat, typer.Option()] = "text",  # noqa: A002 - the name of the option
) -> None:
    """One incident in full: cascade, fixes, evidence; from the store, or from a report.

    \b
      analyzer show 7c1e9a
      analyzer show 7c1e9a --from report.json
      analyzer show 7c1e9a --from report.json --format markdown
    """
    from analyzer.commands.show import show as run

    raise typer.Exit(run(incident_id, report, store, format))


@app.command(short_help="What is in B that was not in A.")
def compare(
    before: Annotated[str, typer.Argument(metavar="A", help="Logs, or a report by scan --format json.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The same, from later or from elsewhere.")],
    format: Annotated[CompareFormat, typer.Option()] = "text",  # noqa: A002 - the name of the option
    catalogue: CatalogueOption = None,
    config: ConfigOption = None,
    timezone: Annotated[str, typer.Option(metavar="NAME", help="Of timestamps that name none.")] = "UTC",
    fail_on: Annotated[
        Severity | None,
        typer.Option(help="Exit with status 1 if something new is at least so severe.", show_default=False),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress; errors are still said.")] = False,
) -> None:
    """What is in B that was not in A: incidents and unknown failures that are new, gone, or still there.

    \b
      analyzer compare logs/before-deploy logs/after-deploy
      analyzer compare yesterday.json today.json --fail-on high
    """
    from analyzer.commands.compare import CompareOptions
    from analyzer.commands.compare import compare as run

    options = CompareOptions(
        before=before,
        after=after,
        format=format,
        catalogue=catalogue_options(catalogue, config),
        timezone=timezone,
        fail_on=fail_on,
        quiet=quiet,
    )
    raise typer.Exit(run(options))


@app.command()
def serve(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Logs to analyze; more can be uploaded.", show_default=False),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; anyone who reaches it sees the logs.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
) -> None:
    """The dashboard, in the browser.

    \b
      analyzer serve logs/
      analyzer serve --port 9000
    """
    from analyzer.commands.serve import serve as run

    raise typer.Exit(run(paths or [], host, port))


add_catalogue(app)
add_operations(app)


_YOUNG = 50_000
"""New objects after which Python looks for cycles of garbage. There are next to none here, and looking for
them after every 700, as it does by itself, takes a tenth of a short run."""


def main() -> NoReturn:
    """Run the command line and exit with the status of the public contract."""
    gc.set_threshold(_YOUNG, 20, 20)
    sys.exit(_status())


def _status() -> int:
    from analyzer.commands.output import Status, complain, heed_interrupts, silence_output

    heed_interrupts()
    try:
        app(prog_name="analyzer")
    except RefusedFiles as error:
        for problem in error.problems:
            complain(str(problem))
        refused = "catalogue" if isinstance(error, CatalogueError) else "configuration"
        complain(f"the {refused} was refused; nothing was analyzed")
    except StoreBusyError as error:
        complain(str(error))
        return Status.BUSY
    except AnalyzerError as error:
        complain(str(error))
    except SystemExit as stop:
        if stop.code == Status.INTERRUPTED:
            complain("interrupted")
        # Help or a version that nobody reads to its end; results have their own care (`emit`).
        if isinstance(stop.__context__, BrokenPipeError):
            silence_output()
            return Status.DONE
        return stop.code if isinstance(stop.code, int) else Status.DONE
    except Exception:  # noqa: BLE001 - a defect of ours must not leave with 1, which means "incidents found"
        traceback.print_exc()
        complain("this is a defect of analyzer itself; please report it with the lines above")
    return Status.TROUBLE
