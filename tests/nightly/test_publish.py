"""The reports of nightly runs in a folder."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from analyzer.errors import InputError
from analyzer.nightly.publish import publish
from analyzer.report.html import PLOTLY_FILE
from tests.nightly.nights import House, lines


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Two nights: one with a failure, the next without it."""
    home = House(tmp_path, f"sqlite:///{tmp_path}/store.db")
    home.write("app.log", lines("2025-11-18 02:00:00", 30, "ERROR connection to db1 refused"))
    home.append("app.log", lines("2025-11-19 02:00:00", 30))
    home.run()
    return home


def test_each_night_has_its_page_and_the_index_leads_there(house: House, tmp_path: Path) -> None:
    nights = [date(2025, 11, 18), date(2025, 11, 19)]
    written = publish(house.store, nights, tmp_path / "reports")
    names = [f"{night}{suffix}" for night in nights for suffix in (".md", ".json", ".html")]
    assert [file.name for file in written] == [*names, "index.html"]
    index = (tmp_path / "reports" / "index.html").read_text()
    assert all(f'href="{night}.html"' in index for night in nights)
    assert "No connection to db1" in (tmp_path / "reports" / "2025-11-18.html").read_text()
    assert json.loads((tmp_path / "reports" / "2025-11-19.json").read_text())["night"]["resolved"] == 1


def test_pages_in_one_folder_may_share_the_plotting_library(house: House, tmp_path: Path) -> None:
    publish(house.store, [date(2025, 11, 18)], tmp_path, "directory")
    assert (tmp_path / PLOTLY_FILE).stat().st_size > 1_000_000
    assert (tmp_path / "2025-11-18.html").stat().st_size < 100_000


def test_the_page_of_the_last_night_opens_wherever_it_is_sent(house: House, tmp_path: Path) -> None:
    publish(house.store, [date(2025, 11, 18), date(2025, 11, 19)], tmp_path, "directory", latest=date(2025, 11, 18))
    page = (tmp_path / "latest.html").read_text()
    assert "No connection to db1" in page
    assert 'src="plotly' not in page
    assert len(page) > (tmp_path / PLOTLY_FILE).stat().st_size > 1_000_000


def test_the_shared_plotting_library_is_that_of_this_version(house: House, tmp_path: Path) -> None:
    (tmp_path / PLOTLY_FILE).write_text("of last year")
    publish(house.store, [], tmp_path, "directory")
    assert (tmp_path / PLOTLY_FILE).stat().st_size > 1_000_000


def test_a_folder_that_cannot_be_written_is_named(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"file.*cannot be written"):
        publish(house.store, [date(2025, 11, 18)], tmp_path / "file")


def test_publishing_again_changes_nothing_but_the_moment(house: House, tmp_path: Path) -> None:
    publish(house.store, [date(2025, 11, 18)], tmp_path / "reports", "directory")
    before = sorted(file.name for file in (tmp_path / "reports").iterdir())
    publish(house.store, [date(2025, 11, 18)], tmp_path / "reports", "directory")
    assert sorted(file.name for file in (tmp_path / "reports").iterdir()) == before
