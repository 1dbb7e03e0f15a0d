from typing import Any

from experiments.store import Store

Trainings = list[dict[str, Any]]


def tags_of(store: Store, version: int) -> dict[str, str]:
    tags: dict[str, str] = store.client().get_model_version("tocsin-admin1", str(version)).tags
    return tags


def test_the_first_model_that_beats_the_references_is_champion(trainings: Trainings) -> None:
    first = trainings[0]
    assert first["passed"]
    assert first["is_champion"]
    assert "no worse than" in first["reason"]
    assert first["champion"] == first["version"] == 1


def test_a_worse_challenger_is_refused_and_the_champion_stays(trainings: Trainings) -> None:
    worse = trainings[1]
    assert not worse["passed"]
    assert not worse["is_champion"]
    assert worse["reason"].startswith("worse than champion: ")
    assert (worse["version"], worse["champion"]) == (2, 1)
