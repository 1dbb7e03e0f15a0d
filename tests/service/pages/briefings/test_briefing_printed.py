"""The briefing in a real browser: on paper, on a phone, and for those who do not see it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser

from tests.browser import needs_chromium
from tests.bulletins.example import publish_months
from tests.bulletins.example_rows import REGIONS, rows_of
from tests.service.conftest import serving_with
from tests.service.pages.briefings.test_signs import publish_signs

pytestmark = needs_chromium

PHONE = 360
MANY = (
    *REGIONS,
    *(
        (f"MLI-{n}", f"Région administrative de Tombouctou et des environs {n}", "MLI", "admin1")
        for n in range(30)
    ),
)


def pages_of(document: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", document))


def test_the_longest_briefing_prints_on_two_pages(browser: Browser, tmp_path: Path) -> None:
    publish_months(tmp_path, ("2024-11",))
    publish_signs(tmp_path, rows_of(MANY), previous="2024-11-000000000001")
    years_later = datetime(2027, 1, 1, tzinfo=UTC)
    with serving_with(tmp_path, now=lambda: years_later) as client:
        page = browser.new_page()
        page.goto(f"{client.base_url}/v1/briefings/MLI?lang=fr")
        assert page.locator("section").count() >= 6
        assert page.locator(".mark").count() == 2
        assert pages_of(page.pdf(prefer_css_page_size=True, print_background=True)) == 2
        page.close()


def test_a_briefing_shuts_nobody_out(browser: Browser, months_client: httpx.Client) -> None:
    page = browser.new_page(viewport={"width": PHONE, "height": 740})
    page.goto(f"{months_client.base_url}/v1/briefings/MLI")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE
    assert not Axe().run(page).response["violations"]
    page.close()
