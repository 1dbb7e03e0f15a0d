"""Lists with what other tables know regions by."""

import csv
import io
from pathlib import Path

import httpx
import pytest

from features.errors import InputError
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import serving_with

LISTS = (
    "/v1/scores",
    "/v1/regions",
    "/v1/movers",
    "/v1/actors",
    "/v1/compare?a=latest&match=target_month",
)


def test_codes_stand_beside_every_region_in_every_form(months_home: Path, tmp_path: Path) -> None:
    table = tmp_path / "pcodes.csv"
    table.write_text("region,pcode\nMLI-gao,ML07\nMLI,ML\n")
    with serving_with(months_home, Settings(pcodes=str(table))) as client:
        for path in LISTS:
            address = f"{path}{'&' if '?' in path else '?'}country=MLI&limit=1000&format="
            items = client.get(f"{address}json").json()["items"]
            codes = {(one["iso_3166_2"], one["pcode"]) for one in items}
            assert ("ML-7", "ML07") in codes, path
            assert codes <= {("ML-7", "ML07"), ("ML-5", None), (None, "ML")}
            rows = csv.DictReader(io.StringIO(client.get(f"{address}csv").text))
            assert {(row["iso_3166_2"], row["pcode"]) for row in rows} == {
                (iso or "", pcode or "") for iso, pcode in codes
            }
        neighbours = client.get("/v1/scores/MLI-mopti").json()["neighbours"]
        assert [(one["iso_3166_2"], one["pcode"]) for one in neighbours] == [("ML-7", "ML07")]
        features = client.get("/v1/scores?region=MLI-gao&format=geojson").json()["features"]
        assert {one["properties"]["pcode"] for one in features} == {"ML07"}
        layer = client.get("/ogc/collections/admin1/items?pcode=ML07").json()["features"]
        assert [one["id"] for one in layer] == ["MLI-gao"]
        etag = client.get("/v1/regions").headers["etag"]
    with serving_with(months_home) as client:
        assert client.get("/v1/regions").headers["etag"] != etag


def test_a_table_of_p_codes_that_cannot_be_used_is_refused(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "pcodes.csv"
    table.write_text("region,pcode\nMLI-goa,ML07\n")
    with pytest.raises(InputError, match="line 2: 'MLI-goa' is no region that is known"):
        create_app(home, Settings(pcodes=str(table)))


def test_scores_of_a_scenario_have_them_too(months_client: httpx.Client) -> None:
    scenario = months_client.get("/v1/scenarios").json()["items"][0]["id"]
    scores = months_client.get(f"/v1/scenarios/{scenario}/scores").json()["items"]
    assert {one["region"]: one["iso_3166_2"] for one in scores}["MLI-gao"] == "ML-7"
    assert {one["pcode"] for one in scores} == {None}
