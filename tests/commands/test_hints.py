"""What commands tell people to type next."""

from __future__ import annotations

import pytest

from analyzer.commands.hints import store_option


@pytest.mark.parametrize(
    ("store", "option"),
    [
        (None, ""),
        ("sqlite:////var/lib/my logs/store.db", " --store 'sqlite:////var/lib/my logs/store.db'"),
        ("postgresql://oncall@db/logs", " --store postgresql://oncall@db/logs"),
        ("postgresql://oncall:secret@db/logs", " --store URL"),
    ],
)
def test_the_way_to_an_incident_names_its_store_but_no_password(store: str | None, option: str) -> None:
    assert store_option(store) == option
