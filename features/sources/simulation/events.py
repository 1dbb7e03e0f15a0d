"""Give every drawn event its day, place and actors: the normal form of an event.

Nothing here touches the law: month, region and deaths are the process's own.
"""

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from features.archive.schemas import DEATHS
from features.arrays import BoolArray, FloatArray, IntArray, ObjectArray
from features.places.priogrid import place_priogrid
from features.places.regions import Regions, geometries, load_regions
from features.sources.simulation.parameters import CIVILIANS, FORCES, group_names
from features.sources.simulation.process import (
    NON_STATE,
    ONE_SIDED,
    STATE_BASED,
    EventDraws,
    Mood,
    State,
)

# Standard deviation of places about their town, and share of events, by where_prec.
_SCATTER, _WHERE_PREC = np.array([0.01, 0.06, 0.15]), (0.6, 0.25, 0.15)  # [degrees], [1]
# Shares of events: over several days, one-sided by the state, with estimates that differ.
_SEVERAL_DAYS, _STATE_ATTACKS_CIVILIANS, _DISPUTED = 0.15, 0.2, 0.4
_SPLIT = {
    STATE_BASED: (0.3, 0.5, 0.15, 0.05),
    NON_STATE: (0.4, 0.4, 0.15, 0.05),
    ONE_SIDED: (0.0, 0.0, 1.0, 0.0),
}
"""How deaths fall on side a, side b, civilians and unknown, by type of violence."""


def events_table(
    regions: Regions,
    months: IntArray,
    states: State,
    draws: EventDraws,
    towns: int,
    seed: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the events drawn in the normal form, by first day, with ids SIM-<seed>-<n>.

    `draws.path` and the first axis of `states` number the `months` (M,) [months since 1970-01].
    """
    side_a, side_b = _sides(regions, states, draws, rng)
    start, end = _days(months[draws.path], rng)
    where_prec, longitude, latitude = _places(regions, draws.region, towns, rng)
    shares = np.array([_SPLIT[kind] for kind in draws.type_of_violence.tolist()])
    split = rng.multinomial(draws.deaths, shares.reshape(-1, 4))
    low, high = _estimates(draws.deaths, rng)
    region = regions.table.iloc[draws.region]
    events = pd.DataFrame(
        {
            "type_of_violence": draws.type_of_violence,
            "side_a": side_a,
            "side_b": side_b,
            "date_start": start,
            "date_end": end,
            "date_prec": np.where(start == end, 1, 2),
            "where_prec": where_prec,
            "event_clarity": 1,
            "code_status": "Clear",
            "latitude": latitude,
            "longitude": longitude,
            "country": region["country"].to_numpy(),
            "admin1": region["id"].to_numpy(),
            "priogrid": place_priogrid(latitude, longitude),
            **dict(zip(DEATHS[:4], split.T, strict=True)),
            "best": draws.deaths,
            "high": high,
            "low": low,
            "text": None,
        }
    ).sort_values(["date_start", "date_end"], kind="stable", ignore_index=True)
    events.insert(0, "event_id", [f"SIM-{seed}-{n}" for n in range(1, len(events) + 1)])
    return events


def _sides(
    regions: Regions, states: State, draws: EventDraws, rng: np.random.Generator
) -> tuple[ObjectArray, ObjectArray]:
    """Name both sides: the state against the group, group against rival, attacker against all."""
    names = np.array(group_names(states.mood.shape[1]), dtype=object)
    countries = load_regions("country").table.set_index("id")["name"]
    forces = regions.table["country"].map(countries).map(FORCES.format)
    state = forces.to_numpy(dtype=object)[draws.region]
    group = names[draws.group]
    kind = draws.type_of_violence
    abusive = (kind == ONE_SIDED) & (rng.random(len(kind)) < _STATE_ATTACKS_CIVILIANS)
    state_acts = (kind == STATE_BASED) | abusive
    side_a = np.where(state_acts, state, group)
    rival = names[_rivals(states, draws, rng)]
    side_b = np.where(kind == STATE_BASED, group, np.where(kind == NON_STATE, rival, CIVILIANS))
    return side_a, side_b


def _rivals(states: State, draws: EventDraws, rng: np.random.Generator) -> IntArray:
    """Pick for each event another group of its region at random; meant for non-state events."""
    standing = states.presence & (states.mood != Mood.DORMANT)[..., None]
    others: BoolArray = standing[draws.path, :, draws.region].copy()
    others[np.arange(len(others)), draws.group] = False
    return np.asarray((rng.random(others.shape) * others).argmax(axis=1))


def _days(
    months: IntArray, rng: np.random.Generator
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Draw first and last days within months (n,) [months since 1970-01]."""
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[M]").astype("datetime64[D]") - first).astype(int)
    start = rng.integers(0, length)
    several = rng.random(len(months)) < _SEVERAL_DAYS
    end = np.minimum(start + several * rng.integers(1, 6, size=len(months)), length - 1)
    first_day, last_day = (first + days * np.timedelta64(1, "D") for days in (start, end))
    return first_day.astype("datetime64[us]"), last_day.astype("datetime64[us]")


def _places(
    regions: Regions, region: IntArray, towns: int, rng: np.random.Generator
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Draw where_prec, longitudes and latitudes [degrees] about the towns of regions (n,)."""
    polygons = np.asarray(geometries(regions.level, list(regions.table["id"])), dtype=object)
    shapely.prepare(polygons)
    sites = np.stack([_points_within(polygon, towns, rng) for polygon in polygons])
    rank = 1 / np.arange(1, towns + 1)
    town = sites[region, rng.choice(towns, size=len(region), p=rank / rank.sum())]
    where_prec = rng.choice(3, size=len(region), p=_WHERE_PREC)
    place = town + _SCATTER[where_prec, None] * rng.standard_normal((len(region), 2))
    inside = shapely.contains_xy(polygons[region], place[:, 0], place[:, 1])
    place = np.where(inside[:, None], place, town)
    return where_prec.astype(np.int64) + 1, place[:, 0], place[:, 1]


def _points_within(polygon: shapely.Geometry, number: int, rng: np.random.Generator) -> FloatArray:
    """Draw points (number, 2) [longitude, latitude in degrees] inside a polygon."""
    west, south, east, north = polygon.bounds
    points = rng.uniform((west, south), (east, north), size=(200 * number, 2))
    inside = points[shapely.contains_xy(polygon, points[:, 0], points[:, 1])]
    anchor = polygon.representative_point()
    # Only a sliver of a polygon leaves too few; its own anchor stands in for the missing towns.
    spare = np.tile((anchor.x, anchor.y), (number, 1))
    return np.asarray(np.concatenate([inside, spare])[:number])


def _estimates(best: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Draw low and high estimates with low <= best <= high [deaths]."""
    disputed = rng.random(len(best)) < _DISPUTED
    low = best - disputed * rng.binomial(best, 0.25)
    high = best + disputed * rng.poisson(0.2 + 0.3 * best)
    return low, high
