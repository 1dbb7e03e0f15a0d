import re

import httpx
import pytest

from tests.bulletins.example import EXAMPLE_ID

MAP = f"/maps/{EXAMPLE_ID}/admin1"


def test_rings_are_drawn_where_there_was_violence_and_where_nobody_observes(
    client: httpx.Client,
) -> None:
    drawing = client.get(f"{MAP}/capitals.svg").text
    mali, niger = drawing.split('data-country="NER"')
    assert mali.count('class="rim"') == niger.count('class="rim"') == 4
    assert re.findall(r'class="(v\d)" data-words="([^"]+)"', mali) == [
        ("v2", "north, 100 to 200 km: 2 events"),
        ("v2", "north, 200 to 400 km: 3 events"),
    ]
    assert mali.count('class="dark"') == 4
    assert "east, 5 to 50 km: not observed" in mali
    assert re.findall(r'class="(v\d)"', niger) == ["v1"]


def test_roads_are_lines_the_most_attacked_on_top(client: httpx.Client) -> None:
    drawing = client.get(f"{MAP}/corridors.svg?lang=fr").text
    assert re.findall(r'class="(v\d|dark)"', drawing) == ["v0", "v0", "v2"]
    assert "3 événements, centile 97 de son propre passé" in drawing
    assert re.search(r'd="M-?\d+ -?\d+L-?\d+ -?\d+L-?\d+ -?\d+"', drawing)


def test_a_layer_never_changes_and_others_are_not_there(client: httpx.Client) -> None:
    page = client.get("/?capitals=on&corridors=on&lang=en").text
    addresses = re.findall(r'"(maps/[^"]+/(?:capitals|corridors)\.svg[^"]+)"', page)
    assert len(addresses) == 2
    for address in addresses:
        answer = client.get("/" + address.encode().decode("unicode_escape"))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    for address in (f"{MAP}/coups.svg", f"/maps/{EXAMPLE_ID}/priogrid/capitals.svg"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("query", ["", "capitals=on"])
def test_layers_are_off_until_they_are_asked_for(client: httpx.Client, query: str) -> None:
    page, poster = client.get(f"/?{query}").text, client.get(f"/map.svg?{query}").text
    is_on = bool(query)
    assert ('id="layer-capitals" checked' in page) == is_on
    assert 'id="layer-corridors" checked' not in page
    assert ("events of the last three months" in page) == is_on
    assert ('class="rim"' in poster) == is_on
    assert client.get("/?capitals=yes").status_code == 422
