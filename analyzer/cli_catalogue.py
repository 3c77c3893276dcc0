"""The part of the command line that is about the catalogue and the line formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from analyzer.commands.catalogue import CatalogueOptions

# The names of `analyzer.model` and of the commands, said again because importing those takes too long.
Severity = Literal["critical", "high", "medium", "low", "info"]
ListFormat = Literal["text", "json", "markdown"]

patterns = typer.Typer(
    help="The catalogue of known failures: look, check, try.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
formats = typer.Typer(
    help="The line formats that logs are read by: look, and ask how a file is understood.",
    short_help="Line formats: look, and ask how a file is understood.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CatalogueOption = Annotated[
    list[str] | None,
    typer.Option(
        "--catalogue",
        metavar="PATH",
        help="Use these signatures and no others: a file or folder; repeatable. The word built-in stands for those "
        "that come along. Default: those, and what your configuration adds and switches off.",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Configuration to use in place of ~/.config/log-incident-analyzer/config.toml.",
        show_default=False,
    ),
]
KeepGoingOption = Annotated[
    bool,
    typer.Option("--keep-going", help="Leave broken signature files out instead of refusing the whole catalogue."),
]
CataloguePaths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]...",
        help="Files or folders of signatures, or the word built-in; default: those in use.",
        show_default=False,
    ),
]


def catalogue_options(paths: list[str] | None, config: str | None = None, keep_going: bool = False) -> CatalogueOptions:
    """What was said on the command line about the catalogue."""
    from analyzer.commands.catalogue import CatalogueOptions

    return CatalogueOptions(paths=paths or (), config=config, keep_going=keep_going)


def add_catalogue(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(patterns, name="patterns")
    app.add_typer(formats, name="formats")


@patterns.command("list")
def patterns_list(
    technology: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this technology, like postgresql.", show_default=False)
    ] = None,
    severity: Annotated[Severity | None, typer.Option(help="Only this severity.", show_default=False)] = None,
    text: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only with this in id, title, cause, tags.", show_default=False)
    ] = None,
    format: Annotated[ListFormat, typer.Option(help="markdown: a page, a table for each technology.")] = "text",  # noqa: A002
    catalogue: CatalogueOption = None,
    config: ConfigOption = None,
    keep_going: KeepGoingOption = False,
) -> None:
    """The known failures, one per line; in brackets those that are not built in or switched off.

    \b
      analyzer patterns list --technology postgresql --severity critical
      analyzer patterns list --text 'foreign key'
    """
    from analyzer.commands.patterns import Filter, list_signatures

    options = catalogue_options(catalogue, config, keep_going)
    raise typer.Exit(list_signatures(Filter(technology, severity, text), format, options))


@patterns.command("show")
def patterns_show(
    signature_id: Annotated[str, typer.Argument(metavar="ID", help="Like postgresql.undefined_column.")],
    catalogue: CatalogueOption = None,
    config: ConfigOption = None,
    keep_going: KeepGoingOption = False,
) -> None:
    """One known failure: cause, impact, fix, and how it is recognised."""
    from analyzer.commands.patterns import show_signature

    options = catalogue_options(catalogue, config, keep_going)
    raise typer.Exit(show_signature(signature_id, options))


@patterns.command("lint")
def patterns_lint(paths: CataloguePaths = None) -> None:
    """Check shape, names and references. All faults are told at once, with file and line."""
    from analyzer.commands.patterns import lint

    raise typer.Exit(lint(catalogue_options(paths)))


@patterns.command("test")
def patterns_test(
    paths: CataloguePaths = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOGS",
            help="Show instead how often each signature fires on these logs, files or folders; repeatable.",
            show_default=False,
        ),
    ] = None,
    keep_going: KeepGoingOption = False,
) -> None:
    """Check every sample against all signatures. No near miss may match.

    \b
      analyzer patterns test
      analyzer patterns test my-signatures/ --corpus healthy-logs/
    """
    from analyzer.commands.patterns import test

    raise typer.Exit(test(catalogue_options(paths, keep_going=keep_going), corpus or ()))


@patterns.command("explain")
def patterns_explain(
    record: Annotated[str, typer.Argument(metavar="LINE", help="A log record, or - to read it from standard input.")],
    catalogue: CatalogueOption = None,
    config: ConfigOption = None,
    keep_going: KeepGoingOption = False,
) -> None:
    """Which signatures match a record, and with which captures.

    \b
      analyzer patterns explain 'ERROR:  relation "orders" does not exist'
    """
    from analyzer.commands.patterns import explain

    options = catalogue_options(catalogue, config, keep_going)
    raise typer.Exit(explain(record, options))


@patterns.command("new")
def patterns_new(
    record: Annotated[
        str, typer.Option("--from", metavar="LINE", help="A log record, or - to read it from standard input.")
    ],
    signature_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Like shop.order_lost; default: made of words.", show_default=False),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A new file, or the folder for it.", show_default=False),
    ] = None,
    catalogue: CatalogueOption = None,
    config: ConfigOption = None,
    keep_going: KeepGoingOption = False,
) -> None:
    """Draft a signature from a log record: words escaped, what varies captured, the rest to be filled in.

    \b
      analyzer patterns new --from 'order 42 of customer "ann" was lost' --id shop.order_lost
      tail -1 app.log | analyzer patterns new --from - --output ~/.config/log-incident-analyzer/signatures/
    """
    from analyzer.commands.patterns import new

    options = catalogue_options(catalogue, config, keep_going)
    raise typer.Exit(new(record, signature_id, output, options))


@patterns.command("schema")
def patterns_schema() -> None:
    """The JSON Schema of a signature file, for editors."""
    from analyzer.commands.patterns import schema

    raise typer.Exit(schema())


@formats.command("list")
def formats_list(
    text: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only with this in name or example.", show_default=False)
    ] = None,
) -> None:
    """The known line formats, one per line, with an example.

    \b
      analyzer formats list --text postgresql
    """
    from analyzer.commands.formats import list_formats

    raise typer.Exit(list_formats(text))


@formats.command("explain")
def formats_explain(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files, folders, globs, or - for standard input.")],
    timezone: Annotated[str, typer.Option(metavar="NAME", help="IANA time zone of timestamps that name none.")] = "UTC",
) -> None:
    """How a file is understood: which format and why, what it leaves open, which lines it misses.

    \b
      analyzer formats explain app.log
      kubectl logs deploy/api | analyzer formats explain -
    """
    from analyzer.commands.formats import explain

    raise typer.Exit(explain(paths, timezone))
