"""Real time: forecasts from what was known on each date, judged by what became known later.

A folder holds `realtime_vintages_*.parquet`, deaths by country and month as known on several dates
(vintage, month, country, deaths), and `country_month_*.csv*`, the same as known long after (month,
country, deaths), which is the truth. The forecaster is trained once, as `tocsin train` does, on the
first vintage; from each vintage it forecasts the months after the newest in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.backtest.rolling import (
    deaths_measures,
    fit_forecaster,
    reference_probabilities,
    run_backtest,
)
from experiments.benchmarks.files import (
    Run,
    month_numbers,
    need_columns,
    need_once,
    need_place_for,
    numbers,
    read_csv,
    read_parquet,
    write_json,
)
from experiments.benchmarks.panels import country_panel
from experiments.benchmarks.real_time_scores import SERVED, RealTimeReport
from experiments.configuration import Configuration
from experiments.judging.judge import best_learner
from experiments.judging.skill import SkillTables
from experiments.samples import Samples, newest_origin, samples_for, training_data
from features.arrays import FloatArray, IntArray
from features.errors import ConfigurationError, InputError
from features.panel.panel import Panel
from features.places.matching import match_countries
from features.targets import came_true, is_eligible, threshold
from features.words import SPECS, Target
from models.distribution import DeathsDistribution
from models.forecaster import DEATHS, CellForecast, Forecaster
from models.references import REFERENCES, reference_deaths

LEVEL = "country"


@dataclass(frozen=True, eq=False)
class CountryVintage:
    """Deaths by month and country (ISO 3166-1 alpha-3) as known on a date, YYYY-MM-DD."""

    known_on: str
    deaths: pd.DataFrame

    def panel(self) -> Panel:
        """Return the panel of the countries in the vintage."""
        months = self.deaths.index.to_numpy(np.int64)
        return country_panel(months, list(self.deaths.columns), self.deaths.to_numpy(np.float64))


def benchmark_real_time(data: Path, configuration: Configuration, run: Run) -> RealTimeReport:
    """Train on the first vintage, forecast from each, and judge by the truth.

    Raises InputError for unusable tables or files, CoverageError when the first is too short, and
    ConfigurationError for an experiment without deaths.
    """
    if DEATHS not in configuration.targets:
        raise ConfigurationError(f"{configuration.name} lacks {DEATHS}, which are judged: add them")
    need_place_for(run.json_path)
    vintages, truth = read_vintages(data)
    training = training_data(vintages[0].panel(), configuration)
    samples, own = training.samples, training.configuration
    backtest = run_backtest(samples, own, LEVEL, run.jobs, run.progress)
    learner = best_learner(SkillTables.of(backtest), own.learners)
    forecaster = fit_forecaster(samples, own, LEVEL, learner, run.jobs, run.progress)
    parts = [part for vintage in vintages for part in judged_rows(forecaster, vintage, truth)]
    if not parts:
        raise InputError(f"'{data}' has no truth of the months after its vintages: get a later one")
    rows = pd.concat(parts, ignore_index=True)
    report = RealTimeReport(own.name, learner, tuple(v.known_on for v in vintages), rows)
    if run.json_path is not None:
        write_json(run.json_path, report.as_json())
    return report


def read_vintages(data: Path) -> tuple[list[CountryVintage], pd.DataFrame]:
    """Return the vintages, oldest first, and the truth as months x countries [deaths/month].

    Raises InputError when a file is missing or of another form.
    """
    path = max(data.glob("realtime_vintages_*.parquet"), default=data / "realtime_vintages.parquet")
    table = _with_codes(read_parquet(path), ["vintage", "month", "country"], path)
    vintages = [
        CountryVintage(str(known_on), _by_month_and_country(part))
        for known_on, part in table.groupby("vintage", sort=True)
    ]
    path = max(data.glob("country_month_*.csv*"), default=data / "country_month.csv")
    truth = _with_codes(read_csv(path), ["month", "country"], path)
    return vintages, _by_month_and_country(truth)


def _with_codes(table: pd.DataFrame, keys: list[str], path: Path) -> pd.DataFrame:
    """Return the rows with the numbers of their months and the codes of their countries.

    A name that is no country is left out where nobody died, as it changes nothing.
    """
    need_columns(table, [*keys, "deaths"], path)
    text = table[[*keys, "deaths"]].astype("str")
    need_once(text, keys, path)
    deaths = numbers(text["deaths"], path)
    code = match_countries(text["country"])
    unknown = text["country"][code.isna() & (deaths > 0)]
    if len(unknown):
        raise InputError(f"'{path}' has deaths in '{unknown.iloc[0]}', which is no country")
    rows = text.assign(month=month_numbers(text["month"], path), code=code, deaths=deaths)
    return rows[code.notna()]


def _by_month_and_country(rows: pd.DataFrame) -> pd.DataFrame:
    """Return months [since 1970-01] x codes; names of one country, old and new, add up."""
    wide = rows.pivot_table(index="month", columns="code", values="deaths", aggfunc="sum")
    return wide.reindex(range(int(wide.index.min()), int(wide.index.max()) + 1))


def judged_rows(
    forecaster: Forecaster, vintage: CountryVintage, truth: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """Yield the forecasts from a vintage of which the truth is known, a table a cell.

    Columns: vintage, target, horizon, region, recent (mean deaths of the last year [deaths/month])
    and outcome; for SERVED and each reference `<name>`, its probability or CRPS, and of deaths
    `mean <name>`.
    """
    panel = vintage.panel()
    origin = newest_origin(panel)
    samples = samples_for(forecaster, panel, origin)
    later = truth.reindex(
        index=range(origin + 1, origin + 1 + max(samples.horizons)),
        columns=panel.regions.table["id"],
    ).to_numpy(np.float64)
    for (target, horizon), cell in samples.forecasts(forecaster).items():
        region, outcome = _outcomes(samples, target, later, horizon)
        if len(region):
            values = _values(samples, cell, target, horizon, region, outcome)
            recent = np.nanmean(samples.deaths[-12:, region], axis=0)
            names = panel.regions.table["id"].to_numpy()[region]
            about = {"vintage": vintage.known_on, "target": target, "horizon": horizon}
            yield pd.DataFrame(
                about | {"region": names, "recent": recent, "outcome": outcome} | values
            )


def _outcomes(
    samples: Samples, target: Target, later: FloatArray, horizon: int
) -> tuple[IntArray, FloatArray]:
    """Return the regions with a known outcome, and the outcomes, (n,) each.

    `later` (H, R) is the truth after the origin. What a target looks back on is as known then.
    """
    window = later[:horizon] if SPECS[target].is_window else later[horizon - 1 : horizon]
    mean = window.mean(axis=0)
    needed = threshold(target, samples.deaths, samples.tau)[-1]
    usable = samples.eligible[-1] & is_eligible(target, samples.deaths)[-1]
    region = np.flatnonzero(usable & ~np.isnan(mean))
    if SPECS[target].is_distribution:
        return region, mean[region]
    return region, came_true(target, mean, needed)[region].astype(np.float64)


def _values(
    samples: Samples,
    cell: CellForecast,
    target: Target,
    horizon: int,
    region: IntArray,
    outcome: FloatArray,
) -> dict[str, FloatArray]:
    """Return the columns of SERVED and the references, as in `judged_rows`, (n,) each."""
    place, row = np.cumsum(samples.eligible[-1])[region] - 1, len(samples.months) - 1
    if cell.deaths is None or not SPECS[target].is_distribution:
        where = np.full(len(region), row), region
        references = reference_probabilities(samples, target, horizon, where)
        return {SERVED: cell.probability[place]} | references
    forecasts: dict[str, DeathsDistribution] = {SERVED: cell.deaths.of(place)}
    for reference in REFERENCES:
        own = reference_deaths(reference, samples.deaths, row, horizon)
        forecasts[reference] = own.of(region)
    columns = {}
    for name, deaths in forecasts.items():
        columns[name], columns[f"mean {name}"], *_ = deaths_measures(outcome, deaths)
    return columns
