"""Family `neighbourhood`: what happens around the region.

Surroundings are drawn in several ways: the neighbours, in the same country and abroad; their
neighbours; all regions within a distance, weighted by it; the rest of the country and of the world.
Each has three indicators: deaths of the last 3 months, the stock of past deaths, and the change
against the 12 months before. A region without surroundings or coordinates has 0.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from features.arrays import FloatArray
from features.indicators import spatial, windows
from features.indicators.indicator import Compute, Indicator, per_panel, plural
from features.indicators.spatial import space_time_distance
from features.indicators.surroundings import NEIGHBOURS, Surroundings, coordinates, surroundings
from features.panel.panel import Panel

KM_A_MONTH, SPACE_TIME_REACH = 20.0, 1000.0
"""Space-time distance of a month [km], and the longest that counts [km]."""

_FAMILY = "neighbourhood"
_VIEWS_2020 = "Hegre et al. 2021, Journal of Peace Research 58(3)"

_NEIGHBOURS_SEE = (
    "deaths",
    "deaths_mean_3",
    "deaths_mean_12",
    "deaths_long_run",
    "deaths_decay_1",
    "deaths_decay_6",
    "deaths_decay_36",
    "active_share_6",
    "active_share_24",
    "months_since_5",
    "events_mean_3",
    "state_based_decay_12",
    "one_sided_decay_12",
)


def neighbourhood(own: Sequence[Indicator]) -> Iterator[Indicator]:
    """Yield the indicators of the family; `own` are those of the region itself."""
    by_name = {indicator.name: indicator for indicator in own}
    for inner in (by_name[name] for name in _NEIGHBOURS_SEE):
        yield Indicator(
            f"neighbour_{inner.name}",
            f"{NEIGHBOURS.meaning}: {inner.meaning[0].lower()}{inner.meaning[1:]}",
            inner.unit,
            _FAMILY,
            _gathered(NEIGHBOURS, inner.compute),
            inner.needs,
            NEIGHBOURS.source,
            highest=inner.highest,
        )
    yield Indicator(
        "neighbours_observed",
        "Share of the neighbouring regions that the events observe",
        "share",
        _FAMILY,
        lambda panel: spatial.neighbours_observed(
            panel.total_deaths, panel.regions.neighbours, panel.neighbour_count
        ),
        highest=1,
    )
    yield _change(NEIGHBOURS)
    for around in surroundings():
        yield from _levels(around)
        yield _change(around)
    yield from _space_time()


def _levels(around: Surroundings) -> Iterator[Indicator]:
    meaning = f"{around.meaning}: mean monthly deaths over the last 3 months"
    compute, name = _gathered(around, _recent), around.name.format("deaths_mean") + "_3"
    yield Indicator(name, meaning, "deaths/month", _FAMILY, compute, source=around.source)
    meaning = f"{around.meaning}: deaths so far, each halved every 6 months"
    compute, name = _gathered(around, _stock), around.name.format("deaths_decay") + "_6"
    yield Indicator(name, meaning, "deaths", _FAMILY, compute, source=around.source)


def _change(around: Surroundings) -> Indicator:
    """Return how log(1 + monthly deaths around) changed, of regions known in both windows."""

    def change(panel: Panel) -> FloatArray:
        before = _before(panel)
        recent = np.where(np.isnan(before), np.nan, _recent(panel))
        level, former = around.gather(panel, recent), around.gather(panel, before)
        return np.asarray(np.log1p(level) - np.log1p(former))

    where = around.meaning[0].lower() + around.meaning[1:]
    return Indicator(
        around.name.format("deaths_change") + "_3",
        f"Log(1 + monthly deaths) of the last 3 months less that of the 12 before, of the {where}",
        "1",
        _FAMILY,
        change,
        source=around.source,
        lowest=float("-inf"),
    )


def _space_time() -> Iterator[Indicator]:
    for d in (1, 25):
        yield Indicator(
            f"space_time_distance_{d}",
            f"Distance to the nearest month of another region with at least {plural(d, 'death')}, "
            f"a month ago counting as {KM_A_MONTH:.0f} km; {SPACE_TIME_REACH:.0f} km at most",
            "km",
            _FAMILY,
            _space_time_distance(d),
            source=_VIEWS_2020,
            highest=SPACE_TIME_REACH,
        )


def _space_time_distance(threshold: float) -> Compute:
    return lambda panel: space_time_distance(
        panel.total_deaths >= threshold, *coordinates(panel), KM_A_MONTH, SPACE_TIME_REACH
    )


def _gathered(around: Surroundings, compute: Compute) -> Compute:
    return lambda panel: around.gather(panel, np.where(panel.observed, compute(panel), np.nan))


@per_panel
def _recent(panel: Panel) -> FloatArray:
    """Return mean monthly deaths over the last 3 months, (T, R) [deaths/month]."""
    return np.where(panel.observed, windows.rolling_mean(panel.total_deaths, 3), np.nan)


@per_panel
def _before(panel: Panel) -> FloatArray:
    """Return mean monthly deaths over the 12 months before the last 3, (T, R) [deaths/month]."""
    before = windows.lag(windows.rolling_mean(panel.total_deaths, 12), 3)
    return np.where(panel.observed, before, np.nan)


@per_panel
def _stock(panel: Panel) -> FloatArray:
    """Return deaths so far, each halved every 6 months, (T, R) [deaths]."""
    return windows.decayed_sum(panel.total_deaths, 6)
