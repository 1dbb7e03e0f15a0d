"""The siege view in a real browser."""

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
        ("/countries/MLI", PHONE, "light"),
        ("/countries/MLI?lang=fr", 1280, "dark"),
        ("/?capitals=on&corridors=on&lang=fr", PHONE, "dark"),
    ],
)
def test_the_siege_view_shuts_nobody_out(
    browser: Browser, months_client: httpx.Client, path: str, width: int, scheme: Any
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{months_client.base_url}{path}", wait_until="networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert not Axe().run(page).response["violations"]
    assert faults == []
    page.close()


def test_layers_are_switched_with_the_keyboard_and_stay_in_the_address(
    browser: Browser, months_client: httpx.Client
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.goto(str(months_client.base_url))
    rims = page.locator(".layers .rim")
    expect(page.locator("#maps .regions [data-id]").first).to_be_attached()
    expect(rims).to_have_count(0)
    page.locator("#layer-capitals").focus()
    page.keyboard.press("Space")
    expect(rims).to_have_count(8)
    expect(page.locator("#legend .over")).to_contain_text("Rings around capitals")
    assert "capitals=on" in page.url
    expect(page.locator("#layer-capitals")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".layers .corridors path")).to_have_count(3)
    page.select_option("#country", "NER")
    expect(page.locator(".layers .rim:visible")).to_have_count(4)
    page.locator("#layer-capitals").uncheck()
    expect(rims).to_have_count(0)
    page.reload()
    expect(page.locator(".layers .corridors path")).to_have_count(3)
    page.close()
