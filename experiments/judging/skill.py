"""Skill of a backtest's forecasts over a named reference, with and without an interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from experiments.backtest.rolling import Backtest
from features.arrays import FloatArray, IntArray
from features.skill import LEAST_LOSS, share_saved
from models import metrics
from models.bootstrap import BLOCK_MONTHS, Gain, gain
from models.references import REFERENCES

Measure = Literal["brier", "log_score", "crps"]

FEWEST_ORIGINS = 2 * BLOCK_MONTHS
"""Fewer origins do not hold two whole blocks to draw from: an interval would mean nothing."""

NOT_FORECASTS = ["target", "horizon", "origin", "region", "outcome"]

PROBABILITY_MEASURES = {
    "brier": metrics.brier,
    "log_score": metrics.log_score,
    "auc": metrics.auc,
    "average_precision": metrics.average_precision,
    "calibration_error": metrics.calibration_error,
}
SKILL_OF = {"brier": "brier_skill", "log_score": "log_skill", "crps": "crps_skill"}
"""Measures and the names of their skill over the best reference on the same rows."""


def losses(table: pd.DataFrame, forecast: str, measure: Measure) -> FloatArray:
    """Return the loss of each row of a backtest's table, (n,); CRPS is the loss already."""
    values = table[forecast].to_numpy(np.float64)
    if measure == "crps":
        return values
    outcome = table["outcome"].to_numpy(np.float64)
    if measure == "brier":
        return np.asarray((values - outcome) ** 2)
    return metrics.log_losses(outcome, values)


def skill(loss: FloatArray, reference: FloatArray, origin: IntArray, *, seed: int) -> Gain:
    """Return the skill with its 95 % interval, from the losses of single forecasts.

    `loss`, `reference` and `origin` [months] are (n,). NaN where the reference was hardly ever
    wrong.
    """
    if reference.sum() < LEAST_LOSS:
        return Gain(np.nan, np.nan, np.nan)
    return gain(loss, reference, origin, seed=seed)


def skill_text(value: float) -> str:
    """Return a skill for people to read, with three decimals; in words where it is not told."""
    return "not told" if np.isnan(value) else f"{value:+.3f}"


def deaths_ratio(forecast: float, observed: float) -> float:
    """Return mean forecast / mean observed deaths; NaN where nobody died."""
    return forecast / observed if observed > 0 else np.nan


@dataclass(frozen=True, eq=False)
class SkillTables:
    """A backtest's measures by target and horizon, by target and origin, and by target alone."""

    probabilities: pd.DataFrame
    deaths: pd.DataFrame
    by_origin: pd.DataFrame
    deaths_by_origin: pd.DataFrame
    overall: pd.DataFrame

    @classmethod
    def of(cls, backtest: Backtest) -> "SkillTables":
        """Measure a backtest."""
        return cls(
            probabilities=probability_skill(backtest.probabilities, ["target", "horizon"]),
            deaths=deaths_skill(backtest.crps, backtest.means, ["target", "horizon"]),
            by_origin=probability_skill(backtest.probabilities, ["target", "origin"]),
            deaths_by_origin=deaths_skill(backtest.crps, backtest.means, ["target", "origin"]),
            overall=pd.concat(
                [
                    probability_skill(backtest.probabilities, ["target"]),
                    deaths_skill(backtest.crps, backtest.means, ["target"]),
                ],
                ignore_index=True,
            ),
        )

    def summary(self, forecast: str) -> pd.DataFrame:
        """Return a forecast's measures over all horizons, a row a target."""
        return self.overall[self.overall["forecast"] == forecast].set_index("target")


def forecasts_in(table: pd.DataFrame) -> list[str]:
    """Return the names of the forecasts that a table of a backtest compares."""
    return [column for column in table.columns if column not in NOT_FORECASTS]


def probability_skill(probabilities: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return n, base rate, measures and skill over the best reference, by group and forecast."""
    rows = []
    for group, part in probabilities.groupby(list(by), observed=True):
        outcome = part["outcome"].to_numpy()
        for forecast in forecasts_in(probabilities):
            values = part[forecast].to_numpy()
            rows.append(
                dict(zip(by, group, strict=True))
                | {"forecast": forecast, "n": len(part), "base_rate": outcome.mean()}
                | {name: measure(outcome, values) for name, measure in PROBABILITY_MEASURES.items()}
            )
    return _with_skill(pd.DataFrame(rows), by)


def deaths_skill(crps: pd.DataFrame, means: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return n, mean deaths, CRPS [deaths/month] and mean ratio, by group and forecast."""
    rows = []
    for group, part in crps.groupby(list(by), observed=True):
        forecast_means = means.loc[part.index]
        observed = part["outcome"].mean()
        rows += [
            dict(zip(by, group, strict=True))
            | {
                "forecast": forecast,
                "n": len(part),
                "mean_deaths": observed,
                "crps": part[forecast].mean(),
                "mean_ratio": deaths_ratio(forecast_means[forecast].mean(), observed),
            }
            for forecast in forecasts_in(crps)
        ]
    columns = [*by, "forecast", "n", "mean_deaths", "crps", "mean_ratio"]
    types = {"n": np.int64} | dict.fromkeys(columns[-3:], np.float64)
    return _with_skill(pd.DataFrame(rows, columns=columns).astype(types), by)


def _with_skill(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    for measure, name in SKILL_OF.items():
        if measure in table:
            of_references = table[measure].where(table["forecast"].isin(REFERENCES))
            groups = [table[column] for column in by]
            best = of_references.groupby(groups).transform("min").to_numpy(dtype=np.float64)
            own, number = (table[column].to_numpy(dtype=np.float64) for column in (measure, "n"))
            table[name] = share_saved(number * own, number * best)
    return table
