"""The page in a real browser."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from service.access.keys import KeyRing
from tests.bulletins.example import NOW, POSITIONS, publish_bulletin
from tests.service.conftest import serve_home, serving_with

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 20_000
"""Other tests may run beside these."""

DESKTOP, PHONE = (1280, 860), (390, 844)
HOSTILE = "<img src=x onerror=alert(1)><b>Gao</b>"

Row = dict[str, Any]
Open = Callable[..., Page]

expect.set_options(timeout=PATIENCE_MS)

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists() and not os.environ.get("CI"), reason="needs Debian's chromium"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Contexts by size and scheme, kept so that Plotly's bundle is fetched and compiled once."""
    kept: dict[tuple[tuple[int, int], str], BrowserContext] = {}

    def context_of(size: tuple[int, int], scheme: Any) -> BrowserContext:
        if (size, scheme) not in kept:
            width, height = size
            kept[size, scheme] = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
        return kept[size, scheme]

    yield context_of
    for context in kept.values():
        context.close()


@pytest.fixture
def visit(contexts: Callable[..., BrowserContext], months_client: httpx.Client) -> Iterator[Open]:
    """Open the page; at the end nothing may have gone wrong or come from elsewhere."""
    faults: list[str] = []
    pages: list[Page] = []

    def opened(
        query: str = "",
        *,
        client: httpx.Client = months_client,
        size: tuple[int, int] = DESKTOP,
        scheme: str = "light",
        ready: bool = True,
    ) -> Page:
        page = contexts(size, scheme).new_page()
        pages.append(page)
        host = urlsplit(str(client.base_url)).netloc

        def look(request: Any) -> None:
            address = urlsplit(request.url)
            if address.scheme not in {"data", "blob"} and address.netloc != host:
                faults.append(f"asked {request.url}")

        page.on("request", look)
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
        page.goto(f"{client.base_url}/?{query}".replace("//?", "/?"))
        if ready:
            wait_for_map(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert not faults


def wait_for_map(page: Page) -> None:
    expect(page.locator("#map .choroplethlayer path").first).to_be_attached()
    expect(page.locator("#map-message")).to_be_hidden()


def asked_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def names_in(page: Page) -> list[str]:
    return page.locator("#rows th a").all_inner_texts()


def colours_in(page: Page) -> list[str]:
    script = "paths => paths.map(path => path.style.fill)"
    colours: list[str] = page.locator("#map .choroplethlayer path").evaluate_all(script)
    return colours


def point_at(page: Page, number: int) -> None:
    """Move the mouse to the middle of a region on the map."""
    box = page.locator("#map .choroplethlayer path").nth(number).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y, steps=3)


def test_the_map_shows_all_that_has_an_outline_and_the_table_the_rest(visit: Open) -> None:
    page = visit("level=admin1&target=instability&horizon=1")
    with_outline = [region for region in POSITIONS if "-" in region]
    assert len(colours_in(page)) == len(with_outline) == 3
    assert sorted(names_in(page)) == ["Agadez", "Gao", "Mopti", "Tillabéri"]
    expect(page.locator("#legend")).to_contain_text("Critical")
    expect(page.locator("#legend")).to_contain_text("came true")
    expect(page.locator("header")).to_contain_text("SIMULATED")
    expect(page.locator("header")).to_contain_text("tocsin-admin1 v3")


def test_pickers_change_map_and_address(visit: Open) -> None:
    page = visit()
    before = colours_in(page)
    page.select_option("#horizon", "2")
    expect(page.locator("#question")).to_contain_text("February 2025")
    page.wait_for_function(
        "before => [...document.querySelectorAll('#map .choroplethlayer path')]"
        ".map(path => path.style.fill).join() !== before.join()",
        arg=before,
    )
    assert asked_of(page)["horizon"] == "2"
    page.select_option("#target", "escalation")
    expect(page.locator("#horizon")).to_have_value("3")
    expect(page.locator("#question")).to_contain_text("double")
    page.select_option("#level", "country")
    expect(page.locator("#rows")).to_contain_text("Niger")
    expect(page.locator("#model")).to_contain_text("tocsin-country v3")
    asked = asked_of(page)
    assert (asked["level"], asked["target"], asked["horizon"]) == ("country", "escalation", "3")
    page.go_back()
    expect(page.locator("#level")).to_have_value("admin1")
    expect(page.locator("#rows")).to_contain_text("Mopti")


def test_an_address_brings_the_view_back(visit: Open) -> None:
    page = visit("level=admin1&target=escalation&horizon=6&region=MLI-gao&search=gao")
    for picker, value in (("level", "admin1"), ("target", "escalation"), ("horizon", "6")):
        expect(page.locator(f"#{picker}")).to_have_value(value)
    expect(page.locator("#search")).to_have_value("gao")
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(page.locator("#region-name")).to_have_text("Gao")
    expect(page.locator(".verdict")).to_contain_text("June 2025")


def test_a_region_opens_from_the_map(visit: Open) -> None:
    page = visit()
    point_at(page, 0)
    expect(page.locator("#tip")).to_be_visible()
    name = page.locator("#tip strong").inner_text()
    assert re.search(
        r"\d+% (low|guarded|elevated|high|critical)", page.locator("#tip").inner_text()
    )
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#region-name")).to_have_text(name)
    region = page.locator("#region")
    for told in ("and the forecast", "by month", "Why", "Neighbours", "what happened"):
        expect(region).to_contain_text(told)
    expect(region.locator(".chart .plot-container").nth(1)).to_be_visible()
    assert asked_of(page)["region"].startswith(("MLI-", "NER-"))


def test_a_region_says_what_was_what_will_be_and_why(visit: Open) -> None:
    page = visit("region=MLI-gao&horizon=2")
    region = page.locator("#region")
    expect(region.locator(".sentence")).to_contain_text(
        "mostly because there was more violence next door"
    )
    expect(region.locator(".drivers")).to_contain_text("contagion")
    expect(region).to_contain_text("deaths in the last 24 observed months")
    expect(region).to_contain_text("came true")
    region.get_by_role("link", name="Mopti").click()
    expect(page.locator("#region-name")).to_have_text("Mopti")
    assert asked_of(page)["region"] == "MLI-mopti"


def test_a_drag_opens_nothing(visit: Open) -> None:
    page = visit()
    point_at(page, 0)
    page.mouse.down()
    page.mouse.move(400, 400, steps=4)
    page.mouse.up()
    assert "region" not in asked_of(page)


def test_the_map_stays_where_it_was_moved_to(visit: Open) -> None:
    page = visit()
    width = "document.querySelector('#map .choroplethlayer path').getBBox().width"
    before = page.evaluate(width)
    page.click("#zoom-in")
    page.wait_for_function(f"before => {width} > 1.4 * before", arg=before)
    zoomed = page.evaluate(width)
    page.select_option("#horizon", "2")
    expect(page.locator("#question")).to_contain_text("February 2025")
    wait_for_map(page)
    assert page.evaluate(width) == pytest.approx(zoomed, rel=0.01)
    page.click("#zoom-all")
    page.wait_for_function(f"before => Math.abs({width} / before - 1) < 0.05", arg=before)


def test_search_and_moves(visit: Open) -> None:
    page = visit()
    page.fill("#search", "tillaberi")
    expect(page.locator("#rows tr")).to_have_count(1)
    assert names_in(page) == ["Tillabéri"]
    page.fill("#search", "atlantis")
    expect(page.locator("#list-note")).to_contain_text("None of 4 regions")
    page.fill("#search", "")
    page.click("#tab-movers")
    expect(page.locator("#movers li").first).to_contain_text("→")
    expect(page.locator("#list-note")).to_contain_text("November 2024")
    assert asked_of(page)["tab"] == "movers"


def test_the_keyboard_is_enough(visit: Open) -> None:
    page = visit()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#rows a')"):
            break
    name = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator("#region-name")).to_have_text(name)
    expect(page.locator("#region-name")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#region")).to_be_hidden()
    assert page.evaluate("document.activeElement.textContent") == name
    assert "region" not in asked_of(page)


def open_region(page: Page) -> None:
    page.locator("#rows a").first.click()
    expect(page.locator("#region .chart .plot-container").nth(1)).to_be_visible()


def grave_faults(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], [node["html"] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_shuts_anybody_out(visit: Open, scheme: str) -> None:
    page = visit(scheme=scheme)
    assert not grave_faults(page)
    open_region(page)
    assert not grave_faults(page)


def test_a_phone_shows_it_all(visit: Open) -> None:
    page = visit(size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.mouse.wheel(0, 2000)
    for fact in ("SIMULATED", "December 2024", "21 January 2025", "20 January 2025", "v3"):
        expect(page.locator("header")).to_contain_text(fact)
    header = page.locator("header").bounding_box()
    assert header is not None
    assert header["y"] == 0
    open_region(page)
    assert page.evaluate("document.getElementById('region').scrollWidth") <= PHONE[0]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_light_and_dark_can_be_chosen(visit: Open) -> None:
    page = visit(scheme="dark")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.click("#theme")
    expect(root).to_have_attribute("data-theme", "light")
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")
    page.click("#theme")
    expect(root).to_have_attribute("data-theme", "dark")


def test_names_are_text(visit: Open, tmp_path: Path, rows: list[Row]) -> None:
    publish_bulletin(tmp_path, rows=[row | {"name": HOSTILE} for row in rows])
    with serve_home(tmp_path) as client:
        page = visit("region=MLI-gao", client=client)
        expect(page.locator("#region-name")).to_have_text(HOSTILE)
        assert set(names_in(page)) == {HOSTILE}
        page.keyboard.press("Escape")
        expect(page.locator("#region")).to_be_hidden()
        page.wait_for_timeout(200)
        point_at(page, 0)
        expect(page.locator("#tip strong")).to_have_text(HOSTILE)
        assert page.locator("img").count() == 0


def test_what_is_not_there_is_said_in_words(visit: Open) -> None:
    page = visit("target=onset&level=country", ready=False)
    expect(page.locator("#map-message")).to_contain_text("no such scores")
    expect(page.locator("#list-note")).to_contain_text("no such scores")


def test_whoever_has_a_key_sees_the_page_and_whoever_has_none_does_not(
    browser: Browser, own_home: Path
) -> None:
    key = KeyRing(own_home).add("analyst", NOW.date())
    with serving_with(own_home, needs_key=True) as client:
        assert client.get("/").status_code == 401
        credentials: Any = {"username": "", "password": key}
        context = browser.new_context(http_credentials=credentials)
        page = context.new_page()
        page.goto(f"{client.base_url}/?region=MLI-gao")
        wait_for_map(page)
        expect(page.locator("#region-name")).to_have_text("Gao")
        context.close()


def test_a_finger_opens_a_region(browser: Browser, months_client: httpx.Client) -> None:
    width, height = PHONE
    context = browser.new_context(has_touch=True, viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(str(months_client.base_url))
    wait_for_map(page)
    box = page.locator("#map .choroplethlayer path").first.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#region-name")).to_be_visible()
    assert asked_of(page)["region"].startswith(("MLI-", "NER-"))
    context.close()


def test_without_scripts_there_is_the_ranking(
    browser: Browser, months_client: httpx.Client
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(str(months_client.base_url))
    page.select_option("#horizon", "5")
    page.click("#show")
    assert asked_of(page)["horizon"] == "5"
    assert len(names_in(page)) == 3
    assert not page.locator("#atlas").is_visible()
    context.close()
