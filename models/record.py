"""Decaying records: a region's own last months, the newest most, each spread by a lognormal.

A record has a half-life and a spread. The forecast is a pool of several records, weighted by how
well each did so far, in the region and everywhere: the exponentially weighted average forecaster
(Vovk 1990, COLT; Cesa-Bianchi & Lugosi 2006, Prediction, Learning, and Games, chapter 2). Losses
are CRPS [deaths/month] of outcomes known by the origin, so nothing has to be fitted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri
from sklearn.base import BaseEstimator

from features.arrays import BoolArray, FloatArray, IntArray
from features.targets import ahead
from models.distribution import DeathsDistribution

MONTHS = 24
"""How far back a record goes."""

LAST_YEAR = 12

RECORD = "record"
"""The indicator that forecasters add: `signed_odds` of a target's threshold by the own records."""

_POINTS = 9
_REGIONS = 2**10  # at once: what is made of them stays in a processor's cache
_ROWS = 2**13  # at once: what is made of them is many times as large
_LEAST = 0.003
_GRID = np.unique(np.append(0.5, np.floor(np.geomspace(1, 20_000, 26)) + 0.5))
_WIDTHS = np.diff(_GRID, append=2 * _GRID[-1])


class Record(NamedTuple):
    """A record: months in which a weight halves, and the log standard deviation of the spread."""

    half_life: float
    spread: float

    def month_weights(self) -> FloatArray:
        """Return the weight of each month back from the origin, (MONTHS,); they sum to 1."""
        weight = 0.5 ** (np.arange(MONTHS) / self.half_life)
        return np.asarray(weight / weight.sum())


REFERENCE = Record(half_life=4.0, spread=0.25)
"""The record that is a reference forecast."""


@dataclass(frozen=True, eq=False)
class RegionRecords:
    """What a pool reads of n region-months, at one horizon.

    `deaths` (n, MONTHS) [deaths/month] has the newest month first, NaN where not observed;
    `weights` (n, K) are of the pool's records.
    """

    pool: "RecordPool"
    horizon: int
    deaths: FloatArray
    weights: FloatArray

    def of(self, rows: IntArray | BoolArray) -> "RegionRecords":
        """Return the same of some rows."""
        return RegionRecords(self.pool, self.horizon, self.deaths[rows], self.weights[rows])

    def exceedance(self, threshold: FloatArray) -> FloatArray:
        """Return the pool's probability that deaths reach a threshold, (n,) [deaths/month]."""
        return self.pool.exceedance(self.deaths, self.weights, self.horizon, threshold)

    def distribution(self) -> DeathsDistribution:
        """Return the pool's distribution of deaths, n rows of draws in no order."""
        return self.pool.distribution(self.deaths, self.weights, self.horizon)


@dataclass(frozen=True, eq=False)
class RecordTable:
    """Deaths (T, R) [deaths/month], and the weights at each of H `horizons`, (H, M, R, K).

    The weights are of the newest M months.
    """

    pool: "RecordPool"
    horizons: tuple[int, ...]
    deaths: FloatArray
    weights: FloatArray

    def at(self, horizon: int, month: IntArray, region: IntArray) -> RegionRecords:
        """Return what a pool reads of region-months."""
        deaths = last_months(self.deaths, month, region)
        place = self.horizons.index(horizon), month - len(self.deaths), region
        weights = self.weights[place].astype(np.float64)
        weights /= weights.sum(axis=1, keepdims=True)  # exact in twice the digits
        return RegionRecords(self.pool, horizon, deaths, weights)


class RecordScores(NamedTuple):
    """The CRPS of records at every origin, (T, R, K), and of the last year, (T, R) [deaths/month].

    Both are 0 where the outcome or the whole record is not observed, which prefers no record.
    """

    losses: FloatArray
    last_year: FloatArray


class RecordPool(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Every half-life with every spread, weighted by their past losses.

    A weight is proportional to exp(-rate x loss in the region - common_rate x loss everywhere),
    with losses as a share of those of the plain last year. The region's are shrunk to those
    everywhere by one mean region. A loss counts `memory` times as much after each month.
    """

    def __init__(
        self,
        half_lives: tuple[float, ...] = (1.0, 3.0, 9.0),
        spreads: tuple[float, ...] = (0.2, 0.5),
        rate: float = 20.0,
        common_rate: float = 20.0,
        memory: float = 0.97,
    ) -> None:
        self.half_lives = half_lives
        self.spreads = spreads
        self.rate = rate
        self.common_rate = common_rate
        self.memory = memory

    @property
    def records(self) -> tuple[Record, ...]:
        """The records of the pool, K = spreads x half-lives."""
        return tuple(Record(h, s) for s in self.spreads for h in self.half_lives)

    def table(
        self, deaths: FloatArray, horizons: tuple[int, ...], months: int | None = None
    ) -> RecordTable:
        """Return the weights at every origin and horizon, from losses known by then.

        `deaths` is (T, R) [deaths/month]; origins are the newest `months`, by default all.
        """
        first = 0 if months is None else len(deaths) - months
        of_all = (*deaths[first:].shape, len(self.records))
        weights = np.empty((len(horizons), *of_all), dtype=np.float32)
        for place, horizon in enumerate(horizons):
            scores = record_scores(self.records, deaths, horizon)
            weights[place] = self.weights(scores, horizon)[first:]
        return RecordTable(self, horizons, deaths, weights)

    def weights(self, scores: RecordScores, horizon: int) -> FloatArray:
        """Return each record's weight at every origin, (T, R, K), from scores known by then."""
        weights = np.empty(scores.losses.shape)
        total, scale = np.zeros_like(scores.losses[0]), np.zeros_like(scores.last_year[0])
        for origin in range(len(weights)):
            if origin >= horizon:
                total = self.memory * total + scores.losses[origin - horizon]
                scale = self.memory * scale + scores.last_year[origin - horizon]
            weights[origin] = self._weigh(total, scale)
        return weights

    def distribution(
        self, past: FloatArray, weights: FloatArray, horizon: int
    ) -> DeathsDistribution:
        """Return the pool, (n, spreads x MONTHS x 9) draws in whole deaths, in no order.

        `past` (n, MONTHS) are deaths, newest first, `weights` (n, K) the records'.
        """
        factors = np.stack([_multiples(spread_at(s, horizon)) for s in self.spreads])
        draws = np.rint(np.nan_to_num(past)[:, None, :, None] * factors[None, :, None, :])
        by_month = self._month_weights(past, weights) / _POINTS
        mass = np.broadcast_to(by_month[..., None], draws.shape)
        shape = len(draws), len(self.spreads) * MONTHS * _POINTS
        return DeathsDistribution(draws.reshape(shape), mass.reshape(shape))

    def exceedance(
        self, past: FloatArray, weights: FloatArray, horizon: int, threshold: FloatArray
    ) -> FloatArray:
        """Return the pool's probability that deaths reach a threshold, (n,) [deaths/month].

        `past` and `weights` are as in `distribution`.
        """
        step = np.ceil(threshold)[:, None] - 0.5
        probability = np.zeros(len(past))
        for first in range(0, len(past), _ROWS):
            rows = slice(first, first + _ROWS)
            by_month = self._month_weights(past[rows], weights[rows])
            for place, spread in enumerate(self.spreads):
                below = _at_most(np.nan_to_num(past[rows]), spread_at(spread, horizon), step[rows])
                probability[rows] += (by_month[:, place] * (1 - below)).sum(axis=1)
        return probability

    def _month_weights(self, past: FloatArray, weights: FloatArray) -> FloatArray:
        """Return what each observed month counts with each spread, (n, spreads, MONTHS)."""
        share = weights.reshape(-1, len(self.spreads), len(self.half_lives))
        curves = np.stack([Record(h, 0).month_weights() for h in self.half_lives])
        seen = curves * ~np.isnan(past)[:, None, :]
        seen /= np.maximum(seen.sum(axis=2, keepdims=True), np.finfo(float).tiny)
        return np.asarray(np.einsum("nsh,nhm->nsm", share, seen))

    def _weigh(self, total: FloatArray, scale: FloatArray) -> FloatArray:
        mean = scale.mean()
        if mean == 0:
            return np.full(total.shape, 1 / total.shape[1])
        common = total.sum(axis=0) / scale.sum()
        share = (total + mean * common) / (scale + mean)[:, None]
        power = -self.rate * share - self.common_rate * common
        weight = np.exp(power - power.max(axis=1, keepdims=True))
        return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def signed_odds(probability: FloatArray) -> FloatArray:
    """Return the odds for what is likely, less 1, and 1 less the odds against what is not, (n,).

    Learners that read sign(x) log(1 + |x|) read log-odds. Months as few as a record's do not tell
    _LEAST from nothing, which is what an unknown probability counts as.
    """
    p = np.clip(np.nan_to_num(probability), _LEAST, 1 - _LEAST)
    odds = p / (1 - p)
    return np.asarray(np.where(odds < 1, 1 - 1 / odds, odds - 1))


def spread_at(spread: float, horizon: int) -> float:
    """Return the log standard deviation of a record so many months ahead."""
    return float(spread * np.sqrt(1 + horizon / 6))


def last_months(deaths: FloatArray, month: IntArray, region: IntArray) -> FloatArray:
    """Return the MONTHS of deaths to each region-month, newest first, (n, MONTHS).

    `deaths` is (T, R) [deaths/month]; months before the first are NaN.
    """
    row = month[:, None] - np.arange(MONTHS)
    return np.where(row >= 0, deaths[np.maximum(row, 0), region[:, None]], np.nan)


def record_scores(records: tuple[Record, ...], deaths: FloatArray, horizon: int) -> RecordScores:
    """Score records issued at every origin for `horizon` months later.

    `deaths` is (T, R) [deaths/month]. The integral of the CRPS is a sum over
    27 steps of deaths: of many deaths about a fifth too high, whatever the record.
    """
    blocks = [
        _scores(records, deaths[:, first : first + _REGIONS], horizon)
        for first in range(0, max(1, deaths.shape[1]), _REGIONS)
    ]
    return RecordScores(*(np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)))


def _scores(records: tuple[Record, ...], deaths: FloatArray, horizon: int) -> RecordScores:
    outcome = ahead(deaths, horizon)
    losses = np.empty((*deaths.shape, len(records)))
    for spread in {record.spread for record in records}:
        own = [number for number, record in enumerate(records) if record.spread == spread]
        decays = [0.5 ** (1 / records[number].half_life) for number in own]
        kernel = _kernel(deaths, spread_at(spread, horizon))
        for month, cdf in enumerate(_trailing_means(kernel, deaths, decays, MONTHS)):
            losses[month][:, own] = _crps(cdf, outcome[month]).T
    last_year = np.stack(
        [
            _crps(cdf, outcome[month])[0]
            for month, cdf in enumerate(
                _trailing_means(_kernel(deaths, 0.0), deaths, [1.0], LAST_YEAR)
            )
        ]
    )
    is_known = ~np.isnan(last_year) & ~np.isnan(losses).any(axis=-1)
    return RecordScores(
        np.where(is_known[..., None], losses, 0.0), np.where(is_known, last_year, 0.0)
    )


def _at_most(deaths: FloatArray, spread: float, steps: FloatArray) -> FloatArray:
    """Return P(deaths, spread, are at most a step), in the shape that both are broadcast to."""
    if spread == 0:
        return np.asarray((deaths <= steps).astype(np.float64))
    log = np.log(np.maximum(deaths, np.finfo(float).tiny))
    return np.asarray(ndtr((np.log(steps) - log + spread**2 / 2) / spread))


def _kernel(deaths: FloatArray, spread: float) -> Callable[[int], FloatArray]:
    """Return a month's P(its deaths, spread, are at most each of _GRID), (R, G), by its index."""
    values, row = np.unique(np.nan_to_num(deaths), return_inverse=True)
    row = row.reshape(deaths.shape)
    table = _at_most(values[:, None], spread, _GRID)
    seen = ~np.isnan(deaths)
    return lambda month: np.asarray(table[row[month]] * seen[month][:, None])


def _trailing_means(
    kernel: Callable[[int], FloatArray], deaths: FloatArray, decays: list[float], window: int
) -> Iterator[FloatArray]:
    """Yield for each month the kernel's mean over the window to it, (C, R, G); NaN if unobserved.

    A month counts a decay's power of its age.
    """
    seen = ~np.isnan(deaths)
    decay = np.array(decays)[:, None, None]
    total: FloatArray = np.zeros(())
    count: FloatArray = np.zeros(())
    months_seen = np.zeros(deaths.shape[1], dtype=np.int64)
    for month in range(len(deaths)):
        total = decay * total + kernel(month)
        count = decay * count + seen[month][None, :, None]
        months_seen = months_seen + seen[month]
        if month >= window:
            total = total - decay**window * kernel(month - window)
            count = count - decay**window * seen[month - window][None, :, None]
            months_seen = months_seen - seen[month - window]
        yield total / np.where(months_seen[:, None] > 0, count, np.nan)


def _crps(cdf: FloatArray, outcome: FloatArray) -> FloatArray:
    """Return the CRPS of (C, R, G) distributions for (R,) outcomes; NaN where one is missing."""
    loss = np.square(cdf - (outcome[:, None] <= _GRID)) @ _WIDTHS
    return np.where(np.isnan(outcome), np.nan, loss)


def _multiples(spread: float) -> FloatArray:
    """Return equally likely values of a lognormal with mean 1, (_POINTS,), ascending."""
    values = np.exp(spread * ndtri((np.arange(_POINTS) + 0.5) / _POINTS))
    return np.asarray(values / values.mean())
