"""Build the bundled geography from Natural Earth.

    python -m tools.geography.build --source DIRECTORY

The directory holds `ne_admin1_world_full.parquet` (Natural Earth 1:10m admin-1 as GeoParquet) and
`admin1_adjacency.csv` (pairs of touching units). The same input gives the same bytes.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from features.arrays import FloatArray
from features.errors import InputError
from features.places.priogrid import centres
from features.places.spelling import slug
from tools.geography import choices
from tools.geography.borders import border_distance_km, length_km, shared_borders
from tools.geography.land import land_cells
from tools.geography.names import region_names
from tools.geography.shapes import Geometries, area_km2, dissolve, interior_points, simplify

UNITS, ADJACENCY = "ne_admin1_world_full.parquet", "admin1_adjacency.csv"
COLUMNS = [
    *("adm1_code", "iso_3166_2", "name", "name_en", "name_fr", "type_en"),
    *("region", "geonunit", "adm0_a3", "admin", "geometry"),
]
TARGET = Path(__file__).parents[2] / "features" / "places" / "geography"


def main() -> None:
    """Read the arguments, build, and write where `--target` says."""
    parser = argparse.ArgumentParser(description="Build the bundled geography from Natural Earth.")
    parser.add_argument("--source", type=Path, required=True, help="directory of Natural Earth")
    parser.add_argument("--target", type=Path, default=TARGET)
    arguments = parser.parse_args()
    try:
        write(build(*read(arguments.source)), arguments.target)
    except InputError as error:
        parser.exit(1, f"{error}\n")


def read(source: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the units with their geometry, and the pairs `a`, `b` of touching units.

    Raises InputError when a file is missing.
    """
    for name in (UNITS, ADJACENCY):
        if not (source / name).is_file():
            raise InputError(f"{source / name} is missing: give the directory of Natural Earth")
    units = pd.read_parquet(source / UNITS, columns=COLUMNS)
    units["geometry"] = shapely.from_wkb(units["geometry"].to_numpy())
    return units, pd.read_csv(source / ADJACENCY, keep_default_na=False)


def build(units: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of the bundle by file name, from Natural Earth's units and pairs."""
    units = assign(units)
    regions = first_order(units)
    region_of_unit = units.set_index("adm1_code")["key"].map(regions.set_index("key")["id"])
    neighbours = joined_pairs(pairs, region_of_unit)
    countries = whole_countries(regions, units)
    country_neighbours = joined_pairs(neighbours, regions.set_index("id")["country"])
    frontiers = _borders(country_neighbours, countries)
    cells = land_cells(units["geometry"].to_numpy(), units["country"])
    latitude, longitude = centres(cells["gid"].to_numpy())
    return {
        "admin1": with_points(regions, frontiers).drop(columns="key"),
        "admin1_names": region_names(units, regions),
        "countries": with_points(countries, frontiers),
        "admin1_neighbours": with_lengths(neighbours, _borders(neighbours, regions)),
        "country_neighbours": with_lengths(country_neighbours, frontiers),
        "priogrid": with_distances(cells, latitude, longitude, frontiers),
    }


def assign(units: pd.DataFrame) -> pd.DataFrame:
    """Return the units that are kept, with `country`, the `key` of their region and its `label`.

    Raises InputError when a unit has no name or no ISO country, and `choices` does not help.
    """
    units = units.sort_values("adm1_code", ignore_index=True)
    units = units[~units["adm1_code"].isin(list(choices.DROPPED))].reset_index(drop=True)
    code = units["adm1_code"]
    by_code = units["adm0_a3"].replace(choices.COUNTRY_OF_CODE)
    units["country"] = code.map(choices.COUNTRY_OF_UNIT).fillna(by_code)
    units["key"] = code.replace(choices.MERGED)
    units["label"] = code.map(choices.NAME_OF_UNIT).fillna(units["name"])
    for country, column in choices.DISSOLVED.items():
        listed = units["adm0_a3"] == country
        label = units.loc[listed, column]
        units.loc[listed, "label"] = label
        units.loc[listed, "key"] = units.loc[listed, "country"] + "/" + label
    _refuse(code[~units["country"].isin(list(choices.ISO_3166_1))], "no ISO 3166-1 country")
    owner = (units["key"] == code) | units["adm0_a3"].isin(list(choices.DISSOLVED))
    _refuse(code[owner & ~(units["label"].fillna("") > "")], "no name")
    _refuse(code[~units["key"].isin(units.loc[owner, "key"])], "no unit to be merged with")
    return units.assign(owner=owner)


def _refuse(codes: pd.Series, reason: str) -> None:
    if len(codes):
        raise InputError(f"units with {reason}: {', '.join(codes)}; decide in choices.py")


def first_order(units: pd.DataFrame) -> pd.DataFrame:
    """Return the first-order regions, sorted by id: dissolved, measured, simplified.

    `area_km2` [km2] is of the geometry before simplification. A region that is dissolved from
    several units has no `iso_3166_2`.
    """
    regions = units[units["owner"]].drop_duplicates("key").reset_index(drop=True)
    is_group = regions["key"] != regions["adm1_code"]
    labels = zip(regions["adm0_a3"], regions["label"], strict=True)
    regions["name"] = [choices.NAME_OF_REGION.get(label, label[1]) for label in labels]
    regions["id"] = region_ids(regions["country"], regions["name"], regions["adm1_code"].str[4:])
    regions["iso_3166_2"] = regions["iso_3166_2"].mask(is_group | _is_invented(regions))
    regions = regions.sort_values("id", ignore_index=True)
    group = units["key"].map(pd.Series(regions.index, index=regions["key"]))
    whole = dissolve(units["geometry"].to_numpy(), group.tolist(), len(regions))
    regions["area_km2"] = area_km2(whole).round(1)
    regions["geometry"] = simplify(whole)
    return regions[["key", "id", "name", "country", "iso_3166_2", "area_km2", "geometry"]]


def region_ids(country: pd.Series, name: pd.Series, key: pd.Series) -> pd.Series:
    """Return `{country}-{slug of name}` (n,), with a slug of the unique `key` where that repeats.

    Raises InputError when ids still repeat.
    """
    ids = country + "-" + name.map(slug)
    ids = ids.where(~ids.duplicated(keep=False), ids + "-" + key.map(slug))
    if ids.duplicated().any():
        raise InputError(f"region ids repeat: {sorted(ids[ids.duplicated()])}")
    return ids


def _is_invented(regions: pd.DataFrame) -> pd.Series:
    """Tell which codes Natural Earth made up: those that end in a tilde, or begin with -99."""
    return regions["iso_3166_2"].str.contains(r"~$|^-99|^$", na=True)


def whole_countries(regions: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Return the countries, sorted by id, dissolved from the simplified regions.

    Raises InputError when a country has no name.
    """
    ids, group = np.unique(regions["country"].to_numpy(dtype=str), return_inverse=True)
    own = units[units["adm0_a3"] == units["country"]].drop_duplicates("country")
    names = dict(zip(own["country"], own["admin"], strict=True)) | choices.NAME_OF_COUNTRY
    _refuse(pd.Series([country for country in ids if country not in names], dtype=str), "no name")
    geometry = dissolve(regions["geometry"].to_numpy(), group.tolist(), len(ids))
    area = regions.groupby("country")["area_km2"].sum().round(1)
    return pd.DataFrame(
        {
            "id": ids,
            "name": [names[country] for country in ids],
            "country": ids,
            "area_km2": area.loc[ids].to_numpy(),
            "geometry": geometry,
        }
    )


def with_points(regions: pd.DataFrame, frontiers: Geometries) -> pd.DataFrame:
    """Return regions with `latitude` and `longitude` [degrees] of a point inside.

    With the point comes its distance from the nearest of the `frontiers`, as in with_distances.
    """
    longitude, latitude = interior_points(regions["geometry"].to_numpy()).T
    placed = regions.assign(latitude=latitude, longitude=longitude)
    return with_distances(placed, latitude, longitude, frontiers)


def with_distances(
    places: pd.DataFrame, latitude: FloatArray, longitude: FloatArray, frontiers: Geometries
) -> pd.DataFrame:
    """Return places (n,) with `border_distance_km` [km]: from a point of each to a frontier.

    `latitude` and `longitude` (n,) are of the points, `frontiers` borders between countries
    [degrees]. The distance is of the nearest one, whichever the countries: an island has none of
    its own.
    """
    distance = border_distance_km(latitude, longitude, frontiers)
    return places.assign(border_distance_km=distance.round(1))


def with_lengths(pairs: pd.DataFrame, borders: Geometries) -> pd.DataFrame:
    """Return pairs (k,) with the length `border_km` [km] of their borders (k,) [degrees]."""
    return pairs.assign(border_km=length_km(borders).round(2))


def _borders(pairs: pd.DataFrame, wholes: pd.DataFrame) -> Geometries:
    place = pd.Index(wholes["id"])
    a, b = place.get_indexer(pairs["a"]), place.get_indexer(pairs["b"])
    return shared_borders(wholes["geometry"].to_numpy(), a, b)


def joined_pairs(pairs: pd.DataFrame, whole_of_part: pd.Series) -> pd.DataFrame:
    """Return the distinct pairs `a` < `b` of wholes whose parts touch, sorted.

    `pairs` names parts in `a` and `b`; `whole_of_part` is indexed by part. Parts that belong to
    nothing (dropped units) touch nothing.
    """
    ends = np.sort(
        np.stack([pairs[end].map(whole_of_part).fillna("") for end in ("a", "b")]).astype(str),
        axis=0,
    )
    joined = pd.DataFrame({"a": ends[0], "b": ends[1]})
    joined = joined[(joined["a"] != joined["b"]) & (joined["a"] > "")]
    return joined.drop_duplicates().sort_values(["a", "b"], ignore_index=True)


def write(tables: dict[str, pd.DataFrame], target: Path) -> None:
    """Write each table to `target` as Parquet, geometry as well-known binary."""
    for name, frame in tables.items():
        table = pa.table({column: _plain(frame[column]) for column in frame.columns})
        pq.write_table(
            table,
            target / f"{name}.parquet",
            compression="zstd",
            compression_level=19,
            use_dictionary=[column for column in ("country", "a", "b") if column in frame],
            row_group_size=max(len(frame), 1),
        )


def _plain(column: pd.Series) -> pa.Array:
    if column.name == "geometry":
        return pa.array(shapely.to_wkb(column.to_numpy()), pa.binary())
    if column.name == "gid":
        return pa.array(column, pa.int32())
    kind = pa.float64() if pd.api.types.is_float_dtype(column) else pa.string()
    return pa.array(column, kind)


if __name__ == "__main__":
    main()
