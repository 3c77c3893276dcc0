"""The dashboard as a user meets it: Streamlit for real, in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(script: Path, folder: Path, **variables: str) -> Iterator[str]:
    """Streamlit on a script, ready to answer; its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.address", "127.0.0.1"]
    command += ["--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"]
    command += ["--browser.gatherUsageStats", "false"]
    address = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if name != "ANALYZER_PATHS"} | variables
    with (folder / "streamlit.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(address, server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=10)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Return as soon as the server is well."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, "Streamlit has ended"
            time.sleep(0.1)
    pytest.fail("Streamlit did not start")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server runs and keeps the list of what it was asked to analyse."""
    return tmp_path_factory.mktemp("dashboard")


@pytest.fixture(scope="module")
def dashboard(folder: Path) -> Iterator[str]:
    """The dashboard over a hand-built night, with one log chosen beforehand."""
    log = folder / "given.log"
    log.write_text("one\ntwo\n", "utf-8")
    variables = {"ANALYZER_TEST_CALLS": str(folder / "calls"), "ANALYZER_PATHS": str(log)}
    with served(Path(__file__).with_name("stand_in.py"), folder, **variables) as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens pages; an error in the browser fails the test."""
    contexts = []
    errors: list[str] = []

    def open_(address: str) -> Page:
        context = browser.new_context(viewport={"width": 1400, "height": 1000}, color_scheme="light")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


Visit = Callable[[str], "Page"]


def heading(page: Page, text: str) -> None:
    """Wait for a page's title."""
    page.locator("h1", has_text=text).first.wait_for(timeout=20_000)


def shows(page: Page, text: str) -> None:
    """Wait for a text to be seen."""
    page.get_by_text(text).first.wait_for(timeout=20_000)


def click_lane(page: Page, number: int) -> None:
    """Click into a lane of the picture, beside its bar."""
    page.wait_for_selector(".js-plotly-plot .x2y2 .barlayer .trace path")
    box = page.locator(".js-plotly-plot .x2y2 .barlayer .trace").first.locator("path").nth(number).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] * 0.95, box["y"] + box["height"] / 2)


def calls(folder: Path) -> list[list[str]]:
    """The paths of every analysis so far."""
    return [json.loads(line) for line in (folder / "calls").read_text("utf-8").splitlines()]


def test_overview_click_incident_and_back(dashboard: str, visit: Visit, folder: Path) -> None:
    page = visit(dashboard)
    heading(page, "2 incidents: 1 critical, 1 medium")
    shows(page, "5 sources, 24,310 lines")
    click_lane(page, 0)
    heading(page, "Session created, then lost (silent 201)")
    assert page.url.endswith("?incident=7c1e9a")
    shows(page, "SELECT 1 FROM users WHERE id")
    page.go_back()
    heading(page, "2 incidents")
    click_lane(page, 1)
    heading(page, "Redis refused connections")
    page.get_by_role("button", name="All incidents").click()
    heading(page, "2 incidents")
    assert "incident=" not in page.url
    assert len([call for call in calls(folder) if call == [str(folder / "given.log")]]) == 1


def test_title_opens_the_incident(dashboard: str, visit: Visit) -> None:
    page = visit(dashboard)
    page.get_by_role("button", name="Session created, then lost (silent 201)").click()
    heading(page, "Session created")
    shows(page, "Very likely (0.94), database")
    shows(page, "Careful: this can lose data.")


def test_hostile_log_text_is_inert(dashboard: str, visit: Visit) -> None:
    page = visit(f"{dashboard}/?incident=b20f44")
    heading(page, "Redis refused connections <script>window.hacked = 1</script>")
    page.get_by_text("[click](javascript:alert(1)) **bold** @someone").first.wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.locator("[data-testid=stMain] img").count() == 0
    shows(page, "{{ 7 * 7 }}")
    assert "\u202e" not in page.content()


def test_labels_show_log_text_as_it_is(dashboard: str, visit: Visit) -> None:
    page = visit(dashboard)
    heading(page, "2 incidents")
    button = page.get_by_role("button", name="Redis refused")
    assert "<script>window.hacked = 1</script>" in button.inner_text()
    summary = page.locator("summary", has_text="31 ×")
    assert "Worker <*> gave up on job <*> <script>" in summary.inner_text()
    assert "${jndi:ldap://x}" in summary.inner_text()


def test_an_address_of_an_unknown_incident_says_so(dashboard: str, visit: Visit) -> None:
    page = visit(f"{dashboard}/?incident=nothere")
    page.get_by_text("The incident of this address is not in these logs.").wait_for(timeout=20_000)
    heading(page, "2 incidents")


def test_brushing_the_strip_zooms_the_lanes(dashboard: str, visit: Visit) -> None:
    page = visit(dashboard)
    page.wait_for_selector(".js-plotly-plot .x2y2 .barlayer .trace path")
    box = page.locator(".js-plotly-plot .xy").first.bounding_box()
    assert box is not None
    before = page.evaluate("document.querySelector('.js-plotly-plot')._fullLayout.xaxis2.range[0]")
    page.mouse.move(box["x"] + 150, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 60, steps=6)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('.js-plotly-plot')._fullLayout.xaxis2.range[0]") != before
    heading(page, "2 incidents")


def test_sources_page(dashboard: str, visit: Visit) -> None:
    page = visit(dashboard)
    heading(page, "2 incidents")
    page.get_by_role("link", name="Sources").click()
    heading(page, "Sources")
    shows(page, "truncated gzip: read up to byte 4096: logs/broken.gz")
    shows(page, "record without a timestamp, 40 times")
    page.get_by_role("link", name="Incidents").click()
    heading(page, "2 incidents")


def test_upload(dashboard: str, visit: Visit, folder: Path) -> None:
    page = visit(dashboard)
    heading(page, "2 incidents")
    page.get_by_text("Upload", exact=True).click()
    (folder / "api.log").write_bytes(b"a\nb\n")
    (folder / "db.log.gz").write_bytes(b"\x1f\x8b")
    page.locator("input[type=file]").set_input_files([folder / "api.log", folder / "db.log.gz"])
    page.get_by_text("db.log.gz").first.wait_for()
    page.get_by_role("button", name="Analyze").click()
    page.get_by_text("6 sources, 24,310 lines").wait_for(timeout=20_000)
    (uploaded,) = calls(folder)[-1]
    assert sorted(file.name for file in Path(uploaded).iterdir()) == ["api.log", "db.log.gz"]
    assert (Path(uploaded) / "api.log").read_bytes() == b"a\nb\n"
    shutil.rmtree(uploaded)


def test_trouble_is_told_in_words(dashboard: str, visit: Visit) -> None:
    page = visit(dashboard)
    heading(page, "2 incidents")
    page.get_by_text("Only a part of the time").click()
    page.get_by_label("From").fill("never")
    page.get_by_role("button", name="Analyze").click()
    page.get_by_text("These logs could not be analyzed.").wait_for(timeout=20_000)
    shows(page, "since: not a time: 'never'")
    assert page.get_by_text("Traceback").count() == 0


def test_the_entry_greets_with_what_to_do(visit: Visit, tmp_path: Path) -> None:
    with served(ROOT / "app.py", tmp_path, PYTHONPATH=str(ROOT)) as address:
        page = visit(address)
        heading(page, "Log incidents")
        shows(page, "Choose logs at the left and press")
        page.get_by_text("A path on this machine").click()
        page.get_by_role("button", name="Analyze").click()
        page.get_by_text("No logs are chosen yet.").wait_for()
