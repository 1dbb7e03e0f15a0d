from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from experiments.publishing.drivers import Question, _usual_records, driver_rows
from experiments.publishing.earlier import EarlierBulletin, PreviousScores
from experiments.publishing.phrases import (
    _INDICATOR_PHRASES,
    FAMILY_PHRASES,
    REVISION,
    family_phrase,
    indicator_phrase,
)
from experiments.publishing.sentences import Cause, PreviousScore, UsualScore, sentence
from experiments.samples import Samples
from features.arrays import FloatArray, Matrix
from features.indicators.catalogue import CATALOGUE, FAMILIES, select
from models.record import signed_odds
from tests.targets import HORIZONS

NEWCOMERS, DEATHS, SEASON, APPROACH = select(
    [
        "neighbour_new_groups_12",
        "deaths_mean_3",
        "season_sine",
        "own_violence_distance_change_3",
    ]
)
NEXT_DOOR = Cause("actors", True, NEWCOMERS, 2, 0)
CALM = Cause("history", False, DEATHS, 1.234, 40.6)
USUAL = UsualScore(0.12, True, NEXT_DOOR)


def test_a_rise_names_its_cause() -> None:
    assert sentence(0.47, USUAL, PreviousScore(0.21, NEXT_DOOR)) == (
        "Up from 0.21 to 0.47, mostly because new armed groups appeared next door (mean over the "
        "neighbouring regions: armed groups new there in the last 12 months: 2, before 0)."
    )


def test_a_fall_with_several_causes_names_the_first_as_one_of_them() -> None:
    assert sentence(0.054, USUAL, PreviousScore(0.21, CALM)) == (
        "Down from 0.21 to 0.05, partly because there was less violence in the region (mean "
        "monthly deaths over the last 3 months: 1.23, before 41)."
    )


def test_without_a_previous_bulletin_a_score_is_set_beside_what_is_usual() -> None:
    assert sentence(0.47, USUAL, None) == (
        "0.47; above its own usual 0.12, mostly because new armed groups appeared next door (mean "
        "over the neighbouring regions: armed groups new there in the last 12 months: 2, "
        "usually 0)."
    )
    elsewhere = UsualScore(0.6, False, Cause("season", True))
    assert sentence(0.47, elsewhere, None) == (
        "0.47; below the 0.60 that is usual elsewhere, mostly because of the time of the year."
    )


def test_what_two_decimals_do_not_show_is_no_change() -> None:
    assert sentence(0.1249, USUAL, PreviousScore(0.1151, NEXT_DOOR)) == (
        "Unchanged at 0.12; as usual for the region."
    )
    assert sentence(0.003, UsualScore(0.004, False, CALM), None) == "0.00; as usual elsewhere."


def test_another_model_is_said_to_be_one_and_no_event_is_blamed_for_it() -> None:
    usual = UsualScore(0.12, True, Cause("place", False))
    assert sentence(0.47, usual, PreviousScore(0.21, None)) == (
        "Up from 0.21 to 0.47, by another model; above its own usual 0.12, partly because of where "
        "the region lies."
    )
    assert sentence(0.12, usual, PreviousScore(0.12, None)) == (
        "Unchanged at 0.12, by another model; as usual for the region."
    )


def test_a_revision_of_the_record_may_be_the_cause() -> None:
    assert sentence(0.3, USUAL, PreviousScore(0.4, Cause(REVISION, True))) == (
        "Down from 0.40 to 0.30, mostly because the record of earlier months was revised."
    )


@pytest.mark.parametrize(("value", "before"), [(np.nan, 1.0), (1.0, np.nan)])
def test_an_unknown_value_is_not_shown(value: float, before: float) -> None:
    cause = Cause("history", True, DEATHS, value, before)
    assert sentence(0.3, USUAL, PreviousScore(0.4, cause)).endswith(
        "mostly because of what happened in the region itself."
    )


def test_values_that_look_the_same_are_not_shown_beside_each_other() -> None:
    cause = Cause("history", True, DEATHS, 0.501, 0.499)
    assert sentence(0.4, USUAL, PreviousScore(0.3, cause)) == (
        "Up from 0.30 to 0.40, mostly because there was more violence in the region."
    )


def test_a_measure_has_its_unit_and_a_small_fall_no_minus_before_nothing() -> None:
    cause = Cause("encirclement", True, APPROACH, -0.001, 40)
    assert sentence(0.4, USUAL, PreviousScore(0.3, cause)).endswith(
        "of the 12 months before, negative as it comes nearer: 0 km, before 40)."
    )


def test_of_logarithms_and_angles_no_value_is_shown() -> None:
    cause = Cause("season", True, SEASON, 0.9, 0.5)
    assert sentence(0.4, USUAL, PreviousScore(0.3, cause)) == (
        "Up from 0.30 to 0.40, mostly because of the time of the year."
    )


def test_every_family_and_every_indicator_has_its_phrase() -> None:
    assert set(FAMILY_PHRASES) == {REVISION, *FAMILIES}
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
        ("months_since_5", "violence in the region is longer ago"),
        ("since_5_decay_12", "violence in the region is more recent"),
        ("state_based_since_5_decay_12", "violence in the region is more recent"),
        ("neighbour_months_since_5", "violence around the region is longer ago"),
        ("foreign_neighbour_deaths_change_3", "the trend of violence around the region rose"),
        ("domino_5_3", "there was more violence next door"),
        ("capital_violence_distance_3", "violence is further from the capital"),
        ("country_siege_reports_3", "more reports tell of sieges"),
    ],
)
def test_a_phrase_says_what_the_value_did(name: str, phrase: str) -> None:
    (indicator,) = select([name])
    assert indicator_phrase(indicator, rose=True) == phrase


def model(indicators: Matrix) -> FloatArray:
    """-2 + 2 newcomers + deaths / 20 + season + the record, in log-odds."""
    newcomers, deaths, season, record = indicators.astype(np.float64).T
    return np.asarray(expit(-2 + 2 * newcomers + deaths / 20 + season + record))


def question(before: PreviousScores | None = None) -> Question:
    """Two regions: newcomers beside the first, nothing but the season in the second."""
    return Question(
        probability=model,
        indicators=(NEWCOMERS, DEATHS, SEASON),
        regions=np.array(["A", "B"], dtype=object),
        present=np.array([[1, 20, 0.5, 1], [0, 0, 0.5, 0]], dtype=np.float32),
        usual=np.array([[0, 10, 0, 0.5], [0, 0, 0, 0]], dtype=np.float32),
        is_own=np.array([True, False]),
        before=before,
    )


def rows(table: pd.DataFrame, region: str, kind: str) -> pd.DataFrame:
    return table[(table["region"] == region) & (table["kind"] == kind)].reset_index(drop=True)


def test_a_score_is_its_baseline_and_families_and_names_its_strongest_indicators() -> None:
    table = driver_rows(question())
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
        "over the neighbouring regions: armed groups new there in the last 12 months: 1, "
        "usually 0)."
    )
    (indicator,) = rows(table, "A", "indicator").to_dict("records")
    shown = indicator["name"], indicator["value"], indicator["baseline_value"]
    assert shown == (NEWCOMERS.name, 1, 0)
    assert indicator["contribution"] == pytest.approx(2)
    assert table["change"].isna().all()
    assert rows(table, "B", "baseline")["name"].tolist() == ["all regions"]


EARLIER = np.array([[0, 15, 0.5, 0.75], [0, 0, 0.5, 0]], dtype=np.float32)


def before(*probability: float, is_same_model: bool = True) -> PreviousScores:
    return PreviousScores(np.array(probability), np.full(2, is_same_model), EARLIER)


def test_the_change_is_that_of_the_indicators_and_is_told_by_values_then_and_now() -> None:
    table = driver_rows(question(before(*model(EARLIER))))
    np.testing.assert_allclose(rows(table, "A", "family")["change"], [2, 0.5, 0], atol=1e-12)
    np.testing.assert_allclose(rows(table, "A", "revision")["change"], [0], atol=1e-12)
    (score,) = rows(table, "A", "score").to_dict("records")
    assert score["change"] == pytest.approx(2.5)
    assert score["sentence"].startswith("Up from 0.50 to 0.92, mostly because new armed groups")
    assert score["sentence"].endswith("1, before 0).")
    (calm,) = rows(table, "B", "score").to_dict("records")
    assert calm["change"] == pytest.approx(0, abs=1e-12)
    assert calm["sentence"].startswith(
        "Unchanged at 0.18; above the 0.12 that is usual elsewhere, m"
    )


def test_what_the_record_of_then_says_otherwise_today_is_a_part_of_the_change() -> None:
    table = driver_rows(question(before(expit(-3), expit(-1.5))))
    np.testing.assert_allclose(rows(table, "A", "family")["change"], [2, 0.5, 0], atol=1e-12)
    (revision,) = rows(table, "A", "revision").to_dict("records")
    assert (revision["change"], revision["contribution"]) == (pytest.approx(3), 0)
    (score,) = rows(table, "A", "score").to_dict("records")
    assert score["change"] == pytest.approx(2 + 0.5 + 3)
    assert score["sentence"] == (
        "Up from 0.05 to 0.92, mostly because the record of earlier months was revised."
    )


def test_another_model_has_a_change_of_the_score_and_of_no_part() -> None:
    table = driver_rows(question(before(0.5, 0.1, is_same_model=False)))
    assert (table["change"].notna() == (table["kind"] == "score")).all()
    assert "revision" not in set(table["kind"])
    assert "by another model" in rows(table, "A", "score")["sentence"][0]


def test_a_region_that_had_no_score_has_no_change() -> None:
    previous_scores = PreviousScores(np.array([np.nan, 0.18]), np.array([False, True]), EARLIER)
    table = driver_rows(question(previous_scores))
    assert table.loc[table["region"] == "A", "change"].isna().all()
    assert rows(table, "A", "score")["sentence"][0].startswith("0.92; above")
    assert rows(table, "B", "score")["sentence"][0].startswith("Unchanged at 0.18; above")


def test_a_regions_own_record_is_part_of_its_history_and_no_indicator() -> None:
    full = question()
    assert full.families == ("actors", "history", "season")
    assert full.groups.tolist() == [0, 1, 2, 1]
    present = full.usual.copy()
    present[0] += [0, 2, 0, 0.4]
    table = driver_rows(replace(full, present=present))
    np.testing.assert_allclose(rows(table, "A", "family")["contribution"], [0, 0.5, 0], atol=1e-6)
    (indicator,) = rows(table, "A", "indicator").to_dict("records")
    assert indicator["name"] == DEATHS.name
    assert indicator["contribution"] == pytest.approx(0.1)
    present[0] = full.usual[0] + [0, 0, 0, 0.4]
    table = driver_rows(replace(full, present=present))
    np.testing.assert_allclose(rows(table, "A", "family")["contribution"], [0, 0.4, 0], atol=1e-6)
    assert "indicator" not in set(table["kind"])
    assert rows(table, "A", "score")["sentence"][0].endswith(
        "mostly because of what happened in the region itself."
    )


def test_a_record_is_history_even_where_no_indicator_is() -> None:
    full = question()
    assert replace(full, indicators=(SEASON,)).families == ("season", "history")
    assert replace(full, indicators=(SEASON,)).groups.tolist() == [0, 1]


def test_where_nobody_is_scored_there_is_nothing_to_explain() -> None:
    full = question()
    none = np.zeros(2, dtype=bool)
    cut = {name: getattr(full, name)[none] for name in ("regions", "present", "usual", "is_own")}
    nothing = PreviousScores(np.empty(0), none[:0], EARLIER[none])
    assert len(driver_rows(replace(full, **cut))) == 0
    assert len(driver_rows(replace(full, **cut, before=nothing))) == 0


def test_a_previous_bulletin_tells_what_it_said_of_each_region() -> None:
    scores = pd.DataFrame(
        [
            ("A", "onset", 3, 0.2, "m/1"),
            ("B", "onset", 3, 0.3, "m/2"),
            ("A", "onset", 6, 0.4, "m/1"),
        ],
        columns=["region", "target", "horizon", "probability", "model_version"],
    ).assign(level="admin1")
    previous = EarlierBulletin("2023-12-0123456789ab", 647, scores, {"admin1": 5})
    mask = np.array(["C", "B", "A"], dtype=object)
    previous_scores = previous.of("admin1", "onset", 3, mask)
    np.testing.assert_array_equal(previous_scores["probability"], [np.nan, 0.3, 0.2])
    assert previous_scores["model_version"].tolist()[1:] == ["m/2", "m/1"]
    assert previous.of("country", "onset", 3, mask)["probability"].isna().all()


def test_the_usual_record_of_a_region_that_is_mostly_quiet_reaches_nothing(
    make_samples: Callable[..., Samples],
) -> None:
    deaths = np.zeros((90, 2))
    deaths[30:, 1] = 9
    deaths[60, 0] = 9  # in the record of 18 of the 48 months that count
    nothing, even = signed_odds(np.array([0, 0.5]))
    for horizon in HORIZONS:
        usual = _usual_records(make_samples(deaths), "instability", horizon)
        assert usual.shape == (2, 1)
        assert usual[0, 0] == np.float32(nothing)
        assert usual[1, 0] > even
