"""Coups beside published forecasts: the backtest on the tables that others made.

Every December from 2004-12 the learners are fitted anew on outcomes known by then. What was
published are test forecasts by country and year (Beger & Ward 2011-2019) and monthly risks in
months that had an attempt (CoupCast 2005-2021).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.benchmarks.coups_data import CoupTables, read_coup_tables
from experiments.benchmarks.files import Json, Run, figure, need_place_for, write_json
from experiments.coups.backtest import backtest_coups
from experiments.coups.fitting import MODEL
from experiments.coups.judging import HorizonFigures, judge_coups, outcomes_to
from experiments.coups.settings import CoupSettings
from features.errors import InputError
from features.markdown import markdown_table
from features.months import format_month
from features.targets import any_of
from models.metrics import auc, log_score

CHOSEN_UNTIL = "2019-12"
"""Choices were made on outcomes to this month."""

_YEAR = 12
ALL, CHOSEN, LATER = "all", f"outcomes to {CHOSEN_UNTIL}", f"origins after {CHOSEN_UNTIL}"


@dataclass(frozen=True)
class PublishedFigures:
    """Ours beside theirs on the rows that others published; None without such rows.

    `years`: log loss and AUC by country and year; `months`: the mean percentile among all countries
    in the months of attempts, of the forecast of the month before.
    """

    years: int
    log_loss: tuple[float, float]
    area: tuple[float, float]
    months: int
    percentile: tuple[float, float]


@dataclass(frozen=True, eq=False)
class CoupReport:
    """The figures by part of the origins and horizon, and beside what was published.

    `groups`: expected and observed months in which any state of the world saw an attempt.
    """

    name: str
    last: int
    figures: dict[str, list[HorizonFigures]]
    published: PublishedFigures
    groups: tuple[float, int]

    def as_json(self) -> Json:
        """Return all figures."""
        return {
            "benchmark": "coups",
            "experiment": self.name,
            "last_origin": format_month(self.last),
            "figures": {
                part: {
                    str(f.horizon): {"rows": f.rows, "cases": f.cases}
                    | {name: list(gain) for name, gain in f.measures.items()}
                    for f in figures
                }
                for part, figures in self.figures.items()
            },
            "published": self.published.__dict__,
            "world months": list(self.groups),
        }

    def as_markdown(self) -> str:
        """Return a table a part of the origins, and one beside what was published."""
        tables = [f"{self.name}, origins to {format_month(self.last)}; 95 % intervals\n"]
        for part, figures in self.figures.items():
            head = [part, *(f"{f.horizon} months" for f in figures)]
            rows = [["positive rows of all", *(f"{f.cases:,} of {f.rows:,}" for f in figures)]]
            rows += [
                [name, *(_with_interval(f, name) for f in figures)] for name in figures[0].measures
            ]
            tables.append(markdown_table(head, rows, texts=1))
        return "\n".join([*tables, self._beside_published(), self._of_the_world()])

    def _beside_published(self) -> str:
        own = self.published
        rows = [
            [f"log loss, {own.years:,} years of countries", *(figure(v, 4) for v in own.log_loss)],
            ["AUC of the same", *(figure(v, 3) for v in own.area)],
            [f"percentile in {own.months} months", *(figure(v, 3) for v in own.percentile)],
        ]
        return markdown_table(["published rows", "ours", "theirs"], rows, texts=1)

    def _of_the_world(self) -> str:
        expected, observed = self.groups
        return f"Months with any attempt at all: {expected:.1f} expected, {observed} observed\n"


def _with_interval(figures: HorizonFigures, name: str) -> str:
    value, low, high = figures.measures[name]
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def benchmark_coups(data: Path, last: int | None, settings: CoupSettings, run: Run) -> CoupReport:
    """Forecast the past on the tables of a folder, and judge.

    The `last` origin [months since 1970-01] is by default the last that can be judged. Raises
    InputError for unusable tables or files, CoverageError when they end too early.
    """
    need_place_for(run.json_path)
    tables = read_coup_tables(data)
    last = tables.history.coverage_end - max(settings.horizons) if last is None else last
    forecasts = backtest_coups(tables.history, settings, last, run.progress)
    parts = {
        ALL: forecasts,
        CHOSEN: outcomes_to(forecasts, CHOSEN_UNTIL),
        LATER: forecasts[forecasts["origin"].map(format_month) >= CHOSEN_UNTIL],
    }
    report = CoupReport(
        settings.name,
        last,
        {name: judge_coups(rows, settings.backtest) for name, rows in parts.items() if len(rows)},
        beside_published(tables, forecasts),
        _any_in_the_world(forecasts),
    )
    if run.json_path is not None:
        write_json(run.json_path, report.as_json())
    return report


def beside_published(tables: CoupTables, forecasts: pd.DataFrame) -> PublishedFigures:
    """Return our figures on the published rows; raises InputError when we have none of them."""
    own = forecasts.rename(columns={MODEL: "own"})[["origin", "horizon", "country", "own"]]
    years = tables.published.merge(own[own["horizon"] == _YEAR], on=["origin", "country"])
    monthly = own[own["horizon"] == 1]
    ranked = monthly.assign(rank=_percentiles(monthly))
    months = tables.coup_months.merge(ranked, on=["origin", "country"])
    if years.empty or months.empty:
        raise InputError("none of the published forecasts is of a month that is forecast here")
    outcome = years["observed"].to_numpy(np.float64)
    of_years = [years[name].to_numpy(np.float64) for name in ("own", "p")]
    return PublishedFigures(
        years=len(years),
        log_loss=(log_score(outcome, of_years[0]), log_score(outcome, of_years[1])),
        area=(auc(outcome, of_years[0]), auc(outcome, of_years[1])),
        months=len(months),
        percentile=(float(months["rank"].mean()), float(months["percentile"].mean())),
    )


def _percentiles(rows: pd.DataFrame) -> pd.Series:
    """Return the share of countries with a lower score in the same month, equal ones by half."""
    by_month = rows.groupby("origin")["own"]
    rank: pd.Series = by_month.rank(method="average") - 0.5
    return rank / by_month.transform("size")


def _any_in_the_world(forecasts: pd.DataFrame) -> tuple[float, int]:
    """Return how many months are expected to have an attempt anywhere, and how many had one."""
    known = forecasts[(forecasts["horizon"] == 1) & forecasts["outcome"].notna()]
    by_month = known.groupby("origin")
    expected = sum(any_of(rows[MODEL].to_numpy()) for _, rows in by_month)
    return float(expected), int((by_month["outcome"].max() > 0).sum())
