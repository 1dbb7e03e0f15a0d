"""Forecasters of the VIEWS benchmark: a forest pooled with each record, and the record alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.benchmarks.views import CountryForecaster, Draws
from experiments.benchmarks.views_data import CountryHistory
from features.arrays import FloatArray, IntArray
from features.errors import InputError
from features.indicators import windows
from models import distribution
from models.forest import DeathsForest
from models.pool import PastForecasts, pool, quantiles_of, stacking_weights

_SHORTEST_PAST = 24
_QUIET_MONTHS = 120
_SIZES = (1.0, 30.0)
"""Recent scales [deaths/month] that part the quiet, the small and the large wars."""
_SHARE_LEARNED = 1 / 3
"""Of all origins, countries and horizons so many, drawn by lot, are learned from: a month and the
next, or a horizon and the next, are near copies."""

_LAGS = range(6)
_MEANS = (3, 6, 12, 24, 60, 120)
_MAXIMA = (12, 24, 120)
_ACTIVE = (6, 12, 24, 60)
_INTENSE = (12, 24)
_SINCE = (1.0, 25.0, 100.0, 1000.0)
_LONGEST = 240.0  # months: longer ago is like never
_WAR = 25.0  # deaths a month at which a country counts as unstable


@dataclass(frozen=True)
class CountryPool:
    """A linear pool of a DeathsForest over all horizons and of a country's last months.

    Weights, one set each for quiet, small and large wars, are those that served best at the
    `stacked` latest origins whose year is known.
    """

    draws: int = 1000
    records: tuple[int, ...] = (6, 24)
    stacked: int = 8

    name = "forest and record"

    def forecast(
        self, history: CountryHistory, origin_row: int, months_ahead: range, seed: int
    ) -> Draws:
        """Return draws (months ahead, N, draws) [deaths/month].

        Raises InputError when the history is too short to learn weights from.
        """
        before = [origin_row - months_ahead[-1] - 12 * back for back in range(self.stacked)]
        past = [row for row in before if row - months_ahead[-1] >= _SHORTEST_PAST]
        if not past:
            needed = _SHORTEST_PAST + 2 * months_ahead[-1] + 1
            raise InputError(
                f"{origin_row + 1} months are too short a history: forecasting "
                f"{months_ahead[-1]} months ahead needs {needed} before the origin"
            )
        past_forecasts = [self._past_forecasts(history, row, months_ahead, seed) for row in past]
        members = self._members(history, origin_row, months_ahead, seed)
        size = sizes_of(history.deaths[: origin_row + 1], months_ahead)
        drawn = np.empty((len(size), self.draws), np.float32)
        for number in range(len(_SIZES) + 1):
            alike = [forecasts.where(sizes == number) for forecasts, sizes in past_forecasts]
            # A size that no country had at those origins has the weights of all sizes.
            usable = [forecasts for forecasts in alike if len(forecasts.outcome)]
            weights = stacking_weights(usable or [forecasts for forecasts, _ in past_forecasts])
            here = size == number
            drawn[here] = pool([draws[here] for draws in members], weights, self.draws)
        return drawn.reshape(len(months_ahead), len(history.countries), self.draws)

    def _past_forecasts(
        self, history: CountryHistory, row: int, months_ahead: range, seed: int
    ) -> tuple[PastForecasts, IntArray]:
        """Return the members' forecasts at a row with their outcomes, and sizes then, (n,)."""
        outcome = np.concatenate([history.deaths[row + ahead] for ahead in months_ahead])
        is_known = ~np.isnan(outcome)
        members = self._members(history, row, months_ahead, seed)
        size = sizes_of(history.deaths[: row + 1], months_ahead)
        return PastForecasts(outcome, members).where(is_known), size[is_known]

    def _members(
        self, history: CountryHistory, row: int, months_ahead: range, seed: int
    ) -> list[npt.NDArray[np.float32]]:
        """Return each member's sorted draws, (months ahead x N, m): nothing after `row` is read."""
        deaths = history.deaths[: row + 1]
        learned = forest_draws(deaths, months_ahead, seed)
        recent = [
            np.sort(np.nan_to_num(deaths[-months:]).T, axis=1).astype(np.float32)
            for months in self.records
        ]
        return [learned, *(np.tile(draws, (len(months_ahead), 1)) for draws in recent)]


def sizes_of(deaths: FloatArray, months_ahead: range) -> IntArray:
    """Return each forecast's size class, (months ahead x N,), from deaths (T, N) [deaths/month]."""
    scale = country_scale(np.nan_to_num(deaths))[-1]
    return np.tile(np.digitize(scale, _SIZES), len(months_ahead))


def forest_draws(deaths: FloatArray, months_ahead: range, seed: int) -> npt.NDArray[np.float32]:
    """Return sorted draws (months ahead x N, m) [deaths/month] for after the last row.

    `deaths` (T, N) [deaths/month], NaN where there was no state. Countries without a death in ten
    years share the outcomes of their kind.
    """
    counts = np.nan_to_num(deaths)
    indicators, scale = country_indicators(counts), country_scale(counts)
    quiet = windows.rolling_max(counts, _QUIET_MONTHS) == 0
    month, country, ahead = _to_learn_from(deaths, months_ahead, np.random.default_rng(seed))
    followed = deaths[month + ahead, country]
    loud = ~quiet[month, country]
    at = month[loud], country[loud]
    forest = DeathsForest(smallest_leaf=50, share_of_rows=0.3, seed=seed).fit(
        np.column_stack([indicators[at], ahead[loud]]), followed[loud], scale[at], country[loud]
    )
    active = np.flatnonzero(~quiet[-1])
    draws = np.zeros((len(months_ahead), deaths.shape[1], forest.size), np.float32)
    draws[:, quiet[-1]] = quantiles_of(np.append(0.0, np.sort(followed[~loud])), forest.size)
    for place, months in enumerate(months_ahead):
        rows = np.column_stack([indicators[-1, active], np.full(len(active), months)])
        draws[place, active] = forest.draw(rows, scale[-1, active])
    return draws.reshape(-1, forest.size)


def _to_learn_from(
    deaths: FloatArray, months_ahead: range, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Return origins, countries and horizons whose outcome is known, (n,) each."""
    months, countries = deaths.shape
    drawn = rng.random((months, countries, len(months_ahead))) < _SHARE_LEARNED
    month, country, place = np.nonzero(drawn)
    ahead = place + months_ahead[0]
    past = (month >= _SHORTEST_PAST) & (month + ahead < months)
    month, country, ahead = month[past], country[past], ahead[past]
    is_known = ~np.isnan(deaths[month, country]) & ~np.isnan(deaths[month + ahead, country])
    return month[is_known], country[is_known], ahead[is_known]


def country_indicators(deaths: FloatArray) -> npt.NDArray[np.float32]:
    """Return indicators (T, N, k) of deaths (T, N) [deaths/month]; amounts as log(1 + x)."""
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


def country_scale(deaths: FloatArray) -> FloatArray:
    """Return the recent size of the violence, (T, N), for deaths (T, N) [deaths/month].

    It is the geometric mean of the means of the last 1, 3 and 12 months, each plus one death, at
    most the worst twelve months of any country so far: nothing was learned beyond them.
    """
    means = [windows.rolling_mean(deaths, months) for months in (1, 3, 12)]
    worst_year = np.maximum.accumulate(means[-1].max(axis=1))[:, None]
    return np.minimum(distribution.recent_scale(np.stack(means, axis=-1)), worst_year)


def _rolling_median(values: FloatArray, months: int) -> FloatArray:
    before = np.concatenate([np.zeros((months - 1, values.shape[1])), values])
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(before, months, 0), -1))


@dataclass(frozen=True)
class RecentMonths:
    """Conflictology: each of a country's last twelve months is as likely to come again."""

    draws: int = 1000
    months: int = 12

    name = "last 12 months"

    def forecast(
        self,
        history: CountryHistory,
        origin_row: int,
        months_ahead: range,
        seed: int,  # noqa: ARG002  # nothing is left to chance
    ) -> Draws:
        """Return the last months, each as often as the others, (months ahead, N, draws)."""
        recent = np.nan_to_num(history.deaths[: origin_row + 1][-self.months :])
        drawn = np.arange(self.draws) * len(recent) // self.draws
        draws = recent[drawn].T.astype(np.float32)
        return np.broadcast_to(draws, (len(months_ahead), *draws.shape))


COUNTRY_FORECASTER: CountryForecaster = CountryPool()
"""The one that is judged; RecentMonths is what it must beat."""
