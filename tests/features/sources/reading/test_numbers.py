from pathlib import Path

import pyarrow as pa
import pytest

from features.sources.reading.numbers import NumberColumns, Numbers
from features.sources.source import LINE, Sign
from tests.features.sources.ingested import refused

PATH = Path("a.csv")


def plain(
    killed: list[str | None], lat: list[str] | None = None, decimal: Sign | None = None
) -> tuple[list[str | None], list[str | None], tuple[str, ...]]:
    """Deaths and latitudes as they are read, and the notes; batches of two rows each."""
    degrees = lat or [""] * len(killed)
    numbers = Numbers(PATH, NumberColumns(("killed",), ("lat",), decimal))
    lines = pa.array(range(2, len(killed) + 2), pa.int64())
    table = pa.table(
        {
            "killed": pa.array(killed, pa.string()),
            "lat": pa.array(degrees, pa.string()),
            LINE: lines,
        }
    )
    rows = [row for b in table.to_batches(2) for row in numbers.plain(b).to_pylist()]
    return [row["killed"] for row in rows], [row["lat"] for row in rows], numbers.notes


@pytest.mark.parametrize(
    ("killed", "lat"),
    [
        (["3", "0", "-1", None, "", "x"], ["14.5", "14.567", "-4", "", "", "1e5"]),
        (["3.0", "1000.0", "12.5", "nan", "1e3", " 7 "], ["14.5"] * 6),
        (["0.000", "3.000", "17.000"], ["1", "2", "3"]),
        (["3", "5", "12,5"], ["14.5", "14,5", "1"]),
    ],
)
def test_numbers_with_points_stay_as_they_are(killed: list[str | None], lat: list[str]) -> None:
    assert plain(killed, lat) == (killed, lat, ())


@pytest.mark.parametrize(
    ("text", "lat"),
    [
        ("1.000", "14.5"),  # degrees with points do not make it one death
        ("1.000", "14"),
        ("1,000", "14,5"),
        ("1,000", ""),
        ("-2.500", "14.5"),
        ("999.999", ""),
    ],
)
def test_what_may_be_one_or_a_thousand_is_refused_with_the_value(text: str, lat: str) -> None:
    for killed in (["3", text], [text, text], ["3", "4", "5", text]):
        with refused(f"'{text}' (killed, line ", "thousands sign"):
            plain([*killed], [lat] * len(killed))


@pytest.mark.parametrize(
    ("text", "lat", "number"),
    [
        ("1,000", "14.5", "1000"),
        ("1.000", "14,5", "1000"),
        ("1.000", "14,567", "1000"),  # as thousands, it would lie beyond the globe
        ("1,000", "14.567", "1000"),
        ("1,234,567", "", "1234567"),
        ("1.234.567", "", "1234567"),
        ("1.234,0", "", "1234.0"),
        ("1,234.0", "", "1234.0"),
        ("1 000", "", "1000"),
        ("12\N{NO-BREAK SPACE}345", "14.5", "12345"),
        ("1'000", "14,5", "1000"),
        ("1\N{NARROW NO-BREAK SPACE}000,0", "", "1000.0"),
    ],
)
def test_thousands_are_told_from_the_rest_of_the_file_and_noted(
    text: str, lat: str, number: str
) -> None:
    killed, _, notes = plain(["3", text], [lat, lat])
    assert killed == ["3", number]
    assert f"'{text}' (killed, line 3) was read as thousands" in notes


def test_decimal_commas_are_told_from_degrees_and_noted() -> None:
    killed, lat, notes = plain(["3", "4,0", "12,5"], ["14,567", "-4,25", "7"])
    assert (killed, lat) == (["3", "4.0", "12.5"], ["14.567", "-4.25", "7"])
    assert notes == ("its decimal sign is a comma",)


def test_a_file_with_decimal_commas_and_points_is_refused_with_both() -> None:
    with refused("'14,5' (lat, line 2)", "'14.75' (lat, line 5)", "in two ways"):
        plain(["1"] * 4, ["14,5", "14", "-4,25", "14.75"])


def test_a_sign_that_is_given_decides() -> None:
    assert plain(["1.000"], ["14.5"], decimal=".")[0] == ["1.000"]
    assert plain(["1.000"], decimal=",")[0] == ["1000"]
    assert plain(["1,000"], decimal=".")[0] == ["1000"]
    assert plain(["1,000"], decimal=",")[0] == ["1.000"]


def test_what_is_no_number_is_left_alone() -> None:
    odd: list[str | None] = ["1,00,0", "1..5", ",5", "5,", "1 00", "1.000.00", "a.b", "1,5,"]
    assert plain(odd, ["14.5"] * 8)[0] == odd
