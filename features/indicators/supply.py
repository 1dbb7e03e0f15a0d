"""Family `supply`: violence on the corridors by which a country is supplied, and reports of it.

A corridor runs from a capital to a port or a border crossing. Violence near it counts in any
country; an event near two corridors counts once. Without corridors there are zeros.

Reports of convoys, fuel, roadblocks, sieges and blockades are counted in the texts of events, from
the first month in which any event has a text; before it they are missing.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np
from scipy import sparse

from features.arrays import FloatArray, IntArray
from features.indicators.indicator import Compute, Indicator, per_panel
from features.indicators.near import incident_counts, lately, placed_incidents, violence
from features.indicators.roads import crossed, near_roads, roads
from features.indicators.windows import lag, rolling_mean
from features.panel.panel import Detail, Panel
from features.panel.topics import TOPICS

_ROADS = "Zhukov 2012, Roads and the diffusion of insurgent violence, Political Geography 31(3)"
NEAR_KM, _AROUND_KM = 25, 50
_WINDOWS = (3, 12)
_LATE, _BEFORE = 3, 12
_THEN = f"over the last {_LATE} months less over the {_BEFORE} months before"
_indicator = partial(Indicator, family="supply")
_of_roads = partial(_indicator, needs=frozenset[Detail]({"places"}), source=_ROADS)
_rate = partial(_of_roads, unit="events/month")


def supply() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield from _of_the_country()
    yield from _of_the_region()
    yield from _reports()


def _of_the_country() -> Iterator[Indicator]:
    of = "of a corridor that supplies the region's country"
    for km in (NEAR_KM, _AROUND_KM):
        for months in _WINDOWS:
            name = f"corridor_events_{km}km_{months}"
            meaning = f"Mean events within {km} km {of}, over the last {months} months"
            compute = partial(_mean, values=partial(_near_own, km=km), months=months)
            yield _rate(name, meaning, compute=compute)
    name = f"corridor_events_change_{NEAR_KM}km_{_LATE}"
    meaning = f"Mean events within {NEAR_KM} km {of}, {_THEN}"
    compute = partial(_rise, values=partial(_near_own, km=NEAR_KM))
    yield _rate(name, meaning, compute=compute, lowest=-np.inf)
    for months in _WINDOWS:
        name, attacked = f"corridors_attacked_{months}", partial(_attacked, months=months)
        meaning = (
            f"Share of the corridors that supply the region's country with an event within "
            f"{NEAR_KM} km in the last {months} months"
        )
        yield _of_roads(name, meaning, "share", attacked, highest=1)


def _of_the_region() -> Iterator[Indicator]:
    meaning = "Supply corridors, of any country, that cross the region"
    yield _indicator("corridors_crossing", meaning, "corridors", _number_crossing, alarming=None)
    of = "of a corridor that crosses the region, anywhere along it"
    for months in _WINDOWS:
        name = f"crossing_events_{NEAR_KM}km_{months}"
        meaning = f"Mean events within {NEAR_KM} km {of}, over the last {months} months"
        compute = partial(_mean, values=_near_crossing, months=months)
        yield _rate(name, meaning, compute=compute)
    name = f"crossing_events_change_{NEAR_KM}km_{_LATE}"
    meaning = f"Mean events within {NEAR_KM} km {of}, {_THEN}"
    yield _rate(name, meaning, compute=partial(_rise, values=_near_crossing), lowest=-np.inf)
    for months in _WINDOWS:
        name, inside = f"crossing_events_inside_{months}", partial(_inside, months=months)
        last = f"in the last {months} months"
        meaning = f"Share, in the region itself, of the events within {NEAR_KM} km {of}, {last}"
        yield _of_roads(name, meaning, "share", inside, highest=1)


def _mean(panel: Panel, values: Compute, months: int) -> FloatArray:
    return rolling_mean(np.where(panel.observed, values(panel), np.nan), months)


def _rise(panel: Panel, values: Compute) -> FloatArray:
    """Return the change over time; 0 where nothing was observed before."""
    before = lag(_mean(panel, values, _BEFORE), _LATE)
    return np.nan_to_num(_mean(panel, values, _LATE) - before)


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


def _near_own(panel: Panel, km: int) -> FloatArray:
    """Return the events (T, R) near the corridors of the region's country."""
    owners, country = _owners(panel)
    return _events(panel, owners @ _near(panel, km))[:, country]


@per_panel
def _near_crossing(panel: Panel) -> FloatArray:
    """Return the events (T, R) near the corridors that cross the region."""
    return _events(panel, _reached(panel))


@per_panel
def _reached(panel: Panel) -> sparse.csr_array:
    """Return (R, P), above 0 where a point is near a corridor that crosses the region."""
    return sparse.csr_array(_crossed(panel) @ _near(panel, NEAR_KM))


def _events(panel: Panel, near: sparse.csr_array) -> FloatArray:
    """Return the events (T, n) at the points (n, P) that are near."""
    return np.asarray((near.sign() @ violence(panel).counts).toarray().T, dtype=np.float64)


def _attacked(panel: Panel, months: int) -> FloatArray:
    owners, country = _owners(panel)
    corridors = (_near(panel, NEAR_KM) @ violence(panel).counts).toarray().T > 0
    number = (owners @ lately(corridors, months).T.astype(np.int32)).T
    share = number / np.maximum(owners.sum(axis=1), 1)
    return np.asarray(share[:, country])


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


def _inside(panel: Panel, months: int) -> FloatArray:
    here = _mean(panel, _near_crossing_inside, months)
    anywhere = _mean(panel, _near_crossing, months)
    return np.divide(here, anywhere, out=np.zeros_like(here), where=anywhere > 0)


def _reports() -> Iterator[Indicator]:
    """Yield the mean numbers of reports of each topic, in the region and in its country."""
    needs = frozenset[Detail]({"texts"})
    for prefix, where, counts in (
        ("", "in the region", _in_region),
        ("country_", "in all regions of the region's country", _in_country),
    ):
        for topic, months in product(TOPICS, _WINDOWS):
            name = f"{prefix}{topic}_reports_{months}"
            compute = partial(_mean_reports, counts=counts, topic=topic, months=months)
            about = f"whose text tells of the topic {topic}, over the last {months} months"
            meaning = f"Mean events {where} {about}"
            yield _indicator(name, meaning, "reports/month", compute, needs)


def _mean_reports(
    panel: Panel, counts: Callable[[Panel, str], FloatArray], topic: str, months: int
) -> FloatArray:
    described = panel.incidents.month[panel.incidents.has_text]
    since = panel.months >= described.min(initial=np.iinfo(np.int64).max)
    has_texts = panel.observed & since[:, None]
    return rolling_mean(np.where(has_texts, counts(panel, topic), np.nan), months)


@per_panel
def _in_region(panel: Panel, topic: str) -> FloatArray:
    """Return the reports (T, R) of a topic."""
    placed = placed_incidents(panel)
    return incident_counts(panel, placed[panel.incidents.topics[placed, list(TOPICS).index(topic)]])


@per_panel
def _in_country(panel: Panel, topic: str) -> FloatArray:
    """Return the reports (T, R) of a topic in all regions of the region's country."""
    countries, country = panel.regions.countries
    counts = np.zeros((len(countries), len(panel.months)))
    np.add.at(counts, country, _in_region(panel, topic).T)
    return counts[country].T
