"""What is computed from a bulletin once: where its regions lie, exceedances, and risk levels."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from threading import RLock
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bulletins.form import DISTRIBUTIONS_FILE, REGIONS_FILE, UNSCORED_FILE
from bulletins.reading import REGION
from bulletins.risk import NO_LEVEL, risk_places, scale_of
from bulletins.tables import Frame, Rows, as_numbers, as_numpy, bytes_column
from features.arrays import FloatArray, IntArray
from features.language import ENGLISH, Language
from features.places.countries import alpha_2, subdivision_codes, un_name
from features.words import DISTRIBUTIONS, UNSCORED, Target
from service.errors import UnknownBulletinError
from service.forms.files import as_wkb, boxes_of_parts
from service.store.bulletins import Bulletin

T = TypeVar("T")
P = ParamSpec("P")

_EDGES = ("west", "south", "east", "north")
_HALF_TURN = 180.0


def derived(
    compute: Callable[Concatenate[Bulletin, P], T],
) -> Callable[Concatenate[Bulletin, P], T]:
    """Cache what a function computes from a bulletin, once, for as long as that is loaded."""
    values: WeakKeyDictionary[Bulletin, dict[object, T]] = WeakKeyDictionary()
    lock = RLock()

    @wraps(compute)
    def cached(bulletin: Bulletin, /, *args: P.args, **kwargs: P.kwargs) -> T:
        of_bulletin, key = values.get(bulletin, {}), (args, *kwargs.items())
        if key not in of_bulletin:
            with lock:  # other threads wait for the first
                of_bulletin = values.setdefault(bulletin, {})
                if key not in of_bulletin:
                    of_bulletin[key] = compute(bulletin, *args, **kwargs)
        return of_bulletin[key]

    return cached


@derived
def outlines_of(bulletin: Bulletin) -> dict[str, bytes]:
    """Return the known outlines as GeoJSON geometries, by id; raises UnknownError without any."""
    table = bulletin.part(REGIONS_FILE).whole(["region", "outline"])
    pairs = zip(table["region"].to_pylist(), table["outline"].to_pylist(), strict=True)
    return {region: outline.encode() for region, outline in pairs if outline is not None}


@derived
def wkb_outlines_of(bulletin: Bulletin) -> dict[str, bytes]:
    """Return the known outlines as well-known binary, by id; raises UnknownError without any."""
    return as_wkb(outlines_of(bulletin))


@derived
def unscored_of(bulletin: Bulletin) -> dict[tuple[str, str | None], dict[str, Any]]:
    """Return the rows of UNSCORED_FILE by region and target, None for all targets."""
    if UNSCORED_FILE not in bulletin.parts:
        return {}
    rows = bulletin.part(UNSCORED_FILE).whole().to_pylist()
    return {(row["region"], row["target"]): row for row in rows}


def unscored_because(
    bulletin: Bulletin, region: str, target: Target | None = None, language: Language = ENGLISH
) -> str | None:
    """Return why a region has no score (of a target), None if it has."""
    rows = unscored_of(bulletin)
    row = rows.get((region, None)) or rows.get((region, target))
    if row is None:
        return None
    month = "" if row["observed_to"] is None else language.month(row["observed_to"])
    return language.gettext(UNSCORED[row["reason"]]).format(month=month)


@derived
def regions_of(bulletin: Bulletin) -> Frame:
    """Return the regions, by level and id; `latitude`, `longitude` [degrees] may be null."""
    if REGIONS_FILE in bulletin.parts:
        columns = [*REGION, "latitude", "longitude"]
        return Frame(_with_codes(bulletin, bulletin.part(REGIONS_FILE).whole(columns)))
    scores = bulletin.scores
    table = scores.take(scores.distinct("region")).select(list(REGION))
    unknown = pa.nulls(len(table), pa.float64())
    table = table.append_column("latitude", unknown).append_column("longitude", unknown)
    return Frame(_with_codes(bulletin, table))


def _with_codes(bulletin: Bulletin, table: pa.Table) -> pa.Table:
    """Return regions with the codes and names that other tables know them by; null for none."""
    countries = table["country"].to_pylist()
    names = {"country_alpha_2": map(alpha_2, countries), "country_un_name": map(un_name, countries)}
    for name, texts in names.items():
        encoded = [None if text is None else text.encode() for text in texts]
        table = table.append_column(name, bytes_column(encoded, pa.string()))
    for name, column in code_columns(bulletin, table["region"].to_pylist()).items():
        table = table.append_column(name, column)
    return table


def codes_of(bulletin: Bulletin) -> dict[str, Mapping[str, str]]:
    """Return the codes that other tables know regions by: of each kind, by region."""
    return {"iso_3166_2": subdivision_codes(), "pcode": bulletin.pcodes}


def codes_of_region(bulletin: Bulletin, region: str) -> dict[str, Any]:
    """Return the code of each kind of one region; None where it has none."""
    return {name: codes.get(region) for name, codes in codes_of(bulletin).items()}


def code_columns(bulletin: Bulletin, regions: Sequence[str]) -> dict[str, pa.Array]:
    """Return the codes of some regions as columns; null where there is none."""
    columns = {}
    for name, codes in codes_of(bulletin).items():
        encoded = {region: code.encode() for region, code in codes.items()}
        columns[name] = bytes_column([encoded.get(one) for one in regions], pa.string())
    return columns


def neighbours_of(bulletin: Bulletin, region: str) -> list[str]:
    """Return the ids of the scored regions that touch one; none in older bulletins."""
    rows = bulletin.rows_of_region(REGIONS_FILE, region, ("neighbours",))
    return [name for row in rows for name in row["neighbours"]]


def regions_in(bulletin: Bulletin, box: str) -> list[str]:
    """Return the ids of the regions that touch a box: `west,south,east,north` edge [degrees].

    One with west > east crosses 180 degrees. Raises UnknownError when there are no such edges.
    """
    west, one, east, other = map(float, box.split(","))
    south, north = sorted((one, other))
    ids, edges = _boxes(bulletin)
    overlaps_upright = (edges["south"] <= north) & (edges["north"] >= south)
    spans = [(west, east)] if west <= east else [(west, _HALF_TURN), (-_HALF_TURN, east)]
    overlaps = [(edges["west"] <= right) & (edges["east"] >= left) for left, right in spans]
    within = overlaps_upright & np.any(overlaps, axis=0)  # NaN touches nothing
    return list(dict.fromkeys(ids[row] for row in np.flatnonzero(within).tolist()))


@derived
def _boxes(bulletin: Bulletin) -> tuple[list[str], dict[str, FloatArray]]:
    """Return the region of each box, (n,), and its edges: a box a part of an outline, else one.

    One box around Fiji, which 180 degrees part, or around France overseas would touch all between.
    """
    table = bulletin.part(REGIONS_FILE).whole(["region", "outline", *_EDGES])
    ids: list[str] = []
    edges: list[list[float]] = []
    numbers = {name: as_numbers(table[name]) for name in _EDGES}
    for row, outline in enumerate(table["outline"].to_pylist()):
        whole = [numbers[name][row] for name in _EDGES]
        parts = [whole] if outline is None else boxes_of_parts(outline)
        ids += [table["region"][row].as_py()] * len(parts)
        edges += parts
    columns = np.array(edges, np.float64).reshape(-1, len(_EDGES)).T
    return ids, dict(zip(_EDGES, columns, strict=True))


@derived
def _distributions(bulletin: Bulletin) -> tuple[Rows, IntArray, FloatArray, FloatArray]:
    """Return the rows of n scores, and their deaths and exceedances end to end, with the ends.

    Raises UnknownBulletinError when the distributions are of other scores.
    """
    columns = ["region", "level", "horizon", "deaths", "exceedance"]
    table = bulletin.part(DISTRIBUTIONS_FILE).whole(columns)
    scores = bulletin.scores
    rows = scores.rows[scores.among("target", DISTRIBUTIONS)]
    key = ["level", "region", "horizon"]  # both are in this order
    if not scores.take(rows).select(key).equals(table.select(key)):
        raise UnknownBulletinError(
            f"bulletin {bulletin.manifest.id} is damaged: its distributions are of other scores"
        )
    deaths, exceedance = (table[name].combine_chunks() for name in ("deaths", "exceedance"))
    return rows, as_numpy(deaths.offsets), as_numpy(deaths.values), as_numpy(exceedance.values)


def exceedance_of_scores(bulletin: Bulletin, threshold: float) -> FloatArray:
    """Return P(deaths >= threshold) for every score of a bulletin (n,), NaN but for fatalities.

    Raises UnknownError when the bulletin has no distributions.
    """
    rows, ends, deaths, exceedances = _distributions(bulletin)
    begin, end = ends[:-1], ends[1:]
    fewer = np.append(0, np.cumsum(deaths < threshold))
    first = begin + fewer[end] - fewer[begin]
    # Beyond the last number of deaths the probability is 0; any place in range will do there.
    probability = exceedances[np.minimum(first, end - 1)]
    exceedance = np.full(len(bulletin.scores), np.nan)
    exceedance[rows] = np.where(first < end, probability, 0.0)
    return exceedance


@derived
def risk_of_scores(bulletin: Bulletin) -> NDArray[np.int8]:
    """Return the place in RISK_LEVELS of every score (n,), NO_LEVEL where there is no scale."""
    scores = bulletin.scores
    probability = scores.numbers("probability")
    codes = np.full(len(scores), NO_LEVEL, np.int8)
    for level in scores.values("level"):
        for target in scores.values("target"):
            scale = scale_of(bulletin.manifest, level, target)
            if scale is not None:
                here = scores.among("level", [level]) & scores.among("target", [target])
                codes[here] = risk_places(scale, probability[here])
    return codes
