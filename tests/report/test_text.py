"""What `scan` prints."""

from __future__ import annotations

import dataclasses

import pytest
from rich.cells import cell_len

from analyzer.model import Skipped, Source
from analyzer.report.text import render, render_incident, sparkline
from tests.make_analysis import clean_analysis, make_analysis, many_incidents, silent_201


def test_the_picture() -> None:
    lines = render(make_analysis([silent_201()]), width=100, elapsed=0.21).splitlines()
    assert lines[0].endswith("0.21 s")
    assert lines[2].startswith("CRITICAL  Session created, then lost (silent 201)")
    assert lines[2].endswith("new   549 events   7c1e9a")
    assert "02:14:07 to 02:51:33   ▅▃▃▃▅▇▇▅▅▅▃▂   api, postgres   137 sessions" in lines[3]
    assert lines[4].startswith("  root    insert into")
    assert lines[4].endswith("very likely (0.94)")
    assert lines[6].startswith("  change  deploy at 02:13:26, 41 s before it began")
    assert lines[7].startswith("  then    POST /api/sessions/create")
    assert "  fix     1  Run the insert in one transaction; answer 4xx when it is rolled back" in lines
    assert "  proof   logs/api.log:18233  logs/postgres.log:902  logs/api.log:18240" in lines


def test_commands_are_whole_and_dangerous_ones_say_so() -> None:
    text = render(make_analysis(), width=50)
    assert "\n             WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id);\n" in text
    assert "CAREFUL, this can lose data:\n             DELETE FROM sessions s" in text
    assert text.count("CAREFUL") == 1


@pytest.mark.parametrize("width", [50, 80, 100, 160])
def test_only_commands_may_be_wider_than_the_terminal(width: int) -> None:
    commands = {step.command for fix in silent_201().fixes for step in fix.steps if step.command}
    known = {line for command in commands for line in command.splitlines()}
    for line in render(make_analysis(), width=width).splitlines():
        assert cell_len(line) <= width or line.strip() in known


def test_without_colour_there_is_no_escape_and_with_colour_there_is() -> None:
    assert "\x1b" not in render(make_analysis())
    coloured = render(make_analysis(), colour=True)
    assert "\x1b[1;38;2;213;94;0mCRITICAL" in coloured
    assert "\x1b[31mred" not in coloured


def test_hidden_characters_are_shown() -> None:
    text = render(make_analysis(), width=200)
    assert "␛[31mred␛[0m <U+202E>evil<U+202C> zero<U+200B>width bell␇ <U+D800>" in text


def test_unknown_failures_and_what_was_not_read_have_their_sections() -> None:
    text = render(make_analysis(), width=120)
    assert "UNKNOWN   failures that no signature knows\n    31 x  error  Worker <*>" in text
    assert "and 1 template more" in text
    assert "trouble logs/broken.gz: truncated gzip: read up to byte 4096" in text
    assert "note    logs/api.log: record without a timestamp (40 times)\n          at next (/app/x.js:1)" in text
    assert "note    logs/=cmd.log: no record has a time (900 times)" in text


def test_a_clean_night_says_so_in_words() -> None:
    text = render(clean_analysis(), width=100)
    assert "2025-10-24 01:12 to 03:40 UTC" in text
    assert "OK        No incident: 3,100 records" in text
    assert "UNKNOWN" not in text
    assert "NOT READ" not in text


def test_trouble_with_a_source_is_never_called_ok() -> None:
    text = render(make_analysis([]))
    assert "No incident" in text
    assert "OK" not in text


def test_several_incidents_are_counted_first_and_listed_last() -> None:
    lines = render(make_analysis(many_incidents(40)), width=120).splitlines()
    assert lines[1] == "40 incidents: 8 critical, 8 high, 8 medium, 8 low, 8 info"
    assert sum(line.startswith("  root    ") for line in lines) == 10
    glance = lines[lines.index(lines[1], 2) + 1 : -2]
    assert len(glance) == 40
    assert glance[0].startswith("CRITICAL  01:")
    assert glance[0].endswith("   many000")


def test_one_incident_is_not_listed_once_more() -> None:
    text = render(make_analysis([silent_201()]), width=120)
    assert text.count("Session created, then lost") == 1
    assert "1 incident" not in text


def test_the_way_to_the_rest_is_a_command_that_works_as_printed() -> None:
    last = render(make_analysis(), width=60).splitlines()[-1]
    assert last == "          analyzer show 7c1e9a --from report.json"
    assert "analyzer show" not in render(clean_analysis())


def test_what_many_sources_share_is_said_once() -> None:
    analysis = make_analysis([])
    skipped = Skipped(reason="times without a zone; read as UTC", sample="01:12:07 first")
    sources = [Source(path=f"logs/{i}.log", records=9, timestamped_records=9, skipped=(skipped,)) for i in range(9)]
    text = render(dataclasses.replace(analysis, sources=sources), width=200)
    assert (
        "note    times without a zone; read as UTC: logs/0.log, logs/1.log, logs/2.log, logs/3.log, and 5 more sources"
        "\n          01:12:07 first\n"
    ) in text


def test_incident_without_time() -> None:
    incident = dataclasses.replace(silent_201(), start=None, end=None, cascade=(), change=None)
    text = render(make_analysis([incident]))
    assert "at an unknown time" in text


def test_one_incident_in_full() -> None:
    text = render_incident(silent_201(), width=80)
    assert "  then    02:14:24  GET /api/sessions/:id answered 404 (275)" in text
    assert "FIX       Success that is contradicted" in text
    assert "  verify  POST /api/sessions/create for an unknown user answers 400, not 201." in text
    assert "  proof   logs/api.log:18233\n" in text
    assert "            2025-10-24T02:14:07.120Z debug: BEGIN\n          > 2025-10-24T02:14:07.125Z error" in text
    assert "and 129 more" in text


def test_sparkline() -> None:
    root = silent_201().cascade[0]
    one = dataclasses.replace(root, activity=((0, 4),))
    assert sparkline([dataclasses.replace(root, activity=())]) == ""
    assert sparkline([one]) == ""
    assert sparkline([one, dataclasses.replace(root, activity=((11 * 60_000_000, 1),))]) == "▇▁▁▁▁▁▁▁▁▁▁▂"
