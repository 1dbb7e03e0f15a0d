"""From forecasts and outcomes to tables of skill."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.backtest.rolling import Backtest
from models import metrics
from models.references import REFERENCES

NOT_FORECASTS = ["target", "horizon", "origin", "region", "outcome"]

PROBABILITY_MEASURES = {
    "brier": metrics.brier,
    "log_score": metrics.log_score,
    "auc": metrics.auc,
    "average_precision": metrics.average_precision,
    "calibration_error": metrics.calibration_error,
}
SKILL_OF = {"brier": "brier_skill", "log_score": "log_skill", "crps": "crps_skill"}
"""Measures with a skill: 1 - score / the best reference's score on the same rows."""


@dataclass(frozen=True, eq=False)
class Skill:
    """The backtest in tables: by target and horizon, and by target and origin."""

    probabilities: pd.DataFrame
    deaths: pd.DataFrame
    by_origin: pd.DataFrame
    deaths_by_origin: pd.DataFrame
    overall: pd.DataFrame

    @classmethod
    def of(cls, backtest: Backtest) -> "Skill":
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
        """Return a forecast's figures over all horizons, a row a target."""
        return self.overall[self.overall["forecast"] == forecast].set_index("target")


def forecasts_in(table: pd.DataFrame) -> list[str]:
    """Return the names of the forecasts that a table of a backtest compares."""
    return [column for column in table.columns if column not in NOT_FORECASTS]


def probability_skill(probabilities: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return, for each group and forecast, n, base rate and every measure of probabilities.

    One row a group of `by` and forecast; a skill is against the best reference of the group.
    """
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
    """Return, for each group and forecast, n, mean deaths, CRPS and forecast / observed deaths.

    CRPS and deaths in [deaths/month]; the ratio is NaN where nobody died.
    """
    rows = []
    for group, part in crps.groupby(list(by), observed=True):
        forecast_means = means.loc[part.index]
        observed = part["outcome"].mean()
        for forecast in forecasts_in(crps):
            mean = forecast_means[forecast].mean()
            rows.append(
                dict(zip(by, group, strict=True))
                | {
                    "forecast": forecast,
                    "n": len(part),
                    "mean_deaths": observed,
                    "crps": part[forecast].mean(),
                    "mean_ratio": mean / observed if observed > 0 else np.nan,
                }
            )
    return _with_skill(pd.DataFrame(rows), by)


def _with_skill(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    for score, name in SKILL_OF.items():
        if score in table:
            of_references = table[score].where(table["forecast"].isin(REFERENCES))
            groups = [table[column] for column in by]
            best = of_references.groupby(groups).transform("min").to_numpy(dtype=np.float64)
            own = table[score].to_numpy(dtype=np.float64)
            table[name] = np.divide(best - own, best, out=np.full_like(own, np.nan), where=best > 0)
    return table
