"""The surroundings of a region, drawn in several ways, and sums and means over them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from features.arrays import FloatArray, IntArray
from features.indicators import spatial
from features.indicators.indicator import per_panel
from features.panel.panel import Panel

Gather = Callable[[Panel, FloatArray], FloatArray]
"""A panel and values (T, R), NaN where unknown -> sum or mean over each region's surroundings."""

RANGES = (50, 100, 250)
"""Ranges of the kernels [km]: at one of them a region weighs 1/e."""
CUT = 5
"""Ranges beyond which a kernel is cut off; a region there would weigh 0.7%."""
TREE_REACH, TREE_UNIT, TREE_NEAREST = 1000.0, 100.0, 25.0
"""Reach of tree lags, unit of their distances, and shortest distance counted [km]."""

_VIEWS = "Hegre et al. 2019, Journal of Peace Research 56(2)"
_VIEWS_2020 = "Hegre et al. 2021, Journal of Peace Research 58(3)"
_ACROSS = "Buhaug & Gleditsch 2008, International Studies Quarterly 52(2)"


@dataclass(frozen=True)
class Surroundings:
    """One way to draw a region's surroundings: `gather` sums or averages values (T, R) over them.

    `name` has a gap for what is gathered.
    """

    name: str
    meaning: str
    gather: Gather
    source: str = ""


def surroundings() -> Iterator[Surroundings]:
    """Yield all surroundings, the nearest first; the regions that touch a region are NEIGHBOURS."""
    yield from _touching()
    yield from _rest()
    yield from _kernels()
    yield from _tree_lags()


def _touching() -> Iterator[Surroundings]:
    yield Surroundings(
        "second_neighbour_{}",
        "Mean over the neighbours' neighbours",
        lambda panel, values: spatial.second_neighbour_mean(values, panel.regions.neighbours),
        _VIEWS,
    )
    for name, where, abroad in (
        ("domestic_neighbour_{}", "in the same country", False),
        ("foreign_neighbour_{}", "in other countries", True),
    ):
        meaning = f"Mean over the neighbouring regions {where}"
        yield Surroundings(name, meaning, _neighbours_where(abroad=abroad), _ACROSS)


def _rest() -> Iterator[Surroundings]:
    yield Surroundings(
        "country_{}",
        "Mean over the other regions of the country",
        lambda panel, values: spatial.mean_of_others(values, _country(panel)),
    )
    yield Surroundings(
        "world_{}",
        "Mean over all other regions that the events observe",
        lambda panel, values: spatial.mean_of_others(values, np.zeros(len(panel.regions), int)),
    )


def _kernels() -> Iterator[Surroundings]:
    for km in RANGES:
        yield Surroundings(
            f"kernel_{{}}_{km}km",
            f"Sum over the other regions within {CUT * km} km, each by exp(-km / {km})",
            _weighted(_kernel, km),
        )


def _tree_lags() -> Iterator[Surroundings]:
    others = f"Sum over the other regions within {TREE_REACH:.0f} km, each by"
    weight = f"{TREE_UNIT:.0f} / km, {TREE_NEAREST:.0f} km at least"
    for name, power, by in (("tree_lag_{}", 1, ""), ("tree_lag_squared_{}", 2, "the square of ")):
        yield Surroundings(name, f"{others} {by}{weight}", _weighted(_tree, power), _VIEWS_2020)


def _neighbours(panel: Panel, values: FloatArray) -> FloatArray:
    return spatial.neighbour_mean(values, panel.regions.neighbours)


def _neighbours_where(*, abroad: bool) -> Gather:
    return lambda panel, values: spatial.neighbour_mean(values, _links(panel, abroad))


def _weighted(weights: Callable[[Panel, int], sparse.csr_array], parameter: int) -> Gather:
    return lambda panel, values: spatial.weighted_sum(values, weights(panel, parameter))


@per_panel
def _country(panel: Panel) -> IntArray:
    """Return the number of each region's country, (R,)."""
    numbers, _ = pd.factorize(panel.regions.table["country"])
    return numbers.astype(np.int64)


@per_panel
def _links(panel: Panel, abroad: bool) -> sparse.csr_array:  # noqa: FBT001 (arguments are a key)
    """Return which neighbours are in another country, or else in the same one, (R, R)."""
    links, country = panel.regions.neighbours.tocoo(), _country(panel)
    a, b = links.coords
    selected = (country[a] != country[b]) == abroad
    return sparse.csr_array((links.data[selected], (a[selected], b[selected])), shape=links.shape)


@per_panel
def _kernel(panel: Panel, km: int) -> sparse.csr_array:
    """Return the weights exp(-d / km) of the other regions, (R, R)."""
    return spatial.distance_weights(*coordinates(panel), CUT * km, lambda d: np.exp(-d / km))


@per_panel
def _tree(panel: Panel, power: int) -> sparse.csr_array:
    """Return the weights (unit / d) ** power of the other regions, (R, R)."""
    if power > 1:
        return _tree(panel, 1).power(power)
    return spatial.distance_weights(
        *coordinates(panel), TREE_REACH, lambda d: TREE_UNIT / np.maximum(d, TREE_NEAREST)
    )


def coordinates(panel: Panel) -> tuple[FloatArray, FloatArray]:
    """Return latitude (R,) and longitude (R,) of the regions [degrees], NaN if unknown."""
    table = panel.regions.table
    return table["latitude"].to_numpy(np.float64), table["longitude"].to_numpy(np.float64)


NEIGHBOURS = Surroundings("neighbour_{}", "Mean over the neighbouring regions", _neighbours, _VIEWS)
