"""Deliver the simulated world to the archive, as a real source would."""

from datetime import date

import pandas as pd

from features.archive.coverage import Coverage, Span
from features.archive.releases import Identity
from features.errors import InputError
from features.memory_delivery import MemoryDelivery
from features.months import format_month, month_of
from features.sources.simulation.world import World

SOURCE = "simulation"


def deliver(world: World, available_on: date) -> MemoryDelivery:
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
    countries = sorted(set(world.regions.table["country"]))
    return MemoryDelivery(
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
        world.events.loc[known].reset_index(drop=True),
    )
