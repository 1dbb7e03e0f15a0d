"""The scores of a level at an origin, as a table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.registry import Registered
from experiments.samples import Samples
from features.months import format_month
from features.panel.panel import BoolArray, Panel
from features.targets import Target, is_quiet, threshold
from models.bulletin import QUANTILES, quantile_column
from models.forecaster import CELLS, Forecaster


@dataclass(frozen=True, eq=False)
class Issue:
    """What one level brings to a bulletin."""

    panel: Panel
    model: Registered
    forecaster: Forecaster
    samples: Samples


def is_scored(target: Target, samples: Samples) -> BoolArray:
    """Tell which regions get a score of a target at the newest month of the samples, (R,).

    Those whose coverage reaches the origin, for `onset` only without a death in 24 months.
    """
    scored: BoolArray = samples.eligible[-1]
    return np.asarray(scored & is_quiet(samples.deaths)[-1]) if target == "onset" else scored


def scores_of(
    panel: Panel, samples: Samples, forecaster: Forecaster, model_version: str
) -> pd.DataFrame:
    """Return the scores of a level at the newest month of its samples, as in SCORES_SCHEMA.

    Only regions whose coverage reaches the origin have scores, and `onset` only those without a
    death in the last 24 months.
    """
    scored = samples.eligible[-1]
    regions = panel.regions.table[scored]
    indicators = pd.DataFrame(samples.indicators[-1][scored], columns=list(samples.names))
    forecasts = forecaster.predict(indicators)
    origin = int(samples.months[-1])
    parts = []
    for target, horizon in CELLS:
        part = pd.DataFrame(
            {
                "region": regions["id"],
                "name": regions["name"],
                "country": regions["country"],
                "level": forecaster.level,
                "target": target,
                "horizon": horizon,
                "target_month": format_month(origin + horizon),
                "threshold": threshold(target, samples.deaths, samples.tau)[-1][scored],
                "model_version": model_version,
            }
        )
        values = _values(forecasts, target, horizon)
        part = part.assign(**{name: column.to_numpy() for name, column in values.items()})
        parts.append(part[is_scored(target, samples)[scored]])
    scores: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return scores


def _values(forecasts: pd.DataFrame, target: Target, horizon: int) -> dict[str, pd.Series]:
    key = f"{horizon:02d}"
    columns = ["mean", *(quantile_column(level) for level in QUANTILES)]
    if target == "fatalities":
        # The score of a level's threshold is the instability score: one distribution, one number.
        return {"probability": forecasts[f"instability_{key}"]} | {
            column: forecasts[f"fatalities_{key}_{column}"] for column in columns
        }
    nothing = pd.Series(np.nan, index=forecasts.index)
    return {"probability": forecasts[f"{target}_{key}"]} | dict.fromkeys(columns, nothing)
