"""What the forecaster of the VIEWS benchmark reads: a country's own history of deaths."""

import numpy as np
import numpy.typing as npt

from features.arrays import FloatArray
from features.indicators import windows
from models import distribution

_LAGS = range(6)
_MEANS = (3, 6, 12, 24, 60, 120)
_MAXIMA = (12, 24, 120)
_ACTIVE = (6, 12, 24, 60)
_INTENSE = (12, 24)
_SINCE = (1.0, 25.0, 100.0, 1000.0)
_LONGEST = 240.0  # months: longer ago is like never
_WAR = 25.0  # deaths a month at which a country counts as unstable


def country_indicators(deaths: FloatArray) -> npt.NDArray[np.float32]:
    """Return indicators (T, N, k) of deaths (T, N) [deaths/month] without gaps.

    Amounts as log(1 + deaths): single months, means and maxima of windows, their differences and
    spread; shares of months with any death and with 25; months since deaths last reached a size.
    """
    log = np.log1p(deaths)
    mean = {months: np.log1p(windows.rolling_mean(deaths, months)) for months in _MEANS}
    columns = [np.nan_to_num(windows.lag(log, months)) for months in _LAGS]
    columns += mean.values()
    columns += [np.log1p(windows.rolling_max(deaths, months)) for months in _MAXIMA]
    columns += [-windows.rolling_max(-log, 12), np.log1p(_rolling_median(deaths, 12))]
    columns += [windows.rolling_share(deaths, 1.0, months) for months in _ACTIVE]
    columns += [windows.rolling_share(deaths, _WAR, months) for months in _INTENSE]
    columns += [np.minimum(windows.months_since(deaths, size), _LONGEST) for size in _SINCE]
    columns += [mean[3] - mean[12], log - mean[6], mean[12] - mean[60]]
    columns.append(windows.rolling_std(log, 12))
    return np.stack(columns, axis=-1).astype(np.float32)


def recent_scale(deaths: FloatArray) -> FloatArray:
    """Return the size of the violence of late, (T, N), for deaths (T, N) [deaths/month].

    The geometric mean of the last month and the means of the last 3 and 12, each with one death
    more: a war that has just grown counts as large, one wild month alone does not. None counts as
    larger than the worst twelve months of any country so far: beyond them nothing was ever learned.
    """
    means = [windows.rolling_mean(deaths, months) for months in (1, 3, 12)]
    worst_year = np.maximum.accumulate(means[-1].max(axis=1))[:, None]
    return np.minimum(distribution.recent_scale(np.stack(means, axis=-1)), worst_year)


def _rolling_median(values: FloatArray, months: int) -> FloatArray:
    before = np.concatenate([np.zeros((months - 1, values.shape[1])), values])
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(before, months, 0), -1))
