"""Family `encirclement`: is there violence on all sides of a site, and is it coming nearer?

A site is the capital of the region's country, or the region's own point, which stands for its seat.
Violence counts across borders. A site without coordinates has nothing around it.
"""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators.indicator import Indicator, per_panel
from features.indicators.near import (
    Violence,
    chord_of,
    counts_at,
    great_circle_km,
    km_of,
    lately,
    minimum_lately,
    pairs_between,
    unit_vectors,
    violence,
)
from features.panel.panel import Detail, Panel
from features.places.regions import capitals

SECTORS = 8
CENTRE_KM = 5.0  # how large a site is, and how well its position is known
FARTHEST_KM = 1000.0  # stands for the nearest violence where there is none within it


def sector_of(
    latitude: FloatArray, longitude: FloatArray, to_latitude: FloatArray, to_longitude: FloatArray
) -> IntArray:
    """Return the sectors, 0 (north) to 7 clockwise, in which points lie from sites [degrees]."""
    here, there = np.radians(latitude), np.radians(to_latitude)
    east = np.radians(to_longitude - longitude)
    bearing = np.arctan2(
        np.sin(east) * np.cos(there),
        np.cos(here) * np.sin(there) - np.sin(here) * np.cos(there) * np.cos(east),
    )
    return np.asarray(np.rint(bearing * SECTORS / (2 * np.pi)) % SECTORS, dtype=np.int64)


def rings(
    latitude: FloatArray, longitude: FloatArray, radii: tuple[int, ...], violence: Violence
) -> BoolArray:
    """Return (len(radii), T, n, SECTORS): was violence within ascending `radii` [km] of n sites?"""
    site, point, km = pairs_between(
        latitude, longitude, violence.latitude, violence.longitude, radii[-1]
    )
    sector = sector_of(
        latitude[site], longitude[site], violence.latitude[point], violence.longitude[point]
    )
    points, months = violence.counts.shape
    hits = np.zeros((len(radii), months, len(latitude), SECTORS), dtype=bool)
    for position, (inner, outer) in enumerate(pairwise([CENTRE_KM, *radii])):
        band = (km >= inner) & (km <= outer)
        cell, shape = (site * SECTORS + sector)[band], (len(latitude) * SECTORS, points)
        counts = counts_at(cell, point[band], shape) @ violence.counts
        cell, month = counts.tocoo().coords
        hits[position, month, cell // SECTORS, cell % SECTORS] = True
        hits[position] |= hits[max(position - 1, 0)]
    return hits


def nearest_km(latitude: FloatArray, longitude: FloatArray, violence: Violence) -> FloatArray:
    """Return (T, n), how far [km] the month's violence is from n sites, FARTHEST_KM at most."""
    located = np.flatnonzero(~np.isnan(latitude + longitude))
    sites = unit_vectors(latitude[located], longitude[located])
    points = unit_vectors(violence.latitude, violence.longitude)
    by_month = violence.counts.tocsc()
    nearest = np.full((by_month.shape[1], len(latitude)), FARTHEST_KM)
    # A tree a month: what a month's distances are must not depend on any later month.
    for month, (start, end) in enumerate(pairwise(by_month.indptr)):
        if end > start:
            tree = cKDTree(points[np.sort(by_month.indices[start:end])])
            chord, _ = tree.query(sites, distance_upper_bound=chord_of(FARTHEST_KM))
            nearest[month, located] = np.minimum(km_of(np.asarray(chord)), FARTHEST_KM)
    return nearest


CAPITAL_RADII = (50, 100, 200, 400)
_OWN_RADII = (50, 100, 200)
_PART_RADII = (200, 400)
_LATE, _BEFORE = 3, 12
_DISTANCE = "Hegre et al. 2021, ViEWS2020, Journal of Peace Research 58(3): space-time distances"
_indicator = partial(Indicator, family="encirclement", needs=frozenset[Detail]({"places"}))
_distance_km = partial(_indicator, unit="km", source=_DISTANCE, alarming="low")


def encirclement() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield from _around("capital", "the capital", CAPITAL_RADII, (3, 6, 12))
    yield from _around("own", "the region's point", _OWN_RADII, (3, 12))
    for radius in _PART_RADII:
        for months in (6, 12):
            name = f"capital_ring_part_{radius}km_{months}"
            compute = partial(_part, radius=radius, months=months)
            meaning = (
                f"Sectors of the compass, of 8, around the capital, in which there was violence of "
                f"the region itself within {radius} km of the capital in the last {months} months"
            )
            yield _indicator(name, meaning, "sectors", compute, highest=SECTORS)


def _around(
    site: str, words: str, radii: tuple[int, ...], windows: tuple[int, ...]
) -> Iterator[Indicator]:
    for position, radius in enumerate(radii):
        for months in windows:
            name = f"{site}_ring_{radius}km_{months}"
            meaning = (
                f"Share of the 8 sectors of the compass around {words} with violence within "
                f"{radius} km in the last {months} months"
            )
            compute = partial(_ring_share, site=site, position=position, months=months)
            yield _indicator(name, meaning, "share", compute, highest=1)
    to, most = f"to the nearest violence of the last {_LATE} months", FARTHEST_KM
    name = f"{site}_violence_distance_{_LATE}"
    meaning = f"Distance from {words} {to}, at most {most:,.0f} km"
    compute = partial(_distance, site=site)
    yield _distance_km(name, meaning, compute=compute, highest=most)
    name = f"{site}_violence_distance_change_{_LATE}"
    before = f"that of the {_BEFORE} months before, negative as it comes nearer"
    meaning = f"Distance from {words} {to} less {before}"
    compute = partial(_change, site=site)
    yield _distance_km(name, meaning, compute=compute, lowest=-most, highest=most, source="")


def _ring_share(panel: Panel, site: str, position: int, months: int) -> FloatArray:
    hits = lately(_rings(panel, site)[position], months)
    return _for_regions(panel, site, hits.sum(axis=2) / SECTORS)


def _part(panel: Panel, radius: int, months: int) -> FloatArray:
    hits = _own_part(panel)[_PART_RADII.index(radius)]
    return np.asarray(lately(hits, months).sum(axis=2), dtype=np.float64)


def _distance(panel: Panel, site: str) -> FloatArray:
    return minimum_lately(_nearest(panel, site), _LATE)


def _change(panel: Panel, site: str) -> FloatArray:
    """Return how much nearer violence came (T, R) [km]; 0 where nothing was observed before."""
    nearest = _nearest(panel, site)
    change = np.zeros_like(nearest)
    before = minimum_lately(nearest, _BEFORE)[:-_LATE]
    change[_LATE:] = minimum_lately(nearest, _LATE)[_LATE:] - before
    return change


@per_panel
def seats(panel: Panel) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return latitude and longitude (n,) of the capitals of n countries, and each region's (R,)."""
    countries, country = panel.regions.countries
    seats = capitals().set_index("country").reindex(countries)
    return seats["latitude"].to_numpy(), seats["longitude"].to_numpy(), country


def _coordinates(panel: Panel, site: str) -> tuple[FloatArray, FloatArray]:
    return seats(panel)[:2] if site == "capital" else panel.regions.coordinates


def _for_regions(panel: Panel, site: str, values: FloatArray) -> FloatArray:
    """Return values (T, n) of sites for each region, (T, R)."""
    return values[:, seats(panel)[2]] if site == "capital" else values


@per_panel
def _rings(panel: Panel, site: str) -> BoolArray:
    radii = CAPITAL_RADII if site == "capital" else _OWN_RADII
    return rings(*_coordinates(panel, site), radii, violence(panel))


@per_panel
def _nearest(panel: Panel, site: str) -> FloatArray:
    return _for_regions(panel, site, nearest_km(*_coordinates(panel, site), violence(panel)))


@per_panel
def _own_part(panel: Panel) -> BoolArray:
    """Return (len(_PART_RADII), T, R, SECTORS): was there violence of the region itself?"""
    incidents = violence(panel)
    latitude, longitude, country = seats(panel)
    in_region = incidents.region >= 0
    numbers = (incidents.region, incidents.row, incidents.point)
    region, row, point = (number[in_region] for number in numbers)
    seat = country[region]
    arc = latitude[seat], longitude[seat], incidents.latitude[point], incidents.longitude[point]
    km, sector = great_circle_km(*arc), np.zeros(len(seat), np.int64)
    is_located = np.isfinite(km)
    sector[is_located] = sector_of(*(degrees[is_located] for degrees in arc))
    hits = np.zeros((len(_PART_RADII), *panel.observed.shape, SECTORS), dtype=bool)
    for position, radius in enumerate(_PART_RADII):
        near = (km >= CENTRE_KM) & (km <= radius)
        hits[position, row[near], region[near], sector[near]] = True
    return hits
