"""Which delivered columns name a country, a day or a text, as SQL (see `sources.sql`)."""

from collections.abc import Mapping, Sequence

from features.sources.sql import ambiguous_country, literal, quoted

_CORRELATES_OF_WAR = {
    255: "DEU",
    679: "YEM",
    946: "KIR",
    947: "TUV",
    955: "TON",
    970: "NRU",
}
"""States whose number in the Correlates of War is not that of Gleditsch and Ward."""

COUNTRY_COLUMNS = ("country", "iso3", "gwcode", "ccode", "cowcode")
"""Columns that may name a country: a name or ISO 3166-1 alpha-3, the code, or a number of
Gleditsch and Ward or of the Correlates of War."""


def country_in(columns: Sequence[str]) -> str:
    """Return the SQL of a row's country: the first of its codes and names that is known."""
    readings = {
        "iso3": _of_name,
        "country": _of_name,
        "gwcode": _of_gleditsch_ward,
        "ccode": _of_correlates_of_war,
        "cowcode": _of_correlates_of_war,
    }
    known = [of(quoted(name)) for name, of in readings.items() if name in columns]
    return f"coalesce({', '.join(known)})" if known else "NULL"


def _of_name(column: str) -> str:
    return f"country_named({column})"


def _of_gleditsch_ward(column: str) -> str:
    return f"iso3_of_gleditsch_ward(whole({column}))"


def _of_correlates_of_war(column: str) -> str:
    odd = " ".join(f"WHEN {n} THEN {literal(code)}" for n, code in _CORRELATES_OF_WAR.items())
    return f"CASE whole({column}) {odd} ELSE {_of_gleditsch_ward(column)} END"


def unclear_country(columns: Sequence[str]) -> Mapping[str, str]:
    """Return the faults of countries that are not known, or may be either of two."""
    either = ambiguous_country(["country"] if "country" in columns else [])
    is_either = " OR ".join(["false", *(f"({condition})" for condition in either.values())])
    return {
        **either,
        "country is missing or unknown": f"country IS NULL AND NOT coalesce({is_either}, false)",
    }


def text_in(columns: Sequence[str], name: str) -> str:
    """Return the SQL of a column as text, null if it is not there."""
    return quoted(name) if name in columns else "NULL"


def day_in(columns: Sequence[str], name: str) -> str:
    """Return the SQL of a column as a day, null if it is not there."""
    return f"day({quoted(name)})" if name in columns else "NULL"


def day_of_parts() -> str:
    """Return the SQL of a day whose parts stand in the columns year, month and day."""
    parts = " || ' ' || ".join(
        f"whole({quoted(name)})::VARCHAR" for name in ("year", "month", "day")
    )
    return f"try_strptime({parts}, '%Y %m %d')::DATE"


def month_in(columns: Sequence[str], name: str) -> str:
    """Return the SQL of a column as a month `YYYY-MM`, or that of a day, null if it is not there.

    It is a number [months since 1970-01].
    """
    text = text_in(columns, name)
    first = f"day(CASE WHEN strlen({text}) = 7 THEN {text} || '-01' ELSE {text} END)"
    return f"month_of({first})"
