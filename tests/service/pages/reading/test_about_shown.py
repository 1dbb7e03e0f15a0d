"""The pages to read in a real browser."""

from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, expect

from tests.browser import needs_chromium

pytestmark = needs_chromium

PHONE = 360


@pytest.mark.parametrize(
    ("path", "width", "scheme"),
    [
        ("/bulletins", PHONE, "light"),
        ("/about", PHONE, "light"),
        ("/accuracy?level=admin1&lang=fr", PHONE, "light"),
        ("/track-record?level=admin1&lang=fr", PHONE, "dark"),
        ("/track-record?level=admin1&state=final", 1280, "light"),
        ("/models/admin1?lang=fr", PHONE, "dark"),
        ("/models/admin1", 1280, "light"),
        ("/countries/MLI?lang=fr", PHONE, "dark"),
    ],
)
def test_a_page_to_read_shuts_nobody_out(
    browser: Browser, months_client: httpx.Client, path: str, width: int, scheme: Any
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{months_client.base_url}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not Axe().run(page).response["violations"]
    assert faults == []
    page.close()


def test_what_came_of_a_region_fits_a_phone(browser: Browser, months_client: httpx.Client) -> None:
    page = browser.new_page(viewport={"width": PHONE, "height": 740})
    page.goto(f"{months_client.base_url}/regions/MLI-gao?target=instability&horizon=1")
    expect(page.get_by_text("came true").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE
    page.close()


def test_two_bulletins_are_compared_with_the_keyboard(
    browser: Browser, months_client: httpx.Client
) -> None:
    page = browser.new_page()
    page.goto(f"{months_client.base_url}/bulletins")
    page.locator("[name=compare]:checked").focus()
    page.keyboard.press("ArrowDown")
    page.locator("form button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#show-change")).to_be_checked()
    assert "compare=2024-10" in page.url
    page.close()


def test_a_term_leads_to_its_meaning(browser: Browser, months_client: httpx.Client) -> None:
    page = browser.new_page()
    page.goto(f"{months_client.base_url}/accuracy?level=admin1")
    page.locator(".term", has_text="risk level").first.click()
    expect(page.locator("dt:target")).to_have_text("risk level")
    page.close()
