"""How fast logs become events, as ratios against tools in the same run.

    python -m benchmarks.scan [--size MB] [--folder DIR] [--large]

Compares the scan of the analyzer (everything up to the events table: line index, timestamps,
levels, volume, matching, captures) with a bare Hyperscan scan of the same patterns over the same
bytes, with ripgrep, with the same scan on one and two threads, and of gzip with isal's bare
decompression. `--large` adds the memory of a run ten times as long.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import hyperscan
import numpy as np
from isal import isal_zlib

from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.ingest.blocks import BLOCK_SIZE
from analyzer.match.cache import engine_for
from analyzer.match.engine import HyperscanEngine
from analyzer.match.scan import patterns_of
from benchmarks.generate import write_log

MEGA = 1e6


def main() -> None:
    """Run everything and print one table."""
    options = _arguments()
    if options.memory_of:
        _scan(options.memory_of)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        log = Path(folder) / "app.log"
        lines = write_log(log, options.size * 1_000_000, share=0.01)
        print(f"{log.stat().st_size / MEGA:,.0f} MB, {lines:,} lines, 1 % failures\n")
        _compare_scans(log, _catalogue())
        _compare_gzip(log)
        _compare_memory(log, options.large)
        dense = Path(folder) / "dense.log"
        write_log(dense, options.size * 250_000, share=0.2)
        seconds = _analyzer_seconds(dense, jobs=1)
        _row("20 % failures, 1 thread", dense.stat().st_size, seconds, "goal: above 80 MB/s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=400, metavar="MB")
    parser.add_argument("--folder", default=None, help="where to put the generated logs")
    parser.add_argument("--large", action="store_true", help="also measure the memory of ten times the size")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _row(name: str, size: int, seconds: float, remark: str = "") -> None:
    print(f"{name:<44}{seconds:7.2f} s {size / seconds / MEGA:8,.0f} MB/s   {remark}", flush=True)


def _best(run: Callable[[], Any], times: int = 3) -> float:
    """The shortest of several runs: what the machine can do when nothing else disturbs it."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _compare_scans(log: Path, catalogue: Catalogue) -> None:
    size = log.stat().st_size
    data = log.read_bytes()
    written = _hyperscan_as_written(catalogue)
    searched = engine_for(catalogue)
    bare, own = {}, {}
    for jobs in (1, 2):
        bare[jobs] = _best(partial(_scan_blocks, written, data, jobs), times=1)
        own[jobs] = _best(partial(_in_threads, partial(_search, searched), data, jobs))
    del data
    for jobs in (1, 2):
        _row(f"Hyperscan, patterns as written, {jobs} thread(s)", size, bare[jobs])
        _row(f"Hyperscan, what the engine searches, {jobs} thread(s)", size, own[jobs])
    full = {}
    for jobs in (1, 2):
        full[jobs] = _analyzer_seconds(log, jobs)
        alone = f"{full[jobs] / own[jobs]:.2f} of the engine alone"
        remark = f"{full[jobs] / bare[jobs]:.2f} of bare Hyperscan (goal: at most 1.6), {alone}"
        _row(f"analyzer up to the events table, {jobs} thread(s)", size, full[jobs], remark)
    print(f"two threads {full[1] / full[2]:.2f} times one (goal: 1.7)")
    rg = _ripgrep_seconds(log, catalogue)
    if rg is not None:
        _row("ripgrep -c -f", size, rg, f"analyzer {rg / full[2]:.1f} times faster (goal: 4)")


def _analyzer_seconds(log: Path, jobs: int) -> float:
    from analyzer.pipeline import scan_only

    catalogue = _catalogue()
    return _best(lambda: scan_only([log], catalogue=catalogue, jobs=jobs), times=2)


@cache
def _catalogue() -> Catalogue:
    """Loaded once: start-up is no part of a scan."""
    return load_catalogue()


def _hyperscan_as_written(catalogue: Catalogue) -> Any:
    """One database of the catalogue's own expressions, as a user of Hyperscan would compile them."""
    usable = []
    for pattern in patterns_of(catalogue):
        expression = pattern.encode().replace(b"(?P<", b"(?<")
        try:
            hyperscan.Database().compile(expressions=[expression], ids=[0], flags=hyperscan.HS_FLAG_PREFILTER)
        except hyperscan.error:
            continue
        usable.append(expression)
    database = hyperscan.Database()
    database.compile(expressions=usable, ids=list(range(len(usable))), flags=hyperscan.HS_FLAG_PREFILTER)
    return database


def _search(engine: HyperscanEngine, part: memoryview) -> None:
    """The engine alone: it wants to know where records begin; here every line is one."""
    newlines = np.flatnonzero(np.frombuffer(part, dtype=np.uint8) == 10)
    engine.scan(part, np.concatenate(([0], newlines[:-1] + 1)))


def _scan_blocks(database: Any, data: bytes, jobs: int) -> None:
    scratches = threading.local()

    def scan(part: memoryview) -> None:
        if not hasattr(scratches, "own"):
            scratches.own = hyperscan.Scratch(database)
        found: list[tuple[int, int]] = []
        database.scan(part, match_event_handler=lambda i, _s, e, _f, _c: found.append((i, e)), scratch=scratches.own)

    _in_threads(scan, data, jobs)


def _in_threads(scan: Callable[[memoryview], Any], data: bytes, jobs: int) -> None:
    view = memoryview(data)

    def work(number: int) -> None:
        for start in range(number * BLOCK_SIZE, len(view), jobs * BLOCK_SIZE):
            scan(view[start : start + BLOCK_SIZE])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ripgrep_seconds(log: Path, catalogue: Catalogue) -> float | None:
    """ripgrep with the same patterns; those with look-around, which it does not know, left out."""
    if shutil.which("rg") is None:
        print("ripgrep is not installed: left out")
        return None
    patterns = [
        p for p in patterns_of(catalogue) if not any(mark in p for mark in ("(?=", "(?!", "(?<=", "(?<!", "(?P="))
    ]
    usable = [p for p in patterns if _rg_knows(p)]
    file = log.with_suffix(".patterns")
    file.write_text("\n".join(usable))
    command = ["rg", "-c", "--dfa-size-limit", "1G", "--regex-size-limit", "1G", "-f", str(file), str(log)]
    if subprocess.run([*command[:-1], "/dev/null"], capture_output=True, check=False).returncode == 2:
        print("ripgrep cannot take the patterns together: left out")
        return None
    return _best(lambda: subprocess.run(command, capture_output=True, check=False), times=1)


def _rg_knows(pattern: str) -> bool:
    return subprocess.run(["rg", "-q", "-e", pattern], input=b"", capture_output=True, check=False).returncode != 2


def _compare_gzip(log: Path) -> None:
    packed = log.with_suffix(".log.gz")
    with log.open("rb") as plain, gzip.open(packed, "wb", compresslevel=6) as out:
        shutil.copyfileobj(plain, out, 1 << 20)
    size = log.stat().st_size
    bare = _best(lambda: _decompress(packed))
    full = _analyzer_seconds(packed, jobs=2)
    _row("isal, bare decompression", size, bare)
    _row("analyzer on gzip, 2 threads", size, full, f"{bare / full:.2f} of bare decompression (goal: 0.6)")


def _decompress(packed: Path) -> None:
    decompressor = isal_zlib.decompressobj(wbits=31)
    with packed.open("rb") as file:
        while chunk := file.read(1 << 20):
            decompressor.decompress(chunk)


def _compare_memory(log: Path, large: bool) -> None:
    print(f"peak memory, {log.stat().st_size / MEGA:,.0f} MB: {_peak_memory(log):,.0f} MB (goal: below 500)")
    if large:
        long = log.with_suffix(".long.log")
        with long.open("wb") as out:
            for _ in range(10):
                with log.open("rb") as part:
                    shutil.copyfileobj(part, out, 1 << 20)
        print(f"peak memory, {long.stat().st_size / MEGA:,.0f} MB: {_peak_memory(long):,.0f} MB (goal: the same)")


def _peak_memory(log: Path) -> float:
    """The most memory (MB) that a scan and its processes have at once; what they share counts once."""
    run = subprocess.Popen([sys.executable, "-m", "benchmarks.scan", "--memory-of", str(log)])
    peak = 0
    while run.poll() is None:
        peak = max(peak, sum(map(_proportional, _family(run.pid))))
        time.sleep(0.05)
    return peak * 1024 / MEGA


def _family(pid: int) -> list[int]:
    """A process and those that it has begun."""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(each for child in children for each in _family(int(child)))]
    return []


def _proportional(pid: int) -> int:
    """The memory of a process in KiB; of what it shares, its share."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0])
    return 0


def _scan(log: Path) -> None:
    from analyzer.pipeline import scan_only

    scan_only([log], jobs=2)


if __name__ == "__main__":
    main()
