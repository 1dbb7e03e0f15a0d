"""Drift: whether the newest month still looks like what a model learned from, and was judged on.

Both checks ask one question: does what is new lie farther from the past than the parts of the past
lie from each other? So neither a restless world nor chance rings the bell.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.judging.skill import FEWEST_ORIGINS
from experiments.judging.verification import HIGH
from experiments.samples import Samples
from features.arrays import BoolArray, FloatArray, Matrix
from features.months import format_month
from models.bootstrap import period_means

_SPREAD_BY_CHANCE = 0.2603
"""The standard deviation of sqrt(n) times the distance of n values: of Kolmogorov's distribution.

Source: Marsaglia, Tsang & Wang (2003), Evaluating Kolmogorov's distribution, JSS 8(18).
"""

_COLUMNS = ["kind", "name", "n", "value", "bound", "is_drifted"]
_NAMED = 3
"""The most indicators that are named one by one."""


@dataclass(frozen=True)
class DriftBounds:
    """What counts as drift.

    `chance` is how often either check may ring where nothing drifts: once in a hundred cycles.
    Indicators need `fewest_months` of training, and may lie farther off than any training month by
    the share `margin`: slow ones set a record often. Scores need `fewest_origins` with known
    outcomes; a calibration that is off by up to `tolerance` is no harm, however certain.
    """

    chance: float = 0.01
    fewest_months: int = 24
    margin: float = 0.25
    fewest_origins: int = 6
    tolerance: float = 0.01


@dataclass(frozen=True, eq=False)
class Drift:
    """Whether a level drifted, and the figures behind it.

    `table` has a row an indicator, and one a target for all of its scores and for those above HIGH:
    kind (indicator or calibration), name, n (regions or forecasts), value, bound (NaN where there
    is too little to tell), is_drifted.
    """

    table: pd.DataFrame
    sentence: str

    @property
    def is_drifted(self) -> bool:
        """Whether any indicator or target drifted."""
        return bool(self.table["is_drifted"].any())


def drift(
    samples: Samples,
    trained_to: int,
    recent: pd.DataFrame,
    backtest: pd.DataFrame,
    *,
    seed: int,
    bounds: DriftBounds | None = None,
) -> Drift:
    """Return whether indicators or calibration drifted since a model was trained and judged.

    `samples` end at the newest month, `trained_to` [months since 1970-01] is the last one of the
    training. `recent` (issued scores with known outcomes) and `backtest` have the columns target,
    outcome, probability and origin.
    """
    bounds = bounds or DriftBounds()
    indicators = indicator_drift(samples, trained_to, bounds)
    calibration = calibration_drift(recent, backtest, bounds, seed=seed)
    table = pd.concat([indicators, calibration], ignore_index=True)
    month = format_month(int(samples.months[-1]))
    findings = [*_indicator_findings(indicators, month), *_calibration_findings(calibration)]
    if findings:
        return Drift(table, f"Drift: {'; '.join(findings)}.")
    untold = table["bound"].isna().groupby(table["kind"]).all()
    judged = [kind for kind in ("indicator", "calibration") if not untold.get(kind, default=True)]
    if not judged:
        return Drift(table, f"Nothing can be told of drift in {month}: there is too little past.")
    what = {"indicator": "indicators look", "calibration": "scores are calibrated"}
    seen = " and ".join(what[kind] for kind in judged)
    return Drift(table, f"No drift in {month}: {seen} as they did in training.")


def indicator_drift(samples: Samples, trained_to: int, bounds: DriftBounds) -> pd.DataFrame:
    """Return how far each indicator of the newest month lies from the training months.

    The value is the Kolmogorov-Smirnov distance between the eligible regions of the month and those
    of all training months together; a missing value is one of its own. The bound is the largest
    distance of a training month or, if that is more, as many standard deviations above their mean
    as in all but a share `chance` of training months no indicator is: one bar for all indicators,
    so their number rings no bell. It is `margin` higher, and at most 1, the largest distance: one
    that is alike in all regions (the season, the world's deaths) makes every month unlike the
    others, and cannot be told to drift. Sources: Smirnov (1948), Annals of Mathematical Statistics
    19; Westfall & Young (1993), Resampling-Based Multiple Testing (the largest of the statistics).
    """
    usable = samples.eligible.any(axis=1)
    is_training = (samples.months <= trained_to) & (samples.months < samples.months[-1]) & usable
    names, newest = samples.names, samples.eligible[-1]
    count, size = int(is_training.sum()), int(newest.sum())
    if count < bounds.fewest_months or size == 0:
        nothing = np.full(len(names), np.nan)
        return _rows("indicator", names, size, nothing, nothing)
    shown = [*np.flatnonzero(is_training), len(samples.months) - 1]
    eligible = samples.eligible[shown]
    distances = np.column_stack(
        [_distances(samples.indicators[:, :, i][shown], eligible) for i in range(len(names))]
    )
    training, value = distances[:-1], distances[-1]
    mean = training.mean(axis=0)
    spread = np.maximum(training.std(axis=0), _SPREAD_BY_CHANCE / np.sqrt(size))
    farthest = ((training - mean) / spread).max(axis=1, initial=0)
    bar = np.quantile(farthest, 1 - bounds.chance, method="higher")
    bound = (1 + bounds.margin) * np.maximum(training.max(axis=0), mean + bar * spread)
    return _rows("indicator", names, size, value, np.minimum(bound, 1.0))


def _distances(values: Matrix, eligible: BoolArray) -> FloatArray:
    """Return each month's distance from all months but the last, (T,); values are (T, R)."""
    filled = np.where(np.isnan(values), -np.inf, values)
    past = np.sort(filled[:-1][eligible[:-1]])
    distances = np.empty(len(values))
    for month, (row, usable) in enumerate(zip(filled, eligible, strict=True)):
        own = np.sort(row[usable])
        steps = np.arange(len(own) + 1) / len(own)
        upto, below = (np.searchsorted(past, own, side) / len(past) for side in ("right", "left"))
        distances[month] = max((steps[1:] - upto).max(), (below - steps[:-1]).max())
    return distances


def calibration_drift(
    recent: pd.DataFrame, backtest: pd.DataFrame, bounds: DriftBounds, *, seed: int
) -> pd.DataFrame:
    """Return how much more often scores came true than they said, against the backtest.

    The value is the mean of outcome - probability less that of the backtest. The bound is how far
    the mean over as many origins, drawn from the backtest in blocks of neighbours, comes from that
    over all of it, in all but a share `chance` of draws, divided among the rows; wider by the root
    of 1 + recent / backtest origins, because the backtest is a sample too.
    """
    cases = [*_cases(recent, backtest)]
    share = bounds.chance / max(1, len(cases))
    rows = []
    for name, new, old in cases:
        gaps = [(part["outcome"] - part["probability"]).to_numpy(float) for part in (new, old)]
        value, bound = np.nan, np.nan
        if len(new) and len(old):
            value = gaps[0].mean() - gaps[1].mean()
        count, origins = new["origin"].nunique(), old["origin"].nunique()
        if count >= bounds.fewest_origins and origins >= FEWEST_ORIGINS:
            drawn = period_means(gaps[1], old["origin"].to_numpy(np.int64), count, seed=seed)
            chance = np.quantile(np.abs(drawn - gaps[1].mean()), 1 - share)
            bound = max(bounds.tolerance, chance * np.sqrt(1 + count / origins))
        rows.append(_rows("calibration", (name,), len(new), np.array([value]), np.array([bound])))
    return pd.concat(rows) if rows else _rows("calibration", (), 0, np.empty(0), np.empty(0))


def _cases(
    recent: pd.DataFrame, backtest: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield a name, and the recent and backtest rows of a target: all, and above HIGH."""
    for target in backtest["target"].unique():
        new, old = (table[table["target"] == target] for table in (recent, backtest))
        yield str(target), new, old
        high = [part[part["probability"] > HIGH] for part in (new, old)]
        yield f"{target} above {HIGH:g}", *high


def _rows(
    kind: str, names: tuple[str, ...], n: int, value: FloatArray, bound: FloatArray
) -> pd.DataFrame:
    is_drifted = np.abs(value) > bound
    rows = {"kind": kind, "name": names, "n": n, "value": value, "bound": bound}
    return pd.DataFrame(rows | {"is_drifted": is_drifted}, columns=_COLUMNS)


def _indicator_findings(table: pd.DataFrame, month: str) -> Iterator[str]:
    names = list(table.loc[table["is_drifted"], "name"])
    if names:
        others = len(names) - _NAMED
        listed = ", ".join(names[:_NAMED]) + (f" and {others} more" if others > 0 else "")
        yield f"in {month} {listed} lie outside what the training months show"


def _calibration_findings(table: pd.DataFrame) -> Iterator[str]:
    for _, row in table[table["is_drifted"]].iterrows():
        points, word = 100 * row["value"], "more" if row["value"] > 0 else "less"
        yield (
            f"{row['name']} came true {abs(points):.1f} points {word} often than the scores say, "
            f"beside the backtest (bound: {100 * row['bound']:.1f})"
        )
