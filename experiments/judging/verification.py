"""What a reader of a backtest asks: how much better than each reference, and is a score to be had
at its word, overall, by horizon, by country, and when it is high."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.backtest.rolling import Backtest
from experiments.judging.comparison import FEWEST_ORIGINS
from features.arrays import FloatArray
from models.bootstrap import gain
from models.metrics import calibration_error, pit_histogram, reliability_slope
from models.references import REFERENCES

HIGH = 0.5
"""Scores above this are looked at apart: they are what people act on."""

FEWEST_CASES = 12
"""Fewer outcomes of either kind in a region say nothing of the skill there."""

PIT_BINS = 10
_JANUARY_1970 = 1970


@dataclass(frozen=True, eq=False)
class Verification:
    """The tables of a backtest's report; `learner` and `forecast` are names of forecasts.

    `gains` (by target and horizon), `overall` (by target) and `by_year` (by target and year of the
    origin) have a row a learner and reference: target, learner, reference, n (forecasts), origins,
    and gain with low and high: the share of the reference's loss that is saved, by the Brier score
    or, of fatalities, the CRPS. `calibration`, `by_horizon`, `by_country` and `high` are those of
    `calibration_table`, the last of forecasts above HIGH alone. `pit` has the histogram of the PIT:
    forecast, part, n, bin (from 0), share. `by_region` has a row a region index: region, n, cases,
    and a column a learner with its skill in instability over the strongest reference.
    """

    gains: pd.DataFrame
    overall: pd.DataFrame
    by_year: pd.DataFrame
    calibration: pd.DataFrame
    by_horizon: pd.DataFrame
    by_country: pd.DataFrame
    high: pd.DataFrame
    pit: pd.DataFrame
    by_region: pd.DataFrame

    @classmethod
    def of(
        cls, backtest: Backtest, learners: Sequence[str], countries: Sequence[str], *, seed: int
    ) -> "Verification":
        """Verify a backtest; `countries` are those of its regions, in the order of their index."""
        told, names = backtest.probabilities, [*learners, *REFERENCES]
        overall = gain_table(backtest, learners, [], seed=seed)
        placed = told.assign(country=np.asarray(countries)[told["region"]])
        return cls(
            gains=gain_table(backtest, learners, ["horizon"], seed=seed),
            overall=overall,
            by_year=gain_table(backtest, learners, ["year"], seed=seed),
            calibration=calibration_table(told, names, []),
            by_horizon=calibration_table(told, learners, ["horizon"]),
            by_country=calibration_table(placed, learners, ["country"]),
            high=calibration_table(told, names, [], above=HIGH),
            pit=pit_table(backtest, names),
            by_region=region_skill(told, learners, strongest(overall, "instability", learners[0])),
        )


def gain_table(
    backtest: Backtest, learners: Sequence[str], by: Sequence[str], *, seed: int
) -> pd.DataFrame:
    """Return what learners save of each reference's loss, by target and `by` (horizon or year).

    Columns as in `Verification`. There is no interval with fewer than FEWEST_ORIGINS origins.
    """
    columns = ["target", *by, "learner", "reference", "n", "origins", "gain", "low", "high"]
    rows = []
    for table, is_loss in ((backtest.probabilities, False), (backtest.crps, True)):
        dated = table.assign(year=_JANUARY_1970 + table["origin"] // 12)
        for group, part in dated.groupby(["target", *by], observed=True):
            origin = part["origin"].to_numpy(np.int64)
            origins = len(np.unique(origin))
            losses = {
                name: _losses(part, name, is_loss=is_loss) for name in (*learners, *REFERENCES)
            }
            for learner in learners:
                for reference in REFERENCES:
                    found = gain(losses[learner], losses[reference], origin, seed=seed)
                    bounds = found[1:] if origins >= FEWEST_ORIGINS else (np.nan, np.nan)
                    named = (*group, learner, reference)
                    rows.append((*named, len(part), origins, found.value, *bounds))
    return pd.DataFrame(rows, columns=columns).astype({"target": str})


def strongest(overall: pd.DataFrame, target: str, learner: str) -> str:
    """Return the reference over which a learner gains least at a target, by `Verification.overall`.

    Which one it is does not depend on the learner. The first of all where the target was not
    forecast.
    """
    rows = overall[(overall["target"] == target) & (overall["learner"] == learner)]
    if rows.empty:
        return REFERENCES[0]
    # There is no gain over one that lost nothing, which makes it the strongest.
    return str(rows.set_index("reference")["gain"].fillna(-np.inf).idxmin())


def calibration_table(
    probabilities: pd.DataFrame, forecasts: Sequence[str], by: Sequence[str], above: float = -1
) -> pd.DataFrame:
    """Return how scores and frequencies agree, by target, `by` and forecast.

    Columns: target, those of `by`, forecast, n, mean_forecast, observed (frequency),
    calibration_error (expected, 20 equal-count bins), slope (NaN where there is none). Only
    forecasts above `above` count.
    """
    columns = ["target", *by, "forecast", "n", "mean_forecast", "observed", "calibration_error"]
    rows = [
        (
            *(*group, forecast, len(outcome), probability.mean(), outcome.mean()),
            *(calibration_error(outcome, probability), reliability_slope(outcome, probability)),
        )
        for group, part in probabilities.groupby(["target", *by], observed=True)
        for forecast, outcome, probability in _pairs(part, forecasts, above)
    ]
    return pd.DataFrame(rows, columns=[*columns, "slope"]).astype({"target": str})


def pit_table(backtest: Backtest, forecasts: Sequence[str]) -> pd.DataFrame:
    """Return histograms of the PIT of deaths; columns as in `Verification.pit`.

    Most forecasts are of hardly any deaths, and of these the PIT is flat by making: so those that
    expected a death or more are shown apart (part `expected`, beside `all`).
    """
    rows = []
    for forecast in forecasts:
        below, upto = (t[forecast].to_numpy() for t in (backtest.below, backtest.upto))
        expected = backtest.means[forecast].to_numpy() >= 1
        for part, chosen in (("all", np.ones_like(expected)), ("expected", expected)):
            if chosen.any():
                shares = pit_histogram(below[chosen], upto[chosen], PIT_BINS)
                rows += [(forecast, part, chosen.sum(), *bar) for bar in enumerate(shares)]
    return pd.DataFrame(rows, columns=["forecast", "part", "n", "bin", "share"])


def region_skill(
    probabilities: pd.DataFrame, learners: Sequence[str], reference: str
) -> pd.DataFrame:
    """Return the Brier skill over a reference in instability by region, at all horizons together.

    Columns as in `Verification.by_region`; NaN with fewer than FEWEST_CASES outcomes of 0 or of 1.
    """
    told = probabilities[probabilities["target"] == "instability"]
    losses = {n: _losses(told, n, is_loss=False) for n in (*learners, reference)}
    table = told[["region"]].assign(n=1, cases=told["outcome"], **losses)
    sums = table.groupby("region").sum().reset_index()
    rarer = np.minimum(sums["cases"], sums["n"] - sums["cases"])
    usable = (rarer >= FEWEST_CASES) & (sums[reference] > 0)
    skills = {learner: (1 - sums[learner] / sums[reference]).where(usable) for learner in learners}
    return sums[["region", "n", "cases"]].astype(np.int64).assign(**skills)


def _losses(part: pd.DataFrame, forecast: str, *, is_loss: bool) -> FloatArray:
    values = part[forecast].to_numpy(np.float64)
    return values if is_loss else np.asarray((values - part["outcome"].to_numpy(np.float64)) ** 2)


def _pairs(
    part: pd.DataFrame, forecasts: Sequence[str], above: float
) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    outcome = part["outcome"].to_numpy(np.float64)
    for forecast in forecasts:
        probability = part[forecast].to_numpy(np.float64)
        chosen = probability > above
        if chosen.any():
            yield forecast, outcome[chosen], probability[chosen]
