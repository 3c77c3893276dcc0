"""The stored events as others read them: what docs/nightly.md says of pandas is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.nightly.nights import House, lines

DOCS = Path(__file__).parent.parent.parent / "docs" / "nightly.md"


def test_pandas_reads_the_files_as_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path, f"sqlite:///{tmp_path}/store.db")
    house.write("app.log", lines("2025-10-23T22:00", 30, "ERROR connection to db1 refused"))
    house.run()
    (tmp_path / "events").rename(tmp_path / "store-events")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    code = next(block for block in blocks if "read_parquet" in block)
    names: dict[str, object] = {}
    exec(code.replace('"critical"', '"high"'), names)
    events = names["events"]
    assert len(events) == 30  # type: ignore[arg-type]
    assert {"timestamp", "source", "line", "signature", "severity", "keys", "text", "night"} <= set(events)  # type: ignore[call-overload]
