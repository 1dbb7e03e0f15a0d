"""The map in the frame of another page, in a real browser."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from service.settings import Settings
from tests.browser import needs_chromium
from tests.service.conftest import serving_with

pytestmark = needs_chromium

REFUSED = "chrome-error://chromewebdata/"


class Newspaper(BaseHTTPRequestHandler):
    """A page of another origin, with the address that it is asked for in a frame."""

    def do_GET(self) -> None:
        framed = self.path.removeprefix("/?")
        body = f'<iframe src="{framed}" width="640" height="480"></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def newspaper() -> Iterator[str]:
    with HTTPServer(("localhost", 0), Newspaper) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def open_in_frame(browser: Browser, newspaper: str, address: str) -> Page:
    page = browser.new_page()
    page.goto(f"{newspaper}/?{address}")
    return page


def test_a_page_that_is_allowed_shows_the_map(
    browser: Browser, newspaper: str, months_home: Path
) -> None:
    settings = Settings(embed_origins=("https://paper.example", newspaper))
    with serving_with(months_home, settings) as client:
        address = f"{client.base_url}/embed?level=admin1"
        page = open_in_frame(browser, newspaper, address)
        frame = page.frame_locator("iframe")
        expect(frame.locator(".regions [data-id]").first).to_have_attribute("class", "b3")
        expect(frame.locator("h1")).to_contain_text("January 2025")
        expect(frame.locator(".mark")).to_contain_text("SIMULATED")
        expect(frame.locator("#legend")).to_be_visible()
        expect(frame.locator("footer")).to_contain_text("December 2024")
        expect(frame.locator("footer")).to_contain_text("imply no endorsement")
        with page.context.expect_page() as opened:
            frame.locator("#whole").click()
        assert "/?level=admin1" in opened.value.url
        page.close()


@pytest.mark.parametrize("path", ["/embed", "/"])
def test_a_page_that_is_not_allowed_shows_nothing(
    browser: Browser, newspaper: str, months_client: httpx.Client, path: str
) -> None:
    page = open_in_frame(browser, newspaper, f"{months_client.base_url}{path}")
    page.wait_for_function("frames.length === 1")
    assert page.frames[1].url == REFUSED
    page.close()


def test_the_map_alone_may_be_embedded_and_no_other_page(months_home: Path) -> None:
    settings = Settings(embed_origins=("https://paper.example",))
    with serving_with(months_home, settings) as client:
        allowed = client.get("/embed").headers["content-security-policy"]
        assert "frame-ancestors https://paper.example" in allowed
        for path in ("/", "/bulletins", "/v1/briefings/MLI"):
            assert "frame-ancestors 'none'" in client.get(path).headers["content-security-policy"]
