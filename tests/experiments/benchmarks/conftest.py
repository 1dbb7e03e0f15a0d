from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.benchmarks import subforecast, views
from experiments.benchmarks.files import Run
from experiments.configuration import Configuration, read_configuration
from features.months import format_month
from tests.training import plainly

NAMES = {2: "Suriname", 7: "Ethiopia", 50: "Mali", 117: "Ukraine"}
FIRST, YEARS = 540, (2019, 2020)
COUNT_MONTHS = 96


@pytest.fixture
def run() -> Run:
    return Run(jobs=1, progress=plainly)


@pytest.fixture
def writing_run(run: Run, tmp_path: Path) -> Run:
    """The same, which writes its figures and forecasts."""
    return replace(run, json_path=tmp_path / "f.json", predictions_path=tmp_path / "p.parquet")


def rewrite(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a table in its place; a CSV is read as text."""
    if path.suffix == ".parquet":
        change(pd.read_parquet(path).reset_index()).to_parquet(path, index=False)
    else:
        change(pd.read_csv(path, dtype="str", keep_default_na=False)).to_csv(path, index=False)


def write_outcomes(folder: Path, name: str, draws: int, rng: np.random.Generator) -> None:
    """Write outcomes of the year that the name ends with, as draws where there are several."""
    ids = [12 * (int(name[-4:]) - 1980) + k for k in range(1, 13)]
    parts = (ids, sorted(NAMES), range(draws))
    index = pd.MultiIndex.from_product(parts, names=["month_id", "country_id", "draw"])
    table = pd.DataFrame({"outcome": rng.poisson(20, len(index))}, index=index)
    (table if draws > 1 else table.droplevel("draw")).to_parquet(folder / f"{name}.parquet")


def small(path: Path, months: int) -> Configuration:
    """A benchmark's experiment with few indicators and rows, for a short history."""
    settings = read_configuration(path).model_dump()
    measure = settings["measure"]
    settings["indicators"] = [measure, f"{measure}_mean_3", f"{measure}_mean_12"]
    settings["logistic"]["indicators"] = [f"{measure}_mean_3"]
    settings["boosting"] |= {"iterations": 10, "leaves": 3, "smallest_leaf": 20}
    settings["training"] |= {"months": 60}
    settings["analogues"] |= {"months": months}
    return Configuration.model_validate(settings)


@pytest.fixture
def views_experiment() -> Configuration:
    return small(views.EXPERIMENT, 6)


@pytest.fixture
def unit_experiment() -> Configuration:
    return small(subforecast.EXPERIMENT, 6)


@pytest.fixture
def views_folder(tmp_path: Path) -> Path:
    """Four countries, 2015-01 to 2020-12; Suriname begins in 2016; conflictology of 2019 only."""
    folder = tmp_path / "views_challenge"
    folder.mkdir()
    rng = np.random.default_rng(1)
    months = [format_month(FIRST + k) for k in range(72)]
    columns = ["Ukraine", "Mali", "Suriname", "Ethiopia"]
    deaths = pd.DataFrame(rng.poisson(9, (72, 4)).astype(float), months, columns)
    deaths.iloc[:12, 2] = np.nan
    deaths.to_csv(folder / "cm_ged_sb_2015_2020.csv")
    listed = {51: "Republic of Mali", 52: "Atlantis"} | NAMES
    names = pd.DataFrame({"country_id": list(listed), "name": list(listed.values())})
    names.to_csv(folder / "country_list.csv", index=False)
    for year in YEARS:
        write_outcomes(folder, f"cm_actuals_{year}", 1, rng)
    write_outcomes(folder, "conflictology_2019", 12, rng)
    return folder


@pytest.fixture
def counts_path(tmp_path: Path) -> Path:
    """Five units of two countries from 2014-01, each with a row in about half of 96 months."""
    rng = np.random.default_rng(2)
    units = [("Mali", "Gao"), ("Mali", "Mopti"), ("Mali", "NA"), ("Niger", "Gao"), ("Niger", "Diffa")]  # fmt: skip  # noqa: E501
    rows = []
    for k in range(COUNT_MONTHS):
        for n, (country, region) in enumerate(units):
            by_type = rng.poisson([1.5, 0.3, 0.5]) if n else np.array([1, 0, 0])
            if by_type.sum() and (n < 4 or k >= 60):
                month = format_month(528 + k)
                rows.append([country, region, month, by_type.sum(), *by_type, 3 * by_type.sum()])
    columns = ["country", "adm_1", "month", "n_events", "n_sb", "n_ns", "n_os", "deaths"]
    path = tmp_path / "counts.csv.gz"
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path
