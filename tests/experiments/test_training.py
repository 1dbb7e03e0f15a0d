import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments.backtest.rolling import Step
from experiments.configuration import Configuration
from experiments.judging.judge import Work
from experiments.tracking.registry import champion, champion_for
from experiments.tracking.store import MlflowStore, open_store
from experiments.training import train_levels
from features.archive.vintage import Vintage
from features.errors import ConfigurationError, CoverageError, ModelError
from features.months import parse_month
from tests.experiments.conftest import tags_of
from tests.targets import FEW_AHEAD
from tests.training import train_level, without_pictures

NAME = "tocsin-admin1"
Trainings = list[dict[str, Any]]


def never(steps: Iterable[Step], total: int, label: str) -> Iterable[Step]:
    raise AssertionError("nothing should be fitted")


def train(
    store: MlflowStore, vintage: Vintage, settings: dict[str, Any], origin: int | None = None
) -> None:
    """Train, but refuse to fit anything."""
    own = Configuration.model_validate(settings)
    train_levels(vintage, own, store, origin, Work("", 1, never))


def test_the_first_model_that_beats_the_references_is_champion(trainings: Trainings) -> None:
    first = trainings[0]
    assert first["passed"]
    assert first["is_champion"]
    assert first["reason"].startswith("better than every reference, least so than ")
    assert first["champion"] == first["version"] == 1


def test_a_worse_challenger_is_refused_and_the_champion_stays(trainings: Trainings) -> None:
    worse = trainings[1]
    assert not worse["passed"]
    assert not worse["is_champion"]
    assert worse["reason"].startswith("worse than the champion tocsin-admin1/1: ")
    assert (worse["version"], worse["champion"]) == (2, 1)


def test_training_again_on_the_same_ends_in_a_tie_which_replaces_nothing(
    trainings: Trainings,
) -> None:
    again = trainings[2]
    assert not again["passed"]
    assert again["reason"].startswith(
        "not better than the champion tocsin-admin1/1: saves +0.0 % of its Brier score "
    )
    assert (again["version"], again["champion"]) == (3, 1)
    assert again["learner"] == trainings[0]["learner"]


def test_a_model_for_an_earlier_month_passes_against_the_references_and_replaces_nothing(
    trainings: Trainings, store: MlflowStore
) -> None:
    earlier = trainings[3]
    assert earlier["passed"]
    assert "champion" not in earlier["reason"]
    assert not earlier["is_champion"]
    assert (earlier["version"], earlier["champion"]) == (4, 1)
    assert champion_for(store, "admin1", parse_month("2023-11")).version == 4
    assert champion_for(store, "admin1", parse_month("2023-12")).version == 1


def test_the_verdict_stands_on_the_version(trainings: Trainings, store: MlflowStore) -> None:
    for outcomes in trainings:
        tags = tags_of(store, outcomes["version"])
        assert tags["gate"] == ("passed" if outcomes["passed"] else "refused")
        assert tags["gate_reason"] == outcomes["reason"]
        (evidence, *_) = json.loads(tags["gate_evidence"])
        assert set(evidence["targets"]) == {"instability", "escalation", "onset"}
        assert len(tags["experiment_digest"]) == 64
        assert tags["learner"] == outcomes["learner"]
        assert tags["threshold"] == "5.0"
        assert tags["simulated"] == "true"
        assert len(tags["vintage"]) == 64
    assert [tags_of(store, v)["trained_to"] for v in (1, 2, 3, 4)] == [*["2023-12"] * 3, "2023-06"]
    assert tags_of(store, 1)["vintage"] == tags_of(store, 3)["vintage"]
    assert tags_of(store, 1)["vintage"] != tags_of(store, 4)["vintage"]


def test_the_newest_version_is_the_challenger(store: MlflowStore) -> None:
    aliases = store.client().get_registered_model(NAME).aliases
    versions = {name: int(version) for name, version in aliases.items()}
    assert versions == {"champion": 1, "challenger": 4}


def test_the_version_says_in_words_what_it_is(trainings: Trainings, store: MlflowStore) -> None:
    version = store.client().get_model_version(NAME, "2")
    first = f"SIMULATED events. boosting, trained to 2023-12. Gate: {trainings[1]['reason']}."
    assert str(version.description).startswith(f"{first}\n\n# admin1 scores: boosting")


def test_a_model_for_another_threshold_meets_the_references_not_the_champion(
    own_home: Path, vintage: Vintage, small_settings: dict[str, Any]
) -> None:
    store = open_store(own_home, None)
    thresholds = {"country": 25, "admin1": 10, "priogrid": 1}
    own = {"learners": ["logistic"], "thresholds": thresholds, "targets": FEW_AHEAD}
    with without_pictures():
        result = train_level(store, vintage, small_settings | own, "2023-12")
    assert "champion" not in result.verdict.reason
    assert tags_of(store, result.version)["threshold"] == "10.0"


def test_real_events_are_not_learned_from_into_a_store_of_simulated_ones(
    own_home: Path, vintage: Vintage, small_settings: dict[str, Any]
) -> None:
    store = open_store(own_home, None)
    releases = (release.model_copy(update={"simulated": False}) for release in vintage.releases)
    with pytest.raises(
        ModelError,
        match="learned from simulated 'simulation' events and these are real 'simulation'",
    ):
        train(store, replace(vintage, releases=tuple(releases)), small_settings)


@pytest.mark.parametrize("setting", [{"measure": "events"}, {"violence": ("state-based",)}])
def test_an_experiment_of_what_no_bulletin_tells_is_not_trained(
    store: MlflowStore, vintage: Vintage, small_settings: dict[str, Any], setting: dict[str, Any]
) -> None:
    targets = {"instability": (1,)}
    with pytest.raises(ConfigurationError, match="tocsin backtest"):
        train(store, vintage, small_settings | {"targets": targets} | setting)


def test_an_origin_that_the_events_do_not_reach_is_refused_before_anything_is_fitted(
    own_home: Path, vintage: Vintage, small_settings: dict[str, Any]
) -> None:
    store = open_store(own_home, None)
    refusals = {"2025-01": "not 2025-01", "2015-01": "begin too late for a backtest"}
    for origin, message in refusals.items():
        with pytest.raises(CoverageError, match=message):
            train(store, vintage, small_settings, parse_month(origin))
    best = champion(store, "admin1")
    assert best is not None
    assert best.version == 1
