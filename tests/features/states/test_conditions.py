import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal

from features.months import parse_month
from features.states.conditions import values_by_month, votes_due

COUNTRIES = np.array(["BFA", "MLI"])
MONTHS = np.arange(parse_month("2020-01"), parse_month("2020-07"))
NAN = np.nan


def conditions(*rows: tuple[str, float, str, str]) -> pd.DataFrame:
    """Rows of one variable: country, value, first month, published."""
    table = pd.DataFrame(rows, columns=["country", "value", "first_month", "published"])
    return table.assign(
        variable="x",
        first_month=table["first_month"].map(parse_month),
        last_month=np.nan,
        published=pd.to_datetime(table["published"]),
    )


def of_mali(*rows: tuple[str, float, str, str]) -> list[float]:
    return list(values_by_month(conditions(*rows), MONTHS, COUNTRIES)["x"][:, 1])


def test_a_value_holds_from_the_month_in_which_it_is_published_and_has_begun() -> None:
    assert_array_equal(of_mali(("MLI", 7, "2019-01", "2020-03-31")), [NAN, NAN, 7, 7, 7, 7])
    assert_array_equal(of_mali(("MLI", 7, "2020-04", "2019-03-01")), [NAN, NAN, NAN, 7, 7, 7])
    assert_array_equal(of_mali(("MLI", 7, "2009-01", "2010-03-01")), [7] * 6)


def test_the_newest_is_of_the_latest_month_and_then_the_latest_publication() -> None:
    later_of_older = (
        ("MLI", 1, "2019-01", "2020-02-01"),
        ("MLI", 2, "2018-01", "2020-03-01"),
        ("MLI", 3, "2019-01", "2020-04-01"),
    )
    assert_array_equal(of_mali(*later_of_older), [NAN, 1, 1, 3, 3, 3])


def test_other_countries_and_later_months_have_no_say() -> None:
    dense = values_by_month(
        conditions(("BFA", 1, "2019-01", "2020-02-01"), ("MLI", 2, "2020-01", "2020-08-01")),
        MONTHS,
        COUNTRIES,
    )["x"]
    assert_array_equal(dense.T, [[NAN, 1, 1, 1, 1, 1], [NAN] * 6])


def test_after_its_last_month_a_value_is_not_known_and_no_older_one_stands_in() -> None:
    rows = conditions(("MLI", 1, "2019-01", "2019-02-01"), ("MLI", 2, "2019-02", "2020-02-01"))
    rows["last_month"] = [np.nan, parse_month("2020-04")]
    dense = values_by_month(rows, MONTHS, COUNTRIES)["x"][:, 1]
    assert_array_equal(dense, [1, 2, 2, 2, NAN, NAN])


def votes(*rows: tuple[str, str, str | None]) -> list[float]:
    """Whether a vote was due in Mali, of rows of date, published and withdrawn."""
    table = pd.DataFrame(rows, columns=["date", "published", "withdrawn"]).astype("datetime64[ns]")
    return list(votes_due(table.assign(country="MLI", kind="any"), MONTHS, COUNTRIES)[:, 1])


def test_a_vote_is_due_in_the_six_months_before_its_own_once_it_is_announced() -> None:
    assert_array_equal(votes(("2020-04-30", "2019-01-01", None)), [1, 1, 1, 0, 0, 0])
    assert_array_equal(votes(("2020-10-01", "2019-01-01", None)), [0, 0, 0, 1, 1, 1])
    assert_array_equal(votes(("2020-06-01", "2020-03-31", None)), [NAN, NAN, 1, 1, 1, 0])


def test_a_vote_that_is_withdrawn_was_due_until_then() -> None:
    voided = ("2020-06-15", "2019-01-01", "2020-04-02")
    assert_array_equal(votes(voided), [1, 1, 1, 0, 0, 0])
    assert_array_equal(votes(voided, ("2020-08-01", "2020-05-01", None)), [1, 1, 1, 0, 1, 1])
