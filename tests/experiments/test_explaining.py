from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from experiments.explaining import Question, explained
from experiments.phrases import (
    _INDICATOR_PHRASES,
    BASELINE,
    FAMILY_PHRASES,
    family_phrase,
    indicator_phrase,
)
from experiments.previous import Before, Previous, no_drivers
from experiments.wording import Cause, Earlier, Usual, sentence
from features.catalogue import CATALOGUE, FAMILIES, select
from features.panel import FloatArray
from models.explanation import Matrix

NEWCOMERS, DEATHS, SEASON = select(["neighbour_new_groups_12", "deaths_mean_3", "season_sine"])
NEXT_DOOR = Cause("actors", True, NEWCOMERS, 2, 0)
CALM = Cause("history", False, DEATHS, 1.234, 40.6)
USUAL = Usual(0.12, True, NEXT_DOOR)


def test_a_rise_names_its_cause() -> None:
    assert sentence(0.47, USUAL, Earlier(0.21, NEXT_DOOR, True)) == (
        "Up from 0.21 to 0.47, mostly because new armed groups appeared next door (mean over the "
        "neighbouring regions: armed groups new there in the last 12 months: 2 groups, before 0)."
    )


def test_a_fall_with_several_causes_names_the_first_as_one_of_them() -> None:
    assert sentence(0.054, USUAL, Earlier(0.21, CALM, True)) == (
        "Down from 0.21 to 0.05, partly because there was less violence there (mean monthly deaths "
        "over the last 3 months: 1.23 deaths/month, before 41)."
    )


def test_without_a_previous_bulletin_a_score_is_set_beside_what_is_usual() -> None:
    assert sentence(0.47, USUAL, None) == (
        "0.47; above its own usual 0.12, mostly because new armed groups appeared next door (mean "
        "over the neighbouring regions: armed groups new there in the last 12 months: 2 groups, "
        "usually 0)."
    )
    elsewhere = Usual(0.6, False, Cause("season", True))
    assert sentence(0.47, elsewhere, None) == (
        "0.47; below the 0.60 that is usual elsewhere, mostly because of the time of the year."
    )


def test_what_two_decimals_do_not_show_is_no_change() -> None:
    assert sentence(0.1249, USUAL, Earlier(0.1151, NEXT_DOOR, True)) == (
        "Unchanged at 0.12; as usual for it."
    )
    assert sentence(0.003, Usual(0.004, False, CALM), None) == "0.00; as usual elsewhere."


def test_another_model_is_said_to_be_one_and_no_event_is_blamed_for_it() -> None:
    usual = Usual(0.12, True, Cause("place", False))
    assert sentence(0.47, usual, Earlier(0.21, NEXT_DOOR, False)) == (
        "Up from 0.21 to 0.47, by another model; above its own usual 0.12, partly because of where "
        "it lies."
    )
    assert sentence(0.12, usual, Earlier(0.12, None, False)) == (
        "Unchanged at 0.12, by another model; as usual for it."
    )


def test_a_change_whose_cause_was_not_published_is_set_beside_what_is_usual() -> None:
    usual = Usual(0.12, True, Cause("place", False))
    assert sentence(0.3, usual, Earlier(0.4, None, True)) == (
        "Down from 0.40 to 0.30; above its own usual 0.12, partly because of where it lies."
    )


def test_another_level_of_what_is_usual_may_be_the_cause() -> None:
    assert sentence(0.3, USUAL, Earlier(0.4, Cause(BASELINE, True), True)) == (
        "Down from 0.40 to 0.30, mostly because of another level that is usual for it."
    )


@pytest.mark.parametrize(("value", "before"), [(np.nan, 1.0), (1.0, np.nan)])
def test_an_unknown_value_is_not_shown(value: float, before: float) -> None:
    cause = Cause("history", True, DEATHS, value, before)
    assert sentence(0.3, USUAL, Earlier(0.4, cause, True)).endswith(
        "mostly because of what happened in the region itself."
    )


def test_values_that_look_the_same_are_not_shown_beside_each_other() -> None:
    cause = Cause("history", True, DEATHS, 0.501, 0.499)
    assert sentence(0.4, USUAL, Earlier(0.3, cause, True)) == (
        "Up from 0.30 to 0.40, mostly because there was more violence there."
    )


def test_a_share_has_no_unit_and_a_small_fall_no_minus_before_nothing() -> None:
    cause = Cause("season", True, SEASON, -0.001, 0.5)
    assert "(month of the year as an angle from January: sine: 0, before 0.5)" in sentence(
        0.4, USUAL, Earlier(0.3, cause, True)
    )


def test_every_family_and_every_indicator_has_its_phrase() -> None:
    assert set(FAMILY_PHRASES) == {BASELINE, *FAMILIES}
    for indicator in CATALOGUE:
        rose, fell = (indicator_phrase(indicator, rose=rose) for rose in (True, False))
        assert "{" not in rose + fell
        assert (rose == fell) == rose.startswith("of "), indicator.name
    assert family_phrase("weather") == "of the indicators of weather"


def test_every_pattern_of_names_is_the_first_that_fits_some_indicator() -> None:
    patterns = [pattern for pattern, _, _ in _INDICATOR_PHRASES]
    firsts = {
        next((p for p in patterns if fnmatchcase(i.name, p)), "no pattern") for i in CATALOGUE
    }
    assert firsts - {"no pattern"} == set(patterns)


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("months_since_5", "violence there lies longer back"),
        ("since_5_decay_12", "violence there is more recent"),
        ("state_based_since_5_decay_12", "violence there is more recent"),
        ("neighbour_months_since_5", "violence around it lies longer back"),
        ("foreign_neighbour_deaths_change_3", "the trend of violence around it went up"),
        ("domino_5_3", "there was more violence next door"),
        ("capital_violence_distance_3", "violence is further from the capital"),
        ("country_siege_reports_3", "more reports tell of sieges"),
    ],
)
def test_a_phrase_says_what_the_value_did(name: str, phrase: str) -> None:
    (indicator,) = select([name])
    assert indicator_phrase(indicator, rose=True) == phrase


def model(indicators: Matrix) -> FloatArray:
    """-2 + 2 newcomers + deaths / 10 + season, in log-odds."""
    newcomers, deaths, season = indicators.astype(np.float64).T
    return np.asarray(expit(-2 + 2 * newcomers + deaths / 10 + season))


def question(before: Before | None = None) -> Question:
    """Two regions: newcomers beside the first, nothing but the season in the second."""
    return Question(
        probability=model,
        indicators=(NEWCOMERS, DEATHS, SEASON),
        regions=np.array(["A", "B"], dtype=object),
        present=np.array([[1, 20, 0.5], [0, 0, 0.5]], dtype=np.float32),
        usual=np.array([[0, 10, 0], [0, 0, 0]], dtype=np.float32),
        is_own=np.array([True, False]),
        earlier=np.array([[0, 15, 0.5], [0, 0, 0.5]], dtype=np.float32),
        before=before,
    )


def rows(table: pd.DataFrame, region: str, kind: str) -> pd.DataFrame:
    return table[(table["region"] == region) & (table["kind"] == kind)].reset_index(drop=True)


def test_a_score_is_its_baseline_and_families_and_names_its_strongest_indicators() -> None:
    table = explained(question())
    families = rows(table, "A", "family")
    assert families["name"].tolist() == ["actors", "history", "season"]
    np.testing.assert_allclose(families["contribution"], [2, 1, 0.5])
    (baseline,) = rows(table, "A", "baseline").to_dict("records")
    assert (baseline["name"], baseline["contribution"]) == ("own", pytest.approx(-1))
    (score,) = rows(table, "A", "score").to_dict("records")
    assert score["contribution"] == pytest.approx(2.5)
    assert score["value"] == pytest.approx(expit(2.5))
    assert score["baseline_value"] == pytest.approx(expit(-1))
    assert score["sentence"] == (
        "0.92; above its own usual 0.27, mostly because new armed groups appeared next door (mean "
        "over the neighbouring regions: armed groups new there in the last 12 months: 1 groups, "
        "usually 0)."
    )
    (indicator,) = rows(table, "A", "indicator").to_dict("records")
    assert (indicator["name"], indicator["value"], indicator["baseline_value"]) == (
        NEWCOMERS.name,
        1,
        0,
    )
    assert indicator["contribution"] == pytest.approx(2)
    assert table["change"].isna().all()
    assert rows(table, "B", "baseline")["name"].tolist() == ["all regions"]


def earlier(parts: FloatArray, *, is_same_model: bool = True) -> Before:
    return Before(
        probability=expit(parts.sum(axis=1)),
        is_same_model=np.full(len(parts), is_same_model),
        parts=parts if is_same_model else np.full(parts.shape, np.nan),
    )


def test_the_change_is_that_of_the_parts_and_is_told_by_values_then_and_now() -> None:
    before = earlier(np.array([[0, 0.5, 0.5, -1], [0, 0, 0.5, -2]]))
    table = explained(question(before))
    np.testing.assert_allclose(rows(table, "A", "family")["change"], [2, 0.5, 0], atol=1e-12)
    np.testing.assert_allclose(rows(table, "A", "baseline")["change"], [0], atol=1e-12)
    (score,) = rows(table, "A", "score").to_dict("records")
    assert score["change"] == pytest.approx(2.5)
    assert score["sentence"].startswith("Up from 0.50 to 0.92, mostly because new armed groups")
    assert score["sentence"].endswith("1 groups, before 0).")
    (calm,) = rows(table, "B", "score").to_dict("records")
    assert calm["sentence"].startswith(
        "Unchanged at 0.18; above the 0.12 that is usual elsewhere, m"
    )


def test_another_model_has_a_change_of_the_score_and_of_no_part() -> None:
    before = earlier(np.array([[0, 0.5, 0.5, -1], [0, 0, 0.5, -2]]), is_same_model=False)
    table = explained(question(before))
    assert (table["change"].notna() == (table["kind"] == "score")).all()
    assert "by another model" in rows(table, "A", "score")["sentence"][0]


def test_a_region_that_had_no_score_has_no_change() -> None:
    parts = np.array([[np.nan] * 4, [0, 0, 0.5, -2.5]])
    table = explained(question(earlier(parts)))
    assert table.loc[table["region"] == "A", "change"].isna().all()
    assert rows(table, "A", "score")["sentence"][0].startswith("0.92; above")
    np.testing.assert_allclose(rows(table, "B", "baseline")["change"], [0.5])
    assert rows(table, "B", "score")["sentence"][0] == (
        "Up from 0.12 to 0.18, mostly because of another level that is usual for it."
    )


def test_where_nobody_is_scored_there_is_nothing_to_explain() -> None:
    full = question()
    none = np.zeros(2, dtype=bool)
    cut = {
        name: getattr(full, name)[none]
        for name in ("regions", "present", "usual", "is_own", "earlier")
    }
    assert len(explained(replace(full, **cut))) == 0


def bulletin(drivers: pd.DataFrame) -> Previous:
    scores = pd.DataFrame(
        {
            "region": ["A", "B"],
            "level": "admin1",
            "target": "onset",
            "horizon": 3,
            "probability": [0.2, 0.3],
            "model_version": ["m/1", "m/2"],
        }
    )
    return Previous("2023-12-0123456789ab", 647, scores, drivers)


def drivers() -> pd.DataFrame:
    names = [("baseline", "own"), ("family", "history"), ("indicator", "deaths")]
    return pd.DataFrame(
        [
            {"region": r, "level": "admin1", "target": "onset", "horizon": 3, "kind": kind}
            | {"name": name, "contribution": float(number)}
            for r in ("A", "B")
            for number, (kind, name) in enumerate(names, 1)
        ]
    )


def test_a_previous_bulletin_tells_what_it_said_of_each_region_by_the_same_model() -> None:
    asked = np.array(["C", "B", "A"], dtype=object)
    before = bulletin(drivers()).at_level("admin1").of("onset", 3, asked, ["history"], "m/1")
    np.testing.assert_array_equal(before.probability, [np.nan, 0.3, 0.2])
    np.testing.assert_array_equal(before.parts, [[np.nan] * 2, [np.nan] * 2, [2, 1]])
    assert before.is_explained.tolist() == [False, False, True]
    assert before.is_same_model.tolist() == [False, False, True]


@pytest.mark.parametrize(("level", "horizon"), [("country", 3), ("admin1", 6)])
def test_of_what_it_did_not_score_a_previous_bulletin_tells_nothing(
    level: str, horizon: int
) -> None:
    asked = np.array(["A"], dtype=object)
    before = bulletin(drivers()).at_level(level).of("onset", horizon, asked, ["history"], "m/1")
    assert np.isnan(before.probability).all()
    assert not before.is_explained.any()


def test_a_previous_bulletin_without_drivers_tells_only_its_scores() -> None:
    asked = np.array(["A"], dtype=object)
    before = bulletin(no_drivers()).at_level("admin1").of("onset", 3, asked, ["history"], "m/1")
    assert before.probability.tolist() == [0.2]
    assert not before.is_explained.any()
    assert logit(before.probability).tolist() == [pytest.approx(np.log(0.25))]
