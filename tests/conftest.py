"""What tests in a real browser share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CANDIDATES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """The browser named by $CHROMIUM, or the first one on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CANDIDATES)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once; tests open pages of their own in it."""
    from playwright.sync_api import sync_playwright

    executable = find_chromium()
    if executable is None:
        pytest.fail("no Chromium; install it, or name one with $CHROMIUM")
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])) as chromium,
    ):
        yield chromium
