"""What nightly runs cost: the first, the next with little new, and one with nothing new.

    python -m benchmarks.nightly [--size MB] [--new MB] [--folder DIR]
    python -m benchmarks.nightly --busy             a night of 300 incidents and a million events

Writes a log of ten nights, each with failures of its own kinds, and measures `analyzer nightly` as a
process: processor time with start-up, reports and all, and peak memory. The night that is new comes
after the ten. The engine is compiled before, as on any but the very first day.

With `--busy`, the log of one night has one kind of failure after the other, each a few thousand times
in some minutes. When it has been read, the night is marked as not explained, and what is measured is a
run that reads nothing, explains it all and writes the reports.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import update

from analyzer.store import open_store
from analyzer.store.schema import nights
from benchmarks.generate import failure_messages, ordinary

MEGA = 1_000_000
NIGHTS = 10
BEGIN = datetime(2025, 10, 20, 8, tzinfo=UTC)
_KINDS = 20
_UNIT = 20 * MEGA
_STAMP = b"2025-10-24T00:00:00.000Z "


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    seconds: float
    peak: float


def write_night(path: Path, night: int, size: int, share: float) -> None:
    """Append the lines of 20 hours: `share` of them failures of some kinds, which differ from night to night."""
    dice = random.Random(night)
    kinds = dice.sample(failure_messages(), _KINDS)
    random.seed(night)
    written, lines = 0, []
    while written < min(size, _UNIT):
        lines.append(dice.choice(kinds) if dice.random() < share else ordinary())
        written += len(lines[-1]) + len(_STAMP) + 1
    unit = np.frombuffer(b"".join(_STAMP + line.encode() + b"\n" for line in lines), np.uint8)
    starts = np.concatenate(([0], np.flatnonzero(unit == ord("\n"))[:-1] + 1))
    times = max(1, round(size / len(unit)))
    step = timedelta(hours=20) / times
    with path.open("ab") as file:
        for number in range(times):
            file.write(_stamped(unit, starts, BEGIN + timedelta(days=night) + number * step, step))


def _stamped(unit: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], begin: datetime, span: timedelta) -> bytes:
    """The same lines at other times: evenly spread over a span."""
    moments = np.datetime64(begin.replace(tzinfo=None), "ms") + (
        np.arange(len(starts)) * (span / timedelta(milliseconds=1)) / len(starts)
    ).astype("timedelta64[ms]")
    texts = np.datetime_as_string(moments, unit="ms").astype("S23").view(np.uint8).reshape(-1, 23)
    stamped = unit.copy()
    for place in range(23):
        stamped[starts + place] = texts[:, place]
    return stamped.tobytes()


def write_busy_night(path: Path, incidents: int, events: int) -> None:
    """The lines of 20 hours: one kind of failure after the other, each line of it after one that is in order."""
    apart = timedelta(hours=20) / incidents
    for number, failure in enumerate(random.Random(7).sample(failure_messages(), incidents)):
        random.seed(number)
        begin, count = BEGIN + number * apart, events // incidents
        with path.open("a") as file:
            for line in range(count):
                moment = begin + line * 0.6 * apart / count
                stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
                file.write(f"{stamp} {ordinary()}\n{stamp} {failure}\n")


def run(folder: Path, *arguments: str) -> Cost:
    """A run of the command as a process of its own."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "XDG_DATA_HOME": str(folder / "data")}
    command = [sys.executable, "-m", "analyzer", *arguments]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / MEGA)


def command_in(folder: Path) -> tuple[str, ...]:
    """The nightly run of the logs in a folder; the engine is compiled then."""
    (folder / "logs").mkdir()
    empty = folder / "empty.log"
    empty.write_text("2025-10-24T00:00:00.000Z INFO nothing\n")
    run(folder, "scan", "--quiet", str(empty))
    return ("nightly", "--quiet", "--source", str(folder / "logs"), "--store", f"sqlite:///{folder}/store.db",
            "--report-dir", str(folder / "reports"))  # fmt: skip


def busy(folder: Path, incidents: int, events: int) -> Iterator[tuple[str, Cost]]:
    """What it costs to read one busy night, and to explain and report it."""
    command = command_in(folder)
    write_busy_night(folder / "logs" / "app.log", incidents, events)
    yield "reading a busy night", run(folder, *command)
    store = open_store(f"sqlite:///{folder}/store.db")
    with store.database.begin() as connection:
        connection.execute(update(nights).values(pending=True))
    cost = run(folder, *command)
    told = max(store.nights(), key=lambda night: night.events)
    yield f"{told.incidents:,} incidents, {told.events:,} events", cost


def runs(folder: Path, size: int, new: int, share: float) -> Iterator[tuple[str, Cost]]:
    """Each kind of run and what it cost."""
    command, logs = command_in(folder), folder / "logs"
    for night in range(NIGHTS):
        write_night(logs / "app.log", night, size // NIGHTS, share)
    yield f"first run, {(logs / 'app.log').stat().st_size / MEGA:,.0f} MB", run(folder, *command)
    write_night(logs / "app.log", NIGHTS, new, share)
    yield f"run with {new / MEGA:,.0f} MB new", run(folder, *command)
    yield "run with nothing new", run(folder, *command)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=400, metavar="MB")
    parser.add_argument("--new", type=float, default=None, metavar="MB", help="default: 1 %% of the size")
    parser.add_argument("--share", type=float, default=0.001, help="share of failures among the lines")
    parser.add_argument("--busy", action="store_true", help="explain and report a night of a million events")
    parser.add_argument("--folder", default=None, help="where to put the generated logs")
    options = parser.parse_args()
    size = int(options.size * MEGA)
    new = int(options.new * MEGA) if options.new is not None else size // 100
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        costs = busy(Path(folder), 300, MEGA) if options.busy else runs(Path(folder), size, new, options.share)
        first: Cost | None = None
        for name, cost in costs:
            first = first or cost
            ratio = f"1/{first.seconds / cost.seconds:,.1f} of the first"
            print(f"{name:<32}{cost.seconds:8.1f} s   {ratio:<24}peak memory {cost.peak:,.0f} MB", flush=True)


if __name__ == "__main__":
    main()
