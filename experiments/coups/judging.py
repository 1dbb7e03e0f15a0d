"""How good forecasts of coups are, with intervals, and what is therefore served.

Skill is the share of a reference's loss that is saved, as everywhere. For intervals (95 %) years
and countries are both drawn anew, since one coup makes up to twelve positive rows, and a country or
a year of coups is one piece of evidence. With both at once they are too wide rather than too
narrow: Owen & Eckles (2012), Annals of Applied Statistics 6(3).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bulletins.record import FEWEST_ATTEMPTS
from experiments.coups.backtest import BASE, FORECASTS
from experiments.coups.fitting import MODEL, REFERENCE, CoupName
from experiments.coups.settings import CoupBacktestSettings
from features.arrays import FloatArray, IntArray
from features.months import parse_month
from models.bootstrap import INTERVAL, Gain
from models.metrics import auc_weighted, log_losses

TOP_SHARE = 0.02
"""The share of the highest scores that is compared with how often they came true."""


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Judged forecasts of one horizon, (n,) each: outcome (0 or 1) and probability by name."""

    outcome: FloatArray
    probability: Mapping[str, FloatArray]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> "Forecasts":
        """Return the forecasts in rows with a known outcome."""
        return cls(rows["outcome"].to_numpy(), {name: rows[name].to_numpy() for name in FORECASTS})

    def log_skill(self, weights: FloatArray, name: str, other: str) -> float:
        """Return the share of the logarithmic loss of another forecast that is saved."""
        return self._skill(weights, log_losses, name, other)

    def brier_skill(self, weights: FloatArray, name: str, other: str) -> float:
        """Return the share of the Brier score of another forecast that is saved."""
        return self._skill(weights, _squares, name, other)

    def _skill(
        self,
        weights: FloatArray,
        loss: Callable[[FloatArray, FloatArray], FloatArray],
        name: str,
        other: str,
    ) -> float:
        own, others = (
            float((weights * loss(self.outcome, self.probability[one])).sum())
            for one in (name, other)
        )
        return 1 - own / others

    def expected_share(self, weights: FloatArray, name: str, *, top: float = 1.0) -> float:
        """Return forecast over observed cases, among the highest scores alone by `top`."""
        probability = self.probability[name]
        order = np.argsort(-probability, kind="stable")
        count = max(1, round(top * len(order)))
        chosen = order[:count] if top < 1 else order
        cases = float((weights * self.outcome)[chosen].sum())
        return float((weights * probability)[chosen].sum()) / cases if cases else float("nan")


def _squares(outcome: FloatArray, probability: FloatArray) -> FloatArray:
    return np.asarray((outcome - probability) ** 2)


_Measure = Callable[[Forecasts, FloatArray], float]

MEASURES: dict[str, _Measure] = {
    "AUC": lambda f, w: auc_weighted(f.outcome, f.probability[MODEL], w),
    "AUC of months since": lambda f, w: auc_weighted(f.outcome, f.probability[REFERENCE], w),
    "Brier skill over base rate": lambda f, w: f.brier_skill(w, MODEL, BASE),
    "log skill over base rate": lambda f, w: f.log_skill(w, MODEL, BASE),
    "log skill over months since": lambda f, w: f.log_skill(w, MODEL, REFERENCE),
    "expected over observed": lambda f, w: f.expected_share(w, MODEL),
    "expected over observed, top 2 %": lambda f, w: f.expected_share(w, MODEL, top=TOP_SHARE),
}
"""What is measured of a horizon, by name."""

DECISIVE, BASE_SKILL = "log skill over months since", "log skill over base rate"
EXPECTED = "expected over observed"


@dataclass(frozen=True)
class HorizonFigures:
    """The measures of one horizon, each with a 95 % interval."""

    horizon: int
    rows: int
    cases: int
    years: int
    measures: dict[str, Gain]

    @property
    def is_better(self) -> bool:
        """Whether the model beats the months since the last attempt, on enough events to tell.

        One event makes about `horizon` cases.
        """
        has_enough = self.cases >= FEWEST_ATTEMPTS * self.horizon
        return has_enough and self.measures[DECISIVE].value > 0


def judge_coups(forecasts: pd.DataFrame, settings: CoupBacktestSettings) -> list[HorizonFigures]:
    """Return the figures of every horizon of a backtest; rows without an outcome count for none."""
    known = forecasts[forecasts["outcome"].notna()]
    horizons = sorted(set(known["horizon"].tolist()))
    return [_figures(h, known[known["horizon"] == h], settings) for h in horizons]


def _figures(horizon: int, rows: pd.DataFrame, settings: CoupBacktestSettings) -> HorizonFigures:
    year = (rows["origin"].to_numpy() + 1) // 12  # in which the window begins
    forecasts = Forecasts.of(rows)
    values = {name: measure(forecasts, np.ones(len(rows))) for name, measure in MEASURES.items()}
    drawn = np.array(
        [
            [measure(forecasts, weights) for measure in MEASURES.values()]
            for weights in redraws(year, rows["country"].to_numpy(), settings)
        ]
    )
    bounds = _bounds(drawn)
    return HorizonFigures(
        horizon,
        rows=len(rows),
        cases=int(rows["outcome"].sum()),
        years=len(np.unique(year)),
        measures={
            name: Gain(value, *bounds[column])
            for column, (name, value) in enumerate(values.items())
        },
    )


def _bounds(drawn: FloatArray) -> list[tuple[float, float]]:
    """Return the interval of each column of draws, NaN where none has a value."""
    bounds = []
    for column in drawn.T:
        values = column[np.isfinite(column)]
        low, high = np.percentile(values, INTERVAL) if len(values) else (np.nan, np.nan)
        bounds.append((float(low), float(high)))
    return bounds


def redraws(
    year: IntArray, country: npt.NDArray[np.object_], settings: CoupBacktestSettings
) -> Iterator[FloatArray]:
    """Yield how often each of n rows is drawn when years and countries are drawn anew, (n,)."""
    draw = np.random.default_rng(settings.seed)
    places = [np.unique(year, return_inverse=True), np.unique(country, return_inverse=True)]
    for _ in range(settings.draws):
        weights = np.ones(len(year))
        for values, place in places:
            chosen = draw.integers(len(values), size=len(values))
            weights *= np.bincount(chosen, minlength=len(values))[place]
        yield weights


def outcomes_to(forecasts: pd.DataFrame, month: str) -> pd.DataFrame:
    """Return the rows whose window ends by a month, YYYY-MM."""
    return forecasts[forecasts["origin"] + forecasts["horizon"] <= parse_month(month)]


def served(figures: list[HorizonFigures], horizons: tuple[int, ...]) -> dict[int, CoupName]:
    """Return what is served at each horizon [months]: what does not beat REFERENCE is not."""
    better = {f.horizon for f in figures if f.is_better}
    return {horizon: MODEL if horizon in better else REFERENCE for horizon in horizons}
