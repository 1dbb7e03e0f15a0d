"""In a simulated world the true probability is known: scores are held against it, not only
against what happened to happen."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.backtest.rolling import fit_forecaster, reference_probabilities
from experiments.configuration import Configuration
from experiments.samples import Samples, samples_at
from features.arrays import FloatArray
from features.months import parse_month
from features.panel.panel import Panel, build_panel
from features.sources.simulation.world import World
from tests.features.sources.simulation.truth import conditional_draws
from tests.training import plainly

AHEAD = (1, 2, 3, 6, 9, 12)
ORIGINS = [parse_month(month) for month in ("2019-12", "2020-12", "2021-12", "2022-12", "2023-12")]
TAU = 5


def panel_of(world: World) -> Panel:
    events = world.events
    month = (events["date_end"].dt.year - 1970) * 12 + events["date_end"].dt.month - 1
    keyed = events.assign(month=month, region=events["admin1"])
    counts = keyed.groupby(["region", "month", "type_of_violence"], as_index=False).agg(
        events=("best", "size"), deaths=("best", "sum")
    )
    observed = pd.DataFrame(
        {
            "country": sorted(set(world.regions.table["country"])),
            "first_month": int(world.months[0]),
            "last_month": int(world.months[-1]),
        }
    )
    return build_panel(counts, observed, world.regions)


def forecasts(samples: Samples, settings: dict[str, Any]) -> FloatArray:
    """Instability at some horizons, (H, R)."""
    own = {"learners": ["logistic"], "targets": {"instability": AHEAD}}
    configuration = Configuration.model_validate(settings | own)
    forecaster = fit_forecaster(samples, configuration, "admin1", "logistic", 1, plainly)
    issued = samples.forecasts(forecaster)
    return np.stack([issued["instability", h].probability for h in AHEAD])


@pytest.fixture(scope="module")
def probabilities(world: World, small_settings: dict[str, Any]) -> dict[str, FloatArray]:
    """Truth, scores and climatology of every origin, each (origins, H, R)."""
    panel = panel_of(world)
    truth, scores, climatology = [], [], []
    for origin in ORIGINS:
        names = tuple(small_settings["indicators"])
        samples = samples_at(panel, origin, TAU, names, horizons=AHEAD)
        draws = conditional_draws(world, origin, 12, 400, seed=origin)
        truth.append((draws >= TAU).mean(axis=0)[np.array(AHEAD) - 1])
        scores.append(forecasts(samples, small_settings))
        here = (np.full(len(panel.regions), len(samples.months) - 1), np.arange(len(panel.regions)))
        climatology.append(
            [reference_probabilities(samples, "instability", h, here)["climatology"]
             for h in AHEAD]
        )  # fmt: skip
    return {
        "truth": np.array(truth),
        "scores": np.array(scores),
        "climatology": np.array(climatology),
    }


def distance(probabilities: dict[str, FloatArray], forecast: str) -> float:
    return float(np.mean((probabilities[forecast] - probabilities["truth"]) ** 2))


def test_scores_are_nearer_to_the_truth_than_climatology(
    probabilities: dict[str, FloatArray],
) -> None:
    assert distance(probabilities, "scores") < 0.8 * distance(probabilities, "climatology")


def test_scores_rank_regions_as_the_truth_does(probabilities: dict[str, FloatArray]) -> None:
    scores, truth = (
        probabilities[name].ravel().argsort().argsort() for name in ("scores", "truth")
    )
    assert np.corrcoef(scores, truth)[0, 1] > 0.6


def test_the_level_of_scores_follows_the_truth_better_than_climatology(
    probabilities: dict[str, FloatArray],
) -> None:
    level = {name: values.mean(axis=(1, 2)) for name, values in probabilities.items()}
    off = {name: np.abs(level[name] - level["truth"]).mean() for name in ("scores", "climatology")}
    assert off["scores"] < off["climatology"]
