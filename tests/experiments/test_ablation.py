from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from experiments import ablation as module
from experiments.ablation import (
    ablate_families,
    gains_markdown,
    losses_of,
    run_ablation,
)
from experiments.backtest.rolling import Backtest
from experiments.configuration import Configuration, RecordSettings
from experiments.judging.judge import Work
from experiments.samples import Samples
from experiments.tracking.store import open_store
from features.archive.vintage import Vintage
from features.errors import ConfigurationError
from features.months import parse_month
from tests.targets import FEW_AHEAD
from tests.training import plainly


@pytest.fixture(scope="module")
def samples(make_samples: Callable[..., Samples]) -> Samples:
    """Deaths by the toss of a coin; the neighbourhood gives the next month away."""
    rng = np.random.default_rng(1)
    deaths = np.where(rng.random((132, 12)) < 0.4, rng.integers(1, 30, (132, 12)), 0).astype(float)
    later = np.vstack([deaths[1:], deaths[:1]])
    columns = [deaths, later, np.ones_like(deaths)]
    return replace(
        make_samples(deaths),
        names=("deaths", "neighbour_deaths", "season_sine"),
        indicators=np.stack(columns, axis=2).astype(np.float32),
    )


@pytest.fixture(scope="module")
def configuration(small_settings: dict[str, Any]) -> Configuration:
    settings = {"targets": FEW_AHEAD, "learners": ["boosting"]}
    return Configuration.model_validate(small_settings | settings)


@pytest.fixture(scope="module")
def ablations(samples: Samples, configuration: Configuration) -> list[pd.DataFrame]:
    return list(run_ablation(samples, configuration, "admin1", Work("", 1, plainly)))


def gains(ablation: pd.DataFrame) -> Any:
    return ablation.drop(columns=["added", "indicators"]).set_index(["target", "measure"])


def test_each_family_of_the_samples_and_then_all_are_added(ablations: list[pd.DataFrame]) -> None:
    additions = pd.concat(ablations)[["added", "indicators"]].drop_duplicates()
    pairs = list(additions.itertuples(index=False, name=None))
    assert pairs == [
        ("neighbourhood", 2),
        ("season", 2),
        ("all families", 3),
    ]


def test_a_family_that_knows_more_saves_loss_and_one_that_knows_nothing_saves_none(
    ablations: list[pd.DataFrame],
) -> None:
    telling, silent, both = (gains(ablation) for ablation in ablations)
    assert telling.loc[("instability", "brier"), "low"] > 0.05
    assert (telling["low"] > 0).any()
    assert (silent[["gain", "low", "high"]].fillna(0) == 0).all(axis=None)
    assert not (silent["low"] > 0).any()
    pd.testing.assert_frame_equal(both, telling)


def test_the_losses_are_those_of_the_measures() -> None:
    probabilities = pd.DataFrame(
        {
            "target": ["onset", "onset"],
            "horizon": 3,
            "origin": [600, 601],
            "region": 0,
            "outcome": [1.0, 0.0],
            "boosting": [0.75, 0.0],
        }
    )
    deaths = probabilities.assign(target="fatalities", boosting=[2.5, 0.0])
    losses = losses_of(Backtest(probabilities, deaths, deaths, deaths, deaths), "boosting")
    assert losses["measure"].tolist() == ["brier"] * 2 + ["log_score"] * 2 + ["crps"] * 2
    expected = [0.0625, 0, -np.log(0.75), 1e-6, 2.5, 0]
    np.testing.assert_allclose(losses["loss"], expected, rtol=1e-5)


def test_the_table_shows_gains_in_per_cent_and_real_ones_in_bold() -> None:
    rows = [("onset", "brier", 10, 0.05, 0.01, 0.09), ("onset", "log_score", 10, 0.02, -0.01, 0.05)]
    table = pd.DataFrame(rows, columns=["target", "measure", "n", "gain", "low", "high"])
    shown = gains_markdown(table.assign(added="season", indicators=3)).splitlines()
    assert shown[0] == "| added | indicators | onset, brier | onset, log score |"
    assert shown[2] == "| season | 3 | **+5.0 (+1.0 to +9.0)** | +2.0 (-1.0 to +5.0) |"


def test_without_history_there_is_nothing_to_add_to(
    samples: Samples, configuration: Configuration
) -> None:
    bare = replace(samples, names=("season_sine",), indicators=samples.indicators[:, :, 2:])
    with pytest.raises(ConfigurationError, match="adds to the family history"):
        next(run_ablation(bare, configuration, "admin1", Work("", 1, plainly)))


def test_every_addition_is_a_run_under_one_parent_with_its_table(
    vintage: Vintage, configuration: Configuration, tmp_path: Path
) -> None:
    store = open_store(tmp_path, None)
    read = configuration.reading(("deaths", "deaths_mean_3", "season"))
    done = ablate_families(
        vintage, read, store, "admin1", parse_month("2022-12"), Work("1+a", 1, plainly)
    )
    assert set(done["added"]) == {"season"}
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    (child,) = (run for run in runs if "mlflow.parentRunId" in run.data.tags)
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.tags["added"] == "season"
    assert child.data.tags["has_value"] == str(bool((done["low"] > 0).any())).lower()
    assert parent.data.tags["role"] == child.data.tags["role"] == "ablation"
    assert {"instability_brier_gain", "fatalities_crps_low"} <= set(child.data.metrics)
    files = {file.path for file in store.client().list_artifacts(parent.info.run_id)}
    assert {"ablation.md", "gains.png", "configuration.json"} <= files
    assert "| season |" in child.data.tags["mlflow.note.content"]


def test_additions_are_judged_with_the_pool_of_the_experiment(
    vintage: Vintage,
    configuration: Configuration,
    small_settings: dict[str, Any],
    own_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = RecordSettings.model_validate(small_settings["records"] | {"half_lives": [2]})
    own = configuration.model_copy(update={"records": records})
    given: list[Samples] = []

    def none(samples: Samples, *others: object) -> Iterator[pd.DataFrame]:
        given.append(samples)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "run_ablation", none)
    store, origin = open_store(own_home, None), parse_month("2022-12")
    with pytest.raises(KeyboardInterrupt):
        ablate_families(vintage, own, store, "admin1", origin, Work("1+a", 1, plainly))
    (samples,) = given
    assert samples.pool.get_params() == own.record_pool.get_params()
    assert samples.pool.half_lives == (2,)
