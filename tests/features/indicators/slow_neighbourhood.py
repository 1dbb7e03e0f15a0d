"""The same indicators as `features/indicators/neighbourhood.py`, slow and obvious."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from features.arrays import FloatArray
from features.panel.panel import Panel
from tests.features.indicators import slow_history
from tests.features.indicators.slow_history import NAN, Series, deaths, slowly
from tests.features.indicators.worlds import Slow, everywhere

Known = dict[int, float]
"""Values of a month by region, of those that are known."""
Gather = Callable[[Panel, int, Known], float]
"""Of a panel, a region and a month's values: their sum or mean around the region."""


def gathered(gather: Gather, own: Slow) -> Slow:
    def compute(panel: Panel) -> FloatArray:
        values, result = own(panel), np.full(panel.observed.shape, NAN)
        for t, r in np.argwhere(panel.observed):
            result[t, r] = gather(panel, int(r), known(panel, values, t))
        return result

    return compute


def known(panel: Panel, values: FloatArray, month: int) -> Known:
    row = np.where(panel.observed[month], values[month], NAN)
    return {region: float(value) for region, value in enumerate(row) if not math.isnan(value)}


def change(gather: Gather) -> Slow:
    def compute(panel: Panel) -> FloatArray:
        new, old = recent(panel), before(panel)
        result = np.full(panel.observed.shape, NAN)
        for t, r in np.argwhere(panel.observed):
            former = known(panel, old, t)
            now = {j: value for j, value in known(panel, new, t).items() if j in former}
            level = math.log(1 + gather(panel, int(r), now))
            result[t, r] = level - math.log(1 + gather(panel, int(r), former))
        return result

    return compute


def mean_where(among: Callable[[Panel, int, int, Known], bool]) -> Gather:
    def gather(panel: Panel, region: int, values: Known) -> float:
        some = [x for j, x in values.items() if j != region and among(panel, region, j, values)]
        return sum(some) / len(some) if some else 0.0

    return gather


@lru_cache(1000)
def touches(panel: Panel, a: int, b: int) -> bool:
    return bool(panel.regions.neighbours[a, b])


@lru_cache(1000)
def compatriots(panel: Panel, a: int, b: int) -> bool:
    country = panel.regions.table["country"]
    return bool(country[a] == country[b])


def second(panel: Panel, a: int, b: int, values: Known) -> bool:
    between = any(touches(panel, a, j) and touches(panel, j, b) for j in values)
    return between and not touches(panel, a, b)


def weighted(weight: Callable[[float], float]) -> Gather:
    def gather(panel: Panel, region: int, values: Known) -> float:
        others = (j for j in values if j != region)
        return sum(weight(km(panel, region, j)) * values[j] for j in others)

    return gather


@lru_cache(1000)
def km(panel: Panel, a: int, b: int) -> float:
    """The great circle by the angle between two vectors; infinite if one of them is not known."""
    table = panel.regions.table
    one, other = (
        np.array([math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)])
        for y, x in np.radians(table.loc[[a, b], ["latitude", "longitude"]].to_numpy(float))
    )
    across = float(np.linalg.norm(np.cross(one, other)))
    angle = math.atan2(across, float(one @ other))
    return math.inf if math.isnan(angle) else 6371.0088 * angle


def kernel(length: float) -> Gather:
    return weighted(lambda d: math.exp(-d / length) if d <= 5 * length else 0.0)


def tree(power: int) -> Gather:
    return weighted(lambda d: math.pow(100 / max(d, 25), power) if d <= 1000 else 0.0)


def space_time(threshold: float) -> Slow:
    def compute(panel: Panel) -> FloatArray:
        result = np.full(panel.observed.shape, 1000.0)
        hits = np.argwhere(deaths(panel) >= threshold)
        for r in range(panel.observed.shape[1]):
            apart = [(s, km(panel, r, int(j))) for s, j in hits if j != r]
            for t in range(len(panel.months)):
                ways = [math.hypot(d, 20 * (t - s)) for s, d in apart if s <= t]
                result[t, r] = min([*ways, 1000.0])
        return result

    return compute


def observed_neighbours(panel: Panel, t: int, r: int) -> float:
    seen = [j for j in np.flatnonzero(panel.observed[t]) if touches(panel, r, int(j))]
    return len(seen) / panel.neighbour_count[r] if panel.neighbour_count[r] else 1.0


def mean_of_12_before_3(series: Series) -> float:
    return slow_history.mean(slow_history.window(series, 12, 3))


recent, before = slow_history.SLOW["deaths_mean_3"], slowly(deaths, mean_of_12_before_3)
neighbours = mean_where(lambda panel, a, b, _: touches(panel, a, b))
AROUND: dict[str, Gather] = {
    "second_neighbour_{}_{}": mean_where(second),
    "domestic_neighbour_{}_{}": mean_where(
        lambda panel, a, b, _: touches(panel, a, b) and compatriots(panel, a, b)
    ),
    "foreign_neighbour_{}_{}": mean_where(
        lambda panel, a, b, _: touches(panel, a, b) and not compatriots(panel, a, b)
    ),
    "country_{}_{}": mean_where(lambda panel, a, b, _: compatriots(panel, a, b)),
    "world_{}_{}": mean_where(lambda *_: True),
    "kernel_{}_50km_{}": kernel(50),
    "kernel_{}_100km_{}": kernel(100),
    "kernel_{}_250km_{}": kernel(250),
    "tree_lag_{}_{}": tree(1),
    "tree_lag_squared_{}_{}": tree(2),
}
SLOW: dict[str, Slow] = {
    "neighbours_observed": everywhere(observed_neighbours),
    "neighbour_deaths_change_3": change(neighbours),
    "space_time_distance_1": space_time(1),
    "space_time_distance_25": space_time(25),
}
for own in (
    *("deaths", "deaths_mean_3", "deaths_mean_12", "deaths_long_run", "deaths_decay_1"),
    *("deaths_decay_6", "deaths_decay_36", "active_share_6", "active_share_24", "months_since_5"),
    *("events_mean_3", "state_based_decay_12", "one_sided_decay_12"),
):
    SLOW[f"neighbour_{own}"] = gathered(neighbours, slow_history.SLOW[own])
for name, around in AROUND.items():
    SLOW[name.format("deaths_mean", 3)] = gathered(around, recent)
    SLOW[name.format("deaths_decay", 6)] = gathered(around, slow_history.SLOW["deaths_decay_6"])
    SLOW[name.format("deaths_change", 3)] = change(around)
