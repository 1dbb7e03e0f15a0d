from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from experiments.publishing.drivers import Question, _usual_records, driver_rows
from experiments.publishing.earlier import EarlierBulletin, PreviousScores
from experiments.samples import Samples
from features.arrays import FloatArray, Matrix
from features.indicators.catalogue import select
from models.record import signed_odds
from tests.targets import HORIZONS

NEWCOMERS, DEATHS, SEASON = select(["neighbour_new_groups_12", "deaths_mean_3", "season_sine"])


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
    (cause,) = rows(table, "A", "cause").to_dict("records")
    assert (cause["name"], cause["value"], cause["baseline_value"]) == (NEWCOMERS.name, 1, 0)
    assert (cause["change"], cause["contribution"]) == (pytest.approx(2), 0)
    (calm,) = rows(table, "B", "score").to_dict("records")
    assert calm["change"] == pytest.approx(0, abs=1e-12)
    assert len(rows(table, "B", "cause")) == 0


def test_what_the_record_of_then_says_otherwise_today_is_a_part_of_the_change() -> None:
    table = driver_rows(question(before(expit(-3), expit(-1.5))))
    np.testing.assert_allclose(rows(table, "A", "family")["change"], [2, 0.5, 0], atol=1e-12)
    (revision,) = rows(table, "A", "revision").to_dict("records")
    assert (revision["change"], revision["contribution"]) == (pytest.approx(3), 0)
    (score,) = rows(table, "A", "score").to_dict("records")
    assert score["change"] == pytest.approx(2 + 0.5 + 3)
    assert "cause" not in set(table["kind"])  # it is the revision, which is no indicator


def test_another_model_has_a_change_of_the_score_and_of_no_part() -> None:
    table = driver_rows(question(before(0.5, 0.1, is_same_model=False)))
    assert (table["change"].notna() == (table["kind"] == "score")).all()
    assert "revision" not in set(table["kind"])
    assert "cause" not in set(table["kind"])


def test_a_region_that_had_no_score_has_no_change() -> None:
    previous_scores = PreviousScores(np.array([np.nan, 0.18]), np.array([False, True]), EARLIER)
    table = driver_rows(question(previous_scores))
    assert table.loc[table["region"] == "A", "change"].isna().all()
    assert "cause" not in set(table["kind"])


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


def test_a_record_is_history_even_where_no_indicator_is() -> None:
    full = question()
    season = replace(full, indicators=(SEASON,), present=full.present[:, :2])
    assert season.families == ("season", "history")
    assert season.groups.tolist() == [0, 1]


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
