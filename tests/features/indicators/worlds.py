"""Small worlds for the tests of indicators: one worked by hand, and any others."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy.sparse import csr_array

from features.arrays import BoolArray, FloatArray
from features.months import parse_month
from features.panel.incidents import Incidents, no_incidents
from features.panel.panel import Panel
from features.panel.topics import TOPICS
from features.places.regions import Regions

Slow = Callable[[Panel], FloatArray]
Value = Callable[[Panel, int, int], float]
"""Of a panel, a month index and a region."""

NAN = np.nan
STATE_BASED, NON_STATE, ONE_SIDED, UNTYPED = range(4)
A, B, C = range(3)
GROUPS = ("Army of the Hills", "Government of Mali", "Government of Niger", "River Band", "Front")

# (type of violence, month index, region): (events, deaths)
RECORD = {
    (NON_STATE, 2, A): (4, 48),
    (STATE_BASED, 14, A): (6, 60),
    (ONE_SIDED, 14, A): (3, 48),
    (STATE_BASED, 20, A): (6, 48),
    (STATE_BASED, 22, A): (3, 0),
    (STATE_BASED, 23, A): (2, 3),
    (ONE_SIDED, 24, A): (1, 1),
    (NON_STATE, 25, A): (1, 2),
    (STATE_BASED, 26, A): (2, 6),
    (ONE_SIDED, 2, B): (1, 5),
    (STATE_BASED, 20, B): (1, 1),
    (NON_STATE, 26, B): (1, 0),
    (STATE_BASED, 2, C): (2, 32),
    (STATE_BASED, 14, C): (1, 4),
    (ONE_SIDED, 26, C): (3, 12),
}


def everywhere(value: Value) -> Slow:
    """Return the indicator that has a value wherever a region was observed."""

    def slow(panel: Panel) -> FloatArray:
        values = np.full(panel.observed.shape, NAN)
        for t, r in zip(*np.nonzero(panel.observed), strict=True):
            values[t, r] = value(panel, int(t), int(r))
        return values

    return slow


@cache
def world_on_a_line() -> Panel:
    """The regions A, B and C lie in a line to the north, a degree apart, from Bamako; another one,
    off the panel, touches A. A and B are in Mali, C is in Mauritania.

    The months are 2022-01 (index 0) to 2024-03 (index 26). B is observed from the index 2 on, C is
    not observed in the indices 6 to 11.
    """
    observed = np.ones((27, 3), dtype=bool)
    observed[:2, B] = False
    observed[6:12, C] = False
    events, deaths = np.zeros((4, 27, 3)), np.zeros((4, 27, 3))
    for place, figures in RECORD.items():
        events[place], deaths[place] = figures
    line = np.array([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])
    table = pd.DataFrame(
        {
            "id": ["A", "B", "C"],
            "name": ["A", "B", "C"],
            "country": ["MLI", "MLI", "MRT"],
            "latitude": [12.65, 13.65, 14.65],
            "longitude": [-8.0, -8.0, -8.0],
            "area": [1000.0, 2000.0, 4000.0],
            "border_distance": [100.0, 50.0, 10.0],
        }
    )
    return panel_of(
        table, observed, events, deaths, line, np.array([1.0, 0, 0]), parse_month("2022-01")
    )


def panel_of(
    table: pd.DataFrame,
    observed: BoolArray,
    events: FloatArray,
    deaths: FloatArray,
    links: FloatArray,
    off_panel: FloatArray,
    first: int,
    incidents: Incidents | None = None,
) -> Panel:
    """Return a panel; `off_panel` (R,) is how many neighbours of a region it leaves out."""
    return Panel(
        regions=Regions("admin1", table, csr_array(links)),
        months=first + np.arange(len(observed)),
        observed=observed,
        events=np.where(observed, events, NAN),
        deaths=np.where(observed, deaths, NAN),
        neighbour_count=links.sum(axis=1) + off_panel,
        incidents=no_incidents() if incidents is None else incidents,
    )


def incidents_of(
    rows: list[tuple[int, int, float, float, float, int, str, str]],
    topics: dict[int, str] | None = None,
) -> Incidents:
    """Return incidents from (month, region, latitude, longitude, deaths, type, side a, side b).

    A side without name is ""; `topics` names the topic of a row. All have texts if any has a topic.
    """
    sides = [(row[6], row[7]) for row in rows]
    names = sorted({side for pair in sides for side in pair if side})
    number = {name: position for position, name in enumerate(names)} | {"": -1}
    told = np.zeros((len(rows), len(TOPICS)), bool)
    for row, topic in (topics or {}).items():
        told[row, list(TOPICS).index(topic)] = True
    columns = [np.array([row[c] for row in rows]) for c in range(6)]
    return Incidents(
        month=columns[0].astype(np.int64),
        region=columns[1].astype(np.int64),
        latitude=columns[2].astype(np.float64),
        longitude=columns[3].astype(np.float64),
        deaths=columns[4].astype(np.float64),
        type_of_violence=columns[5].astype(np.int64),
        actors=np.array([[number[a], number[b]] for a, b in sides], np.int64).reshape(-1, 2),
        topics=told,
        has_text=np.full(len(rows), bool(topics)),
        names=tuple(names),
    )


@st.composite
def panels(draw: st.DrawFn, min_months: int = 1) -> Panel:
    """Any small panel around Mali, with incidents that need not agree with its counts."""
    months = draw(st.integers(min_months, 40))
    regions = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    observed = np.ones((months, regions), dtype=bool)
    for region in range(regions):
        start, end = sorted(rng.integers(0, months + 1, 2))
        observed[start : max(start, end - draw(st.integers(0, 30))), region] = False
    quiet = rng.random((4, months, regions)) < rng.choice([0.5, 0.9, 0.99])
    deaths = np.where(quiet, 0, rng.integers(1, 200, quiet.shape)).astype(float)
    links = np.triu(rng.random((regions, regions)) < rng.random(), 1).astype(float)
    off_panel = rng.integers(0, 2, regions).astype(float)
    first = int(rng.integers(600))
    return panel_of(
        places(regions, rng),
        observed,
        np.ceil(deaths / 7),
        deaths,
        links + links.T,
        off_panel,
        first,
        any_incidents(first, months, regions, rng),
    )


def places(count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return a table of regions somewhere in three countries; one may be without coordinates."""
    table = pd.DataFrame(
        {
            "id": [f"R{position}" for position in range(count)],
            "name": [f"region {position}" for position in range(count)],
            "country": rng.choice(["MLI", "BFA", "NER"], count),
            "latitude": rng.uniform(10, 18, count),
            "longitude": rng.uniform(-11, 6, count),
        }
    )
    table["area"], table["border_distance"] = rng.uniform(1, 1000, (2, count))
    if rng.random() < 0.3:
        table.loc[count - 1, ["latitude", "longitude", "area", "border_distance"]] = NAN
    return table


def any_incidents(
    first: int, months: int, regions: int, rng: np.random.Generator, number: int | None = None
) -> Incidents:
    """Return random incidents of `months` months from the first, by month."""
    n = int(rng.integers(0, 60)) if number is None else number
    latitude, longitude = rng.uniform(10, 18, n), rng.uniform(-11, 6, n)
    unlocated = rng.random(n) < 0.1
    latitude[unlocated] = longitude[unlocated] = NAN
    kind = rng.integers(1, 4, n)
    actors = rng.integers(-1, len(GROUPS), (n, 2))
    actors[kind == 3, 1] = -1
    text = rng.random(n) < rng.choice([0.0, 0.5, 1.0])
    return Incidents(
        month=np.sort(rng.integers(first, first + months, n)),
        region=rng.integers(-1, regions, n),
        latitude=latitude,
        longitude=longitude,
        deaths=rng.integers(0, 100, n).astype(float),
        type_of_violence=kind,
        actors=actors,
        topics=(rng.random((n, len(TOPICS))) < 0.2) & text[:, None],
        has_text=text,
        names=GROUPS,
    )
