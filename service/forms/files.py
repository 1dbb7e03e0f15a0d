"""How each form of a list is written, a few thousand rows at a time."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import shapely

from bulletins.tables import bytes_column
from service.forms.rows import for_spreadsheet, shortened

GEOMETRY = "geometry"

_POLYGON = re.compile(
    rb'\{\s*"type"\s*:\s*"Polygon"\s*,\s*"coordinates"\s*:\s*(\[.*\])\s*\}', re.DOTALL
)
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
_MOST_OUTLINES_BYTES = 64_000_000


def csv_of(
    tables: Iterable[pa.Table], *, excel: bool, hashtags: Sequence[str] = ()
) -> Iterator[bytes]:
    """Yield tables as one CSV file without formulas; `excel` has the byte order mark it needs.

    The row of `hashtags`, if there are any, comes between the header and the others.
    """
    for number, table in enumerate(tables):
        rows = _rows(for_spreadsheet(shortened(table)), has_header=False)
        if number == 0:
            header = _rows(table.slice(0, 0), has_header=True)
            tags = ",".join(f'"{tag}"' for tag in hashtags) + "\n" if hashtags else ""
            rows = (_BYTE_ORDER_MARK if excel else b"") + header + tags.encode() + rows
        yield rows


def _rows(table: pa.Table, *, has_header: bool) -> bytes:
    target = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, target, pyarrow.csv.WriteOptions(include_header=has_header))
    return bytes(target.getvalue())


def geojson_of(
    members: bytes,
    tables: Iterable[pa.Table],
    key: Sequence[str],
    outline_of: Callable[[str], bytes],
) -> Iterator[bytes]:
    """Yield tables as one FeatureCollection (RFC 7946) with further `members`.

    The id of a feature is made of the columns of `key`, the first of which is that of the region.
    """
    head = b'{"type":"FeatureCollection",%b,"features":[' % members
    for table in tables:
        yield head + b",\n".join(features_of_table(table, key, outline_of))
        head = b",\n"
    yield b"]}\n"


def features_of_table(
    table: pa.Table, key: Sequence[str], outline_of: Callable[[str], bytes], **members: object
) -> list[bytes]:
    """Return the rows of a table as features (RFC 7946) with further `members`, `key` as above."""
    return [
        orjson.dumps(
            {
                "type": "Feature",
                "id": "/".join(str(row[name]) for name in key),
                GEOMETRY: orjson.Fragment(outline_of(row[key[0]])),
                "properties": row,
                **members,
            }
        )
        for row in shortened(table).to_pylist()
    ]


def parquet_of(tables: Iterable[pa.Table], facts: Mapping[str, str]) -> bytes:
    """Return tables, a row group each, as one Parquet file whose metadata has some facts."""
    target, writer = pa.BufferOutputStream(), None
    for table in tables:
        noted = table.replace_schema_metadata({**(table.schema.metadata or {}), **facts})
        if writer is None:
            writer = pq.ParquetWriter(
                target,
                noted.schema,
                compression="zstd",
                dictionary_pagesize_limit=_MOST_OUTLINES_BYTES,  # each outline once a group
            )
        writer.write_table(noted)
    if writer is not None:
        writer.close()
    return bytes(target.getvalue())


def with_outlines(
    table: pa.Table, key: str, outlines: Mapping[str, bytes], types: Sequence[str]
) -> pa.Table:
    """Return a table as GeoParquet has it: with outlines (WKB), by a column, in another column.

    As GeoParquet 1.1 says; coordinates are longitude and latitude, as in GeoJSON.
    """
    column = bytes_column([outlines.get(name) for name in table[key].to_pylist()], pa.binary())
    described = {GEOMETRY: {"encoding": "WKB", "geometry_types": types}}
    of_file = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": described}
    geo = {"geo": orjson.dumps(of_file)}
    return table.append_column(GEOMETRY, column).replace_schema_metadata(geo)


def boxes_of_parts(outline: str) -> list[list[float]]:
    """Return west, south, east and north edge [degrees] of each part of a GeoJSON geometry."""
    edges: list[list[float]] = shapely.bounds(
        shapely.get_parts(shapely.from_geojson(outline))
    ).tolist()
    return edges


def multipolygon(outline: bytes) -> bytes:
    """Return a GeoJSON geometry, a polygon as one of several parts: a layer has one type."""
    polygon = _POLYGON.fullmatch(outline)
    return (
        outline if polygon is None else b'{"type":"MultiPolygon","coordinates":[%b]}' % polygon[1]
    )


def as_wkb(outlines: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return GeoJSON geometries as well-known binary."""
    texts = [outline.decode() for outline in outlines.values()]
    return dict(zip(outlines, shapely.to_wkb(shapely.from_geojson(texts)), strict=True))
