"""Deliveries of a few invented events, for the tests of vintages and revisions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.coverage import Coverage, Span
from features.archive.delivery import Identity, Kind, ReleaseContent
from features.archive.releases import (
    DELETED_FILE,
    DELETED_SCHEMA,
    EVENTS_FILE,
    REJECTED_FILE,
    REJECTED_SCHEMA,
)
from features.archive.schemas import EVENTS_SCHEMA
from features.errors import ArchiveError
from features.months import format_month


@dataclass(frozen=True, eq=False)
class EventsDelivery:
    """Events in EVENTS_SCHEMA, on their way into the archive; nullable columns may be absent."""

    identity: Identity
    events: pd.DataFrame
    rejected: pd.DataFrame = field(default_factory=REJECTED_SCHEMA.empty_table().to_pandas)
    deleted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def write(self, folder: Path) -> ReleaseContent:
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
        return ReleaseContent(
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


JANUARY = 600  # 2020-01
Event = tuple[str, int, int, int]  # country, month, type of violence, deaths


def a_delivery(
    name: str,
    events: Sequence[Event] | dict[str, Event],
    spans: list[tuple[str, int, int]],
    source: str = "ucdp-ged",
    *,
    kind: Kind = "final",
    available_on: date = date(2020, 12, 1),
    deleted: tuple[str, ...] = (),
) -> EventsDelivery:
    """A release of the history ucdp; events without ids get some of their own."""
    if not isinstance(events, dict):
        events = {f"{name}-{number}": event for number, event in enumerate(events)}
    columns = ["country", "month", "type_of_violence", "best"]
    table = pd.DataFrame(list(events.values()), columns=columns)
    day = pd.to_datetime(table.pop("month").map(format_month), format="%Y-%m")
    return EventsDelivery(
        Identity(
            history="ucdp",
            source=source,
            release=name,
            kind=kind,
            available_on=available_on,
            coverage=Coverage(tuple(Span(*span) for span in spans)),
            file_name=name,
        ),
        table.assign(
            event_id=list(events),
            date_start=day,
            date_end=day,
            latitude=14.5,
            longitude=-4.0,
            admin1=table["country"] + "-1",
            side_a="JNIM",
            side_b=None,
            deaths_unknown=table["best"],
            high=table["best"],
            low=table["best"],
            **dict.fromkeys(["deaths_a", "deaths_b", "deaths_civilians"], 0),
        ),
        deleted=deleted,
    )
