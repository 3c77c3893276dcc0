"""Episodes: joined by their own rhythm, split where the silence is longer."""

from __future__ import annotations

import numpy as np

from analyzer.reason.columns import columns
from analyzer.reason.episodes import Episode, episodes
from analyzer.reason.fingerprint import stable
from tests.reason.stories import events


def of(story: str) -> list[Episode]:
    """The episodes of a story."""
    table = columns(events(story))
    return episodes(table, np.ones(len(table), dtype=bool))


def test_a_burst_is_one_episode_and_a_long_silence_ends_it() -> None:
    found = of(
        """
        10:00:00  db  db.failed
        10:00:01  db  db.failed
        10:00:02  db  db.failed
        11:30:00  db  db.failed
        """
    )
    assert [episode.count for episode in found] == [3, 1]


def test_a_steady_drip_is_one_episode() -> None:
    found = of(
        "\n".join(
            f"{hour:02d}:{minute:02d}:00  cron  job.failed" for hour in (10, 11, 12) for minute in (0, 15, 30, 45)
        )
    )
    assert [episode.count for episode in found] == [12]


def test_other_things_and_other_services_are_other_episodes() -> None:
    found = of(
        """
        10:00:00  db   db.failed  relation=orders
        10:00:01  db   db.failed  relation=users
        10:00:02  api  db.failed  relation=orders
        """
    )
    assert {(e.service, e.entity) for e in found} == {
        ("db", (("relation", "orders"),)),
        ("db", (("relation", "users"),)),
        ("api", (("relation", "orders"),)),
    }


def test_identifiers_and_numbers_do_not_split_episodes() -> None:
    found = of(
        """
        10:00:00  db  db.failed  job=import-2041 request_id=aaaa1111
        10:00:01  db  db.failed  job=import-2042 request_id=bbbb2222
        """
    )
    assert [episode.count for episode in found] == [2]
    assert stable("import-2041") == stable("import-2042") == "import-*"


def test_events_without_a_time_stay_together() -> None:
    found = of(
        """
        -  db  db.failed
        -  db  db.failed
        """
    )
    assert [episode.count for episode in found] == [2]
