"""The event archive: every release as it was delivered, appended and never rewritten.

A release lies in `<home>/events/source=<source>/release=<release>/`:

    events.parquet     the accepted events, EVENTS_SCHEMA, by date_end and event_id
    rejected.parquet   every refused row as it was delivered, with why
    coverage.parquet   the months that the release observes, by country
    release.json       the `Release`: what it is, when it was public, what was read

A release is written beside its place under a hidden name and moved there whole, so nothing
half-written is ever visible and, of two writers, one wins.
"""

import errno
import json
import os
import re
import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.coverage import Coverage, Span
from features.errors import ArchiveError
from features.events import EVENTS_SCHEMA
from features.months import format_month, month_of

Kind = Literal["final", "candidate"]
"""`final` releases are a source's considered record; `candidate` ones are early and get revised."""

REJECTED_SCHEMA = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),
        pa.field("reasons", pa.string(), nullable=False),
        pa.field("record", pa.string(), nullable=False),
    ]
)
"""Columns and types of `rejected.parquet`, as `features.rejects.rejected_rows` returns them."""

_COVERAGE_SCHEMA = pa.schema(
    [
        pa.field("country", pa.string(), nullable=False),
        pa.field("first_month", pa.int64(), nullable=False),
        pa.field("last_month", pa.int64(), nullable=False),
    ]
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _nothing_rejected() -> pd.DataFrame:
    nothing: pd.DataFrame = REJECTED_SCHEMA.empty_table().to_pandas()
    return nothing


@dataclass(frozen=True, eq=False)
class Delivery:
    """A release on its way into the archive.

    `events` has the columns of EVENTS_SCHEMA in any order, `rejected` those of REJECTED_SCHEMA;
    `sha256` is that of the delivered bytes; `notes` say what was mended to read them.
    """

    source: str
    release: str
    kind: Kind
    available_on: date
    file_name: str
    sha256: str
    events: pd.DataFrame
    coverage: Coverage
    rejected: pd.DataFrame = field(default_factory=_nothing_rejected)
    notes: tuple[str, ...] = ()
    simulated: bool = False


class Release(BaseModel):
    """What the archive says of one release: `release.json`, and the folder that it lies in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    release: str
    kind: Kind
    available_on: date
    simulated: bool
    file_name: str
    sha256: str
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    notes: tuple[str, ...]
    folder: Path = Field(exclude=True)

    @property
    def name(self) -> str:
        """Source and release, as people say it: `ucdp-ged 24.1`."""
        return f"{self.source} {self.release}"

    @property
    def events_file(self) -> Path:
        """The Parquet file of the accepted events."""
        return self.folder / "events.parquet"

    def coverage(self) -> Coverage:
        """Return the months that the release observes, by country."""
        rows = pq.ParquetFile(self.folder / "coverage.parquet").read().to_pylist()
        return Coverage(tuple(Span(**row) for row in rows))

    def rejected(self) -> pd.DataFrame:
        """Return the refused rows: line, reasons, record (the delivered row as JSON)."""
        rows: pd.DataFrame = pq.ParquetFile(self.folder / "rejected.parquet").read().to_pandas()
        return rows


class Archive:
    """The releases kept under a home directory, which need not exist yet."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "events"

    def releases(self) -> list[Release]:
        """Return every release, by source and name.

        Raises ArchiveError when one is damaged, or when simulated and real ones lie together.
        """
        files = sorted(self.folder.glob("source=*/release=*/release.json"))
        releases = [_read_release(file.parent) for file in files]
        if len({release.simulated for release in releases}) > 1:
            raise ArchiveError(
                f"'{self.folder}' mixes simulated and real events: keep each under a home of "
                "its own"
            )
        return releases

    def add(self, delivery: Delivery) -> bool:
        """Append a release; return False, and change nothing, when it is there already.

        Raises ArchiveError when another release has its name, when it would mix simulated with
        real events, when its name cannot be that of a folder, when it claims to observe months
        that were not over when it became public, or when it cannot be written.
        """
        _refuse_impossible(delivery)
        if any(release.simulated != delivery.simulated for release in self.releases()):
            held, new = ("real", "simulated") if delivery.simulated else ("simulated", "real")
            raise ArchiveError(
                f"'{self.folder}' holds {held} events and '{delivery.file_name}' {new} ones, "
                "which may never share an archive: choose another home (TOCSIN_HOME)"
            )
        place = self.folder / f"source={delivery.source}" / f"release={delivery.release}"
        if not place.exists() and _moved_into(place, delivery):
            return True
        _refuse_other_content(place, delivery)
        return False


def _refuse_impossible(delivery: Delivery) -> None:
    for name in (delivery.source, delivery.release):
        if _NAME.fullmatch(name) is None:
            raise ArchiveError(
                f"'{name}' cannot name a release: use letters, digits, '.', '_' and '-', and "
                "begin with a letter or digit (--release NAME)"
            )
    last_month = delivery.coverage.last_month
    if last_month > month_of(delivery.available_on):
        raise ArchiveError(
            f"'{delivery.file_name}' is said to observe {format_month(last_month)} though it was "
            f"public on {delivery.available_on}: mend the coverage or give --available-on"
        )


def _refuse_other_content(place: Path, delivery: Delivery) -> None:
    """Raise ArchiveError unless the release in a place is the delivered one."""
    held = _read_release(place)
    same = held.sha256 == delivery.sha256 or (
        pq.ParquetFile(held.events_file).read().equals(_events_table(delivery))
    )
    if same and held.coverage() == delivery.coverage:
        return
    what = "another coverage" if same else "other content"
    raise ArchiveError(
        f"the archive already holds {held.name}, with {what} (from '{held.file_name}'), and is "
        f"never rewritten: add '{delivery.file_name}' under a name of its own (--release NAME)"
    )


def _moved_into(place: Path, delivery: Delivery) -> bool:
    """Write a release and move it into its place; return False when another took the place."""
    hidden = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        hidden.mkdir(parents=True)
        _write(hidden, delivery)
        return _renamed(hidden, place)
    except OSError as error:
        raise ArchiveError(
            f"'{place}' cannot be written ({error.strerror}): see to the disk and its "
            "permissions; the archive is as it was"
        ) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _renamed(hidden: Path, place: Path) -> bool:
    try:
        hidden.rename(place)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            return False
        raise
    _sync(place.parent)
    return True


def _write(folder: Path, delivery: Delivery) -> None:
    """Write the four files of a release; the same delivery gives the same bytes."""
    events = _events_table(delivery)
    rejected = pa.Table.from_pandas(
        delivery.rejected, schema=REJECTED_SCHEMA, preserve_index=False
    ).sort_by("line")
    coverage = pa.Table.from_pylist(
        [span._asdict() for span in delivery.coverage.spans], schema=_COVERAGE_SCHEMA
    )
    release = Release(
        source=delivery.source,
        release=delivery.release,
        kind=delivery.kind,
        available_on=delivery.available_on,
        simulated=delivery.simulated,
        file_name=delivery.file_name,
        sha256=delivery.sha256,
        rows_read=len(events) + len(rejected),
        rows_accepted=len(events),
        rows_rejected=len(rejected),
        notes=delivery.notes,
        folder=folder,
    )
    tables = {"events": events, "rejected": rejected, "coverage": coverage}
    for name, table in tables.items():
        pq.write_table(
            table.replace_schema_metadata(None), folder / f"{name}.parquet", compression="zstd"
        )
    text = release.model_dump_json(indent=2) + "\n"
    (folder / "release.json").write_text(text, encoding="utf-8")
    for file in (*folder.iterdir(), folder):
        _sync(file)


def _events_table(delivery: Delivery) -> pa.Table:
    """Return the events in EVENTS_SCHEMA, by date_end and event_id."""
    try:
        ordered = delivery.events.sort_values(["date_end", "event_id"], kind="stable")
        table = pa.Table.from_pandas(ordered, schema=EVENTS_SCHEMA, preserve_index=False)
    except (KeyError, ValueError, pa.ArrowException) as error:
        raise ArchiveError(
            f"the events of '{delivery.file_name}' are not in the normal form "
            f"({str(error).splitlines()[0]}): whatever read or made them is at fault"
        ) from error
    return table.replace_schema_metadata(None)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_release(folder: Path) -> Release:
    try:
        said: dict[str, Any] = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        return Release(**said, folder=folder)
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise ArchiveError(
            f"the release in '{folder}' is damaged or of a later version of Tocsin "
            f"({str(error).splitlines()[0]}): move it out of the archive and ingest it again"
        ) from error
