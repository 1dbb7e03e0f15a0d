import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.sources.reading.opening import open_rows
from tests.features.sources.ingested import refused, written


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n <!DOCTYPE HTML><html>", "a web page, not data"),
        (b"<html><h1>403</h1></html>", "a web page, not data"),
        (b"<table><tr><td>id</td></tr></table>", "a web page, not a workbook"),
        (b"<?xml version='1.0'?><rows/>", "XML, not a table"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"SQLite format 3\0", "an SQLite database"),
    ],
)
@pytest.mark.parametrize("name", ["events.csv", "answer.json"])
def test_what_is_no_data_is_named(tmp_path: Path, content: bytes, said: str, name: str) -> None:
    with refused(said, name), open_rows(written(tmp_path / name, content)):
        pass


def test_tags_and_numbers_of_rows_are_left_out_of_parquet_too(tmp_path: Path) -> None:
    table = {"id": ["#event", "a"], "place": ["#loc", "Gao"], "__index_level_0__": ["", "0"]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    with open_rows(tmp_path / "a.parquet") as rows:
        assert rows.first == ["id", "place", ""]
        rows.name_columns(["id", "place", "column 3"])
        [row] = [row for batch in rows.batches() for row in batch.to_pylist()]
        assert row["id"] == "a"
        assert rows.notes == ("the line of HXL tags is no row",)


@pytest.mark.parametrize("kind", ["dictionary", "plain", "nulls"])
def test_parquet_that_unpacks_to_what_no_events_do_is_refused(tmp_path: Path, kind: str) -> None:
    path, text = tmp_path / "bomb.parquet", "x" * 100_000
    column = pa.array([text] * 700)
    if kind == "dictionary":
        indices = pa.array([0]).take(pa.array([0] * 50_000))
        column = pa.DictionaryArray.from_arrays(indices.cast(pa.int32()), pa.array([text]))
    if kind == "nulls":
        column = pa.nulls(70_000_000, pa.bool_())
    pq.write_table(
        pa.table({"a": column}), path, compression="zstd", use_dictionary=kind != "plain"
    )
    with refused("unpacks to more than 200 times its size", path.name), open_rows(path) as rows:
        for _ in rows.batches():
            pass


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.parquet"])
def test_a_table_of_thousands_of_columns_is_refused_at_once(tmp_path: Path, name: str) -> None:
    names, path = [f"column {n}" for n in range(2_001)], tmp_path / name
    if name == "a.parquet":
        pq.write_table(pa.table({one: ["1"] for one in names}), path)
    elif name == "a.json":
        written(path, json.dumps([dict.fromkeys(names, 1)]).encode())
    else:
        written(path, f"{','.join(names)}\n".encode())
    with refused("columns, and no table of events has more than 2,000", name), open_rows(path):
        pass
