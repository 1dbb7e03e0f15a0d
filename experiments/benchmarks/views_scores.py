"""Scores of the VIEWS Prediction Challenge: CRPS, IGN and MIS.

IGN depends on how many draws there are. The leaderboard brings every entry to 1000 draws by
Fourier interpolation (`scipy.signal.resample`), which from conflictology's 12 draws makes values
that no month had; `ign` is that one, comparable with what is published, `ign_own` that of the draws
as they are.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import resample

from experiments.benchmarks.views_data import ChallengeWindow, CountryHistory
from features.arrays import BoolArray, FloatArray
from models.metrics import crps_ensemble, ignorance, interval_score

Losses = Mapping[str, FloatArray]
"""Measure -> loss of each month and country, (12, C)."""

MEASURES = ("crps", "ign", "mis", "ign_own")
MEAN = "mean"
ALL, WITHOUT_WARS = "all countries", "without Ethiopia and Ukraine"
_WARS = {ALL: (), WITHOUT_WARS: ("Ethiopia", "Ukraine")}
_DRAWS = 1000


class CountryFigure(NamedTuple):
    """A mean loss of ours, of conflictology, and their ratio (NaN if conflictology lost nothing).

    Of a window (a year), or the mean of the windows; of a part of the countries; of a measure.
    """

    window: str
    part: str
    measure: str
    ours: float
    conflictology: float
    ratio: float


def losses_of(outcome: FloatArray, draws: npt.NDArray[np.floating]) -> Losses:
    """Return the losses of draws (12, C, m) [deaths/month] given the outcome (12, C)."""
    truth = outcome.ravel()
    flat = draws.reshape(outcome.size, -1).astype(np.float64)
    by_measure = {
        "crps": crps_ensemble(truth, flat),
        "ign": ignorance(truth, as_on_leaderboard(flat)),
        "mis": interval_score(truth, flat),
        "ign_own": ignorance(truth, flat),
    }
    return {name: loss.reshape(outcome.shape) for name, loss in by_measure.items()}


def as_on_leaderboard(draws: FloatArray) -> FloatArray:
    """Return draws (n, m) as the leaderboard counts them for IGN, (n, 1000), none below 0."""
    if draws.shape[1] == _DRAWS:
        return draws
    return np.maximum(np.asarray(resample(draws, _DRAWS, axis=1), np.float64), 0)


def figures_of(
    history: CountryHistory,
    windows: Sequence[ChallengeWindow],
    ours: Sequence[Losses],
    conflictology: Sequence[Losses],
) -> list[CountryFigure]:
    """Return mean losses by window and over all windows, with and without the two great wars."""
    figures = []
    for part, wars in _WARS.items():
        left_out = [k for k, n in zip(history.countries, history.names, strict=True) if n in wars]
        is_counted = [~np.isin(window.countries, left_out) for window in windows]
        for measure in MEASURES:
            own = _means(measure, ours, is_counted)
            bar = _means(measure, conflictology, is_counted)
            names = [*(str(window.year) for window in windows), MEAN]
            pairs = zip(names, [*own, fmean(own)], [*bar, fmean(bar)], strict=True)
            figures += [_figure(name, part, measure, o, b) for name, o, b in pairs]
    return figures


def _means(measure: str, losses: Sequence[Losses], is_counted: Sequence[BoolArray]) -> list[float]:
    return [float(loss[measure][:, k].mean()) for loss, k in zip(losses, is_counted, strict=True)]


def _figure(window: str, part: str, measure: str, ours: float, bar: float) -> CountryFigure:
    ratio = ours / bar if bar else float("nan")
    return CountryFigure(window, part, measure, ours, bar, ratio)
