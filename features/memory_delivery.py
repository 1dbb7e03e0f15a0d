"""A release whose events are at hand as a table: what simulations and small sources deliver."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.form import EVENTS_SCHEMA
from features.archive.releases import (
    DELETED_FILE,
    DELETED_SCHEMA,
    EVENTS_FILE,
    REJECTED_FILE,
    REJECTED_SCHEMA,
    Identity,
    Written,
)
from features.errors import ArchiveError


def _nothing_rejected() -> pd.DataFrame:
    nothing: pd.DataFrame = REJECTED_SCHEMA.empty_table().to_pandas()
    return nothing


@dataclass(frozen=True, eq=False)
class MemoryDelivery:
    """Events in memory, on their way into the archive.

    `events` has the columns of EVENTS_SCHEMA in any order, of which those that may be null may be
    absent; `rejected` those of REJECTED_SCHEMA. Their content stands for that of a file.
    """

    identity: Identity
    events: pd.DataFrame
    rejected: pd.DataFrame = field(default_factory=_nothing_rejected)
    deleted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def write(self, folder: Path) -> Written:
        """Write events, deleted and rejected rows; raises ArchiveError if they are misshapen."""
        events = self._events_table()
        rejected = pa.Table.from_pandas(self.rejected, REJECTED_SCHEMA, preserve_index=False)
        deleted = pa.table({"event_id": sorted(self.deleted)}, schema=DELETED_SCHEMA)
        tables = {
            EVENTS_FILE: events,
            REJECTED_FILE: rejected.sort_by("line"),
            DELETED_FILE: deleted,
        }
        content = hashlib.sha256()
        for name, table in tables.items():
            bare = table.replace_schema_metadata(None)
            pq.write_table(bare, folder / name, compression="zstd")
            content.update((folder / name).read_bytes())
        return Written(
            sha256=content.hexdigest(),
            rows_accepted=len(events),
            rows_rejected=len(rejected),
            rows_deleted=len(deleted),
            notes=self.notes,
        )

    def _events_table(self) -> pa.Table:
        absent = [name for name in EVENTS_SCHEMA.names if name not in self.events]
        try:
            ordered = self.events.assign(**dict.fromkeys(absent)).sort_values(
                ["date_end", "event_id"], kind="stable"
            )
            table = pa.Table.from_pandas(ordered, schema=EVENTS_SCHEMA, preserve_index=False)
            table.validate(full=True)
        except (KeyError, ValueError, pa.ArrowException) as error:
            raise ArchiveError(
                f"the events of '{self.identity.file_name}' are not in the normal form "
                f"({str(error).splitlines()[0]}): whatever made them is at fault"
            ) from error
        return table
