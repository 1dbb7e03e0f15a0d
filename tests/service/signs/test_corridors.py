import io
import json

import httpx
import pyarrow.parquet as pq
import shapely


def test_corridors_high_above_their_past_come_first(client: httpx.Client) -> None:
    items = client.get("/v1/corridors").json()["items"]
    assert [item["id"] for item in items] == ["MLI-dakar", "MLI-abidjan", "MLI-dakar-south"]
    dakar = items[0]
    assert (dakar["events"], dakar["deaths"], dakar["percentile"]) == (3, 12, 97)
    assert dakar["reports"] is None
    assert dakar["attacked_leg"] == "Bamako \N{EN DASH} Kayes"


def test_corridors_between_the_same_places_are_told_apart(client: httpx.Client) -> None:
    names = {item["id"]: item["name"] for item in client.get("/v1/corridors").json()["items"]}
    dash = " \N{EN DASH} "
    assert names["MLI-abidjan"] == f"Bamako{dash}Abidjan"
    assert names["MLI-dakar"] == f"Bamako{dash}Kayes{dash}Dakar"
    assert names["MLI-dakar-south"] == f"Bamako{dash}Kita{dash}Dakar"


def test_a_corridor_has_its_legs_by_quarter_and_their_sum(client: httpx.Client) -> None:
    body = client.get("/v1/corridors/MLI-dakar").json()
    assert [place["name"] for place in body["places"]] == ["Bamako", "Kayes", "Dakar"]
    assert [(leg["start"], leg["end"]) for leg in body["legs"]] == [
        ("Bamako", "Kayes"),
        ("Kayes", "Dakar"),
    ]
    newest = body["quarters"][-1]
    assert newest == {"first_month": "2024-10", "events": 3, "deaths": 12, "reports": None}
    assert [leg["quarters"][-1]["events"] for leg in body["legs"]] == [2, 1]
    assert len(body["quarters"]) == len(body["legs"][0]["quarters"]) == 13


def test_a_misspelt_corridor_is_refused_with_what_is_meant(client: httpx.Client) -> None:
    refusal = client.get("/v1/corridors/MLI-dakr")
    assert refusal.status_code == 404
    assert "did you mean MLI-dakar" in refusal.json()["detail"]


def test_corridors_are_lines_on_a_map(client: httpx.Client) -> None:
    features = client.get("/v1/corridors?format=geojson").json()["features"]
    assert features[0]["geometry"]["type"] == "LineString"
    assert features[0]["geometry"]["coordinates"][0] == [-8.0, 12.64]
    content = client.get("/v1/corridors?format=geoparquet").content
    table = pq.read_table(io.BytesIO(content))
    geo = json.loads(table.schema.metadata[b"geo"])
    assert geo["columns"]["geometry"]["geometry_types"] == ["LineString"]
    assert shapely.from_wkb(table["geometry"][0].as_py()).geom_type == "LineString"


def test_only_corridors_that_supply_a_country_pass(client: httpx.Client) -> None:
    assert client.get("/v1/corridors?country=ml").json()["total"] == 3
    assert client.get("/v1/corridors?country=NER").json()["total"] == 0
