import io

import httpx
import pyarrow.csv

from tests.bulletins.signs import CAPITALS


def test_rings_of_all_capitals_by_country_and_radius(client: httpx.Client) -> None:
    body = client.get("/v1/capitals").json()
    assert body["total"] == 8
    assert [item["id"] for item in body["items"]][:4] == ["MLI-50", "MLI-100", "MLI-200", "MLI-400"]
    ring = body["items"][2]
    assert (ring["capital"], ring["closed"], ring["unobserved"]) == ("Bamako", 1, 1)
    assert (ring["events"], ring["deaths"], ring["since"]) == (2, 6, "2024-08")


def test_filters_are_a_country_by_any_name_and_a_radius(client: httpx.Client) -> None:
    items = client.get("/v1/capitals?country=niger&radius_km=50&radius_km=400").json()["items"]
    assert [item["id"] for item in items] == ["NER-50", "NER-400"]
    assert client.get("/v1/capitals?radius_km=30").status_code == 422
    assert client.get("/v1/capitals?country=FRA").status_code == 404


def test_one_capital_by_direction_and_distance(client: httpx.Client) -> None:
    body = client.get("/v1/capitals/Mali").json()
    assert (body["country"], body["capital"], len(body["rings"])) == ("MLI", "Bamako", 4)
    city, north, *_ = body["sectors"]
    assert (city["id"], city["direction"]) == ("MLI-city-5", None)
    assert (north["direction"], north["from_km"], north["to_km"]) == ("N", 5, 50)
    by_id = {sector["id"]: sector for sector in body["sectors"]}
    assert by_id["MLI-N-400"]["events"] == 3
    assert by_id["MLI-E-400"]["observed"] == 0
    assert by_id["MLI-E-400"]["events"] is None


def test_a_file_has_a_row_a_wedge_and_a_map_its_shape(client: httpx.Client) -> None:
    content = client.get("/v1/capitals/MLI?format=csv").content
    assert pyarrow.csv.read_csv(io.BytesIO(content)).num_rows == 33
    features = client.get("/v1/capitals/MLI?format=geojson").json()["features"]
    assert {feature["geometry"]["type"] for feature in features} == {"Polygon"}
    assert features[1]["id"] == features[1]["properties"]["id"] == "MLI-N-50"
    circles = client.get("/v1/capitals?radius_km=200&format=geojson").json()["features"]
    assert [circle["id"] for circle in circles] == [f"{country}-200" for country in CAPITALS]


def test_a_country_without_a_ring_is_not_there_and_an_unknown_one_neither(
    client: httpx.Client,
) -> None:
    refusal = client.get("/v1/capitals/BFA")
    assert refusal.status_code == 404
    assert "not observed in the newest quarter" in refusal.json()["detail"]
    assert client.get("/v1/capitals/Atlantis").status_code == 404
