"""How far `analyzer watch` lags behind a log that grows by 20,000 lines a second.

    python -m benchmarks.watch [--seconds N] [--rate LINES] [--before EVENTS] [--stdin]

A process of its own writes the log: ordinary lines, and every few seconds twenty failures of a kind that was
not there before. Measured is how long after the first of them the incident is printed, and, five times a
second, how old the newest line is that is in the store for good. `--before` puts so many events into the night
before watching begins; `--stdin` feeds the lines to standard input instead of a file.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import func, select

from analyzer.catalogue import load_catalogue
from analyzer.errors import AnalyzerError
from analyzer.store import open_store
from analyzer.store.schema import night_sources
from benchmarks.generate import ordinary

_EVERY = 4
"""Seconds from one new kind of failure to the next."""

_FAILURES = 20
_TICK = 0.05


@dataclass
class Lags:
    """What was seen so far, in seconds."""

    told: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)


def kinds(count: int) -> list[tuple[str, str]]:
    """Failures whose incidents can be told by their titles: title and line."""
    usable = [
        (signature.title, sample.text)
        for signature in load_catalogue()
        for sample in signature.samples[:1]
        if signature.kind == "failure" and signature.severity in ("critical", "high") and "{" not in signature.title
        and "\\n" not in sample.text and not sample.layout
    ]  # fmt: skip
    return random.Random(3).sample(usable, count)


def write(out: IO[bytes], seconds: float, rate: int, begun: float) -> None:
    """Write at a constant pace; each tick as many lines as are due by the clock."""
    random.seed(5)
    texts = [ordinary() for _ in range(20_000)]
    failures = [line for _, line in kinds(int(seconds) // _EVERY)]
    written = 0
    while (passed := time.time() - begun) < seconds:
        stamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        due = int(passed * rate) - written
        lines = [texts[(written + number) % len(texts)] for number in range(due)]
        if failures and passed >= _EVERY * (1 + int(seconds) // _EVERY - len(failures)):
            kind = int(seconds) // _EVERY - len(failures)
            lines[-_FAILURES:] = [f"ERROR [service-{kind}] {failures.pop(0)}"] * _FAILURES
        out.write("".join(f"{stamp} {line}\n" for line in lines).encode())
        out.flush()
        written += due
        time.sleep(_TICK)


def prefill(log: Path, events: int) -> None:
    """Failures of the last hours."""
    chosen = [line for _, line in random.Random(4).sample(kinds(200), 50)]
    begin = datetime.now(UTC) - timedelta(hours=3)
    with log.open("w") as file:
        file.write(f"{begin:%Y-%m-%dT%H:%M:%S.%f}Z INFO begun\n")
        for number in range(events):
            moment = begin + number * timedelta(hours=2.9) / events
            file.write(f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z ERROR [old] {chosen[number * 50 // events]}\n")


def watching(arguments: argparse.Namespace, folder: Path) -> tuple[Lags, float, float]:
    """Watch while the writer writes; the lags, and processor time (share of one core) and memory of `watch`."""
    log, lags = folder / "app.log", Lags()
    prefill(log, arguments.before)
    command = [sys.executable, "-m", "analyzer", "watch", "--store", f"sqlite:///{folder}/store.db"]
    if arguments.before or not arguments.stdin:
        command.append(str(log))
    if arguments.stdin:
        command.append("-")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False)
    assert process.stdin is not None
    assert process.stdout is not None
    print(process.stdout.readline().decode().strip(), flush=True)
    records_before = _records(folder)
    begun = time.time()
    writer = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.watch", "--write", str(begun + 3), "--seconds", str(arguments.seconds),
         "--rate", str(arguments.rate)],
        stdout=process.stdin if arguments.stdin else log.open("ab"),
    )  # fmt: skip
    process.stdin.close()
    told = [title for title, _ in kinds(int(arguments.seconds) // _EVERY)]
    titles = {title: begun + 3 + _EVERY * (1 + place) for place, title in enumerate(told)}
    reading = threading.Thread(target=_listen, args=(process.stdout, titles, lags), daemon=True)
    reading.start()
    while writer.poll() is None:
        time.sleep(0.2)
        stored = (_records(folder) - records_before) / arguments.rate
        now = time.time() - begun - 3
        if 3 < now < arguments.seconds:
            lags.stored.append(now - stored)
    time.sleep(5)
    process.terminate()
    _, _, used = os.wait4(process.pid, 0)
    reading.join(5)
    return lags, (used.ru_utime + used.ru_stime) / arguments.seconds, used.ru_maxrss / 1000


def _listen(out: IO[bytes], titles: dict[str, float], lags: Lags) -> None:
    for line in out:
        text = line.decode()
        written = next((moment for title, moment in titles.items() if title in text), None)
        if written is not None and "  opened  " in text:
            lags.told.append(time.time() - written)


def _records(folder: Path) -> int:
    """Records that are in the store for good."""
    try:
        store = open_store(f"sqlite:///{folder}/store.db")
    except AnalyzerError:
        return 0
    with store.database.read() as connection:
        return connection.scalar(select(func.sum(night_sources.c.records))) or 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=20_000, metavar="LINES")
    parser.add_argument("--before", type=int, default=0, metavar="EVENTS")
    parser.add_argument("--stdin", action="store_true")
    parser.add_argument("--write", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        time.sleep(max(0.0, arguments.write - time.time()))
        write(sys.stdout.buffer, arguments.seconds, arguments.rate, arguments.write)
        return
    with tempfile.TemporaryDirectory() as folder:
        lags, share, memory = watching(arguments, Path(folder))
    for name, values in (("printed", lags.told), ("stored", lags.stored)):
        ordered = sorted(values) or [float("nan")]
        middle, worst = ordered[len(ordered) // 2], ordered[-1]
        print(f"{name}: {len(values)} times, median {middle:.2f} s, worst {worst:.2f} s behind")
    print(f"{share:.2f} of one core, peak memory {memory:,.0f} MB")


if __name__ == "__main__":
    main()
