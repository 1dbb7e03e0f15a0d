from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from features.months import format_month, month_of, parse_month


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("1970-01", 0),
        ("1970-12", 11),
        ("1969-12", -1),
        ("1989-01", 228),
        ("2024-12", 659),
        (" 2024-12\n", 659),
    ],
)
def test_months_count_from_january_1970(text: str, month: int) -> None:
    assert parse_month(text) == month
    assert format_month(month) == text.strip()


@given(month=st.integers(-1970 * 12, 8029 * 12 + 11))
def test_every_month_of_four_digit_years_survives_being_written(month: int) -> None:
    assert parse_month(format_month(month)) == month


@given(day=st.dates())
def test_a_day_lies_in_the_month_it_is_written_with(day: date) -> None:
    assert format_month(month_of(day)) == day.isoformat()[:7]


@pytest.mark.parametrize(
    "text",
    ["", "2024", "2024-1", "2024-00", "2024-13", "24-01", "2024/01", "\u0662\u0660\u0662\u0664-12"],
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match=f"'{text}' is not a month: write it as YYYY-MM"):
        parse_month(text)
