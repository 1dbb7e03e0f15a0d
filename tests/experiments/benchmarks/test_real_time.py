import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from experiments.backtest.folds import Period
from experiments.benchmarks.files import Run, write_json
from experiments.benchmarks.real_time import benchmark_real_time, read_vintages
from experiments.benchmarks.real_time_scores import SERVED, RealTimeReport
from experiments.configuration import DEFAULT, Configuration
from experiments.judging import judge
from features.errors import ConfigurationError, InputError
from features.months import format_month
from models.references import REFERENCES
from tests.command import tocsin
from tests.experiments.benchmarks.conftest import rewrite, small
from tests.training import plainly

NAMES = ["Angola", "Chad", "Mali", "Macedonia, FYR", "North Macedonia", "Niger"]
MONTHS = [format_month(504 + k) for k in range(108)]
DATES = {"2019-12-20": 95, "2020-01-20": 96}
VINTAGES, TRUTH = "realtime_vintages_1.parquet", "country_month_1.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Deaths from 2012 to 2020: Angola begins late, the truth lacks Chad and says more of Mali."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.poisson(rng.gamma(1, [5, 10, 20, 1, 1, 200], (108, 6))), MONTHS, NAMES)
    table.loc[MONTHS[80:95], "Mali"] = 20
    table.loc[MONTHS[95:99], "Mali"] = [90, 60, 0, 6]
    rows = table.rename_axis("month").reset_index().melt("month", None, "country", "deaths")
    rows = rows[(rows["country"] != "Angola") | (rows["month"] > MONTHS[80])]
    dated = [rows[rows["month"] < MONTHS[end]].assign(vintage=day) for day, end in DATES.items()]
    pd.concat(dated).to_parquet(tmp_path / VINTAGES, index=False)
    revised = (rows["country"] == "Mali") & (rows["month"] == MONTHS[94])
    truth = rows.assign(deaths=rows["deaths"].mask(revised, 500))
    nowhere = rows[rows["country"] == "Chad"].assign(country="Unnamed: 134", deaths=0)
    truth = pd.concat([truth[truth["country"] != "Chad"], nowhere])
    truth.to_csv(tmp_path / TRUTH, index=False)
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


def test_names_of_one_country_add_up_and_a_quiet_name_of_none_is_left_out(folder: Path) -> None:
    vintages, truth = read_vintages(folder)
    assert [vintage.known_on for vintage in vintages] == list(DATES)
    assert [len(vintage.deaths) for vintage in vintages] == list(DATES.values())
    assert list(truth) == ["AGO", "MKD", "MLI", "NER"]
    table = pd.read_csv(folder / TRUTH)
    both = table[table["country"].str.contains("Macedonia")].groupby("month")["deaths"].sum()
    assert_allclose(truth["MKD"], both)


@pytest.mark.parametrize("name", [VINTAGES, TRUTH])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="deaths"), "lacks the columns deaths"),
        (lambda t: t.iloc[:0], "has no rows"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "country Angola twice"),
        (lambda t: t.replace({"country": {"Mali": "Atlantis"}}), "deaths in 'Atlantis', which is"),
        (lambda t: t.replace({"month": {MONTHS[85]: "2019"}}), "'2019' is not a month"),
        (lambda t: t.assign(deaths=-1), "'-1' in column deaths"),
        (lambda t: t.assign(deaths=t["deaths"].where(t.index != 90)), "column deaths, data row 91"),
    ],
)
def test_a_table_of_another_form_is_refused_with_its_name_and_the_fault(
    folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    rewrite(folder / name, change)
    with pytest.raises(InputError, match=message) as error:
        read_vintages(folder)
    assert name in str(error.value)


def test_outcomes_are_the_truth_and_all_else_is_as_known_then(
    folder: Path, run: Run, experiment: Configuration
) -> None:
    rows = benchmark_real_time(folder, experiment, run).rows
    assert set(rows["region"]) == {"MKD", "MLI", "NER"}
    mali = rows[rows["region"] == "MLI"].set_index(["target", "horizon"])
    first, second = DATES
    assert mali[mali["vintage"] == first]["outcome"].to_dict() == {
        ("fatalities", 1): 90, ("fatalities", 2): 60, ("instability", 1): 1, ("instability", 2): 1,
        ("escalation", 3): 1,  # 50 a month, of 40 that are needed after 20
    }  # fmt: skip
    assert mali[mali["vintage"] == second]["outcome"].to_dict() == {
        ("fatalities", 1): 60, ("fatalities", 2): 0, ("instability", 1): 1, ("instability", 2): 0,
        ("escalation", 3): 0,  # 22 a month
    }  # fmt: skip
    cells = rows[(rows["vintage"] == first) & (rows["horizon"] == 1)].set_index("region")
    deaths = cells[cells["target"] == "fatalities"]
    columns = ["recent", "mean persistence", "conflictology"]
    assert list(deaths[columns].to_numpy()[deaths.index == "MLI"][0]) == [20, 20, 70]
    assert deaths[f"mean {SERVED}"]["NER"] > 3 * deaths[f"mean {SERVED}"]["MKD"]
    known = read_vintages(folder)[0][0].deaths.to_numpy()[1:]
    base = ((known >= 25).sum() + 0.5) / ((~np.isnan(known)).sum() + 1)
    reached = cells[cells["target"] == "instability"]
    assert reached["conflictology"]["MLI"] == pytest.approx(base / 13)
    assert reached[SERVED]["NER"] > 2 * reached[SERVED]["MKD"]


def test_the_same_tables_give_the_same_bytes(
    folder: Path, run: Run, experiment: Configuration
) -> None:
    paths = [folder / name for name in ("one.json", "again.json")]
    for path in paths:
        own = replace(run, json_path=path)
        shown = benchmark_real_time(folder, experiment, own).as_markdown()
    assert paths[0].read_bytes() == paths[1].read_bytes()
    content = json.loads(paths[0].read_text())
    assert [row["vintage"] for row in content["by_origin"]] == list(DATES)
    assert all(name in shown for name in (*REFERENCES, *DATES, "escalation"))


def test_a_date_knows_nothing_of_later_ones_nor_of_the_truth(
    folder: Path, run: Run, experiment: Configuration
) -> None:
    def forecasts() -> pd.Series:
        rows = benchmark_real_time(folder, experiment, run).rows
        own = rows[rows["vintage"] == "2019-12-20"]
        return own[f"mean {SERVED}"].fillna(own[SERVED])

    before = forecasts()
    table, truth = pd.read_parquet(folder / VINTAGES), pd.read_csv(folder / TRUTH)
    table.loc[table["vintage"] > "2020", "deaths"] += 500
    table.to_parquet(folder / VINTAGES, index=False)
    changed = truth["deaths"] + 300 * (truth["country"] != "Unnamed: 134")
    truth.assign(deaths=changed).to_csv(folder / TRUTH, index=False)
    pd.testing.assert_series_equal(forecasts(), before)
    table.loc[(table["vintage"] < "2020") & (table["month"] == MONTHS[94]), "deaths"] += 500
    table.to_parquet(folder / VINTAGES, index=False)
    assert not forecasts().equals(before)


@pytest.mark.parametrize("learners", [("logistic", "boosting"), ("boosting", "logistic")])
def test_the_learner_is_the_one_that_training_would_choose(
    folder: Path,
    run: Run,
    experiment: Configuration,
    learners: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = experiment.model_copy(update={"learners": learners})
    panel = read_vintages(folder)[0][0].panel()
    monkeypatch.setattr(judge, "panel_for", lambda *_: panel)
    vintage: Any = SimpleNamespace(releases=(), simulated=False, history="x", summary_events="end")
    judgement = judge.judge(vintage, "country", both, Period(), judge.Work("", 1, plainly))
    assert benchmark_real_time(folder, both, run).learner == judgement.chosen


def test_ratios_are_to_each_reference_and_nothing_over_nothing_is_null(tmp_path: Path) -> None:
    columns = {SERVED: [1.0, 2, 3, 0], f"mean {SERVED}": [2.0, 2, 2, 0]}
    columns |= dict.fromkeys(REFERENCES, columns[SERVED])
    columns["conflictology"] = [2.0, 4, 3, 0]
    rows = pd.DataFrame(
        {"vintage": "2020-01-20", "target": "fatalities", "horizon": [1, 1, 2, 3]}
        | {"region": ["A", "A", "B", "C"], "recent": [0.0, 1, 30, 200]}
        | {"outcome": [1.0, 3, 2, 0]}
        | columns
    )
    report = RealTimeReport("x", "ensemble", ("2020-01-20",), rows)
    (overall,) = report.deaths_table(None).to_dict("records")
    assert overall["n"] == 4
    assert overall["persistence"] == pytest.approx(1)
    assert overall["conflictology"] == pytest.approx(6 / 9)
    assert overall["mean ratio"] == pytest.approx(1)
    assert_allclose(report.country_figures("conflictology"), (0.75, 0.5))
    sizes = report.deaths_table("size").set_index("size")["n"].to_dict()
    assert sizes == {"0": 1, "0-1": 1, "10-100": 1, "100-": 1}
    write_json(tmp_path / "f.json", report.as_json())
    content = json.loads((tmp_path / "f.json").read_text(), parse_constant=pytest.fail)
    assert [row["conflictology"] for row in content["by_horizon"]] == [0.5, 1, None]


def test_what_cannot_be_judged_or_written_is_refused(
    folder: Path, run: Run, experiment: Configuration
) -> None:
    quiet = experiment.model_copy(update={"targets": {"instability": (1,)}})
    with pytest.raises(ConfigurationError, match="lacks fatalities"):
        benchmark_real_time(folder, quiet, run)
    table = pd.read_csv(folder / TRUTH)
    table[table["month"] < MONTHS[90]].to_csv(folder / TRUTH, index=False)
    with pytest.raises(InputError, match="no truth of the months after"):
        benchmark_real_time(folder, experiment, run)
    with pytest.raises(InputError, match="cannot be written"):
        benchmark_real_time(folder / "nowhere", experiment, replace(run, json_path=folder))


def test_the_command_says_what_it_reads(tmp_path: Path) -> None:
    outcome = tocsin(tmp_path, "benchmark", "real-time", "--help")
    assert outcome.returncode == 0
    assert "dated vintages" in outcome.stdout
