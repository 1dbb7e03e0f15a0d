import json
from datetime import UTC, date, datetime
from typing import Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, FiniteFloat

from features.strict import Strict
from service.forms.rows import (
    for_spreadsheet,
    rows_of,
    shorten,
    shorten_all,
    shortened,
    with_constants,
)


class Inner(Strict):
    day: date
    share: FiniteFloat | None


class Outer(Strict):
    name: str
    kind: Literal["a", "b"] | None
    count: int | None
    at: AwareDatetime
    inner: Inner
    parts: list[Inner]
    by_level: dict[str, float]
    known: bool
    other: Inner | None = None


def test_models_are_flat_rows_with_lists_as_json() -> None:
    inner = Inner(day=date(2024, 12, 1), share=1 / 3)
    item = Outer(
        name="Mali",
        kind=None,
        count=3,
        at=datetime(2025, 1, 21, 6, tzinfo=UTC),
        inner=inner,
        parts=[inner, Inner(day=date(2025, 1, 1), share=None)],
        by_level={"country": 25.0},
        known=True,
    )
    table = rows_of(Outer, [item, item.model_copy(update={"count": None})])
    first, second = table.to_pylist()
    assert first | {"parts": None} == {
        "name": "Mali",
        "kind": None,
        "count": 3,
        "at": "2025-01-21T06:00:00Z",
        "inner_day": "2024-12-01",
        "inner_share": 1 / 3,
        "parts": None,
        "by_level": '{"country":25.0}',
        "known": True,
        "other_day": None,
        "other_share": None,
    }
    assert json.loads(first["parts"])[1] == {"day": "2025-01-01", "share": None}
    assert second["count"] is None


def test_no_row_has_the_columns_all_the_same() -> None:
    table = rows_of(Outer, [])
    assert len(table) == 0
    assert table.schema.field("inner_share").type == pa.float64()
    assert table.schema.field("count").type == pa.int64()
    assert table.schema.field("known").type == pa.bool_()
    assert table.schema.field("parts").type == pa.string()


@pytest.mark.parametrize(
    ("value", "short"),
    [
        (0.8181818181818182, 0.818182),
        (1234.56789, 1234.57),
        (0.00000123456789, 0.00000123457),
        (25.0, 25.0),
        (0.0, 0.0),
        (-2 / 3, -0.666667),
        (0.99999999, 1.0),
        (1_234_567.8, 1_234_568.0),
    ],
)
def test_numbers_have_six_digits(value: float, short: float) -> None:
    assert shorten(value) == short
    columns = {"x": [value, None], "of32": pa.array([value, None], pa.float32())}
    table = shortened(pa.table(columns | {"n": [1, 2]}))
    assert table["x"].to_pylist() == [short, None]
    assert table["of32"].to_pylist()[0] == pytest.approx(short, rel=1e-5)
    assert table["n"].to_pylist() == [1, 2]


@given(st.lists(st.floats(1e-15, 1e6) | st.just(0.0), max_size=9))
def test_digits_are_those_that_python_writes_and_keep_the_order(values: list[float]) -> None:
    short = shorten_all(np.array(sorted(values), np.float64)).tolist()
    assert short == sorted(short)
    written = [float(f"{value:.6g}") for value in sorted(values)]
    assert short == pytest.approx(written, rel=1.1e-5)  # a tie may go the other way
    assert [float(f"{value:.6g}") for value in short] == short
    assert [shorten(value) for value in sorted(values)] == short


def test_what_is_not_known_stays_unknown() -> None:
    assert np.isnan(shorten(float("nan")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_text_that_a_spreadsheet_would_run_is_not_run(start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    table = for_spreadsheet(pa.table({"name": [text, "Mali", f"a{text}", None], "x": [-1.5] * 4}))
    assert table["name"].to_pylist() == [f"'{text}", "Mali", f"a{text}", None]
    assert table["x"].to_pylist() == [-1.5] * 4


def test_a_column_of_one_text_is_added_once() -> None:
    table = with_constants(pa.table({"a": ["x", "y"]}), {"a": "never", "b": "é"})
    assert table.to_pylist() == [{"a": "x", "b": "é"}, {"a": "y", "b": "é"}]
