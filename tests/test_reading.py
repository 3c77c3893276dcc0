"""From what lies in a folder to what a report says of it: archives, years, order, copies."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import analyzer
from analyzer.model import Analysis
from tests.ingest.packing import ARCHIVES

KNOWN = b'2025-10-24 02:14:09 UTC [7] ERROR:  relation "orders" does not exist at character 15\n'
QUIET = b"".join(b"2025-10-24 02:14:%02d UTC [7] LOG:  statement %d\n" % (n, n) for n in range(8))
SYSLOG = b"".join(b"Oct 24 02:%02d:00 host app[7]: tick\n" % n for n in range(30))


def years(analysis: Analysis) -> dict[str, int | None]:
    """The year in which each source ends, by its name."""
    return {
        os.path.basename(s.path): s.last_timestamp.year if s.last_timestamp else None
        for s in analysis.sources
        if s.records
    }


@pytest.mark.parametrize("kind", ["zip", "tar", "tar+gzip"])
def test_evidence_in_an_archive_has_its_lines_around_it(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(ARCHIVES[kind]({"pg.log.gz": gzip.compress(QUIET + KNOWN + QUIET)}))
    analysis = analyzer.analyze([tmp_path])
    (evidence,) = [e for incident in analysis.incidents for e in incident.evidence]
    assert evidence.source == f"{tmp_path}/a!pg.log.gz"
    assert evidence.line == 9
    assert evidence.before[-1].endswith("statement 7")
    assert evidence.after[0].endswith("statement 0")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar+gzip"])
def test_a_log_without_years_in_an_archive_has_that_of_the_logs_beside_it(kind: str, tmp_path: Path) -> None:
    data = ARCHIVES[kind]({"x/syslog": SYSLOG, "x/pg.log": QUIET.replace(b"2025", b"2023")})
    (tmp_path / "a").write_bytes(data)
    assert years(analyzer.analyze([tmp_path])) == {"syslog": 2023, "pg.log": 2023}


def test_a_log_without_years_in_an_archive_has_that_of_its_own_time(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(ARCHIVES["tar+gzip"]({"syslog": SYSLOG.replace(b"Oct", b"Dec")}))
    assert years(analyzer.analyze([tmp_path])) == {"a!syslog": 2024}  # it was written in October 2025


def test_logs_without_years_do_not_tell_each_other_the_year(tmp_path: Path) -> None:
    early, late = tmp_path / "auth.log", tmp_path / "syslog"
    early.write_bytes(SYSLOG)
    late.write_bytes(SYSLOG.replace(b"Oct 24", b"Oct 30"))
    written = datetime(2025, 10, 31, tzinfo=UTC).timestamp()
    for path in (early, late):
        os.utime(path, (written, written))
    assert years(analyzer.analyze([tmp_path])) == {"auth.log": 2025, "syslog": 2025}


def test_binary_files_of_an_archive_are_remarked_upon(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(ARCHIVES["zip"]({"wtmp": bytes(range(20)) * 50, "pg.log": QUIET}))
    sources = {source.path.rpartition("!")[2]: source for source in analyzer.analyze([tmp_path]).sources}
    assert [skip.reason for skip in sources["wtmp"].skipped] == ["not a text file"]
    assert not sources["wtmp"].in_trouble


def test_sources_come_in_the_order_in_which_they_were_given(tmp_path: Path) -> None:
    for name, content in {"1": SYSLOG, "2": ARCHIVES["zip"]({"b": QUIET, "a": SYSLOG}), "3": KNOWN}.items():
        (tmp_path / name).write_bytes(content)
    analysis = analyzer.analyze([tmp_path])
    assert [os.path.basename(source.path) for source in analysis.sources] == ["1", "2!b", "2!a", "3"]


def log(day: int, name: str = "tick", lines: int = 400) -> bytes:
    """A log of one day that is long enough to be known again."""
    return b"".join(
        b"2025-10-%02d 02:%02d:%02d INFO %s %d\n" % (day, n // 60, n % 60, name.encode(), n) for n in range(lines)
    )


def records(analysis: Analysis) -> dict[str, int]:
    """The number of records of each source, by its name."""
    return {os.path.basename(source.path): source.records for source in analysis.sources}


def copies(analysis: Analysis) -> dict[str, str | None]:
    """Of what each source that was not read is a copy, by name."""
    skipped = [(source, skip) for source in analysis.sources for skip in source.skipped]
    return {
        os.path.basename(source.path): os.path.basename(skip.sample or "")
        for source, skip in skipped
        if "another log" in skip.reason
    }


def test_a_rotated_log_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(log(24))
    (tmp_path / "app.log.1").write_bytes(log(23))
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(log(22)))
    (tmp_path / "app.log.3.gz").write_bytes(gzip.compress(log(21)))
    read: dict[str, None] = {}
    analyzer.analyze([tmp_path], progress=lambda path, _: read.setdefault(os.path.basename(path)))
    assert list(read) == ["app.log.3.gz", "app.log.2.gz", "app.log.1", "app.log"]


def test_a_part_that_begins_within_a_record_has_the_time_of_the_part_before(tmp_path: Path) -> None:
    """Bad input 70, in time: what the next part begins with belongs to the end of the one before."""
    trace = b"2025-10-23 23:59:59 ERROR java.lang.OutOfMemoryError: Java heap space\n"
    (tmp_path / "app.log.1").write_bytes(log(23) + trace)
    (tmp_path / "app.log").write_bytes(b"java.lang.OutOfMemoryError: Java heap space\n\tat a.B.c(B.java:1)\n" + log(24))
    analysis = analyzer.analyze([tmp_path])
    times = {(row["source"], row["line"]): row["timestamp"] for row in analysis.events.to_pylist()}
    assert times[f"{tmp_path}/app.log", 1] == datetime(2025, 10, 23, 23, 59, 59, tzinfo=UTC)


def test_a_log_and_its_compressed_copy_count_once(tmp_path: Path) -> None:
    """Bad input 54."""
    (tmp_path / "app.log").write_bytes(log(24))
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(log(24)))
    (tmp_path / "backup.tar.gz").write_bytes(ARCHIVES["tar+gzip"]({"app.log": log(24), "db.log": log(24, "db")}))
    analysis = analyzer.analyze([tmp_path])
    assert analysis.totals.records == 800
    assert copies(analysis) == {"app.log.gz": "app.log", "backup.tar.gz!app.log": "app.log"}
    assert not any(source.in_trouble for source in analysis.sources)


def test_short_logs_are_copies_only_under_the_same_name(tmp_path: Path) -> None:
    for name in ("web-1/app.log", "web-2/app.log", "web-1/app.log.1", "web-1/app.log.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((gzip.compress if name.endswith("gz") else bytes)(b"backup failed: disk full\n"))
    analysis = analyzer.analyze([tmp_path])
    assert analysis.totals.records == 3
    assert copies(analysis) == {"app.log.gz": "app.log"}


def test_logs_that_only_begin_alike_are_no_copies(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(log(24) + b"2025-10-24 03:00:00 INFO one end\n")
    (tmp_path / "b.log").write_bytes(log(24) + b"2025-10-24 03:00:00 INFO two end\n")
    (tmp_path / "c.log").write_bytes(log(24))
    analysis = analyzer.analyze([tmp_path])
    assert records(analysis) == {"a.log": 401, "b.log": 401, "c.log": 400}


def test_a_copy_that_was_cut_short_counts_with_the_log_it_is_of(tmp_path: Path) -> None:
    (tmp_path / "app.log.1").write_bytes(log(24))
    packed = gzip.compress(log(24, lines=395))
    (tmp_path / "app.log.1.gz").write_bytes(packed)
    analysis = analyzer.analyze([tmp_path])
    assert analysis.totals.records == 400
    assert copies(analysis) == {"app.log.1.gz": "app.log.1"}


def test_the_year_in_a_name_is_believed(tmp_path: Path) -> None:
    (tmp_path / "syslog-20231025").write_bytes(SYSLOG)
    assert years(analyzer.analyze([tmp_path])) == {"syslog-20231025": 2023}


def in_a_process_of_its_own(script: str, *arguments: str | Path) -> str:
    """What a script prints: only a process of one thread, which that of the tests is not, forks others."""
    begin = "import os, sys\nfrom analyzer import pipeline, reading\nreading._MUCH = 0\n"
    command = [sys.executable, "-W", "error", "-c", begin + script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_processes_find_what_threads_find() -> None:
    script = (
        "import resource\n"
        "alone, together = (pipeline.scan_only([sys.argv[1]], jobs=jobs) for jobs in (1, 3))\n"
        "children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime\n"
        "print(len(alone) > 100, alone.equals(together), children > 0.1)"
    )
    logs = Path(__file__).parent.parent / "sample_logs" / "silent-201"
    assert in_a_process_of_its_own(script, logs) == "True True True\n"


def test_processes_are_begun_for_what_is_new_in_a_log_and_not_for_what_is_known(tmp_path: Path) -> None:
    script = (
        "import multiprocessing\n"
        "from analyzer.catalogue import load_catalogue\n"
        "from analyzer.ingest.discover import discover\n"
        "reading._MUCH = 1000\n"
        "(inputs, _), catalogue = discover([sys.argv[1]]), load_catalogue()\n"
        "for passed in ({}, {sys.argv[1]: 4500}):\n"
        "    with reading.Reader(catalogue, inputs, reading.Options(), str, passed=passed):\n"
        "        print(bool(multiprocessing.active_children()))\n"
    )
    (tmp_path / "app.log").write_bytes(b"x" * 5000)
    assert in_a_process_of_its_own(script, tmp_path / "app.log") == "True\nFalse\n"


def test_a_block_that_kills_its_readers_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    script = (
        "from analyzer.match.cache import engine_for\n"
        "class Deadly:\n"
        "    def __init__(self, catalogue):\n"
        "        self.engine = engine_for(catalogue)\n"
        "    def scan(self, data, records):\n"
        "        if b'poison' in bytes(data):\n"
        "            os._exit(1)\n"
        "        return self.engine.scan(data, records)\n"
        "reading.engine_for = Deadly\n"
        "(source,) = pipeline.analyze([sys.argv[1]], jobs=2).sources\n"
        "(lost,) = (each for each in source.skipped if 'lost' in each.reason)\n"
        "print(source.lines, source.records + lost.count, lost.trouble, lost.sample.split()[0])\n"
    )
    lines = [b"2025-10-24T02:14:09Z INFO statement %d went well\n" % n for n in range(400_000)]
    lines[250_000] = lines[250_000].replace(b"statement", b"poison")
    (tmp_path / "app.log").write_bytes(b"".join(lines))
    assert in_a_process_of_its_own(script, tmp_path / "app.log") == "400000 400000 True line\n"
