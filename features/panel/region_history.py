"""What a vintage knows of one region, month by month."""

from difflib import get_close_matches
from typing import Any, NoReturn

import numpy as np

from features.archive.nowhere import deaths_of_countries
from features.archive.schemas import TYPES_OF_VIOLENCE
from features.archive.vintage import Vintage
from features.errors import InputError
from features.months import format_month
from features.panel.panel import Panel, read_panel
from features.places.countries import meant_country
from features.words import Level

_TYPES = tuple(kind.replace("-", "_") for kind in TYPES_OF_VIOLENCE.values())


def region_history(
    vintage: Vintage,
    level: Level,
    region: str,
    first_month: int | None = None,
    last_month: int | None = None,
) -> list[dict[str, object]]:
    """Return a row a month, from the first to the last observed unless said: what is known of it.

    Columns: month `YYYY-MM`; events, deaths and deaths by type [a month], None where the region was
    not observed or the history does not have them; `placed_nowhere`, the deaths of its country that
    lie in no region of the level (of the country's own row: of the level below). Raises InputError
    for a region that the history does not have.
    """
    panel = read_panel(vintage, level)
    at = _position(panel, region)
    country = panel.regions.table["country"].iloc[at]
    below = (vintage.level or "admin1") if level == "country" else level
    deaths = deaths_of_countries(vintage, below)
    own = deaths[deaths["country"] == country].set_index("month")["placed_nowhere"]
    first = int(panel.months[0]) if first_month is None else first_month
    last = int(panel.months[-1]) if last_month is None else last_month
    return [
        {"month": format_month(month), **_figures(panel, at, month, int(own.get(month, 0)))}
        for month in range(first, last + 1)
    ]


def _figures(panel: Panel, at: int, month: int, nowhere: int) -> dict[str, object]:
    row = month - int(panel.months[0])
    is_observed = 0 <= row < len(panel.months) and bool(panel.observed[row, at])
    names = ("events", "deaths", *_TYPES, "placed_nowhere")
    if not is_observed:
        return dict.fromkeys(names)
    has_types = "types of deaths" in panel.details
    typed = panel.deaths[: len(_TYPES), row, at] if has_types else [None] * len(_TYPES)
    events = panel.total_events[row, at] if "events" in panel.details else None
    values = (events, panel.total_deaths[row, at], *typed, nowhere)
    return dict(zip(names, map(_whole, values), strict=True))


def _whole(value: Any) -> int | None:
    return None if value is None or np.isnan(value) else int(value)


def _position(panel: Panel, region: str) -> int:
    ids = panel.regions.table["id"].tolist()
    meant = meant_country(region) if panel.regions.level == "country" else region
    for name in (region, meant):
        if name in ids:
            return ids.index(name)
    return _refuse(region, panel, ids)


def _refuse(region: str, panel: Panel, ids: list[str]) -> NoReturn:
    near = get_close_matches(region, ids, n=3) or ids[:3]
    raise InputError(
        f"the history has no {panel.regions.level} region '{region}': write its id, such as "
        f"{', '.join(near)}"
    )
