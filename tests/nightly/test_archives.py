"""Archives among the sources of nightly runs: members count once, an archive that did not change is not read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.packing import ARCHIVES
from tests.nightly.nights import House, lines

MONDAY = lines("2025-10-20 22:00:00", 40)
TUESDAY = lines("2025-10-21 22:00:00", 40)


@pytest.mark.parametrize("kind", ["zip", "tar+gzip"])
def test_members_of_an_archive_count_once(kind: str, tmp_path: Path) -> None:
    house = House(tmp_path, f"sqlite:///{tmp_path}/store.db")
    house.write("week.archive", ARCHIVES[kind]({"app.log.1": MONDAY.encode(), "app.log": TUESDAY.encode()}))
    assert house.run().trouble == {}
    assert house.records() == 80
    house.run()
    assert house.records() == 80


def test_an_archive_that_grew_adds_what_is_new(tmp_path: Path) -> None:
    house = House(tmp_path, f"sqlite:///{tmp_path}/store.db")
    house.write("app.log", MONDAY)
    house.run()
    house.write("week.zip", ARCHIVES["zip"]({"app.log.1": MONDAY.encode(), "app.log": TUESDAY.encode()}))
    house.run()
    assert house.records() == 80
