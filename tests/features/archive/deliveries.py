"""Deliveries of a few invented events, for the tests of vintages and revisions."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from features.archive.coverage import Coverage, Span
from features.archive.releases import Identity, Kind
from features.months import format_month
from features.sources.simulation.world import EventsDelivery

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
