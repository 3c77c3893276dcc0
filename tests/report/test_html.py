"""The HTML report in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.model import Analysis
from analyzer.report.html import PLOTLY_FILE, plotly_script, render
from tests.make_analysis import clean_analysis, make_analysis, many_incidents, several_nights

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]

CONTRAST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script")) continue;
    const style = getComputedStyle(element);
    const ink = light(parts(element.closest("svg") ? style.fill : style.color));
    const paper = light(parts(getComputedStyle(document.body).backgroundColor));
    const under = element.closest("svg") ? paper : light(ground(element));
    const chip = element.closest("tspan[style*=fill]"); // on a ground of its own: see test_palette
    const ratio = (Math.max(ink, under) + 0.05) / (Math.min(ink, under) + 0.05);
    seen += 1;
    if (ratio < 4.5 && !chip) poor.push([walker.currentNode.data.trim().slice(0, 60), ratio]);
  }
  return { seen, poor };
}"""


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report from disk; no network, no console message, no error is tolerated."""
    noises: list[str] = []
    contexts = []

    def open_(analysis: Analysis, *, plotlyjs: Any = "inline", **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"], **options
        )
        contexts.append(context)
        file = tmp_path / "report.html"
        file.write_text(render(analysis, plotlyjs=plotlyjs), "utf-8")
        page = context.new_page()
        page.on("console", lambda message: noises.append(message.text))
        page.on("pageerror", lambda error: noises.append(str(error)))
        page.on("request", lambda request: noises.append(request.url) if "://" in request.url[5:] else None)
        page.on("request", lambda request: None if request.url.startswith("file:") else noises.append(request.url))
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert noises == []


def timeline_of(page: Page) -> Locator:
    """The picture, once it is drawn."""
    page.wait_for_selector("#timeline .barlayer .point")
    return page.locator("#timeline")


def wait_until(page: Page, expression: str) -> None:
    """Ask until the answer is yes; unlike `wait_for_function`, this gets past the report's content policy."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never true: {expression}")


def place(page: Page, selector: str) -> tuple[float, float]:
    """The middle of an element on the screen."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_headline_glance_and_timeline_stand_above_the_fold(open_report: Open) -> None:
    page = open_report(make_analysis())
    timeline_of(page)
    assert page.locator("h1").inner_text() == "2 incidents"
    glance = page.locator(".glance li").first
    assert "02:14:07" in glance.inner_text()
    assert "deploy 41 s before it began" in glance.inner_text()
    _, middle = place(page, "#timeline")
    assert middle < 900


def test_timeline_draws_all_its_parts(open_report: Open) -> None:
    page = open_report(make_analysis())
    picture = timeline_of(page)
    assert picture.locator(".barlayer .trace").count() == 6
    assert picture.locator(".scatterlayer .js-line").count() >= 1
    texts = " ".join(picture.locator("text").all_text_contents())
    for part in ("deploy, restart 02:13", "from 02:14:07", "new, 549 events", "errors", "Records per minute"):
        assert part in texts


def test_click_on_a_lane_goes_to_its_incident(open_report: Open) -> None:
    page = open_report(make_analysis())
    timeline_of(page)
    box = page.locator("#timeline .x2y2 .barlayer .trace").first.locator("path").nth(1).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2)
    wait_until(page, "document.activeElement.id === 'i-b20f44'")
    assert page.url.endswith("#i-b20f44")
    wait_until(page, "Math.abs(document.getElementById('i-b20f44').getBoundingClientRect().top) < 200")


def test_click_on_the_name_of_a_lane_goes_to_its_incident(open_report: Open) -> None:
    page = open_report(make_analysis())
    timeline_of(page).get_by_text("from 02:14:07").click()
    wait_until(page, "document.activeElement.id === 'i-7c1e9a'")


def test_hover_says_what_and_how_to_fix_it(open_report: Open) -> None:
    page = open_report(make_analysis())
    timeline_of(page)
    bars = page.locator("#timeline .x2y2 .barlayer .trace").nth(1).locator("path").first.bounding_box()
    assert bars is not None
    page.mouse.move(bars["x"] + bars["width"] / 2, bars["y"] + 4)
    page.wait_for_selector(".hovertext")
    assert "Fix: Run the insert" in (page.locator(".hovertext").text_content() or "")


def test_brushing_the_strip_zooms_the_lanes_too(open_report: Open) -> None:
    page = open_report(make_analysis())
    timeline_of(page)
    box = page.locator("#timeline .xy").first.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 200, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, y, steps=6)
    page.mouse.up()
    wait_until(page, "typeof timeline.layout.xaxis.range[0] === 'string'")
    shared = page.evaluate("[timeline.layout.xaxis.range, timeline.layout.xaxis2.range]")
    assert shared[0] == shared[1]
    assert page.evaluate("new Date(timeline.layout.xaxis.range[1]) - new Date(timeline.layout.xaxis.range[0])") < 3.6e6


def test_copy_button_copies_the_command(open_report: Open) -> None:
    page = open_report(make_analysis())
    page.locator(".copy").nth(1).click()
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == (
        "DELETE FROM sessions s\nWHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id);"
    )


def test_destructive_commands_are_marked(open_report: Open) -> None:
    page = open_report(make_analysis())
    assert page.locator(".destructive").count() == 1
    assert "this can lose data" in page.locator(".destructive").inner_text()


def test_hostile_log_text_is_inert(open_report: Open) -> None:
    page = open_report(make_analysis())
    timeline_of(page)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    body = page.locator("body").inner_text()
    assert "<script>window.hacked = 1</script>" in body
    assert "{{ 7 * 7 }}" in body
    assert "${jndi:ldap://x}" in body
    assert "␛[31mred␛[0m <U+202E>evil" in body
    assert "\u202e" not in page.content()


def test_only_web_addresses_are_links(open_report: Open) -> None:
    page = open_report(make_analysis())
    links = page.locator(".references a").evaluate_all("links => links.map(link => link.href)")
    assert links == ["https://www.postgresql.org/docs/current/ddl-constraints.html"]


def test_evidence_shows_its_context_lines_folded(open_report: Open) -> None:
    page = open_report(make_analysis())
    first = page.locator(".proof").first
    assert first.locator("mark").inner_text().startswith("2025-10-24T02:14:07.125Z error")
    assert first.locator(".context").all_inner_texts()[1] == "2025-10-24T02:14:07.120Z debug: BEGIN"
    second = page.locator(".proof").nth(1)
    assert not second.locator("pre").is_visible()
    second.locator("summary").click()
    assert second.locator("pre").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_at_least_4_5(open_report: Open, scheme: str) -> None:
    page = open_report(make_analysis(), color_scheme=scheme)
    timeline_of(page)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    result = page.evaluate(CONTRAST)
    assert result["poor"] == []
    assert result["seen"] > 150
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 27)"
    assert dark == (scheme == "dark")


def test_keyboard_reaches_incidents_and_copy_buttons(open_report: Open) -> None:
    page = open_report(make_analysis())
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.className || document.activeElement.getAttribute('href')"))
    assert reached[:3] == ["skip", "#i-7c1e9a", "#i-b20f44"]
    assert "copy" in reached


def test_narrow_screens_scroll_the_picture_and_nothing_else(open_report: Open) -> None:
    page = open_report(make_analysis(), is_mobile=True)
    page.set_viewport_size({"width": 390, "height": 800})
    timeline_of(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 391


def test_print_unfolds_everything_and_hides_buttons(open_report: Open) -> None:
    page = open_report(make_analysis())
    timeline_of(page)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator(".copy").first.is_visible()


@pytest.mark.parametrize("analysis", [several_nights(3), make_analysis(many_incidents(40))], ids=["nights", "forty"])
def test_large_pictures_are_drawn(open_report: Open, analysis: Analysis) -> None:
    page = open_report(analysis)
    picture = timeline_of(page)
    bars = picture.locator(".x2y2 .barlayer .trace").nth(1).locator("path")
    assert bars.count() == len(analysis.incidents)
    narrowest = min(bars.nth(i).bounding_box()["width"] for i in range(bars.count()))  # type: ignore[index]
    assert narrowest > 40


def test_zoom_into_one_of_several_nights_and_back(open_report: Open) -> None:
    page = open_report(several_nights(3))
    timeline_of(page)
    box = page.locator("#timeline .xy").first.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 100, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, y, steps=6)
    page.mouse.up()
    wait_until(page, "timeline._fullLayout.xaxis.dtick < 3600000")
    page.mouse.dblclick(box["x"] + 100, y)
    wait_until(page, "timeline._fullLayout.xaxis.dtick === 3600000")


def test_plotly_may_lie_beside_the_report(open_report: Open, tmp_path: Path) -> None:
    (tmp_path / PLOTLY_FILE).write_text(plotly_script(), "utf-8")
    page = open_report(make_analysis(), plotlyjs="directory")
    timeline_of(page)
    assert (tmp_path / "report.html").stat().st_size < 200_000


def test_a_page_without_plotly_beside_it_says_what_is_missing(open_report: Open, tmp_path: Path) -> None:
    (tmp_path / PLOTLY_FILE).write_text("// cut off")
    page = open_report(make_analysis(), plotlyjs="directory")
    assert "needs plotly.min.js" in page.locator("#timeline").inner_text()
    assert page.locator("article").count() == 2


def test_clean_night(open_report: Open) -> None:
    page = open_report(clean_analysis())
    timeline_of(page)
    assert page.locator("h1").inner_text() == "No incident"
    assert "3,100 records compared" in page.locator(".clean").inner_text()
    assert page.locator("article").count() == 0


def test_without_scripts_everything_can_still_be_read(open_report: Open) -> None:
    page = open_report(make_analysis(), java_script_enabled=False)
    assert page.locator("article").count() == 2
    assert page.locator(".cascade li").first.is_visible()


def test_nothing_is_there_to_be_fetched(open_report: Open) -> None:
    page = open_report(make_analysis())
    timeline_of(page)
    assert page.locator("[src], link, iframe, object, embed, video, audio, form").count() == 0
