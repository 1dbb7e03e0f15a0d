from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments.configuration import CATALOGUE_NAMES, Configuration
from experiments.tracking.promotion import promote_version
from experiments.tracking.registry import ModelVersion, champion
from experiments.tracking.store import MlflowStore, open_store
from experiments.training import TrainingResult
from features.archive.vintage import Vintage
from features.months import parse_month
from tests.targets import FEW_AHEAD
from tests.training import train_level, without_pictures

MARCH = parse_month("2024-03")
EVERY_ROW = {"country": 1, "admin1": 1, "priogrid": 1}


def digest(settings: dict[str, Any]) -> str:
    return Configuration.model_validate(settings).digest("admin1")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"description": "In other words"},
        {"levels": ["country", "admin1"]},
        {"backtest": {"years": 5, "refit_months": 6}},
        {"thresholds": {"country": 99, "admin1": 5, "priogrid": 2}},
        {"training": {"months": 96, "quiet_share": EVERY_ROW | {"priogrid": 0.5}}},
    ],
)
def test_what_does_not_decide_what_is_fitted_leaves_the_digest_as_it_is(
    settings: dict[str, Any], change: dict[str, Any]
) -> None:
    assert digest(settings | change) == digest(settings)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"learners": ["logistic"]},
        {"indicators": ["deaths_decay_6", "months_since_1", "neighbour_deaths_mean_3"]},
        {"ensemble": {"penalty": 50.0}},
        {"logistic": {"indicators": ["deaths_decay_6"]}},
        {"training": {"months": 95, "quiet_share": EVERY_ROW}},
        {"training": {"months": 96, "quiet_share": EVERY_ROW | {"admin1": 0.5}}},
        {"thresholds": {"country": 25, "admin1": 6, "priogrid": 1}},
        {"events": {"history": "any", "summary": "omit"}},
    ],
)
def test_everything_else_changes_it(settings: dict[str, Any], change: dict[str, Any]) -> None:
    assert digest(settings | change) != digest(settings)


def test_all_indicators_are_the_same_by_one_word_or_by_name(settings: dict[str, Any]) -> None:
    by_word = digest(settings | {"indicators": "all"})
    assert by_word == digest(settings | {"indicators": list(CATALOGUE_NAMES)})


@pytest.mark.parametrize(
    ("experiment", "trained_to", "expected"),
    [
        ("abc", MARCH - 1, True),
        ("abc", MARCH - 12, True),
        ("abc", MARCH, False),
        ("abc", MARCH + 1, False),
        ("other", MARCH - 1, False),
        (None, MARCH - 1, False),
    ],
)
def test_a_renewal_is_the_same_experiment_on_newer_months(
    best: ModelVersion, experiment: str | None, trained_to: int, expected: bool
) -> None:
    version = replace(best, experiment=experiment, trained_to=trained_to)
    assert version.is_renewed_by("abc", MARCH) == expected


def trained_on(
    store: MlflowStore, vintage: Vintage, settings: dict[str, Any], origin: str
) -> TrainingResult:
    with without_pictures():
        return train_level(store, vintage, settings, origin)


def test_a_champion_is_renewed_on_newer_months(
    own_home: Path, vintage: Vintage, small_settings: dict[str, Any]
) -> None:
    store = open_store(own_home, None)
    plain = small_settings | {"learners": ["logistic"], "targets": FEW_AHEAD}
    june = trained_on(store, vintage, plain, "2023-06").version
    promote_version(store, "admin1", june, "start from the model of June", by="a test")
    # A year more than the champion's backtest has, to share two whole years of origins with it.
    plain |= {"backtest": {"years": 3, "refit_months": 12}}
    renewal = trained_on(store, vintage, plain, "2023-12")
    assert renewal.is_champion
    assert renewal.verdict.reason.startswith(
        tuple(f"{how} the champion tocsin-admin1/{june}" for how in ("renews", "better than"))
    )
    best = champion(store, "admin1")
    assert best is not None
    assert best.version == renewal.version
    tags = store.client().get_model_version("tocsin-admin1", str(best.version)).tags
    assert tags["gate_evidence"] == renewal.verdict.as_json()
    assert tags["experiment_digest"] == digest(plain) == best.experiment
