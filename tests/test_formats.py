"""`analyzer formats`: every layout is listed with an example, and a file says how it was understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.commands.formats import explain, list_formats
from analyzer.commands.output import Status
from analyzer.errors import InputError
from analyzer.ingest.envelopes.choose import EXAMPLES
from analyzer.ingest.layout import all_layouts

MIXED = (
    "2025-10-24 02:14:07,113 - app.db - ERROR - could not save token=abc123secret\n"
    '203.0.113.7 - - [24/Oct/2025:02:14:09 +0000] "GET / HTTP/1.1" 502 157\n'
) * 20 + "~~ something else ~~\n"


def test_every_layout_and_envelope_is_listed_with_an_example(capfd: pytest.CaptureFixture[str]) -> None:
    assert list_formats(None) is Status.DONE
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*(layout.name for layout in all_layouts()), *EXAMPLES]
    assert all(len(line.split(maxsplit=2)[2]) > 10 for line in lines)
    assert len(lines) >= 60


def test_the_list_can_be_narrowed_down(capfd: pytest.CaptureFixture[str]) -> None:
    list_formats("PostgreSQL")
    listed = {line.split()[0] for line in capfd.readouterr().out.splitlines()}
    assert {"postgresql", "postgresql-csv", "postgresql-json"} <= listed
    assert "nginx-error" not in listed


def test_nothing_fits(capfd: pytest.CaptureFixture[str]) -> None:
    assert list_formats("no such thing") is Status.DONE
    assert "no format fits" in capfd.readouterr().err


def test_a_file_says_how_it_was_understood(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "app.log"
    path.write_text(MIXED)
    assert explain([str(path)], "Europe/Berlin") is Status.DONE
    page = " ".join(capfd.readouterr().out.split())
    for expected in (
        "layout access-log; also python-logging (20)",
        "understood 97.6%",
        "access-log fits 48.8%",
        "41 lines, 41 records, 40 of them with a time of their own",
        "2025-10-24 00:14:07.113 UTC, 2025-10-24 02:14:09.000 UTC",
        "timestamps without a time zone; read as Europe/Berlin",
        "not understood ~~ something else ~~",
        "2025-10-24 00:14:07.113 UTC error app.db",
        "client=203.0.113.7",
    ):
        assert expected in page
    assert "abc123secret" not in page


def test_what_has_no_time_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "app.log"
    path.write_text("started\nstopped\n")
    explain([str(path)], "UTC")
    page = " ".join(capfd.readouterr().out.split())
    assert "layout plain" in page
    assert "no layout fits any line" in page
    assert "2 records, none with a time" in page


def test_hostile_text_does_nothing_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "app\x1b[2J.log"
    path.write_text("2025-10-24 02:14:07 INFO [api] a\u202eb \x07\x9b31m\n" * 5)
    explain([str(path)], "UTC")
    page = capfd.readouterr().out
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(page)
    assert "<U+202E>" in page


def test_trouble_is_said_and_the_rest_explained(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good, binary = tmp_path / "app.log", tmp_path / "core"
    good.write_text(MIXED)
    binary.write_bytes(bytes(range(32)) * 200)
    assert explain([str(binary), str(tmp_path / "missing.log"), str(good)], "UTC") is Status.TROUBLE
    out, err = capfd.readouterr()
    assert "access-log" in out
    assert "not a text file" in err
    assert "missing.log" in err


def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown time zone 'Middle/Earth'"):
        explain([str(tmp_path)], "Middle/Earth")
