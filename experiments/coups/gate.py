"""The gate of coups: whether a version may issue scores.

It is that of all models, on what is served: the Brier score, horizons of equal weight, intervals
from blocks of months. Without a champion nothing is refused, because what does not beat REFERENCE
at a horizon is not served there (`judging.served`).
"""

from collections.abc import Mapping

import pandas as pd

from bulletins.manifest import CoupSource
from experiments.coups.backtest import COUP_REFERENCES
from experiments.coups.fitting import COUP, MODEL, REFERENCE
from experiments.coups.registry import CoupVersion
from experiments.coups.settings import CoupSettings
from experiments.judging.gate import Verdict, against_champion, compare_forecasts
from experiments.tracking.registry import backtest_forecasts
from experiments.tracking.store import MlflowStore
from models.forecaster import cell_key

SERVED = "served"
"""The column of what is served, MODEL or REFERENCE."""


def served_scores(forecasts: pd.DataFrame, sources: Mapping[int, CoupSource]) -> pd.DataFrame:
    """Return the rows of a backtest with a known outcome in the form of the gate, with SERVED.

    A horizon is a target of its own, and a country a region. Of a base rate that is served the
    columns of MODEL and REFERENCE are the same.
    """
    rows = forecasts[forecasts["outcome"].notna()]
    by_model = [horizon for horizon, source in sources.items() if source == "model"]
    return rows.assign(
        target=rows["horizon"].map(lambda horizon: cell_key(COUP, horizon)),
        region=rows["country"],
        **{SERVED: rows[MODEL].where(rows["horizon"].isin(by_model), rows[REFERENCE])},
    )


def judge_version(
    scores: pd.DataFrame,
    best: CoupVersion | None,
    store: MlflowStore,
    settings: CoupSettings,
    origin: int,
) -> Verdict:
    """Return the verdict on `served_scores` of a training to an origin [months since 1970-01].

    A champion `best` that learned from later months is none.
    """
    seed = settings.backtest.seed

    def alone() -> Verdict:
        comparisons = tuple(
            compare_forecasts(scores, SERVED, scores, name, name, seed=seed)
            for name in COUP_REFERENCES
        )
        reason = f"without a champion: what does not beat {REFERENCE} is not served"
        return Verdict(passed=True, reason=reason, comparisons=comparisons)

    if best is None or best.trained_to > origin:
        return alone()
    return against_champion(
        *(scores, SERVED),
        *(served_scores(backtest_forecasts(store, best), best.served), SERVED),
        label=best.label,
        is_renewal=best.is_renewed_by(settings.digest(), origin),
        seed=seed,
        alone=alone,
    )
