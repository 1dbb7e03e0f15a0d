"""Family `neighbourhood`: what happens around the region.

Surroundings are drawn in several ways: the neighbours, in the same country and abroad; their
neighbours; all regions within a distance, weighted by it; the rest of the country and of the world.
Each has three indicators: deaths of the last 3 months, the stock of past deaths, and the change
against the 12 months before. A region without surroundings or coordinates has 0.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import sparse

from features.arrays import FloatArray
from features.indicators import spatial, windows
from features.indicators.history import recent
from features.indicators.indicator import Compute, Indicator, deaths, on, per_panel, plural
from features.panel.panel import Panel
from features.words import Alarm

Gather = Callable[[Panel, FloatArray], FloatArray]
"""A panel and values (T, R), NaN where unknown -> sum or mean over each region's surroundings."""

RANGES = (50, 100, 250)  # of the kernels [km]: at one of them a region weighs 1/e
CUT = 5  # ranges beyond which a kernel is cut off; a region there would weigh 0.7 %
TREE_REACH, TREE_UNIT, TREE_NEAREST = 1000.0, 100.0, 25.0
"""Reach of tree lags, unit of their distances, and shortest distance counted [km]."""

_VIEWS = "Hegre et al. 2019, Journal of Peace Research 56(2)"
_VIEWS_2020 = "Hegre et al. 2021, Journal of Peace Research 58(3)"
_ACROSS = "Buhaug & Gleditsch 2008, International Studies Quarterly 52(2)"


@dataclass(frozen=True)
class Surroundings:
    """A region's surroundings: `gather` sums or averages over them; `name` has a gap for what."""

    name: str
    meaning: str
    gather: Gather
    source: str = ""
    alarming: Alarm | None = "high"


def surroundings() -> Iterator[Surroundings]:
    """Yield all surroundings, the nearest first; the regions that touch a region are NEIGHBOURS."""
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
    yield Surroundings(
        "country_{}",
        "Mean over the other regions of the country",
        lambda panel, values: spatial.mean_of_others(values, panel.regions.countries[1]),
    )
    yield Surroundings(
        "world_{}",
        "Mean over all other regions that the events observe",
        lambda panel, values: spatial.mean_of_others(values, np.zeros(len(panel.regions), int)),
        alarming=None,
    )
    for km in RANGES:
        meaning = f"Sum over the other regions within {CUT * km} km, each by exp(-km / {km})"
        yield Surroundings(f"kernel_{{}}_{km}km", meaning, _weighted(_kernel, km), alarming=None)
    others = f"Sum over the other regions within {TREE_REACH:.0f} km, each by"
    weight = f"{TREE_UNIT:.0f} / km, {TREE_NEAREST:.0f} km at least"
    for name, power, by in (("tree_lag_{}", 1, ""), ("tree_lag_squared_{}", 2, "the square of ")):
        meaning, gather = f"{others} {by}{weight}", _weighted(_tree, power)
        yield Surroundings(name, meaning, gather, _VIEWS_2020, alarming=None)


def _neighbours_where(*, abroad: bool) -> Gather:
    return lambda panel, values: spatial.neighbour_mean(values, _links(panel, abroad))


def _weighted(weights: Callable[[Panel, int], sparse.csr_array], parameter: int) -> Gather:
    return lambda panel, values: spatial.weighted_sum(values, weights(panel, parameter))


@per_panel
def _links(panel: Panel, abroad: bool) -> sparse.csr_array:  # noqa: FBT001 (arguments are a key)
    """Return which neighbours are in another country, or else in the same one, (R, R)."""
    links, (_, country) = panel.regions.neighbours.tocoo(), panel.regions.countries
    a, b = links.coords
    selected = (country[a] != country[b]) == abroad
    return sparse.csr_array((links.data[selected], (a[selected], b[selected])), shape=links.shape)


@per_panel
def _kernel(panel: Panel, km: int) -> sparse.csr_array:
    """Return the weights exp(-d / km) of the other regions, (R, R)."""
    return spatial.distance_weights(*panel.regions.coordinates, CUT * km, lambda d: np.exp(-d / km))


@per_panel
def _tree(panel: Panel, power: int) -> sparse.csr_array:
    """Return the weights (unit / d) ** power of the other regions, (R, R)."""
    if power > 1:
        return _tree(panel, 1).power(power)
    return spatial.distance_weights(
        *panel.regions.coordinates, TREE_REACH, lambda d: TREE_UNIT / np.maximum(d, TREE_NEAREST)
    )


NEIGHBOURS = Surroundings(
    "neighbour_{}",
    "Mean over the neighbouring regions",
    lambda panel, values: spatial.neighbour_mean(values, panel.regions.neighbours),
    _VIEWS,
)


KM_A_MONTH, SPACE_TIME_REACH = 20.0, 1000.0
"""Space-time distance of a month [km], and the longest that counts [km]."""

_indicator = partial(Indicator, family="neighbourhood")
_technical = partial(_indicator, alarming=None)

# fmt: off
_NEIGHBOURS_SEE = (
    "deaths", "deaths_mean_3", "deaths_mean_12", "deaths_long_run", "deaths_decay_1",
    "deaths_decay_6", "deaths_decay_36", "active_share_6", "active_share_24", "months_since_5",
    "events_mean_3", "state_based_decay_12", "one_sided_decay_12",
)
# fmt: on


def neighbourhood(own: Sequence[Indicator]) -> Iterator[Indicator]:
    """Yield the indicators of the family; `own` are those of the region itself."""
    by_name = {indicator.name: indicator for indicator in own}
    for inner in (by_name[name] for name in _NEIGHBOURS_SEE):
        yield replace(
            inner,
            name=f"neighbour_{inner.name}",
            meaning=f"{NEIGHBOURS.meaning}: {inner.meaning[0].lower()}{inner.meaning[1:]}",
            family="neighbourhood",
            compute=_gathered(NEIGHBOURS, inner.compute),
            alarming=None if inner.alarming == "low" else inner.alarming,
            source=NEIGHBOURS.source,
        )
    meaning = "Share of the neighbouring regions that the events observe"
    yield _technical("neighbours_observed", meaning, "share", _observed, highest=1)
    yield _change(NEIGHBOURS)
    for around in surroundings():
        yield from _levels(around)
        yield _change(around)
    yield from _space_time()


def _observed(panel: Panel) -> FloatArray:
    neighbours, number = panel.regions.neighbours, panel.neighbour_count
    return spatial.neighbours_observed(panel.total_deaths, neighbours, number)


def _levels(around: Surroundings) -> Iterator[Indicator]:
    meaning = f"{around.meaning}: mean monthly deaths over the last 3 months"
    compute, name = _gathered(around, recent), around.name.format("deaths_mean") + "_3"
    alarming = partial(_indicator, alarming=around.alarming)
    yield alarming(name, meaning, "deaths/month", compute, source=around.source)
    meaning = f"{around.meaning}: deaths so far, each halved every 6 months"
    compute, name = _gathered(around, _stock), around.name.format("deaths_decay") + "_6"
    yield _technical(name, meaning, "deaths", compute, source=around.source)


def _change(around: Surroundings) -> Indicator:
    """Return how log(1 + monthly deaths around) changed, of regions known in both windows."""

    def change(panel: Panel) -> FloatArray:
        before = _before(panel)
        late = np.where(np.isnan(before), np.nan, recent(panel))
        level, former = around.gather(panel, late), around.gather(panel, before)
        return np.asarray(np.log1p(level) - np.log1p(former))

    where = around.meaning[0].lower() + around.meaning[1:]
    name = around.name.format("deaths_change") + "_3"
    meaning = (
        f"Log(1 + monthly deaths) of the last 3 months less that of the 12 before, of the {where}"
    )
    return _technical(name, meaning, "1", change, source=around.source, lowest=float("-inf"))


def _space_time() -> Iterator[Indicator]:
    for d in (1, 25):
        name, most = f"space_time_distance_{d}", SPACE_TIME_REACH
        meaning = (
            f"Distance to the nearest month of another region with at least {plural(d, 'death')}, "
            f"a month ago counting as {KM_A_MONTH:.0f} km; {most:.0f} km at most"
        )
        compute = partial(_space_time_distance, threshold=d)
        yield _technical(name, meaning, "km", compute, source=_VIEWS_2020, highest=most)


def _space_time_distance(panel: Panel, threshold: float) -> FloatArray:
    return spatial.space_time_distance(
        panel.total_deaths >= threshold, *panel.regions.coordinates, KM_A_MONTH, SPACE_TIME_REACH
    )


def _gathered(around: Surroundings, compute: Compute) -> Compute:
    return lambda panel: around.gather(panel, np.where(panel.observed, compute(panel), np.nan))


@per_panel
def _before(panel: Panel) -> FloatArray:
    """Return mean monthly deaths over the 12 months before the last 3, (T, R) [deaths/month]."""
    before = windows.lag(windows.rolling_mean(panel.total_deaths, 12), 3)
    return np.where(panel.observed, before, np.nan)


_stock = per_panel(on(deaths, windows.decayed_sum, 6))
