import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from features.places.regions import geometries
from service.forms.files import (
    as_wkb,
    boxes_of_parts,
    csv_of,
    geojson_of,
    multipolygon,
    parquet_of,
    with_outlines,
)

SQUARE = b'{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}'
TABLES = [
    pa.table({"region": ["A", "B"], "horizon": [1, 1], "p": [1 / 3, 0.5]}),
    pa.table({"region": ["=C"], "horizon": [2], "p": [0.25]}),
]


def test_tables_follow_each_other_in_one_file_of_csv() -> None:
    text = b"".join(csv_of(TABLES, excel=False)).decode()
    assert text == '"region","horizon","p"\n"A",1,0.333333\n"B",1,0.5\n"\'=C",2,0.25\n'


def test_csv_for_excel_has_a_mark() -> None:
    text = b"".join(csv_of(TABLES, excel=True))
    assert text.startswith(b"\xef\xbb\xbf")
    assert text.count(b"\xef\xbb\xbf") == 1


def test_features_have_ids_and_flat_properties() -> None:
    outlines = {"A": SQUARE}
    content = b"".join(
        geojson_of(b'"total":3', TABLES, ("region", "horizon"), lambda r: outlines.get(r, b"null"))
    )
    collection = json.loads(content)
    assert (collection["type"], collection["total"]) == ("FeatureCollection", 3)
    assert [feature["id"] for feature in collection["features"]] == ["A/1", "B/1", "=C/2"]
    first, second, _ = collection["features"]
    assert first["geometry"] == json.loads(SQUARE)
    assert second["geometry"] is None
    assert first["properties"] == {"region": "A", "horizon": 1, "p": 0.333333}


def test_no_feature_is_a_collection_too() -> None:
    content = b"".join(geojson_of(b'"total":0', [TABLES[0].slice(0, 0)], ("region",), str.encode))
    assert json.loads(content)["features"] == []


def test_parquet_keeps_every_digit_and_says_facts() -> None:
    file = pq.ParquetFile(io.BytesIO(parquet_of(TABLES, {"licence": "none"})))
    assert file.read()["p"].to_pylist() == [1 / 3, 0.5, 0.25]
    assert file.num_row_groups == 2
    assert file.schema_arrow.metadata[b"licence"] == b"none"


def test_outlines_are_a_column_of_well_known_binary() -> None:
    table = with_outlines(TABLES[0], "region", as_wkb({"A": SQUARE}), ["Polygon"])
    content = parquet_of([table], {"licence": "none"})
    read = pq.read_table(io.BytesIO(content))
    geo = json.loads(read.schema.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["columns"][geo["primary_column"]]["encoding"] == "WKB"
    assert geo["columns"][geo["primary_column"]]["geometry_types"] == ["Polygon"]
    known, unknown = read["geometry"].to_pylist()
    assert shapely.from_wkb(known).equals(shapely.box(0, 0, 1, 1))
    assert unknown is None


def test_a_country_that_180_degrees_part_has_boxes_on_either_side() -> None:
    (fiji,) = geometries("country", ["FJI"])
    boxes = boxes_of_parts(shapely.to_geojson(fiji))
    assert all(east - west < 3 for west, _, east, _ in boxes)
    assert {west < 0 for west, *_ in boxes} == {True, False}
    assert boxes_of_parts(SQUARE.decode()) == [[0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("outline", "expected"),
    [
        (b'{"type": "Polygon", "coordinates": [[[0, 1], [2, 3]]]}', [[[[0, 1], [2, 3]]]]),
        (b'{"type":"MultiPolygon","coordinates":[[[[0,1]]]]}', [[[[0, 1]]]]),
    ],
)
def test_a_polygon_is_one_of_several_parts(outline: bytes, expected: list[Any]) -> None:
    assert json.loads(multipolygon(outline)) == {"type": "MultiPolygon", "coordinates": expected}
    assert multipolygon(b"null") == b"null"
