"""What a whole published bulletin holds, against the panel that it was computed from."""

import io
import json
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from bulletins.form import (
    DISTRIBUTIONS_SCHEMA,
    HISTORY_MONTHS,
    HISTORY_SCHEMA,
    INDICATOR_MONTHS,
    REGIONS_SCHEMA,
)
from bulletins.manifest import Manifest
from experiments.publishing.drivers import _questions, _usual_records
from experiments.publishing.earlier import read_bulletin
from experiments.publishing.regions import (
    history_of,
    outlines,
    regions_of,
    unscored_in_words,
    unscored_of,
)
from experiments.publishing.scores import LevelForecast, is_scored
from experiments.samples import samples_at, samples_for
from experiments.tracking.registry import ModelVersion, load_forecaster
from experiments.tracking.store import MlflowStore
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.indicators.catalogue import CATALOGUE
from features.months import format_month, parse_month
from features.panel.panel import Panel
from features.places.regions import geometries, load_regions
from features.sources.simulation.world import World, deliver
from features.words import LEVELS, SPECS, Level
from tests.experiments.publishing.test_publish import home_with, issue
from tests.test_leak import scrambled

ORIGINS = ("2023-10", "2023-11", "2023-12")


@pytest.fixture(scope="module")
def months_home(trained: Path, vintage: Vintage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained home with the bulletins of three months."""
    return home_with(trained, vintage, tmp_path_factory, *ORIGINS)


@pytest.fixture(scope="module")
def newest(months_home: Path) -> Manifest:
    return read_bulletin(months_home, None)[0]


@pytest.fixture(scope="module")
def scores(months_home: Path) -> pd.DataFrame:
    return read_bulletin(months_home, None)[1]


def table(home: Path, manifest: Manifest, name: str) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO((home / "bulletins" / manifest.id / name).read_bytes()))


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("distributions.parquet", DISTRIBUTIONS_SCHEMA),
        ("regions.parquet", REGIONS_SCHEMA),
        ("history.parquet", HISTORY_SCHEMA),
    ],
)
def test_every_file_has_its_form_and_order(
    months_home: Path, newest: Manifest, name: str, schema: object
) -> None:
    file = months_home / "bulletins" / newest.id / name
    assert pq.read_schema(file).equals(schema)
    keys = ("bulletin", "level", "region", "target", "horizon", "month")
    result = pd.read_parquet(file)
    by = [key for key in keys if key in result]
    assert len(result) > 0
    assert result[by].equals(result[by].sort_values(by, kind="stable", ignore_index=True))


def test_the_distribution_of_a_score_gives_its_probability_mean_and_quantiles(
    months_home: Path, newest: Manifest, scores: pd.DataFrame
) -> None:
    told = table(months_home, newest, "distributions.parquet")
    deaths = scores[scores["target"] == "fatalities"].reset_index(drop=True)
    assert told[["region", "level", "horizon"]].equals(deaths[["region", "level", "horizon"]])
    pairs: Any = zip(told.itertuples(), deaths.itertuples(), strict=True)
    for step, score in pairs:
        reached = step.exceedance[step.deaths >= score.threshold]
        assert reached.max(initial=0) == pytest.approx(score.probability, abs=1e-9)
        chance = -np.diff(np.append(step.exceedance, 0))
        assert chance @ step.deaths == pytest.approx(score.mean, rel=1e-6, abs=1e-6)
        assert score.q50 in step.deaths


def test_the_history_is_the_panel_up_to_the_origin(
    months_home: Path, newest: Manifest, panel: Panel, scores: pd.DataFrame
) -> None:
    told = table(months_home, newest, "history.parquet")
    assert set(told["region"]) == set(scores["region"])
    assert told["month"].max() == newest.origin
    assert told.groupby("region").size().eq(HISTORY_MONTHS).all()
    row = panel.row(parse_month("2022-05"))
    place = list(panel.regions.ids)
    may: Any = told[told["month"] == "2022-05"].set_index("region")
    for region in may.index:
        column = place.index(region)
        assert may.loc[region, "deaths"] == panel.total_deaths[row, column]
        assert may.loc[region, "events"] == panel.total_events[row, column]
        assert may.loc[region, "state_based"] == panel.deaths[0, row, column]
        assert may.loc[region, "one_sided"] == panel.deaths[2, row, column]


def test_all_indicators_of_the_last_months_are_told_with_their_percentiles(
    months_home: Path, newest: Manifest, panel: Panel
) -> None:
    told: Any = table(months_home, newest, "indicator_series.parquet")
    # No event of the simulated world has a text.
    known = [indicator.name for indicator in CATALOGUE if "texts" not in indicator.needs]
    assert list(told["indicator"].unique()) == known
    lists = told[["values", "own_percentiles", "all_percentiles"]]
    assert lists.map(len).eq(INDICATOR_MONTHS).all(axis=None)
    deaths = told[told["indicator"] == "deaths_mean_3"].set_index("region")
    row, place = panel.row(parse_month("2023-11")), list(panel.regions.ids)
    means = {
        region: panel.total_deaths[row - 2 : row + 1, place.index(region)].mean()
        for region in deaths.index
    }
    for region, of_region in deaths.iterrows():
        assert of_region["values"][-2] == pytest.approx(means[region], rel=1e-5)
        others = [other for name, other in means.items() if name != region]
        lower = sum(2 * (one < means[region]) + (one == means[region]) for one in others)
        assert of_region["all_percentiles"][-2] == lower * 50 // len(others)


def test_regions_lie_where_they_are_and_know_their_neighbours(
    months_home: Path, newest: Manifest
) -> None:
    told: Any = table(months_home, newest, "regions.parquet").set_index("region")
    world: Any = load_regions("admin1").table.set_index("id")
    for region, row in told.iterrows():
        outline = shapely.from_geojson(row["outline"])
        assert outline.distance(shapely.Point(row["longitude"], row["latitude"])) < 0.05
        assert outline.bounds == pytest.approx(row[["west", "south", "east", "north"]])
        assert row["name"] == world.loc[region, "name"]
        for neighbour in row["neighbours"]:
            assert region in told.loc[neighbour, "neighbours"]
            assert outline.distance(shapely.from_geojson(told.loc[neighbour, "outline"])) < 0.05


@pytest.mark.parametrize("level", LEVELS)
def test_no_region_and_no_island_is_lost_and_outer_rings_run_anticlockwise(level: Level) -> None:
    ids = load_regions(level).ids[:: 100 if level == "priogrid" else 1]
    result = outlines(level, ids)
    whole = geometries(level, ids)
    for simple, exact in zip(result, whole, strict=True):
        assert simple.is_valid
        assert len(shapely.get_parts(simple)) == len(shapely.get_parts(exact))
        assert simple.area == pytest.approx(exact.area, rel=0.25, abs=0.02)
        assert 0.3 < simple.area / exact.area < 1.5
        assert all(shapely.is_ccw(polygon.exterior) for polygon in shapely.get_parts(simple))


def test_neighbours_still_share_their_border() -> None:
    ids = load_regions("admin1").within(["MLI"]).ids
    result = outlines("admin1", ids)
    overlap = sum(shape.area for shape in result) - shapely.union_all(result).area
    assert overlap == pytest.approx(0, abs=1e-6)
    assert shapely.coverage_is_valid(result)


def test_a_prio_grid_cell_is_its_box() -> None:
    (cell,) = outlines("priogrid", load_regions("priogrid").ids[:1])
    west, south, east, north = cell.bounds
    assert (east - west, north - south) == (0.5, 0.5)
    assert cell.equals(shapely.box(west, south, east, north))


def test_what_nobody_knows_the_place_of_has_no_outline() -> None:
    assert list(outlines("admin1", np.array(["nowhere"]))) == [None]


def test_risk_levels_are_those_of_the_backtest(newest: Manifest) -> None:
    assert {scale.target for scale in newest.risk_scales} <= {"instability", "escalation", "onset"}
    scale = next(s for s in newest.risk_scales if s.target == "instability")
    bounds = {0.0, *SPECS["instability"].bounds}
    assert {level.lowest for level in scale.levels} <= bounds
    came = [level.came_true for level in scale.levels if level.came_true is not None]
    weights = [level.scores for level in scale.levels if level.came_true is not None]
    assert np.average(came, weights=weights) == pytest.approx(scale.base_rate)
    assert came == sorted(came)
    for level in scale.levels:
        if level.came_true is not None:
            assert level.low is not None
            assert level.high is not None
            assert level.low <= level.came_true <= level.high


def test_the_manifest_names_every_file(months_home: Path, newest: Manifest) -> None:
    folder = months_home / "bulletins" / newest.id
    assert {path.name for path in folder.iterdir()} == {"manifest.json", *newest.hashes}
    assert json.loads((folder / "manifest.json").read_text())["origin"] == ORIGINS[-1]
    assert newest.previous is not None
    assert newest.previous.startswith(format_month(parse_month(ORIGINS[-1]) - 1))


def tables_of(home: Path) -> dict[tuple[str, str], bytes]:
    """The tables of all bulletins, by origin and name, but for ids, which name the releases."""
    paths = home.glob("bulletins/*/*.parquet")
    return {(path.parent.name.rpartition("-")[0], path.name): path.read_bytes() for path in paths}


def test_nothing_after_the_origin_changes_a_bit_of_any_file(
    months_home: Path, own_home: Path, vintage: Vintage, world: World, tmp_path: Path
) -> None:
    delivery = deliver(world, date(2025, 1, 15))
    is_later = delivery.events["date_end"] >= pd.Timestamp("2024-01-01")
    events = scrambled(delivery.events, is_later, seed=3)
    Archive(tmp_path / "other").add(replace(delivery, events=events))
    other = open_vintage(Archive(tmp_path / "other"), vintage.as_of)
    for origin in ORIGINS:
        issue(own_home, other, origin)
    expected, result = tables_of(months_home), tables_of(own_home)
    assert len(result) == len(ORIGINS) * 13
    assert result == expected


@pytest.mark.parametrize("name", ["history.parquet", "indicator_series.parquet", "drivers.parquet"])
def test_a_region_can_be_read_without_most_of_the_others(
    months_home: Path, newest: Manifest, name: str
) -> None:
    metadata = pq.read_metadata(months_home / "bulletins" / newest.id / name)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    assert all(group.num_rows <= 4096 for group in groups)
    assert metadata.num_rows <= 4096 or len(groups) > 1
    spans = [group.column(0).statistics for group in groups]
    assert all(span.has_min_max for span in spans)
    assert all(one.max <= other.min for one, other in pairwise(spans))


@pytest.fixture
def december(store: MlflowStore, best: ModelVersion, panel: Panel) -> LevelForecast:
    """What is known in December 2023."""
    known = panel.until(parse_month(ORIGINS[-1]))
    forecaster = load_forecaster(store, best)
    samples = samples_at(known, parse_month(ORIGINS[-1]), forecaster.tau, ("deaths_mean_3",))
    return LevelForecast(known, best, forecaster, samples)


def test_a_score_is_explained_by_the_record_of_its_own_cell(
    december: LevelForecast, panel: Panel
) -> None:
    forecaster = december.forecaster
    samples = samples_for(forecaster, panel, december.origin)
    forecast = replace(december, samples=samples)
    read = set()
    for target, horizon, question in _questions(forecast, None):
        here = np.flatnonzero(is_scored(target, samples))
        newest = np.full(len(here), len(samples.months) - 1)
        expected = samples.predictors(target, horizon, (newest, here)).indicators
        np.testing.assert_array_equal(question.present, expected)
        np.testing.assert_array_equal(
            question.probability(expected),
            forecaster.cell(target, horizon).learner.probability(expected),
        )
        usual = _usual_records(samples, target, horizon)[here, 0]
        np.testing.assert_array_equal(question.usual[:, -1], usual)
        if target != "onset":
            read.add((expected[:, -1].tobytes(), usual.tobytes()))
    assert len({record for record, _ in read}) == len({usual for _, usual in read}) == 6


def test_history_says_nothing_of_what_was_not_observed_or_not_told(december: LevelForecast) -> None:
    observed = december.panel.observed.copy()
    observed[-30] = False
    panel = replace(december.panel, observed=observed, details=frozenset())
    told = history_of(replace(december, panel=panel))
    is_gap = told["month"] == format_month(parse_month(ORIGINS[-1]) - 29)
    assert told["observed"].ne(is_gap).all()
    assert told["deaths"].isna().equals(is_gap)
    assert told[["events", "state_based", "non_state", "one_sided"]].isna().all(axis=None)


def test_a_region_that_lies_nobody_knows_where_is_told_of_without_a_place(
    december: LevelForecast,
) -> None:
    known = december.panel.regions.table
    places = ["latitude", "longitude"]
    table = known.assign(
        id=known["id"].where(known.index > 0, "nowhere"),
        **{place: known[place].where(known.index > 0) for place in places},
    )
    regions = replace(december.panel.regions, table=table)
    told = regions_of(replace(december, panel=replace(december.panel, regions=regions)))
    places += ["west", "south", "east", "north", "outline"]
    is_lost = told["region"] == "nowhere"
    assert is_lost.sum() == 1
    assert told.loc[is_lost, places].isna().all(axis=None)
    assert told.loc[~is_lost, places].notna().all(axis=None)


def test_a_region_that_has_no_score_is_described_and_the_reason_said(
    december: LevelForecast,
) -> None:
    """One is observed to two months before the origin, one missed a month of the last year."""
    observed = december.panel.observed.copy()
    gone, patchy, never = np.flatnonzero(december.scored)[:3]
    observed[-2:, gone] = False
    observed[-5, patchy] = False
    observed[:, never] = False
    eligible = december.samples.eligible.copy()
    eligible[-1, [gone, patchy, never]] = False
    forecast = replace(
        december,
        panel=replace(december.panel, observed=observed),
        samples=replace(december.samples, eligible=eligible),
    )
    ids = december.panel.regions.ids
    told = unscored_of(forecast)
    nowhere = told[told["target"].isna()].set_index("region")
    assert dict(nowhere["reason"]) == {ids[gone]: "ended", ids[patchy]: "gaps"}
    assert nowhere.loc[ids[gone], "observed_to"] == "2023-10"
    assert nowhere.loc[ids[patchy], "observed_to"] is None
    lines = unscored_in_words(forecast)
    assert len(lines) == 2
    assert any(line.endswith("have no score: observed to 2023-10 only") for line in lines)
    onset = told[told["target"] == "onset"]
    assert set(onset["reason"]) == {"violent"}
    described = regions_of(forecast).set_index("region")["outline"]
    assert described[[ids[gone], ids[patchy]]].notna().all()
    assert ids[never] not in described.index
    links = regions_of(forecast).set_index("region")["neighbours"]
    assert not {ids[gone], ids[patchy]} & {name for of_region in links for name in of_region}


def test_a_region_has_scores_of_a_target_or_the_reason_why_not(
    months_home: Path, newest: Manifest, scores: pd.DataFrame
) -> None:
    told = table(months_home, newest, "unscored.parquet")
    assert set(told["target"]) == {"onset"}  # every region is observed throughout
    onset = set(scores.loc[scores["target"] == "onset", "region"])
    assert set(told["region"]) == set(scores["region"]) - onset


def test_a_bulletin_says_whom_it_is_owed_to(newest: Manifest) -> None:
    assert newest.licence == "CC BY 4.0"
    assert newest.id in newest.citation
    assert "(simulated)" in newest.citation
    assert [source.name for source in newest.sources] == ["simulation"]
    assert "no endorsement" in newest.boundaries
