"""The two channels of a command: results to standard output or a file, everything else to standard error."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from analyzer.errors import InputError
from analyzer.files import write_whole
from analyzer.report.clean import one_line

if TYPE_CHECKING:
    from analyzer.pipeline import Progress

STANDARD_OUTPUT = "standard output"
_INTERRUPTED = threading.Event()


class Status(IntEnum):
    """Exit statuses, as the public contract has them."""

    DONE = 0
    FOUND = 1
    TROUBLE = 2
    BUSY = 3
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Look:
    """How wide a text may be, and whether it may have colour."""

    width: int = 100
    colour: bool = False


def look_of_output() -> Look:
    """What suits standard output: a terminal's own width and colours, else plain text 100 wide."""
    if not is_terminal(sys.stdout):
        return Look()
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Look(width=min(shutil.get_terminal_size((100, 24)).columns, 140), colour=not plain)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at this stream; a stream may be missing altogether."""
    return stream is not None and stream.isatty()


def complain(message: str) -> None:
    """Say what went wrong on standard error, on one line that no terminal obeys."""
    with contextlib.suppress(OSError):
        print(f"analyzer: {one_line(message)}", file=sys.stderr, flush=True)


def heed_interrupts() -> None:
    """Have Ctrl-C end the program even where the exception is lost: raised inside a callback from C, or
    while something is being thrown away, it goes nowhere."""
    by_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if by_default and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    _INTERRUPTED.set()
    raise KeyboardInterrupt


def _check_interrupts() -> None:
    """Nothing is put out once the user has interrupted. Raises KeyboardInterrupt."""
    if _INTERRUPTED.is_set():
        raise KeyboardInterrupt


def emit(result: str | bytes) -> None:
    """Write a result to standard output, whole; a reader that has had enough (`| head`) is no failure."""
    _check_interrupts()
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(_encoded(result))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence_output()
    except OSError as error:
        silence_output()
        raise InputError(f"{STANDARD_OUTPUT}: cannot be written: {error.strerror}") from error


def silence_output() -> None:
    """Lead standard output nowhere, so that the flush at exit does not fail a second time."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def check_target(target: str, inputs: list[str]) -> None:
    """Refuse, before any work is done, a file that could not be written or must not be overwritten."""
    path = Path(target)
    if path.is_dir():
        raise InputError(f"{target}: is a folder, not a file to write to")
    if not path.resolve().parent.is_dir():
        raise InputError(f"{target}: its folder does not exist")
    for name in inputs:
        if path.is_file() and os.path.exists(name) and path.samefile(name):
            raise InputError(f"{target}: is one of the inputs and would be overwritten")


def write_file(target: str, result: str | bytes) -> None:
    """Write a result to a file: all of it or, on any failure, none."""
    _check_interrupts()
    path = Path(target).resolve()
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            path.write_bytes(_encoded(result))
        else:
            write_whole(path, _encoded(result))
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error


def _encoded(result: str | bytes) -> bytes:
    return result if isinstance(result, bytes) else result.encode("utf-8", "backslashreplace")


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """A line on standard error that shows what is being read; nothing where nobody looks."""
    if quiet or not is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import FileSizeColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TimeElapsedColumn(),
        FileSizeColumn(),
        TextColumn("{task.description}", markup=False),
    )
    read: dict[str, int] = {}
    # No thread refreshes it: a process with several is not forked.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("preparing the catalogue")
        bar.refresh()

        def show(path: str, count: int) -> None:
            read[path] = count
            bar.update(task, completed=sum(read.values()), description=one_line(path, 60), refresh=True)

        yield show
