"""On ordinary nights no signature of a grave failure fires, whatever the internet knocks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.catalogue import load_catalogue
from analyzer.pipeline import analyze

SAMPLES = Path(__file__).resolve().parent.parent.parent / "sample_logs"


@pytest.mark.parametrize("night", ["clean-api", "clean-web"])
def test_healthy_logs(night: str) -> None:
    catalogue = load_catalogue()
    analysis = analyze([SAMPLES / night])
    found = [catalogue[name] for name in set(analysis.events["signature"].to_pylist())]
    assert analysis.totals.events > 0
    assert [s.id for s in found if s.kind == "failure" and s.severity in ("critical", "high")] == []
