from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from features.archive.releases import Archive
from features.archive.schemas import EVENTS_SCHEMA, event_faults
from features.errors import InputError
from features.months import parse_month
from features.places.placement import place_admin1
from features.places.regions import geometries, load_regions
from features.sources.simulation.parameters import WESTERN_AFRICA, SimulationParameters
from features.sources.simulation.process import Mood
from features.sources.simulation.world import World, deliver, simulate
from tests.features.sources.simulation.truth import conditional_draws, counts_of, deaths_of

SAHEL = ("BFA", "MLI", "NER")


@cache
def small_world(seed: int = 1) -> World:
    parameters = SimulationParameters(first_month="2010-01", last_month="2014-12", groups=6)
    return simulate(parameters, load_regions("admin1", SAHEL), seed)


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = simulate(small_world().parameters, small_world().regions, 1)
    pd.testing.assert_frame_equal(again.events, small_world().events)
    assert deaths_of(again).tobytes() == deaths_of(small_world()).tobytes()
    assert again.states.memory.tobytes() == small_world().states.memory.tobytes()
    origin = int(again.months[30])
    draws = [conditional_draws(world, origin, 3, 20, 4) for world in (again, small_world())]
    assert draws[0].tobytes() == draws[1].tobytes()


def test_different_seeds_give_different_worlds_and_draws() -> None:
    assert (deaths_of(small_world(1)) != deaths_of(small_world(2))).any()
    origin = int(small_world().months[30])
    first, second = (conditional_draws(small_world(), origin, 3, 20, seed) for seed in (4, 5))
    assert (first != second).any()


def test_a_world_that_ends_sooner_is_the_beginning_of_one_that_ends_later() -> None:
    world = small_world()
    parameters = world.parameters.model_copy(update={"last_month": "2012-06"})
    sooner = simulate(parameters, world.regions, world.seed)
    assert (deaths_of(sooner) == deaths_of(world)[: len(sooner.months)]).all()


def test_deaths_and_events_of_the_table_sum_to_those_of_the_world() -> None:
    world = small_world()
    events = world.events
    month = (events["date_end"].dt.year - 1970) * 12 + events["date_end"].dt.month - 1
    table = events.groupby([month.rename("month"), "admin1"])["best"].agg(["sum", "size"])
    every = pd.MultiIndex.from_product([world.months, world.regions.table["id"]])
    table = table.reindex(every, fill_value=0)
    assert deaths_of(world).sum() > 0
    assert (table["sum"].to_numpy().reshape(deaths_of(world).shape) == deaths_of(world)).all()
    assert (table["size"].to_numpy().reshape(counts_of(world).shape) == counts_of(world)).all()


def test_events_are_of_the_normal_form() -> None:
    events = small_world().events
    assert list(events.columns) == EVENTS_SCHEMA.names
    assert pa.Table.from_pandas(events, schema=EVENTS_SCHEMA).num_rows == len(events)
    faults = event_faults(date(2010, 1, 1), date(2014, 12, 31))
    faulty = " OR ".join(f"coalesce({condition}, false)" for condition in faults.values())
    with duckdb.connect() as database:
        database.register("events", events)
        assert database.sql(f"SELECT count(*) FROM events WHERE {faulty}").fetchall() == [(0,)]
    assert events["event_id"].str.fullmatch(r"SIM-1-\d+").all()


def test_an_event_begins_and_ends_in_one_month() -> None:
    events = small_world().events
    start, end = (events[name].dt.to_period("M") for name in ("date_start", "date_end"))
    assert (start == end).all()
    assert (events["date_start"] < events["date_end"]).any()


def test_deaths_of_the_sides_sum_to_best_between_low_and_high() -> None:
    events = small_world().events
    sides = events[["deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown"]].sum(axis=1)
    assert (sides == events["best"]).all()
    assert (events["low"] <= events["best"]).all()
    assert (events["best"] <= events["high"]).all()
    one_sided = events[events["type_of_violence"] == 3]
    assert (one_sided["deaths_civilians"] == one_sided["best"]).all()


def test_every_event_lies_inside_its_region_and_on_a_land_cell() -> None:
    events = small_world().events
    outlines = geometries("admin1", list(events["admin1"]))
    assert shapely.contains_xy(outlines, events["longitude"], events["latitude"]).all()
    placed = place_admin1(
        events["latitude"].to_numpy(), events["longitude"].to_numpy(), events["country"]
    )
    assert (placed == events["admin1"]).all()
    assert events["priogrid"].isin(load_regions("priogrid").table["id"]).all()
    assert set(events["where_prec"]) == {1, 2, 3}


def test_every_actor_is_named_as_simulated() -> None:
    events = pd.concat([small_world(seed).events for seed in (1, 2)])
    assert pd.concat([events["side_a"], events["side_b"]]).str.contains("Simulated").all()
    kinds = {kind: events[events["type_of_violence"] == kind] for kind in (1, 2, 3)}
    assert min(map(len, kinds.values())) > 0
    assert kinds[1]["side_a"].str.startswith("Simulated forces of ").all()
    assert (kinds[2]["side_a"] != kinds[2]["side_b"]).all()
    assert (kinds[3]["side_b"] == "Simulated civilians").all()


def test_both_sides_of_a_non_state_event_stand_in_its_region() -> None:
    world = small_world()
    home = small_world().regions.table["id"]
    fights = world.events[world.events["type_of_violence"] == 2]
    assert len(fights) > 0
    standing = world.states.presence & (world.states.mood != Mood.DORMANT)[..., None]
    month = fights["date_end"].dt.year * 12 + fights["date_end"].dt.month - (2010 * 12 + 1)
    region = pd.Index(home).get_indexer(fights["admin1"])
    assert (standing[month, :, region].sum(axis=1) > 1).all()


def test_a_world_without_any_event_is_a_world() -> None:
    parameters = small_world().parameters.model_copy(update={"background": 0.0})
    world = simulate(parameters, small_world().regions, seed=1)
    assert world.events.empty
    assert list(world.events.columns) == EVENTS_SCHEMA.names
    assert not conditional_draws(world, int(world.months[0]), 2, 3, 1).any()


def test_what_cannot_be_simulated_or_drawn_is_refused() -> None:
    world = small_world()
    with pytest.raises(InputError, match="admin1"):
        simulate(world.parameters, load_regions("country", SAHEL), seed=1)
    with pytest.raises(InputError, match="seed"):
        simulate(world.parameters, world.regions, seed=-1)
    with pytest.raises(InputError, match="2015-01"):
        conditional_draws(world, parse_month("2015-01"), 3, 10, seed=1)
    with pytest.raises(InputError, match="at least 1"):
        conditional_draws(world, parse_month("2014-12"), 0, 10, seed=1)


def test_the_default_world_resembles_the_sahel() -> None:
    world = simulate(SimulationParameters(), load_regions("admin1", WESTERN_AFRICA), seed=2)
    assert deaths_of(world).shape == (18 * 12, len(world.regions.table))
    assert 0.05 < (deaths_of(world) > 0).mean() < 0.2
    assert 0.02 < (deaths_of(world) >= 5).mean() < 0.15
    assert 1000 < deaths_of(world).sum() / 18 < 15_000
    assert world.events["best"].max() <= world.parameters.most_deaths


def test_a_delivery_holds_what_was_over_on_its_day_and_the_archive_takes_it(tmp_path: Path) -> None:
    world = small_world()
    early, late = (deliver(world, day) for day in (date(2012, 7, 10), date(2030, 1, 1)))
    assert early.identity.release == "seed-1-2012-06"
    assert early.events["date_end"].max() < pd.Timestamp("2012-07-01")
    assert early.identity.coverage.last_month == parse_month("2012-06")
    assert {span.country for span in early.identity.coverage.spans} == set(SAHEL)
    pd.testing.assert_frame_equal(early.events, late.events.iloc[: len(early.events)])
    assert len(late.events) == len(world.events)
    archive = Archive(tmp_path)
    assert archive.add(early).is_new
    assert archive.add(late).is_new
    assert not archive.add(deliver(world, date(2012, 7, 10))).is_new
    assert len({release.sha256 for release in archive.releases()}) == 2
    assert all(release.simulated for release in archive.releases())


def test_a_delivery_before_the_first_month_was_over_is_refused() -> None:
    with pytest.raises(InputError, match="2010-01"):
        deliver(small_world(), date(2010, 1, 31))
