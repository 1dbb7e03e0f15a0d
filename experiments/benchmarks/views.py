"""The VIEWS Prediction Challenge, country-month: forecast every window, score, compare.

Hegre et al. (2025), The 2023/24 VIEWS Prediction Challenge, Journal of Peace Research.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from experiments.benchmarks.files import Run, need_place_for, write_json, written_whole
from experiments.benchmarks.published import leaderboard
from experiments.benchmarks.views_data import (
    MONTHS_AHEAD,
    ChallengeWindow,
    CountryHistory,
    folder_of,
    month_id,
    read_views,
)
from experiments.benchmarks.views_scores import Losses, ViewsReport, figures_of, losses_of
from features.arrays import FloatArray
from features.errors import ModelError

Draws = npt.NDArray[np.float32]

_FEWEST_DRAWS = 200
_RECENT_MONTHS = 12
_SCHEMA = pa.schema(
    [
        pa.field("month_id", pa.int32(), nullable=False),
        pa.field("country_id", pa.int32(), nullable=False),
        pa.field("draw", pa.int32(), nullable=False),
        pa.field("outcome", pa.float32(), nullable=False),
    ]
)


class CountryForecaster(Protocol):
    """Forecasts deaths of countries as equally likely draws."""

    @property
    def name(self) -> str:
        """What the tables call it."""
        ...

    def forecast(
        self, history: CountryHistory, origin_row: int, months_ahead: range, seed: int
    ) -> Draws:
        """Return draws (months ahead, N, m) [deaths/month], m >= 200; `origin_row` is the last."""
        ...


def benchmark_views(
    data: Path, years: Sequence[int] | None, forecaster: CountryForecaster, run: Run
) -> ViewsReport:
    """Forecast and score the windows of a folder, and write figures and draws where asked.

    Raises InputError for unusable tables or files, ModelError when the forecaster returns no draws.
    """
    need_place_for(run.json_path, run.predictions_path)
    history, windows = read_views(data, years)
    conflictology, entries = leaderboard(folder_of(data))
    histories = [history.until(window.origin) for window in windows]
    reference = [
        losses_of(window.outcome, conflictology_draws(window, before))
        for window, before in zip(windows, histories, strict=True)
    ]
    tasks = (partial(_forecast, forecaster, before, run.seed) for before in histories)
    steps = run.each(tasks, len(windows), f"VIEWS: {forecaster.name}")
    ours: list[Losses] = []
    draws_given = 0
    with _predictions_to(run.predictions_path) as writer:
        for window, drawn in zip(windows, steps, strict=True):
            own = drawn[:, np.searchsorted(history.countries, window.countries)]
            ours.append(losses_of(window.outcome, own))
            draws_given = own.shape[2]
            if writer is not None:
                writer.write_table(_as_table(window, own))
    figures = figures_of(history, windows, ours, reference)
    report = ViewsReport(forecaster.name, run.seed, draws_given, figures, conflictology, entries)
    if run.json_path is not None:
        write_json(run.json_path, report.as_json())
    return report


def conflictology_draws(window: ChallengeWindow, history: CountryHistory) -> FloatArray:
    """Return the official draws, without them each country's last twelve months, (12, C, m)."""
    if window.conflictology is not None:
        return window.conflictology
    columns = np.searchsorted(history.countries, window.countries)
    recent = np.nan_to_num(history.deaths[-_RECENT_MONTHS:, columns].T)
    return np.broadcast_to(recent, (len(window.months), *recent.shape))


def _forecast(forecaster: CountryForecaster, history: CountryHistory, seed: int) -> Draws:
    # One thread a fit: side by side they are quicker, and sums do not depend on the machine.
    with threadpool_limits(1):
        draws = forecaster.forecast(history, len(history.months) - 1, MONTHS_AHEAD, seed)
    shape = (len(MONTHS_AHEAD), len(history.countries))
    if draws.shape[:2] != shape or draws.ndim != len(shape) + 1 or draws.shape[2] < _FEWEST_DRAWS:
        raise ModelError(
            f"{forecaster.name} returned draws of shape {draws.shape}: (months ahead, countries, "
            f"draws) must be {shape} and at least {_FEWEST_DRAWS}"
        )
    if not (np.isfinite(draws) & (draws >= 0)).all():
        raise ModelError(f"{forecaster.name} returned draws that are no numbers of deaths")
    return draws


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
            draws.astype(np.float32).ravel(),
        ],
        schema=_SCHEMA,
    )
