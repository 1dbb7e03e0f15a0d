"""Panels of random events, of any size, for the benchmarks."""

import numpy as np
import pandas as pd

from features.indicators.near import great_circle_km
from features.panel.incidents import Incidents
from features.panel.panel import ALL_DETAILS, Panel, build_panel
from features.panel.topics import TOPICS
from features.places.regions import Regions

FIRST = 12 * 30  # 2000-01
BAMAKO = (12.65, -8.0)
GRID = {"latitude": (-35.0, 38.0), "longitude": (-18.0, 63.0)}  # Africa and the Middle East


def nearest(world: Regions, number: int) -> Regions:
    """Return the regions that are nearest to Bamako."""
    table = world.table
    km = great_circle_km(
        table["latitude"].to_numpy(), table["longitude"].to_numpy(), *map(np.asarray, BAMAKO)
    )
    return world.only(table["id"].iloc[np.argsort(km, kind="stable")[:number]].tolist())


def inside(world: Regions) -> Regions:
    """Return the regions of Africa and the Middle East, by a frame around them."""
    within = [world.table[name].between(*ends) for name, ends in GRID.items()]
    return world.only(world.table["id"][within[0] & within[1]].tolist())


def random_panel(regions: Regions, months: int, events: int) -> Panel:
    """Return a panel of random events, most of them in few regions."""
    incidents = random_incidents(regions, months, events, np.random.default_rng(1))
    ids = regions.table["id"].to_numpy()
    counts = pd.DataFrame(
        {
            "region": ids[incidents.region],
            "month": incidents.month,
            "type_of_violence": incidents.type_of_violence,
            "events": 1,
            "deaths": incidents.deaths,
        }
    )
    observed = pd.DataFrame({"country": regions.table["country"].unique()})
    observed = observed.assign(first_month=FIRST, last_month=FIRST + months - 1)
    panel = build_panel(counts, observed, regions, details=ALL_DETAILS)
    return panel.with_incidents(incidents)


def random_incidents(
    regions: Regions, months: int, events: int, rng: np.random.Generator
) -> Incidents:
    """Return events near the centres of regions, by 60 groups and the states."""
    names = (
        *(f"Group {number}" for number in range(60)),
        *(f"Government of {country}" for country in sorted(regions.table["country"].unique())),
    )
    weight = rng.pareto(1, len(regions)) + 0.01
    region = rng.choice(len(regions), events, p=weight / weight.sum())
    kind = rng.integers(1, 4, events)
    actors = rng.integers(0, len(names), (events, 2))
    actors[kind == 3, 1] = -1
    return Incidents(
        month=np.sort(rng.integers(FIRST, FIRST + months, events)),
        region=region,
        latitude=regions.table["latitude"].to_numpy()[region] + rng.normal(0, 0.2, events),
        longitude=regions.table["longitude"].to_numpy()[region] + rng.normal(0, 0.2, events),
        deaths=np.floor(rng.pareto(1.5, events) * 3),
        type_of_violence=kind,
        actors=actors,
        topics=rng.random((events, len(TOPICS))) < 0.05,
        has_text=np.ones(events, bool),
        names=names,
    )
