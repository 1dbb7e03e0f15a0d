"""The page in a real browser."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.bulletins.example import POSITIONS
from tests.service.pages.conftest import needs_chromium

PATIENCE_MS = 20_000
"""Other tests may run beside these."""

DESKTOP, PHONE = (1280, 860), (360, 740)
HOSTILE = "<img src=x onerror=alert(1)><b>Gao</b>"
REGIONS = "#maps .stage:first-of-type .regions [data-id]"

Row = dict[str, Any]
Open = Callable[..., Page]

expect.set_options(timeout=PATIENCE_MS)

pytestmark = needs_chromium


@pytest.fixture
def visit(browser: Browser, months_client: httpx.Client) -> Iterator[Open]:
    """Open the page; at the end nothing may have gone wrong or come from elsewhere."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(
        query: str = "",
        *,
        client: httpx.Client = months_client,
        size: tuple[int, int] = DESKTOP,
        path: str = "/",
        **options: Any,
    ) -> Page:
        viewport: Any = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        host = urlsplit(str(client.base_url)).netloc

        def look(request: Any) -> None:
            address = urlsplit(request.url)
            if address.scheme not in {"data", "blob"} and address.netloc != host:
                faults.append(f"asked {request.url}")

        page.on("request", look)
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
        page.goto(f"{client.base_url}{path}?{query}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


def wait_for_map(page: Page) -> None:
    expect(page.locator(REGIONS).first).to_have_attribute("class", "b3")


def asked_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def names_in(page: Page) -> list[str]:
    return page.locator("#list th a").all_inner_texts()


def styles_in(page: Page) -> list[str]:
    script = "paths => paths.map(path => path.getAttribute('class'))"
    styles: list[str] = page.locator(REGIONS).evaluate_all(script)
    return styles


def test_the_map_shows_all_that_has_an_outline_and_the_list_the_rest(visit: Open) -> None:
    page = visit("level=admin1&target=instability&horizon=1")
    with_outline = [region for region in POSITIONS if "-" in region]
    expect(page.locator(REGIONS)).to_have_count(len(with_outline))
    assert sorted(names_in(page)) == ["Agadez", "Gao", "Mopti", "Tillabéri"]
    expect(page.locator("#legend")).to_contain_text("critical")
    expect(page.locator("#legend")).to_contain_text("came true")
    expect(page.locator("header")).to_contain_text("SIMULATED")
    expect(page.locator("header")).to_contain_text("tocsin-admin1 v3")
    expect(page.locator(".labels")).to_contain_text("Bamako")


def test_choices_change_map_and_address(visit: Open) -> None:
    page = visit()
    expect(page.locator(REGIONS)).to_have_count(3)
    before = styles_in(page)
    page.get_by_text("Feb", exact=True).click()
    expect(page.locator("#question")).to_contain_text("February 2025")
    assert styles_in(page) != before
    assert asked_of(page)["horizon"] == "2"
    page.select_option("#target", "escalation")
    expect(page.locator("#question")).to_contain_text("double")
    page.select_option("#level", "country")
    expect(page.locator("#list")).to_contain_text("Niger")
    expect(page.locator("#facts")).to_contain_text("tocsin-country v3")
    asked = asked_of(page)
    assert (asked["level"], asked["target"]) == ("country", "escalation")
    page.go_back()
    expect(page.locator("#level")).to_have_value("admin1")
    expect(page.locator("#list")).to_contain_text("Mopti")
