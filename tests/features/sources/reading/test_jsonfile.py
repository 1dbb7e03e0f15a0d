import json
from pathlib import Path
from typing import Any

import pytest

from features.sources.reading import layout, unpack
from features.sources.reading.opening import open_rows
from tests.features.sources.ingested import refused, written

Rows = list[dict[str, str | None]]


def read(folder: Path, text: str) -> tuple[Rows, tuple[str, ...]]:
    with open_rows(written(folder / "a.json", text)) as rows:
        records = [row for batch in rows.batches(rows.first) for row in batch.to_pylist()]
        return [{k: v for k, v in row.items() if k in rows.first} for row in records], rows.notes


def records(*numbers: int) -> list[dict[str, str]]:
    return [{"id": f"e{n}", "text": "{[,]}\\"} for n in numbers]


def answer(*numbers: int, **other: Any) -> str:
    return json.dumps({"status": 200, "data": records(*numbers), **other})


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(records(1, 2, 3)),
        json.dumps(records(1, 2, 3), indent=2),
        answer(1, 2, 3),
        answer(1) + answer(2, 3),
        f"{json.dumps(records(1))}\n\n{json.dumps(records(2, 3))}\n",
        json.dumps({"TotalCount": 3, "Result": records(1, 2, 3), "NextPageUrl": ""}),
        json.dumps({"data": [], "count": "0"}) + answer(1, 2, 3, count=3, note={"data": [1]}),
    ],
)
def test_lists_and_answers_and_pages_behind_each_other_are_read_wherever_they_are_cut(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (3, 7, 1 << 20):
        monkeypatch.setattr(unpack, "_CHUNK", size)
        assert read(tmp_path, text)[0] == records(1, 2, 3)


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\n", " "])
def test_a_record_a_line_is_read(tmp_path: Path, between: str) -> None:
    lines = between.join(map(json.dumps, records(1, 2, 3)))
    assert read(tmp_path, lines + between) == (records(1, 2, 3), ())
    with refused("is cut off or no JSON after record 2"):
        read(tmp_path, lines[:-2])
    with refused("has a record without fields after record 3"):
        read(tmp_path, f"{lines}{between}[]")
    features = [json.dumps(feature(n, {"type": "Point", "coordinates": [1, 2]})) for n in (1, 2)]
    assert len(read(tmp_path, between.join(features))[0]) == 2


def test_pages_behind_each_other_are_noted(tmp_path: Path) -> None:
    [note] = read(tmp_path, answer(1) + answer(2))[1]
    assert note.startswith("2 lists of records stand behind each other")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (answer(1, 2) + " <html>", "has '<html>' behind the end of its records after record 2"),
        (json.dumps(records(1)) + "]", "has ']' behind the end"),
        (answer(1, 2)[:-1], "is cut off or no JSON after record 2"),
        (answer(1, 2)[:-2], "is cut off or no JSON after record 2"),
        ('[{"id": 1} {"id": 2}]', "is cut off or no JSON after record 1"),
        ('{"data": [{"id": 1}], "count" 2}', "is cut off or no JSON after record 1"),
        (answer(1, 2, count=3), "has 2 records and says that there are 3 (count)"),
        (answer(1, 2, total_count="40"), "says that there are 40 (total_count)"),
        ('{"TotalCount": 9, "Result": [{"id": 1}]}', "says that there are 9 (totalcount)"),
        (answer(1) + '{"status": 429, "message": "slow down"}', "holds no list of records"),
        ('{"note": {"data": [{"id": 1}]}}', "holds no list of records"),
    ],
)
def test_nothing_of_a_file_is_passed_over(tmp_path: Path, text: str, said: str) -> None:
    with refused(said):
        read(tmp_path, text)


def test_what_an_answer_says_of_restrictions_is_noted(tmp_path: Path) -> None:
    limits = {"countries": ["Mali"], "recency": [{"quantity": 12, "unit": "months"}]}
    notes = read(tmp_path, answer(1, data_query_restrictions=limits, messages=["older only"]))[1]
    assert [note for note in notes if "data_query_restrictions" in note and '"12"' in note]
    assert [note for note in notes if "older only" in note]
    nothing: dict[str, list[str]] = {"countries": [], "recency": []}
    assert read(tmp_path, answer(1, data_query_restrictions=nothing, messages=[]))[1] == ()


def test_as_many_records_as_a_page_has_at_most_are_doubtful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "PAGE_SIZES", (3,))
    [note] = read(tmp_path, answer(1, 2, 3))[1]
    assert "exactly 3 records" in note
    assert "cut off" in note
    assert read(tmp_path, "id\na\nb\nc\n")[1] == (note,)
    assert read(tmp_path, answer(1, 2, 3, 4))[1] == ()


def feature(number: int, geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": number, "properties": {"killed": 3}, "geometry": geometry}


def collection(*features: Any, **other: Any) -> str:
    return json.dumps({"type": "FeatureCollection", **other, "features": features})


def test_points_of_geojson_are_records(tmp_path: Path) -> None:
    text = collection(feature(1, {"type": "Point", "coordinates": [-4.25, 14.5]}), feature(2, None))
    rows = read(tmp_path, text)[0]
    assert rows == [
        {"id": "1", "longitude": "-4.25", "latitude": "14.5", "killed": "3"},
        {"id": "2", "longitude": None, "latitude": None, "killed": "3"},
    ]


def test_geojson_of_areas_or_in_other_coordinates_is_refused(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [500_000, 1_600_000]}
    with refused("a feature that is no point but Polygon"):
        read(tmp_path, collection(feature(1, {"type": "Polygon", "coordinates": [[]]})))
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32630"}}
    with refused("in other coordinates", "32630"):
        read(tmp_path, collection(feature(1, point), crs=crs))
