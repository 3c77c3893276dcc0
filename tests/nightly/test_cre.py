"""CRE rules in the nightly run: what fulfils their terms is kept, and put together when a night is explained."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from analyzer.catalogue import load_catalogue
from analyzer.nightly import NightlyOptions, run_nightly
from analyzer.store.query import stored_events
from analyzer.store.store import open_store

RULE = """\
rules:
  - cre: {id: CRE-2031-0001, severity: 3, title: Boiled over, category: kitchen}
    rule:
      sequence: {window: 1m, event: {source: s}, order: [kettle on, water boils]}
"""


def test_a_rule_over_time_fires_though_its_records_came_in_two_runs(tmp_path: Path) -> None:
    (tmp_path / "rule.yaml").write_text(RULE)
    log = tmp_path / "kettle.log"
    url = f"sqlite:///{tmp_path}/nights.db"
    log.write_text("2025-10-21 01:00:00 kettle on\n")
    for text in ("", "2025-10-21 01:00:20 water boils\n"):
        log.write_text(log.read_text() + text)
        options = NightlyOptions(sources=(str(log),), store=url, now=datetime(2025, 10, 22, tzinfo=UTC))
        run_nightly(options, load_catalogue(tmp_path / "rule.yaml"))
    store = open_store(url)
    assert [incident.title for incident in store.incidents()] == ["Boiled over"]
    # Terms are not what anybody asked for.
    assert sum(batch.num_rows for batch in stored_events(store.event_files(), None, None, None)) == 0
