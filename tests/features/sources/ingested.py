"""What the tests of all sources share: files of rows, and what becomes of them in an archive."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from features.archive.coverage import Coverage, Span
from features.archive.releases import Archive, Release
from features.archive.schemas import EVENTS_SCHEMA
from features.errors import InputError
from features.months import parse_month
from features.sources.ingestion import FileDelivery
from features.sources.source import EventSource, FileOptions

RECEIVED = date(2024, 6, 3)
COVERAGE = Coverage((Span("MLI", parse_month("2024-01"), parse_month("2024-05")),))
OPTIONS: dict[str, Any] = {"received_on": RECEIVED, "coverage": COVERAGE, "allow_rejects": True}


def csv_text(table: Sequence[Mapping[str, str]], *, quoted: bool = True) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(
        text,
        list(table[0]),
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    )
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def added(
    source: EventSource,
    path: Path,
    home: Path | None = None,
    deleted: tuple[str, ...] = (),
    **options: Any,
) -> Release:
    """The release of a file, ingested with OPTIONS or others into a home, by default beside it."""
    delivery = FileDelivery(source, path, FileOptions(**OPTIONS | options), deleted)
    release = Archive(home or path.parent / "home").add(delivery).release
    assert (len(events(release)), len(release.rejected())) == (
        release.rows_accepted,
        release.rows_rejected,
    )
    return release


def events(release: Release) -> pd.DataFrame:
    """The events of a release in the normal form, by id."""
    table: pd.DataFrame = pq.ParquetFile(release.table_file).read().cast(EVENTS_SCHEMA).to_pandas()
    return table.sort_values("event_id", ignore_index=True)


@contextmanager
def refused(*words: str) -> Iterator[None]:
    """Expect a refusal in one line that has these words."""
    with pytest.raises(InputError) as refusal:
        yield
    text = str(refusal.value)
    assert "\n" not in text
    assert [word for word in words if word not in text] == []


def assert_rejected(release: Release, table: list[dict[str, str]], reasons: list[str]) -> None:
    """Of the rows of a table all but the first are rejected, and kept as they came."""
    assert (release.rows_accepted, release.rows_rejected) == (1, len(reasons))
    rejected = release.rejected()
    assert rejected["line"].tolist() == list(range(3, len(reasons) + 3))
    assert rejected["reasons"].tolist() == reasons
    assert [json.loads(record) for record in rejected["record"]] == table[1:]


def assert_complete(release: Release, number: int) -> None:
    """Each of a number of rows is accepted, or rejected with a reason."""
    assert release.rows_accepted + release.rows_rejected == release.rows_read == number
    assert (release.rejected()["reasons"] != "").all()


def garbage(columns: Mapping[str, str], *texts: str) -> st.SearchStrategy[list[dict[str, str]]]:
    """Changes of rows with these columns; `texts` are some that the source may stumble over."""
    usual = ["", " ", "nan", "1e309", "-0", "0x10", "\0", "Mali'", "٣"]
    garbage = st.one_of(
        st.sampled_from([*usual, *texts]),
        st.text(st.characters(blacklist_categories=["Cs"]), max_size=8),
        st.integers(-(10**20), 10**20).map(str),
    )
    changes = st.dictionaries(st.sampled_from(list(columns)), garbage, max_size=6)
    return st.lists(changes, max_size=8)
