"""What the tests of all forms share: files of rows, and what becomes of them in an archive."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from features.archive.folders import Records
from features.archive.releases import Archive, Release
from features.sources.source import FileOptions
from features.sources.states.delivery import read_states

RECEIVED = date(2024, 6, 3)


def ingested(
    path: Path,
    records: Records,
    source: str | None = None,
    observed_to: int | None = None,
    **options: Any,
) -> Release:
    """The release of a file, in a home beside it."""
    given = FileOptions(**{"received_on": RECEIVED} | options)
    delivery = read_states(path, records, given, source, observed_to)
    return Archive(path.parent / "home").add(delivery).release


def rows(release: Release) -> pd.DataFrame:
    """The accepted rows of a release."""
    table: pd.DataFrame = pq.ParquetFile(release.table_file).read().to_pandas()
    return table


def reasons(release: Release) -> dict[int, str]:
    """Why rows were rejected or kept aside, by line."""
    rejected = release.rejected()
    return dict(zip(rejected["line"], rejected["reasons"], strict=True))
