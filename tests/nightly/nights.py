"""A folder of logs, a store, and nightly runs over them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import select

from analyzer.catalogue import Catalogue
from analyzer.model import Correlation, Incident, Signature
from analyzer.nightly import NightlyOptions, Outcome, run_nightly
from analyzer.store import Store, open_store
from analyzer.store.schema import metadata, settings
from analyzer.store.session import StoreSettings

NOW = datetime(2025, 11, 20, 7, tzinfo=UTC)
"""Long after all the logs: the clock says nothing about their nights."""

CATALOGUE = Catalogue(
    tuple(
        sorted(
            [
                Signature(
                    id="app.refused", title="No connection to {host}", category="connection", severity="high",
                    match=(r"connection to (?P<host>\w+) refused",),
                ),
                Signature(
                    id="app.slow", title="Slow queries", category="timeout", severity="medium",
                    match=("query took too long",),
                ),
                Signature(
                    id="app.created", title="Created", kind="observation", category="http_contract", severity="info",
                    match=("created order (?P<id>order-[0-9]+)",),
                ),
                Signature(
                    id="app.missing", title="Not found", kind="observation", category="http_contract", severity="info",
                    match=("no such order (?P<id>order-[0-9]+)",),
                ),
                Signature(
                    id="app.lost", title="Created, then lost", category="silent_failure", severity="critical",
                    correlation=Correlation(
                        type="contradiction", rules=("app.created",), counterpart=("app.missing",), group_by=("id",),
                        timespan="10m",
                    ),
                ),
            ],
            key=lambda signature: signature.id,
        )
    )
)  # fmt: skip


def lines(start: str, count: int, text: str = "INFO served request", every: int = 60) -> str:
    """`count` log lines from a time on, one every so many seconds; `#` in the text is their number."""
    first = datetime.fromisoformat(start)
    return "".join(
        f"{first + timedelta(seconds=every * number):%Y-%m-%d %H:%M:%S} {text.replace('#', str(number))}\n"
        for number in range(count)
    )


@dataclass
class House:
    """Logs in a folder and the store that knows of them. Files look as if written some hours ago."""

    folder: Path
    url: str
    catalogue: Catalogue = CATALOGUE
    clock: datetime = NOW
    settings: StoreSettings = field(default_factory=StoreSettings)
    sources: tuple[str, ...] | None = None
    keep_days: int | None = None

    def path(self, name: str) -> Path:
        """A file in the folder of logs."""
        return self.folder / "logs" / name

    def write(self, name: str, content: str | bytes, age: timedelta = timedelta(hours=1)) -> Path:
        """Write a log anew."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.touch(path, age)

    def append(self, name: str, content: str, age: timedelta = timedelta(hours=1)) -> Path:
        """Let a log grow."""
        with self.path(name).open("a", encoding="utf-8") as file:
            file.write(content)
        return self.touch(self.path(name), age)

    def touch(self, path: Path, age: timedelta) -> Path:
        """Make a file look as old as it is to be."""
        written = (self.clock - age).timestamp()
        os.utime(path, (written, written))
        return path

    def options(self) -> NightlyOptions:
        """What a run is to do."""
        return NightlyOptions(
            sources=self.sources or (str(self.folder / "logs"),),
            store=self.url,
            settings=replace(self.settings, events_folder=self.folder / "events"),
            keep_days=self.keep_days,
            now=self.clock,
        )

    def run(self) -> Outcome:
        """One nightly run."""
        return run_nightly(self.options(), self.catalogue)

    @property
    def store(self) -> Store:
        """The store as readers see it."""
        return open_store(self.url)

    def incidents(self, night: str) -> list[Incident]:
        """What a night saw."""
        return self.store.night(datetime.fromisoformat(night).date()).analysis.incidents

    def statuses(self, night: str) -> dict[str, str]:
        """The status of each incident of a night by its title."""
        told = self.store.night(datetime.fromisoformat(night).date())
        return {incident.title: incident.status for incident in (*told.analysis.incidents, *told.resolved)}

    def records(self) -> int:
        """How many records the store has counted, over all nights."""
        return sum(night.records for night in self.store.nights())

    def events(self) -> list[dict[str, Any]]:
        """Every event of the store, by source and place."""
        rows = [row for file in self.store.event_files() for row in pq.read_table(file, partitioning=None).to_pylist()]
        return sorted(rows, key=lambda row: (row["source"], row["offset"], row["signature"]))


def content_of(house: House, *, but: frozenset[str] = frozenset({"runs", "settings"})) -> dict[str, list[Any]]:
    """Every row of every table, and every event; `but`: tables that tell of the clock or of places."""
    assert settings.name in but
    store = house.store
    with store.database.read() as connection:
        rows = {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
            if table.name not in but
        }
    return {**rows, "events": house.events()}
