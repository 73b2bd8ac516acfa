"""The report in a real browser, with the network blocked."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_predictor import FakePredictor, triangle
from nettwin.apps.report import Case, write_report
from nettwin.apps.what_if import what_if
from nettwin.changes import FailLink

pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright (extra dev)")
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("Älvsjö", '<img src="x" onerror="document.title=1">', "C")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    scenario = triangle(NAMES, has_positions=True)
    comparison = what_if(scenario, [FailLink(scenario.topology.links[0].id)], FakePredictor())
    write_report(path, [Case("today", comparison.before), Case("after", comparison.after)], "Triangle")
    return path


@pytest.fixture(scope="module")
def page(report: Path) -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1200, "height": 1600})
        page.requests, page.messages = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.messages.append(message.text))
        page.on("pageerror", lambda error: page.messages.append(str(error)))
        page.goto(report.as_uri())
        yield page
        browser.close()


def classes(page: Any) -> dict[str, str]:
    pairs = page.eval_on_selector_all("path.half", "paths => paths.map(p => [p.dataset.id, p.getAttribute('class')])")
    return dict(pairs)


def choose(page: Any, label: str) -> None:
    page.get_by_label(label, exact=True).check()


def test_nothing_is_requested_and_nothing_goes_wrong(page: Any, report: Path) -> None:
    assert page.requests == [report.as_uri()]
    assert page.messages == []
    assert page.title() == "Triangle"  # no name was run as a program


def test_the_map_is_drawn(page: Any) -> None:
    assert page.locator("path.half").count() == 6
    assert page.locator("circle.node").count() == 3
    box = page.locator("#map").bounding_box()
    assert box["width"] > 800
    assert box["height"] > 300
    widths = page.eval_on_selector_all("path.half", "paths => paths.map(p => parseFloat(getComputedStyle(p).strokeWidth))")
    assert len(set(widths)) > 1  # not by colour alone


def test_switching_to_after_shows_the_failure(page: Any) -> None:
    failed = f"{NAMES[0]}->{NAMES[1]}"
    choose(page, "today")
    assert "c1" in classes(page)[failed].split()
    choose(page, "after")
    assert "cdown" in classes(page)[failed].split()
    assert page.locator("path.cross:not([hidden])").count() == 2


def test_colouring_by_change(page: Any) -> None:
    choose(page, "after")
    choose(page, "Change of utilization")
    assert page.locator("#map.diverging").count() == 1
    assert "c4" in classes(page)[f"{NAMES[0]}->C"].split()  # from 20 to 60 %
    choose(page, "Utilization")


def test_the_legend_hides_a_class_and_shows_it_again(page: Any) -> None:
    choose(page, "today")
    choose(page, "Utilization")
    entry = page.locator("#legend button").filter(has_text="below 20 %")
    entry.click()
    assert "off" in classes(page)[f"C->{NAMES[0]}"].split()
    assert "off" not in classes(page)[f"{NAMES[0]}->{NAMES[1]}"].split()
    entry.click()
    assert "off" not in classes(page)[f"C->{NAMES[0]}"].split()


def test_pointing_at_a_link_tells_its_figures(page: Any) -> None:
    choose(page, "today")
    page.locator("path.half").first.dispatch_event("pointermove", {"bubbles": True, "clientX": 300, "clientY": 300})
    text = page.locator("#tip").inner_text()
    assert "Utilization: 40.0 %" in text or "Utilization: 0 %" in text or "Utilization: 10.0 %" in text
    assert page.locator("#tip img").count() == 0


def test_nodes_can_lie_as_links_pull_them(page: Any) -> None:
    before = page.locator("circle.node").first.get_attribute("cx")
    choose(page, "as links pull them")
    assert page.locator("circle.node").first.get_attribute("cx") != before
    choose(page, "as on a map")
    assert page.locator("circle.node").first.get_attribute("cx") == before


def test_the_map_can_be_magnified(page: Any) -> None:
    whole = page.locator("#map").get_attribute("viewBox")
    page.get_by_label("Zoom in").click()
    assert float(page.locator("#map").get_attribute("viewBox").split()[2]) < 1000
    page.get_by_label("Show all").click()
    assert page.locator("#map").get_attribute("viewBox") == whole.replace(".0", "") or float(whole.split()[2]) == 1000


def test_tables_sort_and_filter(page: Any) -> None:
    header = page.locator("#demands thead th").nth(1)
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert page.locator("#demands tbody tr").first.get_attribute("data-id") == f"{NAMES[0]}->{NAMES[1]}"
    header.locator("button").click()
    assert page.locator("#demands tbody tr").first.get_attribute("data-id") == f"{NAMES[1]}->{NAMES[0]}"
    page.locator("input[data-table=demands]").fill("->c")
    assert page.locator("#demands tbody tr:visible").count() == 1
    page.locator("input[data-table=demands]").fill("")


def test_the_keyboard_reaches_the_controls(page: Any) -> None:
    choose(page, "today")
    page.get_by_label("today", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("after", exact=True).is_checked()
    choose(page, "today")
