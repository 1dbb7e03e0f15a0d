"""The forecasts of a bulletin beside those that other data would have given, all judged alike."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from bulletins.manifest import Manifest
from experiments.judging.outcomes import known_outcomes
from experiments.publishing import contents
from experiments.publishing.scores import LevelForecast, distribution_rows, scores_of
from experiments.record.rows import Conditions, Distributions, judged_rows
from experiments.tracking.registry import model_version
from experiments.tracking.store import MlflowStore
from features.archive.vintage import Vintage
from features.errors import BulletinError
from features.months import parse_month
from features.panel.panel import Panel
from features.words import Level

Variant = Literal["as known", "corrected", "final data"]
"""The same models on the deaths that were known, on these corrected for late reporting, and on
those that were known long after."""

Known = Literal["first", "final"]
"""Outcomes as they were first known, and as known long after."""

_KEY = ["region", "target", "horizon"]


def variants_of(
    store: MlflowStore, manifest: Manifest, level: Level, vintage: Vintage, truth: Vintage
) -> dict[Variant, LevelForecast]:
    """Return the forecasts of a bulletin's level by variant.

    Raises what `forecast_level` raises, and ModelError when the model is gone.
    """
    (used,) = (model for model in manifest.models if model.level == level)
    model = model_version(store, level, used.version)
    origin = parse_month(manifest.origin)
    data: dict[Variant, tuple[Vintage, bool]] = {
        "as known": (vintage, False),
        "corrected": (vintage, True),
        "final data": (truth, False),
    }
    forecasts = {}
    for variant, (known, corrects) in data.items():
        own = replace(model, corrects_late_reporting=corrects)
        forecasts[variant] = contents.forecast_level(
            own, *contents.read_inputs(store, known, own), origin
        )
    return forecasts


def issued_variant(manifest: Manifest, level: Level) -> Variant:
    """Return the variant that a bulletin issued at a level."""
    return "corrected" if level in manifest.late_reporting else "as known"


def refuse_other_scores(scores: pd.DataFrame, issued: pd.DataFrame, bulletin: str) -> None:
    """Raise BulletinError when the scores of a level are not those that were issued."""
    columns = [*_KEY, "probability"]
    own, other = (
        table[columns].sort_values(_KEY, ignore_index=True).astype({"horizon": "int64"})
        for table in (scores, issued)
    )
    if not own.equals(other):
        raise BulletinError(f"bulletin {bulletin} comes out otherwise: relive into a new folder")


def judged_variants(
    forecasts: dict[Variant, LevelForecast],
    issued: Variant,
    conditions: Conditions,
    final: Panel,
    later: Sequence[Panel],
) -> pd.DataFrame:
    """Return every variant's scores and the references' beside what came, a row a score.

    All are judged by `final`, those that were `issued` also by the first of the `later` panels that
    tells the outcome. Columns: variant, known, country, region, target, horizon, threshold,
    outcome, score and references (probabilities, of deaths the CRPS [deaths/month]), and mean
    [deaths/month].
    """
    parts = []
    for variant, forecast in forecasts.items():
        scores, distributions = scores_of(forecast), _distributions(forecast)
        known = {"final": known_outcomes(final, scores, forecast.origin)}
        if variant == issued:
            known["first"] = _first_outcomes(scores, forecast.origin, later)
        for state, outcomes in known.items():
            if len(outcomes):
                rows = judged_rows(outcomes, conditions, distributions)
                parts.append(rows.assign(variant=variant, known=state))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _first_outcomes(scores: pd.DataFrame, origin: int, later: Sequence[Panel]) -> pd.DataFrame:
    parts = list(_new_outcomes(scores, origin, later))
    return pd.concat(parts) if parts else scores.iloc[:0]


def _new_outcomes(
    scores: pd.DataFrame, origin: int, later: Sequence[Panel]
) -> Iterator[pd.DataFrame]:
    left = scores
    for panel in later:
        known = known_outcomes(panel, left, origin)
        left = left.drop(index=known.index)
        if len(known):
            yield known


def _distributions(forecast: LevelForecast) -> Distributions:
    table = distribution_rows(forecast)
    return Distributions(
        pd.MultiIndex.from_frame(table[["region", "horizon"]]),
        table["deaths"].map(len).to_numpy(np.int64).cumsum(),
        np.concatenate([*table["deaths"], np.zeros(0)]),
        np.concatenate([*table["exceedance"], np.zeros(0)]),
    )
