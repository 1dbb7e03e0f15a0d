"""Family `supply`: violence on the corridors by which a country is supplied, and reports of it.

A corridor runs from a capital to a port or a border crossing. Violence near it counts in any
country; an event near two corridors counts once. Without corridors there are zeros.

Reports of convoys, fuel, roadblocks, sieges and blockades are counted in the texts of events, from
the first month in which any event has a text; before it they are missing.
"""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from scipy import sparse

from features.arrays import FloatArray, IntArray
from features.indicators.indicator import Compute, Indicator, per_panel
from features.indicators.near import lately, violence
from features.indicators.roads import crossed, near_roads, roads
from features.indicators.windows import lag, rolling_mean
from features.panel.panel import Detail, Panel
from features.panel.topics import TOPICS

_FAMILY = "supply"
_NEEDS: frozenset[Detail] = frozenset({"places"})
_ROADS = "Zhukov 2012, Roads and the diffusion of insurgent violence, Political Geography 31(3)"
_TEXTS: frozenset[Detail] = frozenset({"texts"})
_NEAR_KM, _AROUND_KM = 25, 50
_WINDOWS = (3, 12)
_LATE, _BEFORE = 3, 12
_THEN = f"over the last {_LATE} months less over the {_BEFORE} months before"


def supply() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield from _of_the_country()
    yield from _of_the_region()
    yield from _reports()


def _of_the_country() -> Iterator[Indicator]:
    of = "of a corridor that supplies the region's country"
    for km in (_NEAR_KM, _AROUND_KM):
        for months in _WINDOWS:
            name = f"corridor_events_{km}km_{months}"
            meaning = f"Mean events within {km} km {of}, over the last {months} months"
            yield _rate(name, meaning, _mean(_near_own(km), months))
    name = f"corridor_events_change_{_NEAR_KM}km_{_LATE}"
    meaning = f"Mean events within {_NEAR_KM} km {of}, {_THEN}"
    yield _rate(name, meaning, _rise(_near_own(_NEAR_KM)), -np.inf)
    for months in _WINDOWS:
        name, compute = f"corridors_attacked_{months}", _attacked(months)
        meaning = (
            f"Share of the corridors that supply the region's country with an event within "
            f"{_NEAR_KM} km in the last {months} months"
        )
        yield Indicator(name, meaning, "share", _FAMILY, compute, _NEEDS, _ROADS, highest=1)


def _of_the_region() -> Iterator[Indicator]:
    meaning = "Supply corridors, of any country, that cross the region"
    yield Indicator("corridors_crossing", meaning, "corridors", _FAMILY, _number_crossing)
    of = "of a corridor that crosses the region, anywhere along it"
    for months in _WINDOWS:
        name = f"crossing_events_{_NEAR_KM}km_{months}"
        meaning = f"Mean events within {_NEAR_KM} km {of}, over the last {months} months"
        yield _rate(name, meaning, _mean(_near_crossing, months))
    name = f"crossing_events_change_{_NEAR_KM}km_{_LATE}"
    meaning = f"Mean events within {_NEAR_KM} km {of}, {_THEN}"
    yield _rate(name, meaning, _rise(_near_crossing), -np.inf)
    for months in _WINDOWS:
        name, compute = f"crossing_events_inside_{months}", _inside(months)
        last = f"in the last {months} months"
        meaning = f"Share, in the region itself, of the events within {_NEAR_KM} km {of}, {last}"
        yield Indicator(name, meaning, "share", _FAMILY, compute, _NEEDS, _ROADS, highest=1)


def _rate(name: str, meaning: str, compute: Compute, lowest: float = 0.0) -> Indicator:
    return Indicator(name, meaning, "events/month", _FAMILY, compute, _NEEDS, _ROADS, lowest)


def _mean(values: Compute, months: int) -> Compute:
    return lambda panel: rolling_mean(_observed(panel, values), months)


def _rise(values: Compute) -> Compute:
    """Return the change over time; 0 where nothing was observed before."""

    def rise(panel: Panel) -> FloatArray:
        observed = _observed(panel, values)
        before = lag(rolling_mean(observed, _BEFORE), _LATE)
        return np.nan_to_num(rolling_mean(observed, _LATE) - before)

    return rise


def _observed(panel: Panel, values: Compute) -> FloatArray:
    return np.where(panel.observed, values(panel), np.nan)


@per_panel
def _owners(panel: Panel) -> tuple[sparse.csr_array, IntArray]:
    """Return (N, K) 1 where a corridor supplies one of N countries, and each region's (R,)."""
    countries, country = panel.regions.countries
    supplied = np.array(roads().country)
    return sparse.csr_array((countries[:, None] == supplied).astype(np.int32)), country


@per_panel
def _near(panel: Panel, km: int) -> sparse.csr_array:
    """Return (K, P) 1 where a corridor comes within `km` of a point of violence."""
    incidents = violence(panel)
    return near_roads(incidents.latitude, incidents.longitude, km)


@per_panel
def _crossed(panel: Panel) -> sparse.csr_array:
    return crossed(panel.regions)


def _number_crossing(panel: Panel) -> FloatArray:
    number = _crossed(panel).sum(axis=1).astype(np.float64)
    return np.broadcast_to(number, panel.observed.shape)


def _near_own(km: int) -> Compute:
    """Return the events (T, R) near the corridors of the region's country."""

    def near_own(panel: Panel) -> FloatArray:
        owners, country = _owners(panel)
        return _events(panel, owners @ _near(panel, km))[:, country]

    return near_own


@per_panel
def _near_crossing(panel: Panel) -> FloatArray:
    """Return the events (T, R) near the corridors that cross the region."""
    return _events(panel, _reached(panel))


@per_panel
def _reached(panel: Panel) -> sparse.csr_array:
    """Return (R, P), above 0 where a point is near a corridor that crosses the region."""
    return sparse.csr_array(_crossed(panel) @ _near(panel, _NEAR_KM))


def _events(panel: Panel, near: sparse.csr_array) -> FloatArray:
    """Return the events (T, n) at the points (n, P) that are near."""
    return np.asarray((near.sign() @ violence(panel).counts).toarray().T, dtype=np.float64)


def _attacked(months: int) -> Compute:
    def attacked(panel: Panel) -> FloatArray:
        owners, country = _owners(panel)
        corridors = (_near(panel, _NEAR_KM) @ violence(panel).counts).toarray().T > 0
        number = (owners @ lately(corridors, months).T.astype(np.int32)).T
        share = number / np.maximum(owners.sum(axis=1), 1)
        return np.asarray(share[:, country])

    return attacked


@per_panel
def _near_crossing_inside(panel: Panel) -> FloatArray:
    """Return the events (T, R) of the region near the corridors that cross it."""
    incidents = violence(panel)
    in_region = np.flatnonzero(incidents.region >= 0)
    values = np.zeros(panel.observed.shape)
    if len(in_region):
        near = in_region[
            _reached(panel)[incidents.region[in_region], incidents.point[in_region]] > 0
        ]
        np.add.at(values, (incidents.row[near], incidents.region[near]), 1.0)
    return values


def _inside(months: int) -> Compute:
    def inside(panel: Panel) -> FloatArray:
        here = _mean(_near_crossing_inside, months)(panel)
        anywhere = _mean(_near_crossing, months)(panel)
        return np.divide(here, anywhere, out=np.zeros_like(here), where=anywhere > 0)

    return inside


def _reports() -> Iterator[Indicator]:
    """Yield the mean numbers of reports of each topic, in the region and in its country."""
    for prefix, where, counts in (
        ("", "in the region", _in_region),
        ("country_", "in all regions of the region's country", _in_country),
    ):
        for topic, months in product(TOPICS, _WINDOWS):
            name, compute = (
                f"{prefix}{topic}_reports_{months}",
                _mean_reports(counts, topic, months),
            )
            about = f"whose text tells of the topic {topic}, over the last {months} months"
            meaning = f"Mean events {where} {about}"
            yield Indicator(name, meaning, "reports/month", _FAMILY, compute, _TEXTS)


def _mean_reports(counts: Callable[[Panel, str], FloatArray], topic: str, months: int) -> Compute:
    def mean(panel: Panel) -> FloatArray:
        described = panel.incidents.month[panel.incidents.has_text]
        since = panel.months >= described.min(initial=np.iinfo(np.int64).max)
        has_texts = panel.observed & since[:, None]
        return rolling_mean(np.where(has_texts, counts(panel, topic), np.nan), months)

    return mean


@per_panel
def _in_region(panel: Panel, topic: str) -> FloatArray:
    """Return the reports (T, R) of a topic."""
    incidents = panel.incidents
    row = incidents.month - panel.months[0]
    is_reported = (row >= 0) & (row < len(panel.months)) & (incidents.region >= 0)
    is_reported &= incidents.topics[:, list(TOPICS).index(topic)]
    counts = np.zeros(panel.observed.shape)
    np.add.at(counts, (row[is_reported], incidents.region[is_reported]), 1.0)
    return counts


@per_panel
def _in_country(panel: Panel, topic: str) -> FloatArray:
    """Return the reports (T, R) of a topic in all regions of the region's country."""
    countries, country = panel.regions.countries
    counts = np.zeros((len(countries), len(panel.months)))
    np.add.at(counts, country, _in_region(panel, topic).T)
    return counts[country].T
