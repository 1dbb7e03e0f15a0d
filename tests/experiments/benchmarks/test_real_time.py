import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from experiments.benchmarks.files import Run
from experiments.benchmarks.real_time import benchmark_real_time, read_vintages
from experiments.benchmarks.real_time_scores import SERVED, RealTimeReport
from experiments.configuration import DEFAULT, Configuration
from features.errors import InputError
from features.months import format_month
from models.references import REFERENCES
from tests.experiments.benchmarks.conftest import small

NAMES = ("Mali", "Niger", "Chad", "Macedonia, FYR", "North Macedonia")
MONTHS = [format_month(504 + k) for k in range(108)]
DATES = {"2019-12-20": 95, "2020-01-20": 96}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Deaths of five names from 2012 to 2020, known on two dates and at last; Chad is lost then."""
    rng = np.random.default_rng(3)
    deaths = rng.poisson(rng.gamma(1, [30, 30, 10, 2, 2], (108, 5)))
    table = pd.DataFrame(deaths, MONTHS, list(NAMES)).rename_axis("month")
    rows = table.reset_index().melt("month", var_name="country", value_name="deaths")
    parts = [
        rows[rows["month"] < MONTHS[count]].assign(vintage=day) for day, count in DATES.items()
    ]
    pd.concat(parts).to_parquet(tmp_path / "realtime_vintages_1.parquet", index=False)
    rows[rows["country"] != "Chad"].to_csv(tmp_path / "country_month_1.csv", index=False)
    return tmp_path


@pytest.fixture
def experiment() -> Configuration:
    whole = small(DEFAULT, 6)
    update = {
        "targets": {"fatalities": (1, 2), "instability": (1, 2), "escalation": (3,)},
        "backtest": whole.backtest.model_copy(update={"years": 1}),
        "learners": ("boosting",),
    }
    return whole.model_copy(update=update)


def test_names_of_one_country_add_up(folder: Path) -> None:
    vintages, truth = read_vintages(folder)
    assert [vintage.known_on for vintage in vintages] == list(DATES)
    assert [len(vintage.deaths) for vintage in vintages] == list(DATES.values())
    assert list(truth) == ["MKD", "MLI", "NER"]
    table = pd.read_csv(folder / "country_month_1.csv")
    both = table[table["country"].isin(NAMES[3:])].groupby("month")["deaths"].sum()
    assert_allclose(truth["MKD"], both)


def test_forecasts_of_each_date_are_judged_by_the_truth(
    folder: Path, run: Run, experiment: Configuration
) -> None:
    report = benchmark_real_time(folder, experiment, replace(run, json_path=folder / "f.json"))
    rows, (_, truth) = report.rows, read_vintages(folder)
    assert set(rows["region"]) == {"MKD", "MLI", "NER"}
    for date, count in DATES.items():
        own = rows[(rows["vintage"] == date) & (rows["region"] == "MLI")]
        for horizon in (1, 2):
            cell = own[own["horizon"] == horizon].set_index("target")["outcome"]
            deaths = truth["MLI"].iloc[count - 1 + horizon]
            assert cell["fatalities"] == deaths
            assert cell["instability"] == (deaths >= 25)
        before = truth["MLI"].iloc[count - 12 : count].mean()
        after = truth["MLI"].iloc[count : count + 3].mean()
        escalated = own.loc[own["target"] == "escalation", "outcome"].item()
        assert escalated == (after >= max(25, 2 * before))
    content = json.loads((folder / "f.json").read_text())
    assert [row["vintage"] for row in content["by_origin"]] == list(DATES)
    shown = report.as_markdown()
    assert all(name in shown for name in (*REFERENCES, *DATES, "escalation"))


def test_a_date_knows_nothing_of_later_ones_nor_of_the_truth(
    folder: Path, run: Run, experiment: Configuration
) -> None:
    def means() -> pd.DataFrame:
        rows = benchmark_real_time(folder, experiment, run).rows
        own = rows[(rows["vintage"] == "2019-12-20") & (rows["target"] == "fatalities")]
        return own[["horizon", "region", f"mean {SERVED}", "mean decaying_record"]]

    before = means()
    path = folder / "realtime_vintages_1.parquet"
    table = pd.read_parquet(path)
    table.loc[table["vintage"] > "2020", "deaths"] += 500
    table.to_parquet(path, index=False)
    truth = pd.read_csv(folder / "country_month_1.csv")
    truth.assign(deaths=truth["deaths"] + 300).to_csv(folder / "country_month_1.csv", index=False)
    pd.testing.assert_frame_equal(means(), before)
    table.loc[(table["vintage"] < "2020") & (table["month"] == MONTHS[94]), "deaths"] += 500
    table.to_parquet(path, index=False)
    assert not means().equals(before)


def test_ratios_are_to_each_reference_and_nothing_over_nothing_is_null() -> None:
    count = 4
    columns = {SERVED: [1.0, 2, 3, 0], f"mean {SERVED}": [2.0, 2, 2, 0]}
    columns |= dict.fromkeys(REFERENCES, columns[SERVED])
    columns["conflictology"] = [2.0, 4, 3, 0]
    rows = pd.DataFrame(
        {"vintage": "2020-01-20", "target": "fatalities", "horizon": [1, 1, 2, 3]}
        | {"region": ["A", "A", "B", "C"], "recent": [0.0, 0.5, 30, 200]}
        | {"outcome": [1.0, 3, 2, 0]}
        | columns
    )
    report = RealTimeReport("x", "ensemble", ("2020-01-20",), rows)
    (overall,) = report.deaths_table(None).to_dict("records")
    assert overall["n"] == count
    assert overall["persistence"] == pytest.approx(1)
    assert overall["conflictology"] == pytest.approx(6 / 9)
    assert overall["mean ratio"] == pytest.approx(1)
    assert_allclose(report.country_figures("conflictology"), (0.75, 0.5))
    sizes = report.size_table().set_index("size")["n"].to_dict()
    assert sizes == {"0": 1, "0-1": 1, "10-100": 1, "100-": 1}
    last = report.deaths_table("horizon").iloc[-1]
    assert np.isnan(last["conflictology"])


def test_without_a_truth_of_later_months_nothing_is_judged(
    folder: Path, run: Run, experiment: Configuration
) -> None:
    path = folder / "country_month_1.csv"
    table = pd.read_csv(path)
    table[table["month"] < MONTHS[90]].to_csv(path, index=False)
    with pytest.raises(InputError, match="no truth of the months after"):
        benchmark_real_time(folder, experiment, run)
