"""SQL for turning delivered text into the columns of the normal form."""

from features.places.countries import gleditsch_ward_states
from features.places.priogrid import COLUMNS as CELLS_A_ROW


def quoted(name: str) -> str:
    """Return a name as a delivered column in SQL."""
    return 'delivered."' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal in SQL."""
    return "'" + text.replace("'", "''") + "'"


def macros() -> str:
    """Return the statements that define what a `Form` may use.

    `filled(text)` is the text without spaces around it, null if empty; `number(text)` a finite
    number; `whole(text)` a whole number, in whatever notation; `day(text)` a date as YYYY-MM-DD or
    MM/DD/YYYY, with or without a time of day; `iso3_of_gleditsch_ward(number)` a country;
    `cells_apart(cell, latitude, longitude)` how many PRIO-GRID cells a point is away from the
    cell stated. What cannot be read is null.
    """
    states = gleditsch_ward_states()
    listed = ", ".join(
        literal(states[n]) if n in states else "NULL" for n in range(1, max(states) + 1)
    )
    return f"""
    CREATE TEMP MACRO filled(t) AS nullif(trim(t, chr(32) || chr(9) || chr(10) || chr(13)), '');
    CREATE TEMP MACRO number(t) AS CASE
        WHEN isfinite(try_cast(t AS DOUBLE)) THEN try_cast(t AS DOUBLE) END;
    CREATE TEMP MACRO whole(t) AS CASE
        WHEN strlen(t) < 16 AND t SIMILAR TO '[0-9]+' THEN try_cast(t AS BIGINT)
        WHEN abs(number(t)) < 9007199254740992 AND number(t) % 1 = 0 THEN number(t)::BIGINT END;
    CREATE TEMP MACRO day(t) AS CASE
        WHEN filled(t) SIMILAR TO '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T].*)?'
        THEN try_cast(left(filled(t), 10) AS DATE)
        ELSE coalesce(
            try_strptime(
                regexp_extract(filled(t), '^([0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}})([ T].*)?$', 1),
                '%Y-%m-%d'
            ),
            try_strptime(
                regexp_extract(filled(t), '^([0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}})([ T].*)?$', 1),
                '%m/%d/%Y'
            )
        )::DATE END;
    CREATE TEMP MACRO iso3_of_gleditsch_ward(n) AS [{listed}][greatest(n, 0)];
    CREATE TEMP MACRO cells_apart(cell, latitude, longitude) AS greatest(
        abs(floor((cell - 1) / {CELLS_A_ROW}) - (floor(latitude * 2) + 180)),
        least(
            abs((cell - 1) % {CELLS_A_ROW} - (floor(longitude * 2) + 360)),
            {CELLS_A_ROW} - abs((cell - 1) % {CELLS_A_ROW} - (floor(longitude * 2) + 360))
        )
    );
    """
