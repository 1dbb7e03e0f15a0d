import re

import httpx
import pytest

from service.pages.shading import DEATHS, POINTS, RATIOS


@pytest.mark.parametrize("bounds", [*DEATHS.values(), POINTS, RATIOS])
def test_bands_go_upwards(bounds: tuple[float, ...]) -> None:
    assert list(bounds) == sorted(set(bounds))


def test_deaths_are_coloured_listed_and_explained_as_deaths(client: httpx.Client) -> None:
    page = client.get("/?target=fatalities&horizon=1&level=admin1").text
    scores = client.get("/v1/scores?target=fatalities&horizon=1&level=admin1&sort=-mean").json()
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    listed = re.findall(r'data-region="([^"]+)"', table)
    assert listed == [score["region"] for score in scores["items"]]
    assert "Most deaths expected" in page
    assert "100 or more" in page
    highest = scores["items"][0]
    styles = re.search(r'"styles": "([^"]+)"', page)
    assert styles is not None
    place = sum(highest["mean"] >= bound for bound in DEATHS["admin1"])
    assert f"b{place}" in styles[1].split()
    assert re.search(r"<b>[\d.,]+</b> <small>[\d.,]+–[\d.,]+</small>", page)  # noqa: RUF001


def test_probabilities_are_whole_per_cent(client: httpx.Client) -> None:
    page = client.get("/?target=instability&level=admin1").text
    scores = client.get("/v1/scores?target=instability&horizon=1&level=admin1").json()["items"]
    shown = re.findall(r"<b>([^<]+)</b> <small>\w+</small>\s+</td>", page)
    assert shown == [in_per_cent(score["probability"]) for score in scores]


def in_per_cent(probability: float) -> str:
    return f"{round(100 * probability)}\u00a0%" if probability >= 0.01 else "&lt;1\u00a0%"


def test_the_legend_has_plain_ranges_and_what_came_true(client: httpx.Client) -> None:
    page = client.get("/?target=instability&level=admin1").text
    legend = page.partition('id="legend"')[2].partition("</div>")[0]
    scale = client.get("/v1/targets").json()["items"]
    levels = next(
        one["levels"]
        for target in scale
        if target["target"] == "instability"
        for one in target["scales"]
        if one["level"] == "admin1"
    )
    assert legend.count('class="swatch b') == len(levels)
    assert "came true" in legend


def test_a_change_without_a_bulletin_before_is_shown_as_risk(client: httpx.Client) -> None:
    assert "Biggest changes" not in client.get("/?show=change").text


def test_changes_are_from_the_bulletin_beside(months_client: httpx.Client) -> None:
    bulletins = months_client.get("/v1/bulletins").json()["items"]
    page = months_client.get(f"/?show=change&compare={bulletins[-1]['id']}").text
    assert "from the bulletin of September 2024 to December 2024" in page
    assert "→" in page
    assert 'class="reason"' not in page  # reasons are since the bulletin before
    page = months_client.get("/?show=change&horizon=2").text
    assert 'class="reason">Unchanged at 25\u00a0%.' in page
