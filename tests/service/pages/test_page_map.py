"""The page in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from service.access.keys import KeyRing
from tests.browser import needs_chromium
from tests.bulletins.example import NOW, publish_bulletin
from tests.bulletins.example_tables import POSITIONS
from tests.service.conftest import serve_home, serving_with

PATIENCE_MS = 20_000
"""Other tests may run beside these."""

DESKTOP, PHONE = (1280, 860), (360, 740)
HOSTILE = "<img src=x onerror=alert(1)><b>Gao</b>"
REGIONS = "#maps .stage:first-of-type .regions [data-id]"
COLOURED = f"{REGIONS}[class]"

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
    expect(page.locator(COLOURED).first).to_be_attached()


def asked_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def names_in(page: Page) -> list[str]:
    return page.locator("#list th a[data-region]").all_inner_texts()


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


def middle_of(page: Page, region: str) -> tuple[float, float]:
    box = page.locator(f'{REGIONS}[data-id="{region}"]').bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def width_of(page: Page, region: str) -> float:
    box = page.locator(f'{REGIONS}[data-id="{region}"]').bounding_box()
    assert box is not None
    return box["width"]


def has_come_to(page: Page, region: str) -> None:
    """Wait until a region is in the middle of the stage."""
    page.wait_for_function(
        """region => {
          const centre = node => {
            const { left, width } = node.getBoundingClientRect();
            return left + width / 2;
          };
          const shape = document.querySelector(`.regions [data-id="${region}"]`);
          return shape && Math.abs(centre(shape) - centre(document.querySelector(".stage"))) < 5;
        }""",
        arg=region,
    )


def test_an_address_brings_the_view_back(visit: Open) -> None:
    page = visit("level=admin1&target=escalation&horizon=6&region=MLI-gao&search=gao")
    for picker, value in (("level", "admin1"), ("target", "escalation"), ("search", "gao")):
        expect(page.locator(f"#{picker}")).to_have_value(value)
    expect(page.locator("#month-6")).to_be_checked()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("#region-name")).to_have_text("Gao")
    expect(page.locator(".verdict")).to_contain_text("June 2025")
    has_come_to(page, "MLI-gao")


def test_a_region_opens_from_the_map_and_a_drag_opens_nothing(visit: Open) -> None:
    page = visit()
    wait_for_map(page)
    x, y = middle_of(page, "MLI-gao")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y + 20, steps=4)
    page.mouse.up()
    assert "region" not in asked_of(page)
    page.mouse.move(x + 82, y + 22)
    expect(page.locator("#tip")).to_contain_text("Gao")
    expect(page.locator("#tip")).to_contain_text("Mali")
    expect(page.locator("#tip")).to_contain_text("%")
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#region-name")).to_have_text("Gao")
    assert asked_of(page)["region"] == "MLI-gao"
    assert page.locator(".stage .ring path").count() == 2
    panel = page.locator("#panel")
    for told in ("deaths in the last 24 observed months", "Why", "points", "what happened"):
        expect(panel).to_contain_text(told)
    expect(panel.locator("svg.chart")).to_have_count(2)
    panel.get_by_role("link", name="Mopti").click()
    expect(page.locator("#region-name")).to_have_text("Mopti")
    page.go_back()
    expect(page.locator("#region-name")).to_have_text("Gao")


def test_a_cell_of_a_grid_is_told_apart_and_opens(
    visit: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.pages.drawing.shapes.MOST_REGIONS", 0)
    publish_bulletin(tmp_path)
    with serve_home(tmp_path) as client:
        page = visit("level=admin1&region=MLI-gao", client=client)
        ring = page.locator(".ring path").first
        expect(ring).to_be_attached()
        box = ring.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page.locator("#tip")).to_contain_text("Gao")
        expect(page.locator("#tip")).to_contain_text("Mali")
        page.locator('.cells [data-country="MLI"] path').last.click()
        expect(page.locator("#region-name")).to_have_text("Mopti")
        styles = page.locator(".cells path").evaluate_all(
            "paths => paths.map(path => path.getAttribute('class'))"
        )
        assert all(styles)


def test_the_wheel_scrolls_the_page_until_the_map_is_meant(visit: Open) -> None:
    page = visit(size=(1280, 500))
    wait_for_map(page)
    before = width_of(page, "MLI-gao")
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.wheel(0, 120)
    page.wait_for_function("() => scrollY > 0")
    expect(page.locator("#hint")).to_contain_text("Ctrl")
    page.mouse.wheel(0, -500)
    page.wait_for_function("() => scrollY === 0")
    page.mouse.click(box["x"] + 20, box["y"] + 20)
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        "before => document.querySelector('.regions [data-id=MLI-gao]')"
        ".getBoundingClientRect().width > 1.5 * before",
        arg=before,
    )
    assert page.evaluate("scrollY") == 0


def test_search_and_country_move_the_map(visit: Open) -> None:
    page = visit()
    wait_for_map(page)
    page.select_option("#country", "NER")
    expect(page.locator("#list tbody tr")).to_have_count(2)
    has_come_to(page, "NER-agadez")
    page.select_option("#country", "")
    page.fill("#search", "mopti")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    has_come_to(page, "MLI-mopti")
    assert asked_of(page)["search"] == "mopti"
    page.fill("#search", "atlantis")
    expect(page.locator("#list")).to_contain_text("None of 4 places")


def test_changes_are_of_two_colours_and_two_bulletins_stand_side_by_side(visit: Open) -> None:
    page = visit("horizon=2")
    wait_for_map(page)
    page.get_by_text("Change", exact=True).click()
    expect(page.locator("#question")).to_contain_text("from the bulletin of November 2024")
    assert set(styles_in(page)) <= {*(f"d{place}" for place in range(7)), "x"}
    expect(page.locator("#list")).to_contain_text("→")
    page.get_by_text("Risk", exact=True).click()
    page.select_option("#compare", label="October 2024")
    expect(page.locator(".stage")).to_have_count(2)
    expect(page.locator(".stage h2")).to_have_text(["December 2024", "October 2024"])
    assert "compare" in asked_of(page)


def test_the_keyboard_is_enough(visit: Open) -> None:
    page = visit()
    wait_for_map(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator(".stage").focus()
    left = middle_of(page, "MLI-gao")[0]
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "left => document.querySelector('.regions [data-id=MLI-gao]')"
        ".getBoundingClientRect().right < left",
        arg=left,
    )
    page.locator("#month-1").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#question")).to_contain_text("February 2025")
    expect(page.locator("#month-2")).to_be_focused()
    link = page.locator("#list tbody a").first
    name = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#region-name")).to_have_text(name)
    expect(page.locator("#region-name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert page.evaluate("document.activeElement.textContent") == name
    assert "region" not in asked_of(page)


def faults_in(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_shuts_anybody_out(visit: Open, months_client: httpx.Client, scheme: str) -> None:
    other = months_client.get("/v1/bulletins").json()["items"][-1]["id"]
    page = visit(f"target=escalation&horizon=6&compare={other}", color_scheme=scheme)
    wait_for_map(page)
    if scheme == "light":
        assert not faults_in(page)
    page.locator("#list tbody a").first.click()
    expect(page.locator("#region-name")).to_be_visible()
    assert not faults_in(page)


def test_a_phone_shows_it_all_and_a_finger_opens_a_region(visit: Open) -> None:
    page = visit(size=PHONE, has_touch=True)
    wait_for_map(page)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    for fact in ("SIMULATED", "December 2024", "21 January 2025", "20 January 2025", "v3"):
        expect(page.locator("header")).to_contain_text(fact)
    page.mouse.wheel(0, 3000)
    expect(page.locator(".mark").first).to_be_in_viewport()
    page.mouse.wheel(0, -3000)
    page.wait_for_function("() => scrollY === 0")
    page.touchscreen.tap(*middle_of(page, "MLI-gao"))
    expect(page.locator("#region-name")).to_have_text("Gao")
    assert page.evaluate("document.getElementById('panel').scrollWidth") <= PHONE[0]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_light_and_dark_can_be_chosen_and_red_stays_worst(visit: Open) -> None:
    page = visit(color_scheme="dark")
    root = page.locator("html")
    red = "getComputedStyle(document.documentElement).getPropertyValue('--b4')"
    for theme in ("dark", "light"):
        expect(root).to_have_attribute("data-theme", theme)
        colour = page.evaluate(red)
        parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        assert parts[0] > 2 * max(parts[1:])
        page.click("#theme")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_a_map_is_kept_as_a_picture(visit: Open, tmp_path: Path) -> None:
    page = visit()
    wait_for_map(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    download.value.save_as(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}
        assert image.width == 2400
    assert (0xCC, 0x43, 0x21) in colours  # the fourth level of risk


def test_printed_the_page_is_a_sheet(visit: Open) -> None:
    page = visit()
    wait_for_map(page)
    page.emulate_media(media="print")
    for hidden in ("#choices", ".zoom", ".take", "nav"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator("#question")).to_be_visible()
    expect(page.locator("#list")).to_be_visible()


def test_names_are_text(visit: Open, tmp_path: Path, rows: list[Row]) -> None:
    publish_bulletin(tmp_path, rows=[row | {"name": HOSTILE} for row in rows])
    with serve_home(tmp_path) as client:
        page = visit("region=MLI-gao", client=client)
        expect(page.locator("#region-name")).to_have_text(HOSTILE)
        assert set(names_in(page)) == {HOSTILE}
        wait_for_map(page)
        for _ in range(50):  # the map may still be on its way to the region
            page.mouse.move(*middle_of(page, "MLI-gao"))
            if page.locator("#tip strong").count():
                break
            page.wait_for_timeout(100)
        expect(page.locator("#tip strong")).to_have_text(HOSTILE)
        page.close()


def test_a_place_without_an_outline_or_a_score_is_in_the_list(visit: Open) -> None:
    page = visit("target=onset&level=admin1&region=MLI-gao")
    expect(page.locator("#list .unscored")).to_contain_text("have no such score")
    expect(page.locator(".verdict")).to_contain_text("no such score")
    wait_for_map(page)
    assert sorted(styles_in(page)) == ["b0", "x", "x"]  # Agadez alone was quiet


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


def test_without_scripts_there_are_ranking_region_and_map(visit: Open) -> None:
    page = visit(java_script_enabled=False)
    page.get_by_text("May", exact=True).click()
    page.click("#submit")
    assert asked_of(page)["horizon"] == "5"
    assert len(names_in(page)) == 3
    expect(page.locator("img.still")).to_be_visible()
    page.get_by_role("link", name="Gao").first.click()
    expect(page.locator("#region-name")).to_have_text("Gao")
    assert urlsplit(page.url).path == "/regions/MLI-gao"
