"""What tests of several rooms share: a configuration that is nobody's, and a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from analyzer.cache import cache_folder
from tests.buckets import s3, s3_server
from tests.databases import postgresql_server, postgresql_url, store_url

__all__ = ["browser", "postgresql_server", "postgresql_url", "s3", "s3_server", "store_url"]

# What takes longer on a busy machine is not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session", autouse=True)
def _no_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The configuration and signatures of whoever runs the tests have no say in them.

    What is compiled is kept where it always is, wherever a test has its home: compiling the built-in
    catalogue takes longer than most tests together.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setenv("XDG_CACHE_HOME", str(cache_folder().parent))
        yield


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
