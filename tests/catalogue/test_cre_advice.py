"""A mitigation in Markdown becomes steps."""

from __future__ import annotations

import pytest

from analyzer.catalogue.cre_advice import destroys, steps_of


@pytest.mark.parametrize(
    ("mitigation", "steps"),
    [
        ("", []),
        ("Follow the guidance.\n", [("Follow the guidance.", None)]),
        ("- one\n- two\n", [("one", None), ("two", None)]),
        ("1. one that\n   goes on\n2) two\n", [("one that goes on", None), ("two", None)]),
        ("One paragraph\nof two lines.\n\nAnother.\n", [("One paragraph of two lines.", None), ("Another.", None)]),
        ("**Now:**\n- one\n- two\nLater:\n- three\n", [("Now: one", None), ("two", None), ("Later: three", None)]),
        ("## Now\n- one\n", [("Now: one", None)]),
        ("- Look:\n  ```\n  ls\n  pwd\n  ```\n- Go on\n", [("Look:", "ls\npwd"), ("Go on", None)]),
        ("```bash\nls\n```\n", [("Run this.", "ls")]),
        ("Only a heading:\n", [("Only a heading:", None)]),
    ],
)
def test_steps(mitigation: str, steps: list[tuple[str, str | None]]) -> None:
    assert steps_of(mitigation) == steps


@pytest.mark.parametrize(
    ("command", "dangerous"),
    [
        ("kubectl delete pod kettle", True),
        ("DROP TABLE tea", True),
        ("rm -rf /var/tea", True),
        ("git reset --hard", True),
        ("kubectl get pods", False),
        ("systemctl status undeleted", False),
        (None, False),
    ],
)
def test_commands_that_destroy_are_told_apart(command: str | None, dangerous: bool) -> None:
    assert destroys(command) is dangerous
