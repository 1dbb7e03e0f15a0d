"""The features of a layer: regions with their scores side by side."""

from typing import Any

import httpx
import pytest

from tests.bulletins.example import EXAMPLE_ID

ADMIN1 = "/ogc/collections/admin1/items"
GAO, MOPTI, AGADEZ, TILLABERI = "MLI-gao", "MLI-mopti", "NER-agadez", "NER-tillaberi"


def ids(body: dict[str, Any]) -> list[str]:
    return [feature["id"] for feature in body["features"]]


def following(body: dict[str, Any]) -> str | None:
    links = {link["rel"]: link["href"] for link in body["links"]}
    return links.get("next")


def test_a_feature_has_the_scores_that_the_api_gives(client: httpx.Client) -> None:
    response = client.get(ADMIN1)
    assert response.headers["content-type"] == "application/geo+json"
    body = response.json()
    assert ids(body) == [GAO, MOPTI, AGADEZ, TILLABERI]
    scores = client.get("/v1/scores?level=admin1&limit=1000").json()["items"]
    assert len(scores) > 60
    columns = set()
    for score in scores:
        properties = next(
            one["properties"] for one in body["features"] if one["id"] == score["region"]
        )
        begin = f"{score['target']}_{score['horizon']}"
        if score["target"] == "fatalities":
            expected = {"mean": score["mean"]}
            expected |= {name: score["quantiles"][name] for name in ("q05", "q95")}
        else:
            expected = {name: score[name] for name in ("probability", "risk_level")}
        for name, value in expected.items():
            columns.add(f"{begin}_{name}")
            assert properties[f"{begin}_{name}"] == value
    types = [one["geometry"] and one["geometry"]["type"] for one in body["features"]]
    assert types == ["MultiPolygon", "MultiPolygon", "MultiPolygon", None]
    gao = body["features"][0]["properties"]
    own = {"region", "name", "country", "level", "latitude", "longitude", "unscored_because"}
    codes = {"country_alpha_2", "country_un_name", "iso_3166_2", "pcode"}
    issue = {"origin", "issued_at", "bulletin", "simulated", "first_month", "last_month"}
    assert set(gao) == columns | own | codes | issue
    assert (gao["first_month"], gao["last_month"]) == ("2025-01", "2025-12")
    assert (gao["simulated"], gao["iso_3166_2"]) == ("true", "ML-7")


def test_what_has_no_score_and_no_place_is_null(client: httpx.Client) -> None:
    agadez, tillaberi = client.get(f"{ADMIN1}?country=NE").json()["features"]
    assert agadez["properties"]["instability_2_probability"] is None
    assert agadez["properties"]["instability_2_risk_level"] is None
    assert tillaberi["geometry"] is None
    countries = client.get("/ogc/collections/country/items").json()["features"]
    reasons = {one["id"]: one["properties"]["unscored_because"] for one in countries}
    assert reasons == {"BFA": "observed to December 2019 only", "MLI": None, "NER": None}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bbox=-4.2,14.1,-3.9,14.3", [MOPTI]),
        ("bbox=-4.2,14.1,-1000,-3.9,14.3,1000", [MOPTI]),
        ("bbox=-4.20000000000000018,14.0999999999999996,-3.9,1.43e1", [MOPTI]),
        ("bbox=9.2,-90,-3.9,90", [MOPTI, AGADEZ]),  # across 180 degrees
        ("country=mali", [GAO, MOPTI]),
        ("country=ML&country=NER", [GAO, MOPTI, AGADEZ, TILLABERI]),
        ("name=tillaberi", [TILLABERI]),
        ("name=Till", []),
        ("iso_3166_2=ML-7", [GAO]),
        ("iso_3166_2=ML-7&country=NE", []),
        ("datetime=2025-12-31", [GAO, MOPTI, AGADEZ, TILLABERI]),
        ("datetime=2024-12-31", []),
        ("datetime=2024-01-01T00:00:00Z/2025-01-01T00:00:00Z&name=gao", [GAO]),
        ("datetime=../2024-12-31T23:59:59Z", []),
        ("datetime=2026-01-01/..", []),
        ("datetime=../..&name=gao", [GAO]),
        ("limit=1000000", [GAO, MOPTI, AGADEZ, TILLABERI]),
    ],
)
def test_filters(client: httpx.Client, query: str, expected: list[str]) -> None:
    body = client.get(f"{ADMIN1}?{query}").json()
    assert ids(body) == expected
    assert body["numberMatched"] == body["numberReturned"] == len(expected)
    assert following(body) is None


def test_pages_follow_each_other_by_whole_addresses_in_one_bulletin(
    months_client: httpx.Client,
) -> None:
    address: str | None = f"{ADMIN1}?limit=3&origin=2024-11"
    pages = []
    while address is not None:
        pages.append(months_client.get(address).json())
        address = following(pages[-1])
        assert address is None or address.startswith("http://")
    assert [ids(page) for page in pages] == [[GAO, MOPTI, AGADEZ], [TILLABERI]]
    assert [page["numberReturned"] for page in pages] == [3, 1]
    assert {page["numberMatched"] for page in pages} == {4}
    assert {page["bulletin"]["origin"] for page in pages} == {"2024-11"}
    assert "bulletin=2024-11" in pages[1]["links"][0]["href"]


def test_one_feature_is_that_of_the_list(client: httpx.Client) -> None:
    response = client.get(f"{ADMIN1}/{GAO}")
    one = response.json()
    assert {link["rel"]: link["href"].partition("/ogc")[2] for link in one.pop("links")} == {
        "self": f"/collections/admin1/items/{GAO}",
        "collection": "/collections/admin1",
    }
    assert one == client.get(ADMIN1).json()["features"][0]
    assert response.headers["tocsin-bulletin"] == EXAMPLE_ID


@pytest.mark.parametrize(
    ("address", "status", "detail"),
    [
        (f"{ADMIN1}/MLI-goa", 404, "did you mean MLI-gao"),
        ("/ogc/collections/country/items/MLI-gao", 404, "in the layer admin1, not in country"),
        (f"{ADMIN1}?country=Malli", 404, "did you mean Mali (MLI)?"),
        (f"{ADMIN1}?datetime=2025", 400, "write a day or two"),
        (f"{ADMIN1}?datetime=2025-01-01/2025-02-01/2025-03-01", 400, "write a day or two"),
        (f"{ADMIN1}?bbox=1,2,3", 400, "write the west, south, east and north edge"),
        (f"{ADMIN1}?limit=0", 400, "limit"),
        (f"{ADMIN1}?colour=red", 400, "unknown parameter 'colour'"),
    ],
)
def test_what_is_refused(client: httpx.Client, address: str, status: int, detail: str) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert detail in response.json()["detail"]
