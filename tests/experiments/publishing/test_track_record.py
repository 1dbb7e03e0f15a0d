from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.judging.skill import probability_skill
from experiments.publishing.track_record import (
    _reference_deaths,
    deaths_record,
    judged_probabilities,
    record_markdown,
)
from experiments.samples import Samples, samples_at
from features.months import parse_month
from features.panel.panel import Panel, build_panel
from features.places.regions import load_regions
from features.words import QUANTILES, quantile_column
from models.metrics import quantile_score
from models.record import REFERENCE
from models.references import REFERENCES, reference_deaths

ORIGIN = parse_month("2022-12")
WORLD = load_regions("admin1")
A, B = (str(WORLD.within([country]).ids[0]) for country in ("BEN", "TGO"))
QUANTILE_COLUMNS = [quantile_column(level) for level in QUANTILES]


def panel_of(
    counts: list[tuple[str, str, int]], benin_ends: str = "2023-06", togo_ends: str = "2023-06"
) -> Panel:
    """Deaths by region and month, in Benin and Togo; Benin's observation may end before."""
    rows = [(region, parse_month(month), 1, 1, deaths) for region, month, deaths in counts]
    columns = ["region", "month", "type_of_violence", "events", "deaths"]
    spans = [("BEN", "2019-01", benin_ends), ("TGO", "2019-01", togo_ends)]
    return build_panel(
        pd.DataFrame(rows, columns=columns).astype({"region": "str", "month": "int64"}),
        pd.DataFrame(
            [(country, parse_month(first), parse_month(last)) for country, first, last in spans],
            columns=["country", "first_month", "last_month"],
        ),
        WORLD,
    )


def known_at_origin(panel: Panel) -> Samples:
    return samples_at(panel, ORIGIN, 5, ())


def scores_of(rows: list[tuple[str, str, int, float]], **deaths: Any) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["region", "target", "horizon", "probability"])
    return table.assign(**dict.fromkeys(["mean", *QUANTILE_COLUMNS], np.nan) | deaths)


def of_score(record: pd.DataFrame, horizon: int) -> pd.Series:
    return record[(record["forecast"] == "score") & (record["horizon"] == horizon)].iloc[0]


def probability_record(panel: Panel, samples: Samples, scores: pd.DataFrame) -> pd.DataFrame:
    return probability_skill(judged_probabilities(panel, samples, scores), ["target", "horizon"])


def test_scores_are_set_beside_what_happened() -> None:
    panel = panel_of([(A, "2023-01", 9), (B, "2023-01", 4), (B, "2023-02", 5)])
    scores = scores_of(
        [
            (A, "instability", 1, 0.8),
            (B, "instability", 1, 0.3),
            (A, "instability", 2, 0.5),
            (B, "instability", 2, 0.5),
        ]
    )
    record = probability_record(panel, known_at_origin(panel), scores)
    first, second = of_score(record, 1), of_score(record, 2)
    assert first["brier"] == pytest.approx((0.2**2 + 0.3**2) / 2)
    assert (first["n"], first["base_rate"], first["auc"]) == (2, 0.5, 1)
    assert (second["brier"], second["auc"]) == (0.25, 0.5)
    assert set(record["forecast"]) == {"score", *REFERENCES}


def test_a_region_observed_no_longer_is_left_out() -> None:
    panel = panel_of([(A, "2023-01", 9), (B, "2023-02", 5)], benin_ends="2023-01")
    scores = scores_of([(r, "instability", h, 0.5) for h in (1, 2, 7) for r in (A, B)])
    record = probability_record(panel, known_at_origin(panel), scores)
    assert [of_score(record, h)["n"] for h in (1, 2)] == [2, 1]
    assert of_score(record, 2)["base_rate"] == 1
    assert 7 not in set(record["horizon"])


def test_a_window_that_is_not_over_has_no_outcome() -> None:
    panel = panel_of([(A, "2023-01", 9)], benin_ends="2023-03", togo_ends="2023-02")
    scores = scores_of([(r, "onset", h, 0.5) for h in (3, 6) for r in (A, B)])
    record = probability_record(panel, known_at_origin(panel), scores)
    assert set(record["horizon"]) == {3}
    assert (of_score(record, 3)["n"], of_score(record, 3)["base_rate"]) == (1, 1)


def test_a_region_that_the_newer_events_do_not_cover_at_all_is_left_out() -> None:
    later = panel_of([(A, "2023-01", 9)])
    benin = later.regions.within(["BEN"])
    only = build_panel(
        pd.DataFrame(
            {"region": [A], "month": [ORIGIN + 1], "type_of_violence": 1, "events": 1, "deaths": 9}
        ),
        pd.DataFrame({"country": ["BEN"], "first_month": [588], "last_month": [ORIGIN + 3]}),
        benin,
    )
    scores = scores_of([(A, "instability", 1, 0.8), (B, "instability", 1, 0.8)])
    record = probability_record(only, known_at_origin(only), scores)
    assert of_score(record, 1)["n"] == 1
    assert of_score(record, 1)["brier"] == pytest.approx(0.04)


def test_before_anything_is_observed_there_is_no_record() -> None:
    panel = panel_of([], benin_ends="2022-12", togo_ends="2022-12")
    scores = scores_of([(A, "instability", 1, 0.5)])
    assert probability_record(panel, known_at_origin(panel), scores).empty
    assert deaths_record(panel, known_at_origin(panel), scores).empty


def test_deaths_are_judged_by_their_quantiles_their_interval_and_their_sum() -> None:
    panel = panel_of([(A, "2023-01", 9)], benin_ends="2023-01", togo_ends="2023-01")
    quantiles = {column: [10.0, 0.0] for column in QUANTILE_COLUMNS}
    scores = scores_of(
        [(A, "fatalities", 1, 0.8), (B, "fatalities", 1, 0.1)], mean=[10.0, 0.5], **quantiles
    )
    record = deaths_record(panel, known_at_origin(panel), scores)
    row = of_score(record, 1)
    # Every quantile of A is 1 too high: the loss is 1 - level, twice, over the 14 quantiles.
    assert row["quantile_score"] == pytest.approx(2 * sum(1 - q for q in QUANTILES) / 14)
    assert row["mean_ratio"] == pytest.approx(10.5 / 9)
    assert row["within_90"] == 0.5
    assert row["n"] == 2
    assert set(record["horizon"]) == {1}


def test_the_references_deaths_are_those_of_the_past() -> None:
    panel = panel_of([(A, "2022-12", 6), (A, "2023-01", 6)])
    scores = scores_of([(A, "fatalities", 1, 0.8)], mean=1.0, **dict.fromkeys(QUANTILE_COLUMNS, 1))
    record = deaths_record(panel, known_at_origin(panel), scores).set_index("forecast")
    ratio = record["mean_ratio"].to_dict()
    decaying = reference_deaths("decaying_record", known_at_origin(panel).deaths, 47, 1).mean()
    assert decaying.max() == pytest.approx(6 * REFERENCE.month_weights()[0], abs=0.05)
    expected = {"score": 1 / 6, "climatology": 1 / 48, "conflictology": 1 / 12, "persistence": 1}
    assert ratio == pytest.approx(expected | {"decaying_record": decaying.max() / 6})
    assert record["quantile_score"].to_dict()["persistence"] == 0


def test_the_markdown_has_forecasts_side_by_side() -> None:
    record = pd.DataFrame(
        {
            "target": ["onset", "onset"],
            "horizon": [3, 3],
            "forecast": ["score", "climatology"],
            "n": [7, 7],
            "brier": [0.25, 0.5],
        }
    )
    assert record_markdown(record, ("brier",)).splitlines() == [
        "| target | horizon | n | brier: score | brier: climatology |",
        "|--:|--:|--:|--:|--:|",
        "| onset | 3 | 7 | 0.2500 | 0.5000 |",
    ]


@pytest.mark.parametrize("months", [25, 60, 84])
def test_the_references_quantiles_are_the_inverse_of_their_distribution(
    months: int, make_samples: Callable[..., Samples]
) -> None:
    rng = np.random.default_rng(months)
    deaths = rng.poisson(3, (months, 9)).astype(float)
    deaths[: months - 24][rng.random((months - 24, 9)) < 0.3] = np.nan
    result = _reference_deaths(make_samples(deaths), REFERENCES, 6)
    assert tuple(result) == REFERENCES
    for reference in REFERENCES:
        quantiles, mean = result[reference]
        issued = reference_deaths(reference, deaths, months - 1, 6)
        for region in range(9):
            draws, weights = issued.draws[region], issued.weights[region]
            for level, quantile in zip(QUANTILES, quantiles[region], strict=True):
                assert quantile in draws[weights > 0]
                assert weights[draws < quantile].sum() < level - 1e-12
                assert weights[draws <= quantile].sum() >= level - 1e-12
            assert mean[region] == pytest.approx(np.average(draws, weights=weights), rel=1e-12)


def test_the_spread_of_the_decaying_record_is_that_of_each_horizon() -> None:
    panel = panel_of([(A, month, 40) for month in ("2022-10", "2022-11", "2022-12", "2023-01")])
    quantiles = dict.fromkeys(QUANTILE_COLUMNS, 1)
    scores = scores_of([(A, "fatalities", h, 0.8) for h in (1, 6)], mean=1.0, **quantiles)
    samples = known_at_origin(panel)
    record = deaths_record(panel, samples, scores).set_index(["horizon", "forecast"])
    (here,) = np.flatnonzero(panel.regions.ids == A)
    for horizon, came in ((1, 40.0), (6, 0.0)):
        issued = reference_deaths("decaying_record", samples.deaths, 47, horizon).ordered()
        own = issued.quantiles(QUANTILES)[here : here + 1]
        expected = quantile_score(np.array([came]), own, QUANTILES)
        assert record.loc[(horizon, "decaying_record"), "quantile_score"] == pytest.approx(expected)
