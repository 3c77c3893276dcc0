"""Kill nightly runs with signal 9 at random moments, run again, and compare the stores row by row.

    python -m benchmarks.kill --kills 200
    python -m benchmarks.kill --kills 15 --steps     at chosen steps of the run instead of random moments

For each kill there is a new store. A run begins, is killed (every other one twice), and is run to its
end; then every row of every table and every stored event has to be what an undisturbed run leaves.
The runs are processes of their own, forked from one that has done such a run already: what they import and
compile is there, so that the kills hit reading, saving and explaining. Input, blocks and batches are small,
so that a run takes part of a second and yet saves a dozen times.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import Engine, event, select

from analyzer import reading
from analyzer.catalogue import Catalogue
from analyzer.ingest.blocks import read_blocks
from analyzer.model import Signature
from analyzer.nightly import NightlyOptions, run_nightly
from analyzer.store import batch, open_store
from analyzer.store.schema import metadata
from analyzer.store.session import StoreSettings

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)
TELL_OF_THE_CLOCK_OR_OF_PLACES = {"runs", "settings"}
WATCHED = {"open", "os.rename", "os.remove", "os.mkdir", "os.listdir", "sqlite3.connect"}
CATALOGUE = Catalogue(
    (
        Signature(
            id="app.refused", title="No connection to {host}", category="connection", severity="high",
            match=(r"connection to (?P<host>\w+) refused",),
        ),
        Signature(
            id="app.slow", title="Slow queries", category="timeout", severity="medium", match=("query took too long",)
        ),
    )
)  # fmt: skip


def write_logs(folder: Path, files: int, lines: int) -> None:
    """Logs of three nights, one of them of one kind of trouble, one of another, with failures nobody knows."""
    dice = random.Random(7)
    texts = ["INFO served request {}", "ERROR connection to redis refused, try {}", "WARN query took too long: {} ms",
             "ERROR flux capacitor {} out of plutonium"]  # fmt: skip
    for number in range(files):
        moment = datetime(2025, 10, 20, 22, tzinfo=UTC) + timedelta(hours=24 * (number % 3))
        written = []
        for line in range(lines):
            moment += timedelta(seconds=dice.expovariate(0.5))
            text = dice.choices(texts, (90, 6 * (number % 3 != 1), 4, 1))[0]
            written.append(f"{moment:%Y-%m-%d %H:%M:%S} {text.format(line)}\n")
        path = folder / f"app-{number}.log"
        path.write_text("".join(written))
        os.utime(path, (NOW.timestamp() - 86_400, NOW.timestamp() - 86_400))


def one_run(logs: Path, store: Path) -> None:
    """A nightly run that saves often and reads in small blocks, so that there is much to interrupt."""
    vars(batch).update(SAVE_AFTER_INPUTS=2, SAVE_AFTER_BYTES=20_000)
    vars(reading).update(read_blocks=functools.partial(read_blocks, size=1 << 13))
    settings = StoreSettings(events_folder=store / "events")
    options = NightlyOptions(sources=(str(logs),), store=f"sqlite:///{store}/store.db", settings=settings, now=NOW)
    run_nightly(options, CATALOGUE)


def forked(work: Callable[[], None], kill_after: float | None = None) -> int:
    """Do something in a process of its own; how that ended, as `os.waitpid` tells it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a child must never go on as its parent
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    timer = threading.Timer(kill_after, os.kill, (child, signal.SIGKILL)) if kill_after is not None else None
    if timer is not None:
        timer.start()
    _, status = os.waitpid(child, 0)
    if timer is not None:
        timer.cancel()
    return status


def counting_steps(work: Callable[[], None], last: int | None, told: Callable[[int], object] = print) -> None:
    """Do something and count its steps (files opened and renamed, statements to the database); die at
    step `last`, tell the number of steps at the end."""
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(lambda name, _: step() if name in WATCHED else None)
    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    work()
    told(steps)


def content_of(store: Path) -> dict[str, list[Any]]:
    """Every row of every table, and every event."""
    known = open_store(f"sqlite:///{store}/store.db")
    with known.database.read() as connection:
        rows: dict[str, list[Any]] = {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
            if table.name not in TELL_OF_THE_CLOCK_OR_OF_PLACES
        }
    files = known.event_files()
    rows["events"] = sorted(repr(row) for file in files for row in pq.read_table(file, partitioning=None).to_pylist())
    rows["files on disk"] = sorted(str(p.relative_to(store)) for p in (store / "events").rglob("*") if p.is_file())
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--files", type=int, default=6)
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kill-"))
    try:
        return kill_and_compare(folder, options)
    finally:
        shutil.rmtree(folder)


def kill_and_compare(folder: Path, options: argparse.Namespace) -> int:
    logs, undisturbed = folder / "logs", folder / "undisturbed"
    logs.mkdir()
    write_logs(logs, options.files, options.lines)
    run = functools.partial(one_run, logs)
    run(folder / "warm")
    counted = folder / "steps"
    work = functools.partial(run, undisturbed)
    started = time.monotonic()
    assert forked(lambda: counting_steps(work, None, lambda n: counted.write_text(str(n)))) == 0
    length, steps = time.monotonic() - started, int(counted.read_text())
    dice = random.Random(options.seed)
    stores, killed, different = 0, 0, 0
    while killed < options.kills:
        store = folder / f"store-{stores}"
        for _ in range(1 + stores % 2):
            work = functools.partial(run, store)
            if options.steps:
                last = 1 + (killed * steps) // options.kills
                status = forked(functools.partial(counting_steps, work, last, lambda _: None))
            else:
                status = forked(work, kill_after=dice.uniform(0, length))
            killed += os.WIFSIGNALED(status)
        started = time.monotonic()
        assert forked(functools.partial(run, store)) == 0, "the run after the kill failed"
        length = (length + time.monotonic() - started) / 2  # runs get slower where others use the machine
        different += not same(undisturbed, store)
        shutil.rmtree(store)
        stores += 1
    print(f"{stores} stores, {killed} kills ({steps} steps, {length:.1f} s a run): {different} differ")
    return 1 if different else 0


def same(undisturbed: Path, store: Path) -> bool:
    """Whether two stores hold the same; looked at in a process of its own, which leaves this one fit to fork."""

    def compare() -> None:
        ours, theirs = content_of(store), content_of(undisturbed)
        apart = [name for name in theirs if ours[name] != theirs[name]]
        for name in apart:
            extra, missing = set(ours[name]) - set(theirs[name]), set(theirs[name]) - set(ours[name])
            print(f"{store.name}: {name}: {len(extra)} rows more, {len(missing)} missing", file=sys.stderr)
            print("  ", *list(extra)[:1], *list(missing)[:1], sep="\n   ", file=sys.stderr)
        os._exit(1 if apart else 0)

    return forked(compare) == 0


if __name__ == "__main__":
    sys.exit(main())
