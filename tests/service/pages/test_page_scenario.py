"""The pages of scenarios in a browser: wide and light, narrow and dark, in both languages."""

from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser

from bulletins.scenarios import scenario_folders
from tests.browser import needs_chromium


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_a_browser_finds_nothing_amiss(
    browser: Browser, home: Path, client: httpx.Client, width: int, scheme: str
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    (folder,) = scenario_folders(home)
    address = f"/scenarios/{folder.name}"
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text))
    for path in ("/scenarios", address, f"{address}?lang=fr"):
        page.goto(str(client.base_url.join(path)))
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert faults == []
    page.close()
