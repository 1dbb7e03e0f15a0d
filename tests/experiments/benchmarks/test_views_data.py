import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from experiments.benchmarks.views_data import month_id, parse_windows, read_views
from features.errors import InputError
from features.months import format_month, parse_month
from tests.experiments.benchmarks.conftest import rewrite


def test_history_is_the_table_with_the_truth_in_its_place(views_folder: Path) -> None:
    history, windows = read_views(views_folder)
    assert history.names == ("Suriname", "Ethiopia", "Mali", "Ukraine")
    assert_array_equal(history.countries, [2, 7, 50, 117])
    table = pd.read_csv(views_folder / "cm_ged_sb_2015_2020.csv", index_col=0)
    known = table[list(history.names)].to_numpy()
    assert_array_equal(history.deaths[:48], known[:48])
    assert np.isnan(history.deaths[:12, 0]).all()
    assert_array_equal(history.deaths[48:], np.concatenate([w.outcome for w in windows]))
    truth = pd.read_parquet(views_folder / "cm_actuals_2020.parquet")["outcome"]
    assert windows[1].outcome[3, 2] == truth[month_id(parse_month("2020-04")), 50]


def test_a_window_is_forecast_from_the_october_before(views_folder: Path) -> None:
    history, (first, second) = read_views(views_folder)
    assert [format_month(window.origin) for window in (first, second)] == ["2018-10", "2019-10"]
    before = history.until(second.origin)
    assert format_month(int(before.months[-1])) == "2019-10"
    assert_array_equal(before.deaths, history.deaths[:58])
    with pytest.raises(InputError, match="not 2021-10"):
        history.until(parse_month("2021-10"))


def test_conflictology_is_there_where_it_is_delivered(views_folder: Path) -> None:
    _, (first, second) = read_views(views_folder)
    assert second.conflictology is None
    assert first.conflictology is not None
    assert first.conflictology.shape == (12, 4, 12)
    table = pd.read_parquet(views_folder / "conflictology_2019.parquet")["outcome"]
    assert first.conflictology[0, 1, 5] == table[month_id(parse_month("2019-01")), 7, 5]


def test_a_later_truth_prolongs_the_history_and_order_of_rows_is_nothing(
    views_folder: Path,
) -> None:
    later = pd.read_parquet(views_folder / "cm_actuals_2020.parquet").reset_index()
    later["month_id"] += 12
    later.sample(frac=1, random_state=3).to_parquet(views_folder / "cm_actuals_2021.parquet")
    history, (_, window, last) = read_views(views_folder)
    assert format_month(int(history.months[-1])) == "2021-12"
    assert_array_equal(last.outcome, window.outcome)
    assert [w.year for w in read_views(views_folder, (2021,))[1]] == [2021]


def test_the_folder_may_be_the_one_that_holds_it(views_folder: Path) -> None:
    inner, outer = (read_views(folder)[0] for folder in (views_folder, views_folder.parent))
    assert_array_equal(inner.deaths, outer.deaths, strict=True)


TRUTH, DRAWS, PAST, LIST = (
    "cm_actuals_2019.parquet",
    "conflictology_2019.parquet",
    "cm_ged_sb_2015_2020.csv",
    "country_list.csv",
)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (TRUTH, lambda t: t.iloc[1:], "lacks month_id 469, country_id 2"),
        (TRUTH, lambda t: pd.concat([t, t.iloc[:1]]), "month_id 469, country_id 2 twice"),
        (TRUTH, lambda t: t.assign(month_id=t["month_id"] + 1), "lacks month_id 469"),
        (TRUTH, lambda t: t.assign(outcome=-1), "without a number of deaths"),
        (TRUTH, lambda t: t.assign(outcome=np.nan), "without a number of deaths"),
        (TRUTH, lambda t: t.assign(outcome="many"), "a number of deaths"),
        (TRUTH, lambda t: t.assign(country_id=t["country_id"] + 0.5), "must have whole"),
        (TRUTH, lambda t: t.rename(columns={"outcome": "ged_sb"}), "lacks the columns outcome"),
        (TRUTH, lambda t: t.assign(country_id=t["country_id"].replace(50, 51)), "country_id 51, of which"),  # noqa: E501
        (DRAWS, lambda t: t.iloc[1:], "more draws for some"),
        (DRAWS, lambda t: t[t["country_id"] != 7], "lacks month_id 469, country_id 7"),
        (DRAWS, lambda t: pd.concat([t, t.iloc[:1]]), "draw 0 twice"),
        (PAST, lambda t: t.drop(index=5), "next month after 2015-05"),
        (PAST, lambda t: t.iloc[:0], "is empty"),
        (PAST, lambda t: t.rename(columns={"Mali": "Lemuria"}), "'Lemuria', which country_list"),
        (PAST, lambda t: t.rename(columns={"Mali": "Atlantis"}), "'Atlantis', which is no country"),
        (PAST, lambda t: t.rename(columns={"Ethiopia": "Republic of Mali"}), "another name"),
        (PAST, lambda t: t.assign(Mali="-3"), "'-3' in column Mali, data row 1"),
        (PAST, lambda t: t.rename(columns=str.lower), "'ukraine'"),
        (PAST, lambda t: t.rename(columns={"Mali": "Ukraine"}), "too many or too few in its first row"),  # noqa: E501
        (LIST, lambda t: t.drop(columns="name"), "lacks the columns name"),
        (LIST, lambda t: t.assign(country_id="2"), "each country once"),
        (LIST, lambda t: t.assign(country_id="x"), "'x' in column country_id"),
    ],
)  # fmt: skip
def test_a_table_of_another_form_is_refused_with_its_name_and_the_fault(
    views_folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    rewrite(views_folder / name, change)
    with pytest.raises(InputError, match=message) as error:
        read_views(views_folder)
    assert name in str(error.value)


def test_a_missing_table_is_named(views_folder: Path) -> None:
    with pytest.raises(InputError, match=r"lacks cm_actuals_2024\.parquet"):
        read_views(views_folder, (2020, 2024))
    with pytest.raises(InputError, match="lacks cm_actuals_<year>"):
        read_views(views_folder / "nothing")
    for name in (LIST, PAST):
        (views_folder / name).unlink()
        with pytest.raises(InputError, match="is not there"):
            read_views(views_folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(name=st.sampled_from([TRUTH, DRAWS, LIST]), kept=st.floats(0, 0.97))
def test_a_file_cut_short_is_never_read_as_a_whole_one(
    views_folder: Path, name: str, kept: float
) -> None:
    whole = (views_folder / name).read_bytes()
    (views_folder / name).write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(InputError, match=re.escape(name)):
        read_views(views_folder)
    (views_folder / name).write_bytes(whole)


def test_a_history_that_ends_too_early_is_refused(views_folder: Path) -> None:
    lines = (views_folder / PAST).read_text().splitlines(keepends=True)
    (views_folder / PAST).write_text("".join(lines[:40]))
    history, (first, _) = read_views(views_folder)
    with pytest.raises(InputError, match="2015-01 to 2018-03 but not 2018-10"):
        history.until(first.origin)
    (views_folder / PAST).write_text("".join(lines)[:-12])
    with pytest.raises(InputError, match="too few in data row 72"):
        read_views(views_folder)


@pytest.mark.parametrize(
    ("text", "years"),
    [("2018..2020", (2018, 2019, 2020)), ("2020", (2020,)), ("2020, 2018,2018", (2018, 2020))],
)
def test_windows_are_written_as_years_or_spans(text: str, years: tuple[int, ...]) -> None:
    assert parse_windows(text) == years


@pytest.mark.parametrize("text", ["", "2020..2018", "18..20", "2018-2020", "2018,,2020", "all"])
def test_what_names_no_windows_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="names no windows"):
        parse_windows(text)
