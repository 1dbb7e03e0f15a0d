"""Deliver the simulated world to the archive, as a real source would."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.archive.coverage import Coverage, Span
from features.archive.releases import (
    DELETED_FILE,
    DELETED_SCHEMA,
    EVENTS_FILE,
    REJECTED_FILE,
    REJECTED_SCHEMA,
    Identity,
    ReleaseContent,
)
from features.archive.schemas import EVENTS_SCHEMA
from features.errors import ArchiveError, InputError
from features.months import format_month, month_of
from features.sources.simulation.world import World


def _nothing_rejected() -> pd.DataFrame:
    nothing: pd.DataFrame = REJECTED_SCHEMA.empty_table().to_pandas()
    return nothing


@dataclass(frozen=True, eq=False)
class EventsDelivery:
    """Events in memory, on their way into the archive.

    `events` has the columns of EVENTS_SCHEMA in any order, of which those that may be null may be
    absent; `rejected` those of REJECTED_SCHEMA.
    """

    identity: Identity
    events: pd.DataFrame
    rejected: pd.DataFrame = field(default_factory=_nothing_rejected)
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


SOURCE = "simulation"


def deliver(world: World, available_on: date) -> EventsDelivery:
    """Return the release that was public on a day: every event of the months that were over.

    Later deliveries of one world repeat the earlier ones' events, ids and figures, and add to
    them. Raises InputError when no month of the world was over on that day.
    """
    first = int(world.months[0])
    last = min(int(world.months[-1]), month_of(available_on) - 1)
    if last < first:
        raise InputError(
            f"nothing of the simulated world was over on {available_on}: its first month is "
            f"{format_month(first)}; give a later day"
        )
    is_public = world.events["date_end"] < pd.Timestamp(available_on.replace(day=1))
    countries = sorted(set(world.regions.table["country"]))
    return EventsDelivery(
        Identity(
            history=SOURCE,
            source=SOURCE,
            release=f"seed-{world.seed}-{format_month(last)}",
            kind="final",
            available_on=available_on,
            coverage=Coverage(tuple(Span(country, first, last) for country in countries)),
            file_name=f"the simulated world of seed {world.seed}",
            simulated=True,
        ),
        world.events.loc[is_public].reset_index(drop=True),
    )
