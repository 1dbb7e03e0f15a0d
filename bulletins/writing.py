"""Write the files of a bulletin, and move them into place whole."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bulletins.chain import head_of, lost_from
from bulletins.folders import ID
from bulletins.form import MANIFEST_FILE
from bulletins.manifest import (
    Link,
    ListedIndicator,
    ListedIndicators,
    Manifest,
    blank_id,
    id_of,
)
from bulletins.reading import read_manifests
from features.disk import hidden_folder, locked, move_whole
from features.errors import BulletinError
from features.hashes import sha256_of
from features.indicators.indicator import Indicator
from features.indicators.state import StateIndicator

if TYPE_CHECKING:
    from bulletins.shared import SharedBulletins

GROUP_ROWS = 1024
"""Rows a group: statistics of a group let a reader find a region without reading the rest."""


def parquet_of(table: pd.DataFrame, schema: pa.Schema) -> bytes:
    """Return a table as the content of a Parquet file: equal tables give equal bytes."""
    arrow = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
    return _parquet(arrow)


def parquet_of_lists(table: pa.Table, lists: Sequence[str]) -> bytes:
    """Return a large table, some columns of which are lists of numbers, as `parquet_of` does.

    Byte by byte and without a dictionary the numbers take two thirds of the room. Pages have
    checksums, as the file is read from the disk, page by page.
    """
    others = [name for name in table.column_names if name not in lists]
    numbers = [f"{name}.list.element" for name in lists]
    return _parquet(
        table, use_dictionary=others, use_byte_stream_split=numbers, write_page_checksum=True
    )


def _parquet(table: pa.Table, **options: Any) -> bytes:
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd", row_group_size=GROUP_ROWS, **options)
    return bytes(buffer.getvalue())


def indicators_file(indicators: Sequence[Indicator | StateIndicator]) -> bytes:
    """Return the content of `indicators.json`, the catalogue of the day."""
    return ListedIndicators.dump_json(tuple(map(_listed_indicator, indicators)), indent=2)


def sealed(draft: Manifest) -> tuple[Manifest, bytes]:
    """Return a manifest whose id follows from its content, and the content.

    The id of the draft stands in it wherever its own will.
    """
    blank = blank_id(draft.origin)
    text = draft.model_dump_json(indent=2).replace(draft.id, blank)
    content = text.replace(blank, id_of(draft.origin, text.encode(), blank)).encode()
    return Manifest.model_validate_json(content), content


def write_bulletin(
    home: Path,
    files: Mapping[str, bytes],
    draft: Manifest,
    shared: "SharedBulletins | None" = None,
) -> tuple[Manifest, bool]:
    """Write a bulletin after the others of a home, and move it into its place.

    `files` are its files by name, but for the manifest: `draft` with `blank_id` and the hashes of
    the files. It is issued where it is `shared` first. Returns the manifest, and False if the same
    was there already. Raises BulletinError when the disk refuses, or as `SharedBulletins.push`.
    """
    folder = home / "bulletins"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / ".bulletins.lock"):
            manifest, content = sealed(draft.model_copy(update=_place_in_chain(home)))
            with hidden_folder(folder / manifest.id) as hidden:
                for name, data in {**files, MANIFEST_FILE: content}.items():
                    (hidden / name).write_bytes(data)
                is_issued = shared is not None and shared.push(manifest, hidden)
                is_moved = move_whole(hidden, folder / manifest.id)
                return manifest, is_issued or is_moved
    except OSError as error:
        raise BulletinError(
            f"the bulletin cannot be written to {folder} ({error.strerror}): see to the disk and "
            "its permissions; nothing was published"
        ) from error


def _place_in_chain(home: Path) -> dict[str, object]:
    """Return `chain` and `lost` of the next bulletin."""
    manifests, refused = read_manifests(home)
    head = head_of(manifests)
    known = {bulletin for manifest in manifests for bulletin in manifest.lost}
    damaged = {name for name in refused if re.fullmatch(ID, name)} - known
    lost = tuple(sorted(lost_from(manifests) | damaged))
    if head is None:
        return {"lost": lost}
    content = (home / "bulletins" / head.id / MANIFEST_FILE).read_bytes()
    return {"chain": Link(id=head.id, sha256=sha256_of(content)), "lost": lost}


def _listed_indicator(indicator: Indicator | StateIndicator) -> ListedIndicator:
    return ListedIndicator(
        name=indicator.name,
        meaning=indicator.meaning,
        unit=indicator.unit,
        family=indicator.family,
        source=indicator.source,
        lowest=_limit(indicator.lowest),
        highest=_limit(indicator.highest),
        needs=tuple(sorted(indicator.needs)),
        alarming=indicator.alarming,
    )


def _limit(value: float) -> float | None:
    return value if math.isfinite(value) else None
