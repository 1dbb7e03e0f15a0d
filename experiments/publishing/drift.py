"""Whether a champion's indicators and scores are still as in its training and backtest."""

from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

import pandas as pd

from experiments.judging.drift import Drift, DriftBounds, drift
from experiments.judging.outcomes import known_outcomes
from experiments.publishing.contents import read_inputs
from experiments.publishing.earlier import EarlierBulletin, earlier_bulletins
from experiments.samples import newest_origin, samples_for
from experiments.tracking.registry import ModelVersion, backtest_forecasts
from experiments.tracking.store import MlflowStore
from features.archive.vintage import Vintage
from features.panel.panel import Panel
from models.forecaster import DEATHS

JUDGED_MONTHS = 24
"""The months of origins whose scores are judged."""

_SEED = 1
_COLUMNS = ["target", "outcome", "probability", "origin"]


def drift_of(
    store: MlflowStore,
    model: ModelVersion,
    vintage: Vintage,
    home: Path,
    bounds: DriftBounds | None = None,
) -> Drift:
    """Return whether a version drifted, at the newest month that a vintage gives its level.

    Its scores are those of the whole bulletins in the home, as far as their outcomes are known.
    Raises ModelError when the version cannot be loaded, CoverageError when no region may be scored.
    """
    forecaster, panel = read_inputs(store, vintage, model)
    origin = newest_origin(panel)
    samples = samples_for(forecaster, panel, origin)
    earlier = takewhile(
        lambda bulletin: bulletin.origin >= origin - JUDGED_MONTHS,
        earlier_bulletins(home, origin, vintage),
    )
    backtest = backtest_forecasts(store, model)
    return drift(
        samples,
        model.trained_to,
        issued_scores(panel, model, earlier),
        backtest.rename(columns={model.learner: "probability"})[_COLUMNS],
        seed=_SEED,
        bounds=bounds,
    )


def issued_scores(
    panel: Panel, model: ModelVersion, bulletins: Iterable[EarlierBulletin]
) -> pd.DataFrame:
    """Return a version's own scores in bulletins whose outcome a panel knows, a row each.

    Columns: target, horizon, outcome (0 or 1), probability, origin [months since 1970-01].
    """
    parts = []
    for bulletin in bulletins:
        scores = bulletin.scores
        is_own = (scores["model_version"] == model.label) & (scores["target"] != DEATHS)
        known = known_outcomes(panel, scores[is_own], bulletin.origin)
        parts.append(known.assign(origin=bulletin.origin)[["horizon", *_COLUMNS]])
    return pd.concat(parts) if parts else pd.DataFrame(columns=["horizon", *_COLUMNS])
