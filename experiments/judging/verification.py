"""Skill over each reference, calibration and risk scales, overall and in parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from bulletins.manifest import RiskLevel, RiskScale
from experiments.backtest.rolling import Backtest
from experiments.judging.skill import FEWEST_ORIGINS, losses, skill
from features.skill import share_saved
from features.words import PROBABILITIES, SPECS, Level, Loss, Target
from models.metrics import calibration_error, pit_histogram, reliability_slope
from models.references import REFERENCES
from models.risk import RiskBand, earned_levels, risk_bands

MAPPED: Target = "instability"
"""The target that maps and tables by region and country show."""

HIGH = 0.5
"""Scores above this have a table of their own: they are what people act on."""

FEWEST_CASES = 12
"""With fewer outcomes of either kind in a region its skill means nothing."""

PIT_BINS = 10
_JANUARY_1970 = 1970


@dataclass(frozen=True, eq=False)
class Verification:
    """The tables of a backtest's report; `learner` and `forecast` are names of forecasts.

    `gains` (by target and horizon), `overall` (by target) and `by_year` (by target and year of the
    origin): learner, reference, n (forecasts), origins, and the skill by Brier score or CRPS as
    gain, low, high. `calibration`, `by_horizon`, `by_country` and `high` (forecasts above HIGH) are
    as `calibration_table`. `pit`: forecast, part, n, bin (from 0), share. `by_region`: region
    (index), n, cases, and a learner's skill at MAPPED over the strongest reference, a column each.
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
        probabilities, names = backtest.probabilities, [*learners, *REFERENCES]
        overall = gain_table(backtest, learners, [], seed=seed)
        of_regions = pd.Series(list(countries), dtype="category")
        with_country = probabilities.assign(country=of_regions[probabilities["region"]].array)
        opponent = strongest(overall, MAPPED, learners[0])
        return cls(
            gains=gain_table(backtest, learners, ["horizon"], seed=seed),
            overall=overall,
            by_year=gain_table(backtest, learners, ["year"], seed=seed),
            calibration=calibration_table(probabilities, names, []),
            by_horizon=calibration_table(probabilities, learners, ["horizon"]),
            by_country=calibration_table(with_country, learners, ["country"]),
            high=calibration_table(probabilities, names, [], above=HIGH),
            pit=pit_table(backtest, names),
            by_region=region_skill(probabilities, learners, opponent),
        )


def gain_table(
    backtest: Backtest, learners: Sequence[str], by: Sequence[str], *, seed: int
) -> pd.DataFrame:
    """Return the skill over each reference by target and `by`, as in `Verification`.

    The interval is NaN with fewer than FEWEST_ORIGINS origins.
    """
    columns = ["target", *by, "learner", "reference", "n", "origins", "gain", "low", "high"]
    rows = []
    tables: list[tuple[pd.DataFrame, Loss]] = [
        (backtest.probabilities, "brier"),
        (backtest.crps, "crps"),
    ]
    for table, measure in tables:
        dated = table.assign(year=_JANUARY_1970 + table["origin"] // 12)
        for group, part in dated.groupby(["target", *by], observed=True):
            origin = part["origin"].to_numpy(np.int64)
            origins = len(np.unique(origin))
            loss = {name: losses(part, name, measure) for name in (*learners, *REFERENCES)}
            for learner, reference in product(learners, REFERENCES):
                value, *bounds = skill(loss[learner], loss[reference], origin, seed=seed)
                if origins < FEWEST_ORIGINS:
                    bounds = [np.nan, np.nan]
                rows.append((*group, learner, reference, len(part), origins, value, *bounds))
    return pd.DataFrame(rows, columns=columns).astype({"target": str})


def strongest(overall: pd.DataFrame, target: str, learner: str) -> str:
    """Return the reference over which a learner gains least at a target; the first if none."""
    rows = overall[(overall["target"] == target) & (overall["learner"] == learner)]
    if rows.empty:
        return REFERENCES[0]
    # A reference that lost hardly anything leaves no gain: it is the strongest.
    return str(rows.set_index("reference")["gain"].fillna(-np.inf).idxmin())


def calibration_table(
    probabilities: pd.DataFrame, forecasts: Sequence[str], by: Sequence[str], above: float = -1
) -> pd.DataFrame:
    """Return how scores and frequencies agree, by target, `by` and forecast.

    Columns: target, those of `by`, forecast, n, mean_forecast, observed (frequency),
    calibration_error (20 equal-count bins), slope (NaN if none). Forecasts up to `above` are left
    out.
    """
    columns = ["target", *by, "forecast", "n", "mean_forecast", "observed", "calibration_error"]
    rows = []
    for group, part in probabilities.groupby(["target", *by], observed=True):
        for forecast in forecasts:
            chosen = part.loc[part[forecast] > above, ["outcome", forecast]]
            if chosen.empty:
                continue
            outcome, probability = chosen.to_numpy(np.float64).T.copy()
            means = probability.mean(), outcome.mean()
            fit = calibration_error(outcome, probability), reliability_slope(outcome, probability)
            rows.append((*group, forecast, len(chosen), *means, *fit))
    return pd.DataFrame(rows, columns=[*columns, "slope"]).astype({"target": str})


def pit_table(backtest: Backtest, forecasts: Sequence[str]) -> pd.DataFrame:
    """Return histograms of the PIT of deaths; columns as in `Verification.pit`.

    The PIT is flat by construction where hardly any deaths are forecast, so forecasts of a death or
    more are also a part of their own, `expected`.
    """
    rows = []
    for forecast in forecasts:
        below, upto = (t[forecast].to_numpy() for t in (backtest.below, backtest.upto))
        expected = backtest.means[forecast].to_numpy() >= 1
        for part, mask in (("all", np.ones_like(expected)), ("expected", expected)):
            if mask.any():
                shares = pit_histogram(below[mask], upto[mask], PIT_BINS)
                rows += [(forecast, part, mask.sum(), *bar) for bar in enumerate(shares)]
    return pd.DataFrame(rows, columns=["forecast", "part", "n", "bin", "share"])


def region_skill(
    probabilities: pd.DataFrame, learners: Sequence[str], reference: str
) -> pd.DataFrame:
    """Return the Brier skill at MAPPED by region, as in `Verification.by_region`.

    NaN with fewer than FEWEST_CASES outcomes of 0 or of 1.
    """
    rows = probabilities[probabilities["target"] == MAPPED]
    loss = {name: losses(rows, name, "brier") for name in (*learners, reference)}
    table = rows[["region"]].assign(n=1, cases=rows["outcome"], **loss)
    sums = table.groupby("region").sum().reset_index()
    rarer = np.minimum(sums["cases"], sums["n"] - sums["cases"])
    of_reference = sums[reference].where(rarer >= FEWEST_CASES).to_numpy()
    skills = {learner: share_saved(sums[learner].to_numpy(), of_reference) for learner in learners}
    return sums[["region", "n", "cases"]].astype(np.int64).assign(**skills)


def risk_scales(level: Level, probabilities: pd.DataFrame, learner: str) -> tuple[RiskScale, ...]:
    """Return a learner's scales from `Backtest.probabilities`, all levels of risk in each."""
    scales = []
    for target in PROBABILITIES:
        part = probabilities[probabilities["target"] == target]
        if part.empty:
            continue
        outcome = part["outcome"].to_numpy(np.float64)
        bands = risk_bands(
            SPECS[target].bounds,
            part[learner].to_numpy(),
            outcome,
            part["origin"].to_numpy(np.int64),
        )
        base_rate = float(outcome.mean())
        scales.append(scale_of(level, target, base_rate, bands))
    return tuple(scales)


def scale_of(
    level: Level, target: Target, base_rate: float, bands: Sequence[RiskBand]
) -> RiskScale:
    """Return risk levels in the form of a bulletin."""
    levels = tuple(
        RiskLevel(**band._asdict(), low=band.interval[0], high=band.interval[1])
        if band.scores
        else RiskLevel(**band._asdict())
        for band in bands
    )
    return RiskScale(level=level, target=target, base_rate=base_rate, levels=levels)


def served_scales(scales: Sequence[RiskScale]) -> tuple[RiskScale, ...]:
    """Return the scales of a bulletin, without the levels that were not earned in the backtest.

    A target of which no word above the first was earned has none.
    """
    served = []
    for target in dict.fromkeys(scale.target for scale in scales):
        of_target = [scale for scale in scales if scale.target == target]
        bands = [
            [
                RiskBand(**{name: getattr(risk, name) for name in RiskBand._fields})
                for risk in s.levels
            ]
            for s in of_target
        ]
        served += [
            scale_of(scale.level, target, scale.base_rate, earned)
            for scale, earned in zip(of_target, earned_levels(bands), strict=True)
            if len(earned) > 1
        ]
    return tuple(served)
