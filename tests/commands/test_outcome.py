"""How commands end that read logs."""

from __future__ import annotations

import pytest

from analyzer.commands.outcome import outcome
from analyzer.commands.output import Status
from analyzer.model import Severity, Skipped, Source
from tests.make_analysis import silent_201

SOUND = Source(path="a.log", skipped=(Skipped(reason="no time zone"),))
BROKEN = Source(path="b.gz", skipped=(Skipped(reason="ends early", trouble=True),))


@pytest.mark.parametrize(
    ("sources", "fail_on", "in_trouble", "status"),
    [
        ([SOUND], None, False, Status.DONE),
        ([SOUND], "critical", False, Status.FOUND),
        ([SOUND], "info", False, Status.FOUND),
        ([SOUND], "critical", True, Status.TROUBLE),
        ([SOUND, BROKEN], "critical", False, Status.TROUBLE),
    ],
)
def test_trouble_comes_before_what_was_found(
    sources: list[Source], fail_on: Severity | None, in_trouble: bool, status: Status
) -> None:
    assert outcome(sources, [silent_201()], fail_on, in_trouble=in_trouble) is status


def test_only_trouble_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    outcome([SOUND, BROKEN])
    assert capsys.readouterr().err == "analyzer: b.gz: ends early\n"
