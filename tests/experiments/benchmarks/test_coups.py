from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from experiments.benchmarks.coups import CHOSEN, benchmark_coups, beside_published
from experiments.benchmarks.coups_data import CoupTables, read_coup_tables
from experiments.benchmarks.files import Run
from experiments.coups.fitting import MODEL
from experiments.coups.settings import read_coup_settings
from features.errors import InputError
from features.months import format_month, parse_month
from models.metrics import log_score
from tests.states import states

HEAD = (
    "iso3,gwcode,month,attempts,success,leader_military,leader_by_coup,military_regime,"
    "gdppc_y_minus_2,pop_y_minus_2,infmort_y_minus_2"
)


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tables of two states and four months; those of 432 are of the second list too."""
    rows = [
        f"x,{state},2010-{month:02d},{int(state == 432 and month == 3) * 2},"
        f"{int(state == 432 and month == 3)},0,0,1,500,{state},90"
        for state in (2, 432)
        for month in range(1, 5)
    ]
    import gzip

    with gzip.open(tmp_path / "coup_country_month_2010.csv.gz", "wt") as file:
        file.write("\n".join([HEAD, *rows, ""]))
    write(
        tmp_path,
        "vdem_two_indices_by_year.csv",
        "ccode,year,polyarchy,milit",
        "432,2009,0.4,0.1",
        "432,2010,0.5,0.2",
    )
    write(
        tmp_path,
        "elections_1.csv",
        "ccode,electionnumber,elec_year,elec_month,event",
        "432,1,2010,6,Announced",
        "432,1,2010,9,Vote; Early".replace(";", ""),
        '432,2,2010,4,"Vote, As Scheduled"',
        '2,1,2010,4,"Vote, Early"',
    )
    write(
        tmp_path,
        "beger_ward_test_forecasts_1.csv",
        "gwcode,for_year,outcome,observed,p",
        "432,2010,attempt,1,0.2",
        "432,2010,coup,1,0.9",
        "2,2010,attempt,NA,0.1",
        "432,2020,attempt,0,0.3",
    )
    write(
        tmp_path,
        "coupcast_in_coup_months.csv",
        "cowcode,year,month,day,pctile_risk",
        "432,2010,3,17,0.9",
        "432,2010,3,30,0.1",
        "2,2010,3,1,0.5",
    )
    write(tmp_path, "coups_powell_thyne_1.csv", "ccode,date", "432,2010-03-02")
    return tmp_path


def test_tables_become_a_history_of_states(folder: Path) -> None:
    history = read_coup_tables(folder).history
    assert history.countries.tolist() == ["002", "432"]
    assert [format_month(int(m)) for m in history.months[[0, -1]]] == ["2010-01", "2010-04"]
    assert_array_equal(history.attempts[:, 1], [0, 0, 2, 0])
    assert_array_equal(history.successes[:, 1], [0, 0, 1, 0])
    assert_array_equal(history.until(int(history.months[-1])).attempts, history.attempts)
    assert history.conditions["population"][0].tolist() == [2, 432]


def test_regimes_are_published_in_march(folder: Path) -> None:
    regime = read_coup_tables(folder).history.conditions["polyarchy"]
    assert_array_equal(regime[:, 1], [0.4, 0.4, 0.5, 0.5])
    assert np.isnan(regime[:, 0]).all()


def test_a_vote_that_was_called_early_is_not_known_before(folder: Path) -> None:
    due = read_coup_tables(folder).history.election_within_6
    assert_array_equal(due[:, 1], [1, 1, 1, 0])
    assert_array_equal(due[:, 0], [np.nan, np.nan, np.nan, 0])


def test_published_rows_are_attempts_with_an_outcome(folder: Path) -> None:
    tables = read_coup_tables(folder)
    origins = [parse_month("2009-12"), parse_month("2010-02")]
    assert tables.published.to_dict("list") == {
        "country": ["432"],
        "origin": origins[:1],
        "observed": [1],
        "p": [0.2],
    }
    assert tables.coup_months.to_dict("list") == {
        "country": ["432"],
        "origin": origins[1:],
        "percentile": [0.9],
    }


def test_a_table_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "elections_1.csv").unlink()
    with pytest.raises(InputError, match=r"elections_YYYY.csv' is not there"):
        read_coup_tables(folder)


def test_text_for_a_number_is_named(folder: Path) -> None:
    write(folder, "coups_powell_thyne_1.csv", "ccode,date", "Niger,2010-03-02")
    with pytest.raises(InputError, match="has 'Niger' in column ccode, which is no number"):
        read_coup_tables(folder)


def test_published_forecasts_are_compared_by_country_and_origin() -> None:
    december = parse_month("2011-12")
    forecasts = pd.DataFrame(
        {
            "origin": december,
            "horizon": [12, 12, 12, 1, 1, 1],
            "country": ["a", "b", "c"] * 2,
            MODEL: [0.2, 0.1, 0.3, 0.02, 0.01, 0.01],
        }
    )
    published = pd.DataFrame(
        {"country": ["a", "b"], "origin": december, "observed": [1.0, 0], "p": [0.1, 0.4]}
    )
    months = pd.DataFrame({"country": ["a", "b"], "origin": december, "percentile": [0.7, 0.9]})
    history = states({"a": []}, months=1)
    figures = beside_published(CoupTables(history, published, months), forecasts)
    outcome = np.array([1.0, 0])
    assert figures.log_loss[0] == pytest.approx(log_score(outcome, np.array([0.2, 0.1])))
    assert figures.log_loss[1] == pytest.approx(log_score(outcome, np.array([0.1, 0.4])))
    assert (figures.area, figures.years, figures.months) == ((1, 0), 2, 2)
    # The first is above two of three and its own half, the others share the rest.
    assert figures.percentile == pytest.approx(((2.5 / 3 + 1 / 3) / 2, 0.8))


def test_the_real_tables_give_the_published_rows(real_data: Callable[..., Path], run: Run) -> None:
    folder = real_data("coup")
    own = read_coup_settings()
    few = own.backtest.model_copy(update={"first": "2010-12", "draws": 2})
    settings = own.model_copy(update={"backtest": few})
    report = benchmark_coups(folder, parse_month("2011-01"), settings, run)
    assert report.published.years > 160
    assert report.published.log_loss == pytest.approx((0.0597, 0.0554), abs=1e-3)
    assert [f.horizon for f in report.figures[CHOSEN]] == [1, 6, 12]
    assert report.published.months == 1
    assert "| log loss, " in report.as_markdown()
