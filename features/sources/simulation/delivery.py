"""Deliver the simulated world to the archive, as a real source would."""

import hashlib
from datetime import date

import pandas as pd

from features.archive import Delivery
from features.coverage import Coverage, Span
from features.errors import InputError
from features.events import EVENTS_SCHEMA
from features.months import format_month, month_of
from features.sources.simulation.world import World

SOURCE = "simulation"


def deliver(world: World, available_on: date) -> Delivery:
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
    known = world.events["date_end"] < pd.Timestamp(available_on.replace(day=1))
    events = world.events.loc[known, EVENTS_SCHEMA.names].reset_index(drop=True)
    content = events.to_csv(index=False).encode()
    countries = sorted(set(world.regions.table["country"]))
    return Delivery(
        source=SOURCE,
        release=f"seed-{world.seed}-{format_month(last)}",
        kind="final",
        available_on=available_on,
        file_name=f"the simulated world of seed {world.seed}",
        sha256=hashlib.sha256(content).hexdigest(),
        events=events,
        coverage=Coverage(tuple(Span(country, first, last) for country in countries)),
        simulated=True,
    )
