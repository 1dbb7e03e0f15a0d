"""Deaths that count in a country and in none of its regions.

The source knows no more than the country or a part of it, or codes an event far from the country,
or to a cell of a country that is not observed.
"""

import pandas as pd

from features.archive.monthly import counted_parts, event_parts
from features.archive.schemas import TYPES_OF_VIOLENCE, UNTYPED
from features.archive.vintage import Vintage
from features.places.regions import load_regions
from features.words import Level


def deaths_of_countries(vintage: Vintage, level: Level) -> pd.DataFrame:
    """Return deaths by country and month, and how many of them lie in no region of a level.

    One row a country and month with deaths, in this order: country, month [months since 1970-01],
    deaths [deaths/month] and `placed_nowhere`, the part of them that no region observed then has.
    Of organised violence, as the panel counts it.
    """
    regions = load_regions(level).table[["id", "country"]]
    of_counts = vintage.level is not None
    column: str = level
    if of_counts:
        column = "region" if level == vintage.level else "country"
    violence = ", ".join(map(str, (UNTYPED, *TYPES_OF_VIOLENCE)))
    with (counted_parts if of_counts else event_parts)(vintage) as database:
        database.register("regions", regions)
        deaths = database.sql(f"""
            SELECT
                parts.country AS country, parts.month AS month,
                sum(parts.deaths)::BIGINT AS deaths,
                coalesce(sum(parts.deaths) FILTER (held.country IS NULL), 0)::BIGINT
                    AS placed_nowhere
            FROM parts
            LEFT JOIN regions ON regions.id = parts.{column}
            LEFT JOIN bases AS held ON held.month = parts.month AND held.country = coalesce(
                regions.country, {"parts.country" if of_counts else "NULL"})
            WHERE parts.type_of_violence IN ({violence})
            GROUP BY parts.country, parts.month HAVING sum(parts.deaths) > 0
            ORDER BY ALL
        """).df()
    typed: pd.DataFrame = deaths.astype({"country": "str", "month": "int64"})
    return typed
