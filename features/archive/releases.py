"""The event archive: every release as it was delivered, appended and never rewritten.

A release lies in `<home>/<records>/source=<source>/release=<release>/`:

    events.parquet     the accepted events, EVENTS_SCHEMA, by date_end and event_id; or, of an
    counts.parquet     aggregated history, its counts, COUNTS_SCHEMA, and the regions that it
    regions.parquet    names, COUNTED_REGIONS_SCHEMA, and the months of them that it does not
    unknown.parquet    observe, UNKNOWN_SCHEMA
    coups.parquet      or the rows of its records of states, STATE_SCHEMAS
    deleted.parquet    ids of events that the source has withdrawn
    rejected.parquet   every rejected row as it was delivered, with why
    coverage.parquet   the months that the release observes, by country
    release.json       the `Release`: what it is, when it was public, what was read, and the hashes
                       of all files above and of itself

It is written under a hidden name and moved into its place whole, under a lock; of two writers one
wins. Where machines share the archive, it is added at their address first.
"""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, ValidationError

from features.archive.coverage import Coverage, Span
from features.archive.delivery import Deaths, Delivery, Identity, Kind
from features.archive.folders import NAME, RECORDS, RELEASE_FILE, Records, damage, release_folders
from features.archive.schemas import schema_of
from features.disk import hidden_folder, locked, move_whole, remove_leftovers, sync_files
from features.errors import ArchiveError
from features.files import read_whole
from features.hashes import BLANK, file_faults, hash_of_file, hash_of_record, with_own_hash
from features.months import format_month, month_of
from features.strict import Strict
from features.words import Level

if TYPE_CHECKING:
    from features.archive.shared import SharedReleases

EVENTS_FILE, COUNTS_FILE, REGIONS_FILE = "events.parquet", "counts.parquet", "regions.parquet"
UNKNOWN_FILE, DELETED_FILE, REJECTED_FILE = "unknown.parquet", "deleted.parquet", "rejected.parquet"
_COVERAGE_FILE = "coverage.parquet"

REJECTED_SCHEMA = schema_of(line=pa.int64(), reasons=pa.string(), record=pa.string())
"""`rejected.parquet`: the line on which the row begins, why it was rejected (joined by "; "), and
the delivered fields as a JSON object."""

DELETED_SCHEMA = schema_of(event_id=pa.string())

_COVERAGE_SCHEMA = schema_of(country=pa.string(), first_month=pa.int64(), last_month=pa.int64())


class Release(Strict):
    """The archive's record of one release: `release.json`, and its folder.

    `sha256` is of what was delivered, `files` are the hashes of what is stored by name, and
    `record_sha256` is that of `release.json` with zeros in its place.
    """

    history: str
    source: str
    release: str
    kind: Kind
    available_on: date
    level: Level | None
    simulated: bool
    file_name: str
    sha256: str
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rows_deleted: int
    notes: tuple[str, ...]
    # Older records lack what follows.
    observed_to: str | None = None  # the last month of its coverage
    rows_aside: int = 0
    doubts: tuple[str, ...] = ()
    deaths: Deaths | None = None
    is_habit: bool = False
    records: Records = "events"
    number: int = 0  # how many releases were in the archive when it was added
    files: dict[str, str] = Field(default_factory=dict)
    record_sha256: str | None = None
    folder: Path = Field(exclude=True)

    @property
    def name(self) -> str:
        """Source and release: `ucdp-ged 24.1`."""
        return f"{self.source} {self.release}"

    @property
    def table_file(self) -> Path:
        """The Parquet file of the accepted events, coups, conditions or elections."""
        return self.folder / f"{self.records}.parquet"

    def coverage(self) -> Coverage:
        """Return the months that the release observes, by country."""
        try:
            rows = pq.ParquetFile(self.folder / _COVERAGE_FILE).read().to_pylist()
            return Coverage(tuple(Span(**row) for row in rows))
        except (OSError, ValueError, TypeError) as error:  # of releases without hashes
            raise damage(self.folder, f"{_COVERAGE_FILE}: {error}") from error

    def rejected(self) -> pd.DataFrame:
        """Return the rejected rows: line, reasons, record (the delivered row as JSON)."""
        return pd.DataFrame(pq.ParquetFile(self.folder / REJECTED_FILE).read().to_pandas())


class Addition(NamedTuple):
    """The release of a delivery in the archive, and whether it was added just now."""

    release: Release
    is_new: bool


class Archive:
    """The releases kept under a home directory, which need not exist yet.

    What is added goes to where they are `shared` first; what is read lies in the home.
    """

    def __init__(self, home: Path, shared: "SharedReleases | None" = None) -> None:
        self.home = home
        self.folder = home / "events"
        self._shared = shared

    def releases(self, records: Records = "events") -> list[Release]:
        """Return every release of some records, by source and name.

        Raises ArchiveError when one is damaged, or when simulated and real ones lie together.
        """
        releases = [read_release(folder) for folder in release_folders(self.home, records)]
        if len({release.simulated for release in releases}) > 1:
            raise ArchiveError(
                f"'{self.home / records}' mixes simulated and real {records}: keep each under a "
                "home of its own"
            )
        return releases

    def catch_up(self) -> None:
        """Copy both ways between the home and where releases are shared, if anywhere.

        Raises ArchiveError when a release there is damaged, or not that of its name in the home,
        StoreError when the address does not answer.
        """
        shared = self._shared
        if shared is None:
            return
        shared.pull_all()
        own = [release for records in RECORDS for release in self.releases(records)]
        for release in sorted(own, key=lambda release: release.number):
            while not shared.holds(release.folder):
                shared.push(release.folder, release.folder, release.files)

    def add(self, delivery: Delivery) -> Addition:
        """Append a release; when the same is there already, change nothing.

        Raises ArchiveError when another release has its name, when it would mix simulated with real
        events, events with counts, or counts of several levels in a history, when its name cannot
        be a folder's, when it observes months that were not over when it became public, or when it
        cannot be written; StoreError when the shared address does not answer; and what the delivery
        raises.
        """
        identity = delivery.identity
        folder = self.home / identity.records
        for source in folder.glob("source=*"):
            remove_leftovers(source)
        self._refuse_impossible(identity)
        place = folder / f"source={identity.source}" / f"release={identity.release}"
        try:
            with hidden_folder(place) as hidden:
                release = _write(hidden, delivery)
                observed = release.coverage()
                sync_files(hidden)
                with locked(self.folder.with_name(".events.lock")):
                    is_new = self._append(identity, release, place)
        except OSError as error:
            raise ArchiveError(
                f"'{place}' cannot be written ({error.strerror or error}): see to the disk and "
                "its permissions; the archive is as it was"
            ) from error
        archived = read_release(place)
        if not is_new:
            _refuse_other_content(archived, release, observed)
        return Addition(archived, is_new)

    def _append(self, identity: Identity, release: Release, place: Path) -> bool:
        """Move a release into its place, after all others; return False if one is there."""
        shared = self._shared
        while True:
            self._refuse_impossible(identity)  # others may have been added meanwhile
            _write_record(release, len(self.releases(identity.records)))
            if shared is None or place.exists():
                return move_whole(release.folder, place)
            if shared.push(release.folder, place, release.files):
                move_whole(release.folder, place)  # unless another process has pulled it
                return True

    def _refuse_impossible(self, new: Identity) -> None:
        for name in (new.source, new.release, new.history):
            if re.fullmatch(NAME, name) is None:
                raise ArchiveError(
                    f"'{name}' cannot name a release: use letters, digits, '.', '_' and '-', and "
                    "begin with a letter or digit (--release NAME)"
                )
        last_month = new.coverage.last_month
        if last_month >= month_of(new.available_on + timedelta(days=1)):
            raise ArchiveError(
                f"'{new.file_name}' is said to observe the whole of {format_month(last_month)}, "
                f"which was not over on {new.available_on}, when it was public: mend the coverage "
                "or give --available-on"
            )
        for release in self.releases(new.records):
            if release.history == new.history and release.level != new.level:
                held, added = (
                    "events" if level is None else f"counts by {level}"
                    for level in (release.level, new.level)
                )
                raise ArchiveError(
                    f"{new.history} holds {held} and '{new.file_name}' is of {added}: give it "
                    "another --source, or another source in its mapping"
                )
        for records in RECORDS:
            if any(release.simulated != new.simulated for release in self.releases(records)):
                old, added = ("real", "simulated") if new.simulated else ("simulated", "real")
                raise ArchiveError(
                    f"'{self.home / records}' holds {old} {records} and '{new.file_name}' {added} "
                    "ones, which may never share an archive: choose another home (TOCSIN_HOME)"
                )


def _refuse_other_content(old: Release, new: Release, observed: Coverage) -> None:
    same = old.sha256 == new.sha256
    if same and old.coverage() == observed:
        return
    what = "another coverage" if same else "other content"
    raise ArchiveError(
        f"the archive already holds {old.name}, with {what} (from '{old.file_name}'), and is "
        f"never rewritten: add '{new.file_name}' under a name of its own, with the day from which "
        "this content was public (--release NAME --available-on DAY)"
    )


def _write(folder: Path, delivery: Delivery) -> Release:
    """Write the files of a release but its record; the same delivery gives the same bytes."""
    identity = delivery.identity
    content = delivery.write(folder)
    coverage = content.coverage or identity.coverage
    spans = [span._asdict() for span in coverage.spans]
    table = pa.Table.from_pylist(spans, schema=_COVERAGE_SCHEMA)
    pq.write_table(table, folder / _COVERAGE_FILE, compression="zstd")
    fields = vars(identity) | vars(content)
    for name in ("coverage", "is_implied"):
        del fields[name]
    return Release(
        **fields,
        observed_to=format_month(coverage.last_month),
        rows_read=content.rows_accepted + content.rows_rejected,
        folder=folder,
        files={path.name: hash_of_file(path) for path in sorted(folder.iterdir())},
        record_sha256=BLANK,
    )


def _write_record(release: Release, number: int) -> None:
    text = release.model_copy(update={"number": number}).model_dump_json(indent=2) + "\n"
    (release.folder / RELEASE_FILE).write_text(with_own_hash(text), encoding="utf-8")


def read_release(folder: Path) -> Release:
    """Return the release in a folder.

    Raises ArchiveError when a file is gone or is not what was stored; of releases that older
    versions stored, only the record can be checked.
    """
    try:
        content = read_whole(folder / RELEASE_FILE)
        fields: dict[str, Any] = json.loads(content)
        release = Release(**fields, folder=folder)
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise damage(folder, f"{RELEASE_FILE}: {str(error).splitlines()[0]}") from error
    own, others = release.record_sha256, {path.name for path in folder.glob("*.parquet")}
    faults = list(file_faults(folder, release.files))
    if (own is None) != (not release.files) or (own and hash_of_record(content, own) != own):
        faults.append(f"{RELEASE_FILE} is not what was stored")
    elif own is not None:
        faults += [f"{name} is not of it" for name in sorted(others - release.files.keys())]
    if faults:
        raise damage(folder, ", ".join(faults))
    return release
