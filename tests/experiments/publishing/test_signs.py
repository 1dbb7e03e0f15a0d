from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bulletins.signs import (
    ACTORS_FILE,
    CAPITAL_RINGS_FILE,
    CAPITAL_SECTORS_FILE,
    CORRIDOR_QUARTERS_FILE,
    CORRIDORS_FILE,
    DYADS_FILE,
    SIGNS_SCHEMAS,
)
from experiments.publishing.signs import signs_files
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.arrow import in_arrow_memory
from features.months import parse_month
from features.panel.panel import ALL_DETAILS, Panel, read_panel
from features.signs.groups import group_id
from features.sources.simulation.world import World, deliver
from features.words import Level
from tests.features.indicators.worlds import world_on_a_line
from tests.test_leak import scrambled

ORIGIN = parse_month("2023-12")
LEVELS: tuple[Level, ...] = ("country", "admin1")
KEYS = {
    CAPITAL_RINGS_FILE: ["country", "radius_km"],
    CORRIDORS_FILE: ["corridor"],
    CORRIDOR_QUARTERS_FILE: ["corridor", "leg", "first_month"],
    ACTORS_FILE: ["level", "actor", "region"],
}


def panels_of(vintage: Vintage) -> list[Panel]:
    return [read_panel(vintage, level, ALL_DETAILS).until(ORIGIN) for level in LEVELS]


def signs_of(vintage: Vintage) -> dict[str, bytes]:
    return signs_files(panels_of(vintage))


@pytest.fixture(scope="module")
def panels(vintage: Vintage) -> list[Panel]:
    return panels_of(vintage)


@pytest.fixture(scope="module")
def files(panels: list[Panel]) -> dict[str, bytes]:
    return signs_files(panels)


@pytest.fixture(scope="module")
def tables(files: dict[str, bytes]) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(in_arrow_memory(content)) for name, content in files.items()}


def test_every_table_has_its_form(files: dict[str, bytes]) -> None:
    assert files.keys() == SIGNS_SCHEMAS.keys()
    for name, content in files.items():
        assert pq.read_schema(in_arrow_memory(content)).equals(SIGNS_SCHEMAS[name]), name


@pytest.mark.parametrize("name", KEYS)
def test_every_table_is_in_order_and_has_a_row_once(
    tables: dict[str, pd.DataFrame], name: str
) -> None:
    table = tables[name]
    assert len(table) > 0
    keys = [*table[KEYS[name]].itertuples(index=False, name=None)]
    assert keys == sorted(set(keys))


def test_the_same_panels_give_the_same_bytes(panels: list[Panel], files: dict[str, bytes]) -> None:
    assert signs_files(panels) == files


def test_what_happens_or_is_known_later_changes_no_bit_of_any_table(
    world: World, vintage: Vintage, files: dict[str, bytes], tmp_path: Path
) -> None:
    delivery = deliver(world, date(2025, 1, 15))
    is_later = delivery.events["date_end"] >= pd.Timestamp("2024-01-01")
    events = scrambled(delivery.events, is_later, seed=5)
    archive = Archive(tmp_path)
    archive.add(replace(delivery, events=events))
    revised = scrambled(delivery.events, ~is_later, seed=7)
    identity = replace(delivery.identity, release="later", available_on=date(2025, 3, 1))
    archive.add(replace(delivery, events=revised, identity=identity))
    of_its_day = open_vintage(archive, vintage.as_of)
    assert signs_of(of_its_day) == files
    assert signs_of(open_vintage(archive, date(2025, 4, 1))) != files


def test_capitals_have_names_and_places_and_a_row_a_wedge(tables: dict[str, pd.DataFrame]) -> None:
    rings, sectors = tables[CAPITAL_RINGS_FILE], tables[CAPITAL_SECTORS_FILE]
    assert set(rings["capital"]) == {"Bamako", "Niamey", "Ouagadougou"}
    assert rings["latitude"].between(12, 14).all()
    assert sectors.groupby("country").size().tolist() == [33] * 3
    assert sectors.groupby("country")["direction"].first().tolist() == ["N"] * 3
    assert rings["closed"].max() > 0


def test_groups_are_told_at_every_level_under_one_id(tables: dict[str, pd.DataFrame]) -> None:
    actors, dyads = tables[ACTORS_FILE], tables[DYADS_FILE]
    assert set(actors["level"]) == set(LEVELS)
    assert (actors["actor"] == actors["name"].map(group_id)).all()
    by_region = dyads.groupby(["level", "actor", "region"])["events"].sum()
    expected = actors.set_index(["level", "actor", "region"])["events"]
    pd.testing.assert_series_equal(by_region, expected)
    opponents = dyads[dyads["opponent_kind"] == "group"]
    assert set(opponents["opponent"]) <= set(actors["actor"])
    assert dyads.loc[dyads["opponent_kind"] != "group", "opponent"].isna().all()


def test_what_a_history_does_not_tell_is_empty(panels: list[Panel]) -> None:
    counts = replace(world_on_a_line(), details=frozenset())
    for name, content in signs_files([counts]).items():
        table = pq.read_table(in_arrow_memory(content))
        assert table.schema.equals(SIGNS_SCHEMAS[name])
        assert len(table) == 0
    nameless = replace(panels[0], details=ALL_DETAILS - {"actors"})
    filled = {n for n, c in signs_files([nameless]).items() if pq.read_table(in_arrow_memory(c))}
    assert filled == SIGNS_SCHEMAS.keys() - {ACTORS_FILE, DYADS_FILE}
