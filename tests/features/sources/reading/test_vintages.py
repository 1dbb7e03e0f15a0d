from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.sources.reading.opening import open_rows
from features.sources.reading.vintages import (
    DatedVintage,
    VintageRows,
    dated_vintages,
    vintage_column,
)

EARLY, LATE = date(2024, 7, 21), date(2024, 12, 21)


def written(folder: Path, *lines: str) -> Path:
    file = folder / "table.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def vintages_of(file: Path) -> tuple[DatedVintage, ...]:
    with open_rows(file) as rows:
        column = vintage_column(rows)
        assert column is not None
        return dated_vintages(rows, column, file)


def rows_of(file: Path, vintage: DatedVintage) -> list[tuple[str | int | None, ...]]:
    with open_rows(file) as rows:
        own = VintageRows(rows, vintage)
        tables = [pa.Table.from_batches([batch]) for batch in own.batches(["month", "deaths"])]
    return [tuple(row.values()) for table in tables for row in table.to_pylist()]


def test_a_vintage_is_the_rows_of_its_day_with_their_lines(tmp_path: Path) -> None:
    file = written(
        tmp_path, "Vintage,month,deaths", "2024-12-21,2024-06,96", "2024-07-21,2024-06,60",
        "2024-12-21 00:00:00,2024-07,1",
    )  # fmt: skip
    early, late = vintages_of(file)
    assert (early.day, late.day) == (EARLY, LATE)
    assert rows_of(file, early) == [("2024-06", "60", 3, 1)]
    assert rows_of(file, late) == [("2024-06", "96", 2, 1), ("2024-07", "1", 4, 1)]


def test_a_vintage_has_the_same_hash_in_a_longer_table_and_another_if_a_row_differs(
    tmp_path: Path,
) -> None:
    own = "2024-07-21,2024-06,60"
    (early,) = vintages_of(written(tmp_path, "vintage,month,deaths", own))
    longer = vintages_of(written(tmp_path, "vintage,month,deaths", "2024-12-21,2024-06,96", own))
    revised = vintages_of(written(tmp_path, "vintage,month,deaths", "2024-07-21,2024-06,61"))
    assert longer[0].sha256 == early.sha256 != revised[0].sha256
    assert longer[0].table_sha256 != early.table_sha256


@pytest.mark.parametrize("day", ["", "June", "2024-06", "2024-13-01", "21/07/2024"])
def test_a_row_without_a_day_refuses_the_table_and_is_named(tmp_path: Path, day: str) -> None:
    file = written(tmp_path, "vintage,month,deaths", "2024-07-21,2024-06,60", f"{day},2024-06,1")
    with pytest.raises(InputError, match=r"line 3: the vintage .* is no day"):
        vintages_of(file)


def test_a_table_without_the_column_has_no_vintage(tmp_path: Path) -> None:
    with open_rows(written(tmp_path, "month,deaths", "2024-06,60")) as rows:
        assert vintage_column(rows) is None


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(["2024-01-20", "2024-02-20", "2024-03-20"]), min_size=1))
def test_every_row_is_in_one_vintage(
    tmp_path_factory: pytest.TempPathFactory, days: list[str]
) -> None:
    file = tmp_path_factory.mktemp("table") / "table.parquet"
    table = pd.DataFrame({"vintage": pd.to_datetime(days), "month": "2023-12"})
    table.assign(deaths=range(len(days))).to_parquet(file)
    parts = [rows_of(file, vintage) for vintage in vintages_of(file)]
    assert len(parts) == len(set(days))
    assert sorted(int(row[1] or -1) for part in parts for row in part) == [*range(len(days))]
