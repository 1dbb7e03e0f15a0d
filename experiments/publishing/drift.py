"""Whether a champion's indicators and scores are still as in its training and backtest."""

from pathlib import Path

import pandas as pd

from experiments.judging.drift import Drift, DriftBounds, drift
from experiments.publishing.contents import read_inputs
from experiments.publishing.earlier import EarlierBulletin, earlier_bulletins
from experiments.publishing.track_record import known_outcomes
from experiments.samples import newest_origin, samples_at, samples_for
from experiments.tracking.registry import ModelVersion, backtest_forecasts
from experiments.tracking.store import MlflowStore
from features.archive.vintage import Vintage
from features.errors import CoverageError
from features.panel.panel import Panel

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
    earlier = earlier_bulletins(home, origin, vintage)
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
    panel: Panel, model: ModelVersion, bulletins: list[EarlierBulletin]
) -> pd.DataFrame:
    """Return a version's own scores in bulletins whose outcome a panel knows, a row each.

    Columns: target, horizon, outcome (0 or 1), probability, origin [months since 1970-01].
    """
    parts = []
    for bulletin in bulletins:
        own = bulletin.scores[bulletin.scores["model_version"] == model.label]
        if own.empty:
            continue
        try:
            samples = samples_at(panel, bulletin.origin, bulletin.thresholds[model.level], ())
        except CoverageError:
            continue  # the present history covers no region there
        parts.append(known_outcomes(panel, samples, own).assign(origin=bulletin.origin))
    return pd.concat(parts) if parts else pd.DataFrame(columns=["horizon", *_COLUMNS])
