from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.tracking.promotion import LONGEST_TEXT, promote_version
from experiments.tracking.registry import champion, champion_for
from experiments.tracking.store import MlflowStore, open_store
from features.errors import InputError, ModelError
from features.months import parse_month
from tests.experiments.conftest import tags_of

NAME = "tocsin-admin1"
REFUSED = 2


@pytest.fixture
def own_store(own_home: Path) -> MlflowStore:
    """A store that a test may change; the first of its four versions is champion."""
    store = open_store(own_home, None)
    store.client().set_registered_model_alias(NAME, "champion", "1")
    return store


def nothing_changed(store: MlflowStore, version: int | None = None) -> bool:
    best = champion(store, "admin1")
    untouched = version is None or not {"promoted_reason", "promoted_by"} & set(
        tags_of(store, version)
    )
    return best is not None and best.version == 1 and untouched


def test_a_version_that_the_gate_refused_becomes_champion_and_tells_why(
    own_store: MlflowStore,
) -> None:
    assert tags_of(own_store, REFUSED)["gate"] == "refused"
    done = promote_version(
        own_store, "admin1", REFUSED, "  the champion's events were wrong\n", by="me"
    )
    assert (done.model.version, done.is_new) == (REFUSED, True)
    assert done.previous is not None
    assert done.previous.version == 1
    tags = tags_of(own_store, REFUSED)
    assert tags["gate"] == "refused"
    assert tags["promoted_reason"] == "the champion's events were wrong"
    assert tags["promoted_by"] == "me"
    assert tags["previous_champion"] == f"{NAME}/1"
    best = champion_for(own_store, "admin1", parse_month("2023-12"))
    assert (best.version, best.passed, best.promoted) == (REFUSED, False, True)


def test_a_level_without_a_champion_gets_one(own_store: MlflowStore) -> None:
    own_store.client().delete_registered_model_alias(NAME, "champion")
    assert promote_version(own_store, "admin1", REFUSED, "the first", by="me").previous is None
    assert tags_of(own_store, REFUSED)["previous_champion"] == "none"


def test_the_way_back_is_a_promotion_too(own_store: MlflowStore) -> None:
    promote_version(own_store, "admin1", REFUSED, "try it", by="me")
    promote_version(own_store, "admin1", 1, "it rang without cause", by="me")
    assert tags_of(own_store, 1)["previous_champion"] == f"{NAME}/{REFUSED}"
    best = champion(own_store, "admin1")
    assert best is not None
    assert best.version == 1


def test_the_champion_is_not_promoted_again(own_store: MlflowStore) -> None:
    assert not promote_version(own_store, "admin1", 1, "again", by="me").is_new
    assert nothing_changed(own_store, 1)


@pytest.mark.parametrize("reason", ["", " ", "\n\t", "x" * (LONGEST_TEXT + 1)])
def test_without_a_reason_of_sensible_length_nothing_is_promoted(
    own_store: MlflowStore, reason: str
) -> None:
    with pytest.raises(InputError, match="needs a reason of 1 to 5,000 characters"):
        promote_version(own_store, "admin1", REFUSED, reason, by="me")
    assert nothing_changed(own_store, REFUSED)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5000))
def test_any_reason_in_any_script_is_kept_to_the_letter(
    own_store: MlflowStore, reason: str
) -> None:
    if reason.strip():
        own_store.client().set_registered_model_alias(NAME, "champion", "1")
        promote_version(own_store, "admin1", REFUSED, reason, by="me")
        assert tags_of(own_store, REFUSED)["promoted_reason"] == reason.strip()


def test_an_unknown_version_or_level_is_refused(own_store: MlflowStore) -> None:
    with pytest.raises(ModelError, match=f"{NAME}/99 is not in the MLflow store"):
        promote_version(own_store, "admin1", 99, "a reason", by="me")
    with pytest.raises(ModelError, match="tocsin-country/1 is not in the MLflow store"):
        promote_version(own_store, "country", 1, "a reason", by="me")
    assert nothing_changed(own_store)


@pytest.mark.parametrize("other", [{"simulated": "false"}, {"history": "other"}])
def test_a_version_that_learned_from_other_events_is_refused(
    own_store: MlflowStore, other: dict[str, str]
) -> None:
    tags = {"learner": "logistic", "trained_to": "2023-12", "simulated": "true"}
    tags |= {"history": "simulation", "summary_events": "spread"}
    client = own_store.client()
    version = int(client.create_model_version(NAME, "somewhere", tags=tags | other).version)
    with pytest.raises(ModelError, match="keep each in an MLflow store of its own"):
        promote_version(own_store, "admin1", version, "a reason", by="me")
    assert nothing_changed(own_store, version)


def test_a_version_that_cannot_be_loaded_is_refused(own_store: MlflowStore) -> None:
    tags = {key: value for key, value in tags_of(own_store, 1).items() if key != "promoted_reason"}
    client = own_store.client()
    version = int(client.create_model_version(NAME, "file:///nowhere", tags=tags).version)
    with pytest.raises(ModelError, match=f"{NAME}/{version} cannot be loaded"):
        promote_version(own_store, "admin1", version, "a reason", by="me")
    assert nothing_changed(own_store, version)
