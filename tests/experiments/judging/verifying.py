"""Small backtests whose measures are worked by hand."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from experiments.backtest.rolling import Backtest
from experiments.judging.verification import Verification
from models.references import REFERENCES

KEYS = ("target", "horizon", "origin", "region", "outcome")
FIRST = 600
"""The first origin: 2020-01."""


def backtest_of(
    *,
    months: int = 48,
    offs: Mapping[str, float],
    target: str = "instability",
    horizons: Sequence[int] = (1,),
    learner: str = "logistic",
    learner_off: float | Mapping[int, float] = 0.1,
) -> Backtest:
    """Two regions, one with a case and one without in every month; deaths are 10 and 0.

    A forecast that is off by d says 1 - d and d, and is off by 10 d deaths; the learner's d may
    depend on the horizon.
    """
    rows = [
        (target, horizon, FIRST + month, region, 1.0 - region)
        for horizon in horizons
        for month in range(months)
        for region in (0, 1)
    ]
    table = pd.DataFrame(rows, columns=list(KEYS))
    own = learner_off if isinstance(learner_off, Mapping) else dict.fromkeys(horizons, learner_off)
    away = {learner: table["horizon"].map(own).to_numpy()}
    away |= {name: np.full(len(table), offs[name]) for name in REFERENCES}
    outcome = table["outcome"].to_numpy()
    deaths = table.assign(target="fatalities", outcome=10 * outcome)
    return Backtest(
        probabilities=table.assign(**{n: np.abs(outcome - d) for n, d in away.items()}),
        crps=deaths.assign(**{n: 10 * d for n, d in away.items()}),
        means=deaths.assign(**{n: 10 * np.abs(outcome - d) for n, d in away.items()}),
        below=deaths.assign(**dict.fromkeys(away, 0.25 * outcome)),
        upto=deaths.assign(**dict.fromkeys(away, 0.75)),
    )


def verified(backtest: Backtest, learner: str = "logistic") -> Verification:
    """Verify it; the regions lie in Mali and Niger."""
    return Verification.of(backtest, (learner,), ("Mali", "Niger"), seed=1)
