"""The rows and drivers of coups, of a version that is fitted on invented states."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bulletins import form
from bulletins.manifest import CoupsUsed
from experiments.coups.fitting import MODEL, REFERENCE, fit_forecaster
from experiments.coups.registry import CoupVersion
from experiments.coups.settings import read_coup_settings
from experiments.publishing.coups import CoupForecast, coup_drivers, coup_scores
from experiments.publishing.earlier import EarlierBulletin
from features.months import format_month
from features.targets import any_of
from tests.states import many_states

SERVED = {1: MODEL, 12: REFERENCE}


@pytest.fixture(scope="module")
def forecast() -> CoupForecast:
    past = many_states(months=240, count=12)
    past.seizures[30, 0] = 1
    forecaster = fit_forecaster(past, read_coup_settings(), {1: MODEL, 12: REFERENCE})
    ids = past.countries[[0, 3, 5]]
    return CoupForecast(
        version=CoupVersion(
            version=2,
            run_id="a",
            learner="model, months_since",
            passed=True,
            trained_to=int(past.months[-1]),
            simulated=True,
            served={1: "model", 12: "months_since"},
            skill={1: 0.1, 12: -0.2},
            attempts=40,
            scales=(),
            sha256="0",
        ),
        forecaster=forecaster,
        past=past,
        countries=pd.DataFrame({"id": ids, "name": ids, "country": ids}),
        releases=(),
    )


def test_scores_are_of_the_form_of_all_others(forecast: CoupForecast) -> None:
    rows = coup_scores(forecast)
    pa.Table.from_pandas(rows, schema=form.CORRECTED_SCORES_SCHEMA, preserve_index=False)
    assert rows[["target", "level", "threshold"]].drop_duplicates().to_numpy().tolist() == [
        ["coup", "country", 1]
    ]
    assert rows["horizon"].tolist() == [1, 1, 1, 12, 12, 12]
    assert rows["target_month"].iloc[-1] == format_month(forecast.origin + 12)
    learner = forecast.forecaster.learner(12)
    expected = learner.probability(forecast.table[-1, forecast.states])
    assert rows["probability"].tolist()[3:] == expected.tolist()
    assert set(rows["model_version"]) == {"tocsin-coups/2"}


def test_drivers_add_up_to_the_score(forecast: CoupForecast) -> None:
    rows = coup_drivers(forecast, None)
    pa.Table.from_pandas(rows, schema=form.DRIVERS_SCHEMA, preserve_index=False)
    for (region, horizon), own in rows.groupby(["region", "horizon"]):
        parts = own[own["kind"].isin(["baseline", "family"])]["contribution"].sum()
        (score,) = own[own["kind"] == "score"]["contribution"]
        assert parts == pytest.approx(score), (region, horizon)
    named = rows[(rows["kind"] == "indicator") & (rows["horizon"] == 12)]["name"]
    assert set(named) <= {"attempt_years", "attempt_ever"}
    assert set(rows[rows["kind"] == "family"]["name"]) == {"state"}


def test_changes_are_against_the_bulletin_before(forecast: CoupForecast) -> None:
    before = coup_scores(forecast).assign(probability=0.01)
    previous = EarlierBulletin("b", forecast.origin - 1, before, {"country": 25})
    rows = coup_drivers(forecast, previous)
    scores = rows[rows["kind"] == "score"]
    assert scores["change"].notna().all()
    moved = rows[rows["kind"].isin(["family", "revision"])]
    by_score = moved.groupby(["region", "horizon"])["change"].sum()
    expected = scores.set_index(["region", "horizon"])["change"]
    assert np.allclose(by_score, expected.reindex(by_score.index))


def test_the_manifest_says_what_is_served_and_what_is_left_out(forecast: CoupForecast) -> None:
    used = forecast.used()
    assert CoupsUsed.model_validate_json(used.model_dump_json()) == used
    assert used.replaced == (12,)
    assert used.rows == len(coup_scores(forecast))
    month = format_month(int(forecast.past.months[30]))
    assert used.seizures == {str(forecast.past.countries[0]): (month,)}
    assert used.any_country[1] == pytest.approx(any_of(forecast.probability(1)))
    assert all(0 < share < 1 for share in used.success_shares.values())
