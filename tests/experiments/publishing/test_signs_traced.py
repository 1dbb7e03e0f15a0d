"""Figures of the siege view, traced to the rows of a real file with pandas and shapely alone.

One ring, one road and one group of Mali, from the bulletin's tables at three origins.
"""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from bulletins.signs import (
    ACTORS_FILE,
    CAPITAL_RINGS_FILE,
    CAPITAL_SECTORS_FILE,
    CORRIDOR_QUARTERS_FILE,
    CORRIDORS_FILE,
    DYADS_FILE,
)
from experiments.publishing.signs import signs_files
from features.archive.coverage import read_coverage
from features.archive.releases import Archive
from features.archive.vintage import vintage_of
from features.arrow import in_arrow_memory
from features.months import format_month, parse_month
from features.panel.panel import ALL_DETAILS, Panel, read_panel
from features.places.regions import geometries, load_regions
from features.sources.ucdp import Ucdp
from tests.features.sources.ingested import added
from tests.paths import ROOT

ORIGINS = ("2011-12", "2019-06", "2023-12")
GROUPS = {"2011-12": "AQIM", "2019-06": "JNIM", "2023-12": "JNIM"}
ROAD = "MLI-gao"
STATES = {
    "Mali": "MLI",
    "Burkina Faso": "BFA",
    "Niger": "NER",
    "Senegal": "SEN",
    "Ivory Coast": "CIV",
    "Benin": "BEN",
    "Togo": "TGO",
}
Place = tuple[float, float]
GEOGRAPHY = ROOT / "features" / "places" / "geography"
EARTH_KM = 6371.0088
KM_PER_DEGREE = 111.2
ABROAD_KM = 10
"""How far in another country a point may lie and still be of its own."""
FIRST = parse_month("1989-01")
LOCATED = 4
"""The vaguest `where_prec` that is a place in a region of the first order."""


class World(NamedTuple):
    """The rows of the file, with the month in which an event ended, and the panel of them."""

    rows: pd.DataFrame
    panel: Panel


@pytest.fixture(scope="module")
def world(real_data: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> World:
    """Events of Mali and its neighbours: those that could lie near its capital and roads."""
    folder = tmp_path_factory.mktemp("real")
    path = real_data("ucdp_ged", "ged_events_16_countries_1989_2023.csv.gz")
    rows = pd.read_csv(path, low_memory=False)
    rows = rows[rows["country"].isin(STATES)]
    rows.to_csv(folder / "events.csv", index=False)
    spans = pd.read_csv(real_data("ucdp_ged", "coverage_16_countries.csv"))
    spans[spans["country"].isin(STATES.values())].to_csv(folder / "spans.csv", index=False)
    release = added(
        Ucdp(), folder / "events.csv", coverage=read_coverage(folder / "spans.csv"), release="24.1"
    )
    vintage = vintage_of(Archive(folder / "home").releases(), date(2024, 7, 1))
    assert release.rows_accepted == len(rows)
    end = pd.to_datetime(rows["date_end"])
    month = (end.dt.year - 1970) * 12 + end.dt.month - 1
    return World(
        rows.assign(month=month, iso=rows["country"].map(STATES)),
        read_panel(vintage, "admin1", ALL_DETAILS),
    )


@pytest.fixture(scope="module", params=ORIGINS)
def origin(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def tables(world: World, origin: str) -> dict[str, pd.DataFrame]:
    """The tables of signs of a bulletin, as it holds them."""
    files = signs_files([world.panel.until(parse_month(origin))])
    return {name: shown_in(pq.read_table(in_arrow_memory(file))) for name, file in files.items()}


def shown_in(table: pa.Table) -> pd.DataFrame:
    """A table with None for a text that is null."""
    frame: pd.DataFrame = table.to_pandas()
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    for name in texts:
        frame[name] = pd.Series(table[name].to_pylist(), dtype=object)
    return frame


def known(world: World, origin: str) -> pd.DataFrame:
    """The rows to an origin, with their age [months] and quarter, 0 the newest."""
    rows = world.rows[world.rows["month"] <= parse_month(origin)]
    age = parse_month(origin) - rows["month"]
    return rows.assign(age=age, quarter=age // 3)


def arc_km(latitude: Any, longitude: Any, to_latitude: Any, to_longitude: Any) -> Any:
    """The distance on a sphere, by Vincenty's formula."""
    here, there = np.radians(latitude), np.radians(to_latitude)
    turn = np.radians(np.subtract(to_longitude, longitude))
    x = np.sin(here) * np.sin(there) + np.cos(here) * np.cos(there) * np.cos(turn)
    a = np.cos(there) * np.sin(turn)
    b = np.cos(here) * np.sin(there) - np.sin(here) * np.cos(there) * np.cos(turn)
    return EARTH_KM * np.arctan2(np.hypot(a, b), x)


def bearing(latitude: Any, longitude: Any, to_latitude: Any, to_longitude: Any) -> Any:
    """The direction in which a point lies [radians clockwise from north]."""
    here, there = np.radians(latitude), np.radians(to_latitude)
    turn = np.radians(np.subtract(to_longitude, longitude))
    a = np.cos(there) * np.sin(turn)
    return np.arctan2(a, np.cos(here) * np.sin(there) - np.sin(here) * np.cos(there) * np.cos(turn))


def around_bamako(rows: pd.DataFrame) -> pd.DataFrame:
    seats = pd.read_csv(GEOGRAPHY / "capitals.csv").query("country == 'MLI'")
    place = float(seats["latitude"].iloc[0]), float(seats["longitude"].iloc[0])
    placed = rows[rows["where_prec"] <= LOCATED]
    km = arc_km(*place, placed["latitude"], placed["longitude"])
    degrees = np.degrees(bearing(*place, placed["latitude"], placed["longitude"]))
    direction = ((degrees + 22.5) % 360 // 45).astype(int)
    return placed.assign(km=km, direction=direction).query("km <= 400")


def quarters(rows: pd.DataFrame, origin: str) -> dict[str, Any]:
    """The figures of some rows, of all whole quarters of the record."""
    number = (parse_month(origin) - FIRST + 1) // 3
    events = rows.groupby("quarter").size().reindex(range(number), fill_value=0).to_numpy()
    deaths = rows.groupby("quarter")["best"].sum().reindex(range(number), fill_value=0).to_numpy()
    return {
        "events": events[0],
        "deaths": deaths[0],
        "events_before": events[1:13].mean(),
        "deaths_before": deaths[1:13].mean(),
        "events_12": events[:4].sum(),
        "deaths_12": deaths[:4].sum(),
        "percentile": percentile(events),
    }


def percentile(values: Any) -> int:
    """The per cent of earlier quarters that are lower than the newest, equal ones by half."""
    now, past = values[0], values[1:]
    return int(((past < now).sum() + (past == now).sum() / 2) / len(past) * 100)


def unbroken_since(holds: Any, origin: str) -> str | None:
    """The month since which something has held, from a list of whether, the newest month first."""
    run = next((age for age, is_so in enumerate(holds) if not is_so), len(holds))
    return format_month(parse_month(origin) - run + 1) if run else None


def with_violence(rows: pd.DataFrame, ages: int) -> list[bool]:
    """Was there an event in the three months to each of so many ages?"""
    months = set(rows["age"])
    return [bool(months & {age, age + 1, age + 2}) for age in range(ages)]


def assert_shown(row: "pd.Series[Any]", figures: dict[str, Any]) -> None:
    shown = {name: row[name] for name in figures}
    missing = {name for name, value in shown.items() if value is None}
    assert missing == {name for name, value in figures.items() if value is None}
    assert {name: value for name, value in shown.items() if name not in missing} == pytest.approx(
        {name: value for name, value in figures.items() if name not in missing}
    )


def test_the_ring_around_bamako(world: World, origin: str, tables: dict[str, pd.DataFrame]) -> None:
    rings = tables[CAPITAL_RINGS_FILE].query("country == 'MLI'").set_index("radius_km")
    around = around_bamako(known(world, origin))
    ages = parse_month(origin) - FIRST + 1
    assert rings.index.tolist() == [50, 100, 200, 400]
    for radius, ring in rings.iterrows():
        near = around[(around["km"] >= 5) & (around["km"] <= radius)]
        sides = [set(near.loc[near["age"] == age, "direction"]) for age in range(ages + 2)]
        closed = np.array([len(set().union(*sides[age : age + 3])) for age in range(ages)])
        by_quarter = closed[::3][: ages // 3]
        figures = quarters(near, origin) | {
            "closed": closed[0],
            "closed_12": len(set().union(*sides[:12])),
            "closed_before": by_quarter[1:13].mean(),
            "closed_most": by_quarter[1:13].max(),
            "percentile": percentile(by_quarter),
        }
        assert_shown(ring, figures)
        assert ring["since"] == unbroken_since((closed >= closed[0]) & (closed[0] > 0), origin)


def test_the_sectors_around_bamako(
    world: World, origin: str, tables: dict[str, pd.DataFrame]
) -> None:
    sectors = tables[CAPITAL_SECTORS_FILE].query("country == 'MLI'")
    around = around_bamako(known(world, origin))
    ages = parse_month(origin) - FIRST + 1
    names = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
    told = 0
    for _, sector in sectors.iterrows():
        if sector["direction"] is None:
            own = around[around["km"] < 5]
        else:
            far = around["km"] > sector["from_km"] if sector["from_km"] > 5 else around["km"] >= 5
            is_side = around["direction"] == names.index(sector["direction"])
            own = around[far & (around["km"] <= sector["to_km"]) & is_side]
        if np.isnan(sector["events"]):
            # Nobody observes the land there: Guinea and Mauritania are not in the file.
            assert (sector["observed"], len(own[own["age"] < 3])) == (0, 0)
            continue
        figures = quarters(own, origin)
        assert_shown(sector, {name: figures[name] for name in figures if "_12" not in name})
        assert sector["since"] == unbroken_since(with_violence(own, ages), origin)
        told += 1
    assert told > 20


def test_the_road_to_gao(world: World, origin: str, tables: dict[str, pd.DataFrame]) -> None:
    places = pd.read_csv(GEOGRAPHY / "corridors.csv").query("corridor == @ROAD")
    rows = known(world, origin)
    rows = rows[rows["where_prec"] <= LOCATED]
    points = list(zip(places["latitude"].tolist(), places["longitude"].tolist(), strict=True))
    legs = list(pairwise(points))
    km = np.column_stack([off_leg_km(start, end, rows) for start, end in legs])
    is_near = km.min(axis=1) <= 25
    near = rows[is_near].assign(leg=km[is_near].round(3).argmin(axis=1) + 1)
    (own,) = [row for _, row in tables[CORRIDORS_FILE].query("corridor == @ROAD").iterrows()]
    by_leg = near[near["quarter"] == 0].groupby("leg").size()
    ages = parse_month(origin) - FIRST + 1
    length = [arc_km(*ends[0], *ends[1]) for ends in legs]
    assert_shown(own, quarters(near, origin) | {"km": sum(length), "observed": 1.0})
    assert np.isnan(own["reports"])
    if by_leg.empty:
        assert np.isnan(own["attacked_leg"])
    else:
        assert own["attacked_leg"] == by_leg.idxmax()
    assert own["since"] == unbroken_since(with_violence(near, ages), origin)
    assert list(own["places"]) == places["place"].tolist()
    quarter_rows = tables[CORRIDOR_QUARTERS_FILE].query("corridor == @ROAD")
    assert len(quarter_rows) == 40 * len(legs)
    for _, row in quarter_rows.iterrows():
        quarter = (parse_month(origin) - parse_month(row["first_month"]) - 2) // 3
        there = near[(near["leg"] == row["leg"]) & (near["quarter"] == quarter)]
        assert (row["events"], row["deaths"]) == (len(there), there["best"].sum())


def off_leg_km(start: Place, end: Place, rows: pd.DataFrame) -> Any:
    """How far rows lie from the great circle between two places, or from the nearer of them."""
    length, off = (
        arc_km(*start, *end) / EARTH_KM,
        arc_km(*start, rows["latitude"], rows["longitude"]),
    )
    angle = off / EARTH_KM
    turn = bearing(*start, rows["latitude"], rows["longitude"]) - bearing(*start, *end)
    across = np.arcsin(np.sin(angle) * np.sin(turn))
    along = np.arctan2(np.sin(angle) * np.cos(turn), np.cos(angle))
    to_end = arc_km(*end, rows["latitude"], rows["longitude"])
    is_abreast = (along >= 0) & (along <= length)
    return np.where(is_abreast, EARTH_KM * np.abs(across), np.minimum(off, to_end))


def test_an_armed_group(world: World, origin: str, tables: dict[str, pd.DataFrame]) -> None:
    name = GROUPS[origin]
    rows = known(world, origin)
    rows = rows[(rows["side_a"] == name) | (rows["side_b"] == name)]
    rows = in_regions(rows[rows["where_prec"] <= LOCATED])
    actors = tables[ACTORS_FILE]
    own = actors[actors["name"] == name]
    assert own["region"].tolist() == sorted(rows["region_id"].unique())
    assert set(own["began"]) == {format_month(int(rows["month"].min()))}
    for _, row in own.iterrows():
        assert_group(row, rows[rows["region_id"] == row["region"]])
    dyads = tables[DYADS_FILE].query("name == @name")
    other = rows["side_b"].where(rows["side_a"] == name, rows["side_a"])
    rows = rows.assign(opponent=other.mask(rows["type_of_violence"] == 3))
    pairs = rows.fillna({"opponent": ""}).groupby(["opponent", "region_id"])
    assert len(dyads) == len(pairs)
    for _, row in dyads.iterrows():
        assert_group(row, pairs.get_group((row["opponent_name"] or "", row["region"])))
        is_state = (row["opponent_name"] or "").startswith("Government of ")
        kind = "state" if is_state else "group" if row["opponent_name"] else "civilians"
        assert row["opponent_kind"] == kind


def in_regions(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the region of their country in which they lie, or nearly so."""
    regions = load_regions("admin1").table.query("country in @STATES.values()")
    shapes = dict(zip(regions["id"], geometries("admin1", regions["id"].tolist()), strict=True))
    places = rows[["iso", "latitude", "longitude"]].drop_duplicates()
    found = [
        min(
            regions.loc[regions["country"] == iso, "id"],
            key=lambda region: shapes[region].distance(point),
        )
        for iso, point in zip(
            places["iso"], shapely.points(places["longitude"], places["latitude"]), strict=True
        )
    ]
    placed = rows.merge(places.assign(region_id=found))
    points = shapely.points(placed["longitude"], placed["latitude"])
    off = shapely.distance(points, placed["region_id"].map(shapes).to_numpy()) * KM_PER_DEGREE
    return placed.assign(off=off).query("off <= @ABROAD_KM")


def assert_group(row: "pd.Series[Any]", own: pd.DataFrame) -> None:
    newest = {months: own[own["age"] < months] for months in (3, 12)}
    assert row["first_month"] == format_month(int(own["month"].min()))
    assert row["last_month"] == format_month(int(own["month"].max()))
    assert (row["events"], row["deaths"]) == (len(own), own["best"].sum())
    for months, late in newest.items():
        shown = row[f"events_{months}"], row[f"deaths_{months}"]
        assert shown == (len(late), late["best"].sum())
