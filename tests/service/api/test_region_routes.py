import io
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulletins.form import INDICATOR_SERIES_FILE
from features.months import format_month, parse_month
from service.api.selection import plain
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, rows_of
from tests.bulletins.example_tables import POSITIONS, older_parts_of
from tests.service.conftest import serve_home, serving_with


def ids(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


@pytest.mark.parametrize("name", ["tillab", "TILLABÉRI", "illaberi"])
def test_a_name_is_found_without_its_accents(client: httpx.Client, name: str) -> None:
    assert ids(client.get("/v1/regions", params={"name": name})) == ["NER-tillaberi"]


@given(st.text(max_size=20))
def test_plain_text_is_plain(text: str) -> None:
    assert plain(plain(text)) == plain(text)


def test_a_box_takes_in_what_it_touches(client: httpx.Client) -> None:
    """The square of Gao is from 0 to 1 east and from 16 to 17 north."""
    for box, expected in {
        "0.9,16.9,5,20": ["MLI-gao"],
        "1.1,16,5,20": [],
        "-5,14,1,17": ["MLI-gao", "MLI-mopti"],
        "170,-90,0.5,90": ["MLI-gao", "MLI-mopti"],  # across 180 degrees
    }.items():
        assert ids(client.get("/v1/regions", params={"level": "admin1", "bbox": box})) == expected


def test_a_box_may_be_upside_down(client: httpx.Client) -> None:
    assert ids(client.get("/v1/regions?level=admin1&bbox=-5,17,1,14")) == ["MLI-gao", "MLI-mopti"]


POINTS = st.tuples(st.integers(-180, 180), st.integers(-90, 90))


@given(POINTS, POINTS)
def test_a_region_is_in_a_box_if_and_only_if_their_edges_overlap(
    client: httpx.Client, one: tuple[int, int], other: tuple[int, int]
) -> None:
    box = ",".join(map(str, (*one, *other)))
    west, east = one[0], other[0]
    south, north = sorted((one[1], other[1]))

    def overlaps(region: str, left: int, right: int) -> bool:
        latitude, longitude = POSITIONS[region]
        return (
            left <= longitude + 0.5
            and right >= longitude - 0.5
            and south <= latitude + 0.5
            and north >= latitude - 0.5
        )

    spans = [(west, east)] if west <= east else [(west, 180), (-180, east)]
    regions = ids(client.get("/v1/regions?level=admin1"))
    expected = [
        region
        for region in regions
        if region in POSITIONS and any(overlaps(region, *span) for span in spans)
    ]
    assert ids(client.get(f"/v1/regions?level=admin1&bbox={box}")) == expected


def test_one_region_with_and_without_its_outline(client: httpx.Client) -> None:
    told = client.get("/v1/regions/MLI-gao").json()["region"]
    assert told["geometry"] is None
    assert told["neighbours"] == ["MLI-mopti", "NER-tillaberi"]
    drawn = client.get("/v1/regions/MLI-gao?geometry=true").json()["region"]["geometry"]
    assert drawn["type"] == "Polygon"
    assert drawn["coordinates"][0][0] == [0, 16]
    nowhere = client.get("/v1/regions/NER-tillaberi?geometry=true").json()["region"]
    assert nowhere["geometry"] is nowhere["latitude"] is None


def test_regions_as_geojson_have_their_outlines(client: httpx.Client) -> None:
    body = client.get("/v1/regions?level=admin1&format=geojson").json()
    assert body["type"] == "FeatureCollection"
    shapes = {f["properties"]["id"]: f["geometry"] for f in body["features"]}
    assert shapes["MLI-gao"]["type"] == "Polygon"
    assert shapes["NER-tillaberi"] is None


def test_a_history_has_what_was_observed(client: httpx.Client) -> None:
    body = client.get("/v1/regions/MLI-mopti/history").json()
    assert len(body["months"]) == 24
    unseen, seen = body["months"][2], body["months"][3]
    assert (unseen["observed"], unseen["deaths"], unseen["events"]) == (False, None, None)
    assert seen == {
        "month": "2023-04",
        "observed": True,
        "events": 1.5,
        "deaths": 3.0,
        "state_based": 1.5,
        "non_state": 0.0,
        "one_sided": 1.5,
    }
    by_name = {series["name"]: series for series in body["indicators"]}
    assert by_name["deaths_mean_3"]["unit"] == "deaths/month"
    assert [v["value"] for v in by_name["deaths_mean_3"]["values"]] == [10, 11, 7]
    assert [v["value"] for v in by_name["border_weighted_instability_25"]["values"]] == [
        None,
        0.5,
        0.5,
    ]
    assert by_name["border_weighted_instability_25"]["values"][-1] == {
        "month": "2024-12",
        "value": 0.5,
        "own_percentile": 96,
        "all_percentile": 90,
    }


def test_a_history_of_some_months_and_one_indicator(client: httpx.Client) -> None:
    body = client.get(
        "/v1/regions/MLI-gao/history?from=2024-11&to=2024-11&indicator=deaths_mean_3"
    ).json()
    assert [month["month"] for month in body["months"]] == ["2024-11"]
    (series,) = body["indicators"]
    november = {"month": "2024-11", "value": 11, "own_percentile": 95, "all_percentile": 60}
    assert series["values"] == [november]


def test_a_file_of_a_history_has_the_percentiles_beside_the_values(client: httpx.Client) -> None:
    asked = "/v1/regions/MLI-gao/history?indicator=deaths_mean_3&format=parquet"
    rows = pq.read_table(io.BytesIO(client.get(asked).content)).to_pylist()
    columns = ["deaths_mean_3", "deaths_mean_3_own_percentile", "deaths_mean_3_all_percentile"]
    assert [rows[-1][name] for name in columns] == [12, 100, 80]
    assert [rows[0][name] for name in columns] == [None, None, None]


def test_an_older_bulletin_has_values_and_no_percentiles(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, parts=older_parts_of(rows_of(), ORIGIN))
    with serve_home(tmp_path) as old:
        (deaths, _) = old.get("/v1/regions/MLI-gao/history").json()["indicators"]
    assert [(v["month"], v["value"], v["own_percentile"]) for v in deaths["values"]] == [
        ("2024-10", 10, None),
        ("2024-11", 11, None),
        ("2024-12", 12, None),
    ]


def test_a_table_that_was_damaged_after_it_was_verified_is_a_refusal(tmp_path: Path) -> None:
    manifest = publish_bulletin(tmp_path)
    with serving_with(tmp_path, look_every_s=3600) as client:
        place = tmp_path / "bulletins" / manifest.id / INDICATOR_SERIES_FILE
        content = bytearray(place.read_bytes())
        content[4:200] = bytes(196)
        place.write_bytes(content)
        answer = client.get("/v1/regions/MLI-gao/history")
        place.unlink()
        file = client.get(f"/v1/bulletins/latest/files/{INDICATOR_SERIES_FILE}")
    for refusal in (answer, file):
        assert refusal.status_code == 503
        assert f"{INDICATOR_SERIES_FILE} is not what was published" in refusal.json()["detail"]


@pytest.mark.parametrize("form", ["csv", "parquet", "ndjson", "json"])
def test_a_history_of_no_month_is_empty_in_every_form(client: httpx.Client, form: str) -> None:
    asked = f"/v1/regions/MLI-gao/history?from=9796-10&to=2022-12&format={form}"
    assert client.get(asked).raise_for_status().headers.get("x-total-count", "0") == "0"


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_history_has_the_months_of_its_range_and_no_others(
    client: httpx.Client, first: int, last: int
) -> None:
    whole = client.get("/v1/regions/MLI-gao/history").json()
    begin, end = (format_month(parse_month("2022-06") + months) for months in (first, last))
    told = client.get(f"/v1/regions/MLI-gao/history?from={begin}&to={end}").json()
    assert told["months"] == [m for m in whole["months"] if begin <= m["month"] <= end]
    for series, full in zip(told["indicators"], whole["indicators"], strict=True):
        assert series["values"] == [v for v in full["values"] if begin <= v["month"] <= end]


def test_an_indicator_that_is_not_kept_is_unknown(client: httpx.Client) -> None:
    response = client.get("/v1/regions/MLI-gao/history?indicator=events_mean_3")
    assert response.status_code == 404
    assert "deaths_mean_3" in response.json()["detail"]


def test_a_region_without_a_score_is_listed_with_the_reason(client: httpx.Client) -> None:
    items = client.get("/v1/regions").json()["items"]
    reasons = {item["id"]: item["unscored_because"] for item in items}
    assert reasons.pop("BFA") == "observed to December 2019 only"
    assert set(reasons.values()) == {None}
    assert client.get("/v1/regions/BFA").json()["region"]["name"] == "Burkina Faso"
    table = pq.read_table(io.BytesIO(client.get("/v1/regions?format=parquet").content))
    assert table["unscored_because"].to_pylist().count(None) == 6


def test_a_region_without_a_score_of_a_target_says_so_too(client: httpx.Client) -> None:
    items = client.get("/v1/regions?level=admin1&target=onset").json()["items"]
    reasons = {item["id"]: item["unscored_because"] for item in items}
    assert reasons.pop("NER-agadez") is None
    assert set(reasons.values()) == {"deaths in the 24 months to the origin"}


@pytest.mark.parametrize(
    "address", ["scores/BFA", "regions/BFA/history", "scores?region=BFA", "scores?country=BFA"]
)
def test_what_is_asked_of_a_region_without_a_score_is_refused_with_the_reason(
    client: httpx.Client, address: str
) -> None:
    answer = client.get(f"/v1/{address}")
    assert answer.status_code == 404
    assert "'BFA': observed to December 2019 only" in answer.json()["detail"]
