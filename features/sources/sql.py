"""The SQL of sources: macros, functions, and pieces of expressions.

A delivered column is text, `delivered."name"`, without spaces around it or the `="..."` of
spreadsheets, and null where it is blank; what cannot be read is null.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from itertools import takewhile

import duckdb
import pyarrow as pa

from features.places import priogrid
from features.places.countries import AMBIGUOUS, country_of
from features.places.regions import gleditsch_ward_states, load_regions
from features.sources.reading.numbers import NumberColumns
from features.sources.source import BEYOND, SURPLUS, Sign

_NAMELESS = re.compile(rf"column \d+|{re.escape(BEYOND)}")
_PRECISIONS, _DEGREES = ("date_prec", "where_prec", "event_clarity"), ("latitude", "longitude")
_READ = {
    **dict.fromkeys(["side_a", "side_b", "code_status", "text"], ""),
    **dict.fromkeys(_PRECISIONS, "whole"),
    **dict.fromkeys(_DEGREES, "number"),
}


def quoted(name: str) -> str:
    """Return a name as a delivered column in SQL."""
    return 'delivered."' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal in SQL."""
    return "'" + text.replace("'", "''") + "'"


def is_filled(column: str) -> str:
    """Return the SQL condition that a delivered column is not empty."""
    return f"{quoted(column)} IS NOT NULL"


def plain_columns(delivered: Mapping[str, str]) -> dict[str, str]:
    """Return the SQL of texts, precisions and degrees, which are taken as they come.

    `delivered` is column of EVENTS_SCHEMA -> delivered column; other columns in it are passed over.
    """
    return {to: f"{_READ[to]}({quoted(column)})" for to, column in delivered.items() if to in _READ}


def unreadable(delivered: Mapping[str, str]) -> dict[str, str]:
    """Return the faults of filled columns that are no numbers: reason -> condition."""
    return {
        f"{to} is unreadable": f"{to} IS NULL AND {is_filled(delivered[to])}"
        for to in (*_PRECISIONS, *_DEGREES)
        if to in delivered
    }


def numbers_in(
    expressions: Mapping[str, str], columns: Sequence[str], decimal: Sign | None
) -> NumberColumns:
    """Return which delivered columns the SQL of events reads as numbers."""
    sql = " ".join(expressions.values())
    degrees = " ".join(expressions.get(name, "") for name in _DEGREES)
    return NumberColumns(
        whole=tuple(name for name in columns if f"whole({quoted(name)})" in sql),
        degrees=tuple(name for name in columns if f"number({quoted(name)})" in degrees),
        decimal=decimal,
    )


def lookup(meanings: Mapping[str, str | int], key: str) -> str:
    """Return the SQL of what a text, itself SQL, means; null where it is not among the keys."""
    if not meanings:
        return "NULL"
    pairs = ", ".join(
        f"{literal(text)}: {literal(to) if isinstance(to, str) else to}"
        for text, to in meanings.items()
    )
    return f"MAP {{{pairs}}}[{key}]"


def is_nameless(column: str) -> bool:
    """Tell whether a delivered column has no name in the header."""
    return _NAMELESS.fullmatch(column) is not None


def has_surplus(columns: Sequence[str]) -> str:
    """Return the SQL condition that a row has more fields than the header has names.

    Columns without a name before others are row numbers, as pandas writes them.
    """
    last = takewhile(is_nameless, reversed(columns))
    names = [SURPLUS if name == BEYOND else name for name in last]
    return " OR ".join(is_filled(name) for name in names) or "false"


def ambiguous_country(columns: Sequence[str]) -> dict[str, str]:
    """Return the faults of names, in some columns, of either of two countries, if still unknown."""
    texts = ", ".join(f"lower({quoted(name)})" for name in columns)
    return {
        f"'{name.title()}' may be {' or '.join(codes)}: write the code": (
            f"country IS NULL AND coalesce({texts}) IN ({literal(name)}, {literal(f'the {name}')})"
        )
        for name, codes in AMBIGUOUS.items()
        if texts
    }


def define_functions(database: duckdb.DuckDBPyConnection, countries: dict[str, str | None]) -> None:
    """Define the macros and functions that `RowRules` may use.

    `countries` remembers what names of countries mean, null where that is not known by themselves.

    `filled(text)` makes a delivered column of a field; `identifier(text)` is an id, `12.0` and
    `1.2E+01` as 12, null where digits are lost; `number(text)` a finite number; `whole(text)` a
    whole one; `day(text)` a date as YYYY-MM-DD, with or without a time, 31 December 2015 or
    31-Dec-15, and 12/31/2015 or 31/12/2015 once `read_slashes` said which;
    `iso3_of_gleditsch_ward(number)`, `country_named(text)`, `country_of_cell(text)` are countries;
    `cells_apart(cell, latitude, longitude)` counts the PRIO-GRID cells between a cell and a point.
    """
    database.execute(_FILLED + _macros() + _IDENTIFIER)
    define = partial(
        database.create_function,
        parameters=["VARCHAR"],
        return_type="VARCHAR",
        type="arrow",
        null_handling="special",
    )
    define("country_named", partial(_country_named, countries))
    define("country_of_cell", _country_of_cell)


def slashed(columns: Sequence[str], sql: str) -> str:
    """Return the SQL of the greatest first and second part of dates with slashes in a row.

    The columns are those that the given SQL reads by `day`.
    """
    days = [quoted(name) for name in columns if f"day({quoted(name)})" in sql]
    parts = [", ".join(["NULL", *(f"slashed_part({it}, {n})" for it in days)]) for n in (1, 2)]
    return f"greatest({parts[0]}) AS slashed_1, greatest({parts[1]}) AS slashed_2"


def read_slashes(database: duckdb.DuckDBPyConnection, form: str) -> None:
    """Say in which form `day` reads dates with slashes, until then none."""
    database.execute(
        "CREATE OR REPLACE TEMP MACRO slashed_day(t) AS "
        f"try_strptime(t, {literal(form)})::TIMESTAMP"
    )


def _country_named(codes: dict[str, str | None], names: pa.ChunkedArray) -> pa.Array:
    """Return the countries of names (n,); `codes` remembers them, for threads at the same time."""
    texts = names.to_pylist()
    unseen = {name for name in texts if name is not None and name not in codes}
    codes.update({name: country_of(name) if name.isprintable() else None for name in unseen})
    return pa.array([None if name is None else codes[name] for name in texts], pa.string())


def _country_of_cell(cells: pa.ChunkedArray) -> pa.Array:
    countries = _cell_countries()
    return pa.array([countries.get(cell) for cell in cells.to_pylist()], pa.string())


@cache
def _cell_countries() -> dict[str, str]:
    cells = load_regions("priogrid").table
    return dict(zip(cells["id"], cells["country"], strict=True))


_FILLED = """
    CREATE TEMP MACRO filled(t) AS CASE
        WHEN ascii(t) > 32 AND NOT (starts_with(t, '="') OR ends_with(t, chr(32))
            OR ends_with(t, chr(9)) OR ends_with(t, chr(10)) OR ends_with(t, chr(13)))
        THEN t  -- nearly all are, and trim looks at every letter
        ELSE nullif(trim(CASE WHEN starts_with(t, '="')
            THEN trim(t[2:], '"') ELSE t END, chr(32) || chr(9) || chr(10) || chr(13)), '') END;
"""

_IDENTIFIER = """
    CREATE TEMP MACRO identifier(t) AS CASE
        WHEN NOT (contains(t, '.') OR contains(t, '+')) THEN t
        WHEN t SIMILAR TO '[0-9]+[.]0+' THEN split_part(t, '.', 1)
        WHEN t SIMILAR TO '[0-9]([.][0-9]*)?[eE][+][0-9]+' THEN CASE
            WHEN strlen(regexp_extract(t, '[.]([0-9]*)', 1))
                >= regexp_extract(t, '[+]([0-9]+)', 1)::BIGINT
            THEN number(t)::BIGINT::VARCHAR END
        ELSE t END;
"""


def _macros() -> str:
    states = gleditsch_ward_states()
    codes = ",".join(states.get(number, "") for number in range(1, max(states) + 1))
    return f"""
    CREATE TEMP MACRO number(t) AS CASE
        WHEN isfinite(try_cast(t AS DOUBLE)) THEN try_cast(t AS DOUBLE) END;
    CREATE TEMP MACRO whole(t) AS CASE
        WHEN strlen(t) < 16 AND t SIMILAR TO '[0-9]+' THEN try_cast(t AS BIGINT)
        WHEN abs(number(t)) < 9007199254740992 AND number(t) % 1 = 0 THEN number(t)::BIGINT END;
    CREATE TEMP MACRO slashed_part(t, n) AS CASE
        WHEN contains(t, '/') AND t SIMILAR TO '[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}.*'
        THEN split_part(t, '/', n)::TINYINT END;
    CREATE TEMP MACRO slashed_day(t) AS NULL::TIMESTAMP;
    CREATE TEMP MACRO day(t) AS CASE
        WHEN t SIMILAR TO '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T].*)?'
        THEN try_cast(left(t, 10) AS DATE)
        ELSE coalesce(
            try_strptime(
                regexp_extract(t, '^([0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}})([ T].*)?$', 1),
                '%Y-%m-%d'
            ),
            slashed_day(
                regexp_extract(t, '^([0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}})([ T].*)?$', 1)
            ),
            try_strptime(
                replace(regexp_extract(t, '^[0-9]+[ -][A-Za-z]+[ -][0-9]{{4}}$'), '-', ' '),
                ['%d %B %Y', '%d %b %Y']
            ),
            try_strptime(
                replace(regexp_extract(t, '^[0-9]+[ -][A-Za-z]+[ -][0-9]{{2}}$'), '-', ' '),
                ['%d %B %y', '%d %b %y']
            )
        )::DATE END;
    CREATE TEMP MACRO month_of(d) AS (year(d) - 1970) * 12 + month(d) - 1;
    CREATE TEMP MACRO iso3_of_gleditsch_ward(n) AS
        nullif(string_split({literal(codes)}, ',')[greatest(n, 0)], '');
    CREATE TEMP MACRO cells_apart(cell, latitude, longitude) AS greatest(
        abs(floor((cell - 1) / {priogrid.COLUMNS}) - (floor(latitude * 2) + 180)),
        least(
            abs((cell - 1) % {priogrid.COLUMNS} - (floor(longitude * 2) + 360)),
            {priogrid.COLUMNS} - abs((cell - 1) % {priogrid.COLUMNS} - (floor(longitude * 2) + 360))
        )
    );
    """
