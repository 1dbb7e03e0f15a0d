"""The forecaster of the VIEWS benchmark: a forest pooled with each country's own record."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.benchmarks.views import Draws
from experiments.benchmarks.views_data import CountryHistory
from experiments.benchmarks.views_indicators import country_indicators, recent_scale
from features.arrays import FloatArray, IntArray
from features.errors import InputError
from features.indicators.windows import rolling_max
from models.forest import DeathsForest
from models.pool import PastForecasts, pool, quantiles_of, stacking_weights

_SHORTEST_PAST = 24
_QUIET_MONTHS = 120
_SIZES = (1.0, 30.0)
"""Recent scales [deaths/month] that part the quiet, the small and the large wars."""
_SHARE_LEARNED = 1 / 3
"""Of all origins, countries and horizons so many, drawn by lot, are learned from: a month and the
next, or a horizon and the next, are near copies."""


@dataclass(frozen=True)
class CountryPool:
    """A linear pool of a DeathsForest over all horizons and of a country's last months.

    The weights are those that would have served best at the `stacked` latest origins whose whole
    year is known, each a year before the other, forecast by forests that knew no more than that.
    The quiet, the small and the large wars have weights of their own.
    """

    draws: int = 1000
    records: tuple[int, ...] = (6, 24)
    stacked: int = 8

    @property
    def name(self) -> str:
        """What the tables call it."""
        return "forest and record"

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
        known = [self._known(history, row, months_ahead, seed) for row in past]
        members = self._members(history, origin_row, months_ahead, seed)
        size = sizes_of(history.deaths[: origin_row + 1], months_ahead)
        drawn = np.empty((len(size), self.draws), np.float32)
        for number in range(len(_SIZES) + 1):
            alike = [forecasts.where(sizes == number) for forecasts, sizes in known]
            # A size that no country had at those origins has the weights of all sizes.
            usable = [forecasts for forecasts in alike if len(forecasts.outcome)]
            weights = stacking_weights(usable or [forecasts for forecasts, _ in known])
            here = size == number
            drawn[here] = pool([draws[here] for draws in members], weights, self.draws)
        return drawn.reshape(len(months_ahead), len(history.countries), self.draws)

    def _known(
        self, history: CountryHistory, row: int, months_ahead: range, seed: int
    ) -> tuple[PastForecasts, IntArray]:
        """Return what the members said at a row of what came of it, and sizes then, (n,)."""
        outcome = np.concatenate([history.deaths[row + ahead] for ahead in months_ahead])
        kept = ~np.isnan(outcome)
        members = self._members(history, row, months_ahead, seed)
        size = sizes_of(history.deaths[: row + 1], months_ahead)
        return PastForecasts(outcome, members).where(kept), size[kept]

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
    """Return the number of the size class that each forecast is of, (months ahead x N,).

    `deaths` (T, N) [deaths/month] end with the origin.
    """
    scale = recent_scale(np.nan_to_num(deaths))[-1]
    return np.tile(np.digitize(scale, _SIZES), len(months_ahead))


def forest_draws(deaths: FloatArray, months_ahead: range, seed: int) -> npt.NDArray[np.float32]:
    """Return sorted draws (months ahead x N, m) [deaths/month] for after the last row.

    `deaths` (T, N) [deaths/month], NaN where there was no state. Countries without a death in ten
    years are no matter for a forest: to them comes what came to all of their kind.
    """
    seen = np.nan_to_num(deaths)
    indicators, scale = country_indicators(seen), recent_scale(seen)
    quiet = rolling_max(seen, _QUIET_MONTHS) == 0
    month, country, ahead = _to_learn_from(deaths, months_ahead, np.random.default_rng(seed))
    followed = deaths[month + ahead, country]
    loud = ~quiet[month, country]
    at = month[loud], country[loud]
    forest = DeathsForest(smallest_leaf=50, share_of_rows=0.3, seed=seed).fit(
        np.column_stack([indicators[at], ahead[loud]]), followed[loud], scale[at], country[loud]
    )
    asked = np.flatnonzero(~quiet[-1])
    draws = np.zeros((len(months_ahead), deaths.shape[1], forest.size), np.float32)
    draws[:, quiet[-1]] = quantiles_of(np.append(0.0, np.sort(followed[~loud])), forest.size)
    for place, months in enumerate(months_ahead):
        rows = np.column_stack([indicators[-1, asked], np.full(len(asked), months)])
        draws[place, asked] = forest.draw(rows, scale[-1, asked])
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
    known = ~np.isnan(deaths[month, country]) & ~np.isnan(deaths[month + ahead, country])
    return month[known], country[known], ahead[known]
