"""Write the files of a bulletin, and move them into place whole."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bulletins import form
from bulletins.manifest import ListedIndicator, ListedIndicators, Manifest
from features.disk import hidden_folder, move_whole
from features.errors import BulletinError
from features.indicators.indicator import Indicator

GROUP_ROWS = 1024
"""Rows a group: statistics of a group let a reader find a region without reading the rest."""


def parquet_of(table: pd.DataFrame, schema: pa.Schema) -> bytes:
    """Return a table as the content of a Parquet file: equal tables give equal bytes."""
    arrow = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
    buffer = pa.BufferOutputStream()
    pq.write_table(arrow, buffer, compression="zstd", row_group_size=GROUP_ROWS)
    return bytes(buffer.getvalue())


def sha256_of(content: bytes) -> str:
    """Return the content hash that a manifest gives of a file."""
    return hashlib.sha256(content).hexdigest()


def write_bulletin(
    place: Path,
    files: Mapping[str, bytes],
    manifest: Manifest,
    indicators: Sequence[Indicator],
) -> bool:
    """Write a bulletin and move it into its place; return False when another took the place.

    `files` is the content of its Parquet files by name, `indicators` the catalogue of the day.
    Raises BulletinError when the disk refuses.
    """
    catalogue = tuple(map(_listed_indicator, indicators))
    content = {
        **files,
        form.INDICATORS_FILE: ListedIndicators.dump_json(catalogue, indent=2),
        form.MANIFEST_FILE: manifest.model_dump_json(indent=2).encode(),
    }
    try:
        with hidden_folder(place) as hidden:
            for name, data in content.items():
                (hidden / name).write_bytes(data)
            return move_whole(hidden, place)
    except OSError as error:
        raise BulletinError(
            f"the bulletin cannot be written to {place} ({error.strerror}): see to the disk and "
            "its permissions; nothing was published"
        ) from error


def _listed_indicator(indicator: Indicator) -> ListedIndicator:
    return ListedIndicator(
        name=indicator.name,
        meaning=indicator.meaning,
        unit=indicator.unit,
        family=indicator.family,
        source=indicator.source,
        lowest=_limit(indicator.lowest),
        highest=_limit(indicator.highest),
        needs=tuple(sorted(indicator.needs)),
    )


def _limit(value: float) -> float | None:
    return value if math.isfinite(value) else None
