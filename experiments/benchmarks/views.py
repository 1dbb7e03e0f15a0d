"""The VIEWS Prediction Challenge, country-month: forecast every window, score, compare.

Hegre et al. (2025), The 2023/24 VIEWS Prediction Challenge, Journal of Peace Research.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.backtest.rolling import fit_forecaster
from experiments.benchmarks.files import Run, need_place_for, write_json, written_whole
from experiments.benchmarks.published import leaderboard
from experiments.benchmarks.question import need_question
from experiments.benchmarks.views_data import (
    MONTHS_AHEAD,
    ChallengeWindow,
    CountryHistory,
    folder_of,
    month_id,
    read_views,
)
from experiments.benchmarks.views_scores import (
    OURS,
    ViewsReport,
    WindowLosses,
    figures_of,
    losses_of,
)
from experiments.configuration import Configuration
from experiments.samples import training_data
from features.arrays import FloatArray
from models.distribution import DeathsDistribution
from models.forecaster import DEATHS
from models.references import reference_deaths

Draws = npt.NDArray[np.float32]

EXPERIMENT = Path(__file__).with_name("views.toml")

DRAWS = 1000
_LEVELS = tuple((np.arange(DRAWS) + 0.5) / DRAWS)
_RECENT_MONTHS = 12
_SCHEMA = pa.schema(
    [
        pa.field("month_id", pa.int32(), nullable=False),
        pa.field("country_id", pa.int32(), nullable=False),
        pa.field("draw", pa.int32(), nullable=False),
        pa.field("outcome", pa.float32(), nullable=False),
    ]
)


def benchmark_views(
    data: Path, years: Sequence[int] | None, configuration: Configuration, run: Run
) -> ViewsReport:
    """Forecast and score the windows of a folder, and write figures and draws where asked.

    Raises InputError for unusable tables or files, ConfigurationError for an experiment that
    forecasts something else.
    """
    need_question(configuration, EXPERIMENT, ("measure", "violence", "targets"))
    need_place_for(run.json_path, run.predictions_path)
    history, windows = read_views(data, years)
    conflictology, entries = leaderboard(folder_of(data))
    losses: list[WindowLosses] = []
    with _predictions_to(run.predictions_path) as writer:
        for window in windows:
            before = history.until(window.origin)
            own, record = forecast_window(window, before, configuration, run)
            forecasts: dict[str, npt.NDArray[np.floating]] = {
                OURS: own,
                "conflictology": conflictology_draws(window, before),
                "decaying_record": record,
            }
            losses.append({name: losses_of(window.outcome, x) for name, x in forecasts.items()})
            if writer is not None:
                writer.write_table(_as_table(window, own))
    figures = figures_of(history, windows, losses)
    report = ViewsReport(
        configuration.name, configuration.seed, DRAWS, figures, conflictology, entries
    )
    if run.json_path is not None:
        write_json(run.json_path, report.as_json())
    return report


def forecast_window(
    window: ChallengeWindow, history: CountryHistory, configuration: Configuration, run: Run
) -> tuple[Draws, Draws]:
    """Return draws of the forecaster and of the decaying record, (12, C, DRAWS) [deaths/month].

    `history` ends with the origin. A country that is observed too briefly to be forecast has the
    record of what is observed.
    """
    panel = history.panel()
    training = training_data(panel, configuration, window.origin)
    samples, own_configuration = training.samples, training.configuration
    (learner,) = own_configuration.learners
    forecaster = fit_forecaster(
        samples, own_configuration, f"window {window.year}", learner, run.jobs, run.progress
    )
    forecastable, cells = samples.eligible[-1], samples.forecasts(forecaster)
    place = panel.regions.table["id"].searchsorted(history.codes_of(window.countries))
    own, record, row = [], [], len(samples.months) - 1
    for horizon in MONTHS_AHEAD:
        past = reference_deaths("decaying_record", samples.deaths, row, horizon)
        draws = even_draws(past)
        record.append(draws[place])
        deaths = cells[DEATHS, horizon].deaths
        if deaths is not None:
            draws[forecastable] = even_draws(deaths)
        own.append(draws[place])
    return np.stack(own), np.stack(record)


def even_draws(deaths: DeathsDistribution) -> Draws:
    """Return DRAWS equally likely deaths of each distribution, (n, DRAWS), ascending."""
    return deaths.ordered().quantiles(_LEVELS).astype(np.float32)


def conflictology_draws(window: ChallengeWindow, history: CountryHistory) -> FloatArray:
    """Return the official draws, without them each country's last twelve months, (12, C, m)."""
    if window.conflictology is not None:
        return window.conflictology
    columns = np.searchsorted(history.countries, window.countries)
    recent = np.nan_to_num(history.deaths[-_RECENT_MONTHS:, columns].T)
    return np.broadcast_to(recent, (len(window.months), *recent.shape))


@contextmanager
def _predictions_to(path: Path | None) -> Iterator[pq.ParquetWriter | None]:
    if path is None:
        yield None
        return
    with (
        written_whole(path) as hidden,
        pq.ParquetWriter(hidden, _SCHEMA, compression="zstd") as writer,
    ):
        yield writer


def _as_table(window: ChallengeWindow, draws: Draws) -> pa.Table:
    months, countries, count = draws.shape
    ids = np.array([month_id(int(month)) for month in window.months], np.int32)
    return pa.table(
        [
            np.repeat(ids, countries * count),
            np.tile(np.repeat(window.countries.astype(np.int32), count), months),
            np.tile(np.arange(count, dtype=np.int32), months * countries),
            draws.ravel(),
        ],
        schema=_SCHEMA,
    )
