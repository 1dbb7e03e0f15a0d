"""SUB-Forecast v1.0, admin-1 units by month: forecast every origin, score, compare.

The forecaster learns anew every three months from all that is known then. Its targets are ours, of
events: instability with a threshold of one event is their occurrence, a surge their escalation.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from experiments.backtest.folds import OriginSpan
from experiments.backtest.rolling import run_backtest
from experiments.benchmarks.files import Run, need_place_for, write_json, written_whole
from experiments.benchmarks.published import UnitTarget
from experiments.benchmarks.question import need_question
from experiments.benchmarks.subforecast_data import Units, read_units
from experiments.benchmarks.subforecast_scores import FIRST_ORIGIN, SubForecastReport, figures_of
from experiments.configuration import Configuration
from experiments.samples import Samples, training_data
from features.indicators.windows import months_since
from features.months import format_month
from features.words import Target

EXPERIMENT = Path(__file__).with_name("subforecast.toml")

UNITS = 994
"""Units of the published benchmark; those without an event yet have no name, but are forecast."""

UNNAMED = -1
_NAMES: dict[Target, UnitTarget] = {
    "instability": "occurrence",
    "surge": "escalation",
    "onset": "onset",
}


def benchmark_subforecast(
    path: Path,
    origins: tuple[int | None, int | None],
    configuration: Configuration,
    run: Run,
    units: int = UNITS,
) -> SubForecastReport:
    """Forecast and score the origins of a table, and write figures and forecasts where asked.

    `origins` are the first and last [months since 1970-01], by default the published first and the
    last that can be judged. Quiet units without a name are added until there are `units`. Raises
    InputError for an unusable table or file, CoverageError for origins that cannot be forecast or
    judged, ConfigurationError for an experiment that forecasts something else.
    """
    need_question(configuration, EXPERIMENT, ("measure", "violence", "targets", "thresholds"))
    need_place_for(run.json_path, run.predictions_path)
    table = read_units(path)
    training = training_data(table.panel, configuration)
    samples, own = training.samples, training.configuration
    (learner,) = own.learners
    first, last = origins
    span = OriginSpan(FIRST_ORIGIN if first is None else first, last)
    backtest = run_backtest(samples, own, "SUB-Forecast", run.jobs, run.progress, span=span)
    forecasts = backtest.probabilities.rename(columns={learner: "probability"})
    forecasts = forecasts.assign(target=forecasts["target"].map(_NAMES).astype("str"))
    rows = with_unnamed(forecasts, samples, max(0, units - len(table.names)))
    report = SubForecastReport(
        configuration.name,
        configuration.seed,
        first_origin=int(rows["origin"].min()),
        last_origin=int(rows["origin"].max()),
        units=max(units, len(table.names)),
        named_units=len(table.names),
        figures=figures_of(rows),
    )
    if run.predictions_path is not None:
        with written_whole(run.predictions_path) as hidden:
            _as_table(rows, table).to_parquet(hidden, index=False, compression="zstd")
    if run.json_path is not None:
        write_json(run.json_path, report.as_json())
    return report


def with_unnamed(forecasts: pd.DataFrame, samples: Samples, number: int) -> pd.DataFrame:
    """Return the forecasts with those of units without a name, UNNAMED, which never had an event.

    Nobody could tell such a unit from the named units that have been quiet the longest: it has
    their mean probability, and no target comes true.
    """
    columns = ["target", "origin", "region", "outcome", "probability"]
    quiet = months_since(samples.deaths, 1)
    row = forecasts["origin"] - int(samples.months[0])
    longest = quiet[row, forecasts["region"]] == quiet.max(axis=1)[row]
    alike = forecasts[longest].groupby(["target", "origin"], as_index=False)["probability"].mean()
    unnamed = alike.loc[np.repeat(alike.index, number)].assign(region=UNNAMED, outcome=0.0)
    rows: pd.DataFrame = pd.concat([forecasts[columns], unnamed[columns]], ignore_index=True)
    return rows


def _as_table(rows: pd.DataFrame, table: Units) -> pd.DataFrame:
    """Return a row a target, origin and named unit for which the target is defined."""
    named = rows[rows["region"] != UNNAMED]
    return pd.DataFrame(
        {
            "target": named["target"],
            "origin": named["origin"].map(format_month),
            "region": np.array(table.names)[named["region"]],
            "probability": named["probability"],
        }
    )
