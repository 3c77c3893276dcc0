"""From what lies in a folder to what a report says of it: archives, years, order, copies."""

from __future__ import annotations

import gzip
import os
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
