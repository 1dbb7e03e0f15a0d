"""All that is known of a training of coups when it is judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from bulletins.manifest import CoupSource
from experiments.coups.fitting import names_read
from experiments.coups.judging import HorizonFigures
from experiments.coups.settings import CoupSettings
from experiments.judging.gate import Verdict
from features.indicators.state import select_state
from features.months import format_month
from features.states.history import StateHistory
from models.coups import CoupForecaster
from models.learners import RidgeLogistic


@dataclass(frozen=True)
class Provenance:
    """Where a history of states is from: releases that were public by `as_of`, and the code."""

    simulated: bool
    releases: tuple[str, ...]
    as_of: date
    code: str


@dataclass(frozen=True, eq=False)
class CoupJudgement:
    """A backtest with its figures, what is served, the fitted forecaster, and the verdict.

    `past` ends at the origin; `scores` are those of `gate.served_scores`.
    """

    provenance: Provenance
    settings: CoupSettings
    past: StateHistory
    scores: pd.DataFrame
    figures: list[HorizonFigures]
    sources: Mapping[int, CoupSource]
    forecaster: CoupForecaster
    verdict: Verdict

    @property
    def origin(self) -> str:
        """The last month that was learned from, YYYY-MM."""
        return format_month(int(self.past.months[-1]))

    def measures(self) -> pd.DataFrame:
        """Return the figures, a row a horizon and measure, each with its 95 % interval."""
        rows = [
            (figure.horizon, figure.rows, figure.cases, name, *gain)
            for figure in self.figures
            for name, gain in figure.measures.items()
        ]
        columns = ["horizon", "rows", "cases", "measure", "value", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def coefficients(self) -> pd.DataFrame:
        """Return the coefficients of what is served, a row a horizon and indicator.

        Columns: horizon, indicator, meaning, coefficient (log-odds for one standard deviation). A
        base rate has none. They have no standard errors: the rows of one attempt overlap.
        """
        listed = select_state(names_read(self.settings))
        rows = []
        for horizon in self.forecaster.horizons:
            learner = self.forecaster.learner(horizon)
            if isinstance(learner, RidgeLogistic):
                read = [(listed[c].name, listed[c].meaning) for c in learner.columns]
                named = [*read, ("(anything missing)", "Whether any of these is missing")]
                values = learner.coefficients[1:]
                rows += [(horizon, *name, float(v)) for name, v in zip(named, values, strict=True)]
        return pd.DataFrame(rows, columns=["horizon", "indicator", "meaning", "coefficient"])
