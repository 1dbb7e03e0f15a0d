"""The pages of scenarios, as they are written."""

from pathlib import Path

import httpx
import pytest

from bulletins.scenarios import scenario_folders
from tests.bulletins.example import publish_bulletin
from tests.bulletins.scenario_example import STATEMENTS, write_example
from tests.service.conftest import serve_home


@pytest.fixture(scope="module")
def address(home: Path) -> str:
    (folder,) = scenario_folders(home)
    return f"/scenarios/{folder.name}"


def test_pages_say_that_they_are_hypothetical(client: httpx.Client, address: str) -> None:
    for path in ("/scenarios", address):
        answer = client.get(path)
        assert answer.headers["tocsin-hypothetical"] == "true"
        assert "<b>HYPOTHETICAL</b>" in answer.text
        assert "HYPOTHETICAL: " in answer.text.partition("</title>")[0]
    assert (
        "HYPOTH\N{LATIN CAPITAL LETTER E WITH ACUTE}TIQUE" in client.get(f"{address}?lang=fr").text
    )
    assert "HYPOTHETICAL" not in client.get("/").text


def test_the_list_leads_to_each_scenario(client: httpx.Client, address: str) -> None:
    page = client.get("/scenarios").text
    assert f'href="./{address[1:]}"' in page
    assert "Gao times &lt;three&gt;" in page


def test_the_page_says_what_is_supposed_and_what_moves(client: httpx.Client, address: str) -> None:
    page = client.get(address).text
    assert "not what would happen" in page
    assert "Gao: 3 times the violence of the continuation" in page
    assert "Gao, January 2025: 1 times an event with 7 deaths" in page
    assert "Mali, January 2025: an attempt of a coup that succeeds" in page
    assert "of all states together (attempts_world)" in page
    assert "no earlier coup comes again" in page
    table = page.partition("<tbody>")[2].partition("</tbody>")[0].replace("\N{NO-BREAK SPACE}", " ")
    assert table.index("Gao") < table.index("Agadez")
    for cell in ("10 %", "30 %", "12 %", "beyond history", "its own past"):
        assert cell in table
    assert "Mopti" not in table  # it moves by less than a point
    assert "2 other regions stay about the same" in page
    assert "deaths over the last 3 months, 99 (0\N{EN DASH}70)" in page


def test_each_level_has_its_targets_and_regions(client: httpx.Client, address: str) -> None:
    page = client.get(address).text
    assert 'href="?level=country&amp;target=instability"' in page
    countries = client.get(f"{address}?level=country&horizon=1").text
    table = countries.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "Mali" in table.replace("\N{NO-BREAK SPACE}", " ")
    assert "the state" in table
    assert "Gao" not in table
    assert "Niger" not in table  # it moves by less than a point
    assert "1 other country stays about the same" in countries
    assert " In the bulletin the window is as long, and begins after December 2024" in countries
    assert "target=onset" not in countries


def test_of_coups_alone_the_page_shows_coups_first(tmp_path: Path) -> None:
    publish_bulletin(tmp_path)
    alone = STATEMENTS.model_copy(update={"violence": (), "events": ()})
    written = write_example(tmp_path, alone)
    with serve_home(tmp_path) as client:
        page = client.get(f"/scenarios/{written.id}").text
    assert '<h2 id="moves">Coup:' in page
    assert 'horizon=12" aria-current="true"' in page


def test_the_map_has_the_colours_of_the_table(client: httpx.Client, address: str) -> None:
    page = client.get(address).text
    for region, style in (("MLI-gao", "d6"), ("MLI-mopti", "d3"), ("NER-agadez", "d2")):
        assert f'data-id="{region}"' in page
        part = page.partition(f'data-id="{region}"')[2].partition(">")[0]
        assert f'class="{style}"' in part
    deaths = client.get(f"{address}?target=fatalities").text
    assert 'class="d6"' in deaths.partition('data-id="MLI-gao"')[2].partition(">")[0]
    onset = client.get(f"{address}?target=onset&horizon=3").text
    assert 'class="x"' in onset.partition('data-id="MLI-gao"')[2].partition(">")[0]


def test_without_a_scenario_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    publish_bulletin(tmp_path)
    with serve_home(tmp_path) as client:
        assert "tocsin scenario makes one" in client.get("/scenarios").text
        written = write_example(tmp_path)
        unknown = client.get(f"/scenarios/{written.id[:-1]}x", headers={"Accept": "text/html"})
        assert unknown.status_code == 404
