"""The columns of aggregated history: what they may be called, in any order and case, and mean.

Of several columns with the same meaning, the first that is filled counts. A country is a name or
ISO 3166-1 alpha-3; cells need none. A month is YYYY-MM, in any form of which no other month can be
meant (202401, 2024m1, 01/2024, Jan-24), or, beside a year, 1 to 12 or its English name; a week is
its first day, or 2024-W05. An admin_level of 0, or none and no region, marks a row of a whole
country. Columns `region` and `name` are of use where no other names regions: beside
admin1 they name parts of the world.

These are the names in monthly tables made from UCDP GED, in the weekly ones of ACLED, and in the
conflict events of the Humanitarian API of OCHA's HDX
(https://hdx-hapi.readthedocs.io/en/latest/data_usage_guides/coordination_and_context). The type of
battles and explosions depends on their actors, which are not delivered, so it is UNTYPED.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from features.archive.schemas import MOST_DEATHS, OTHER_TYPES, TYPES_OF_VIOLENCE, UNTYPED
from features.errors import InputError
from features.months import format_month, month_of
from features.sources.acceptance import RowRules
from features.sources.products import COUNTS, product_of
from features.sources.reading.numbers import NumberColumns
from features.sources.source import plain_name
from features.sources.sql import (
    ambiguous_country,
    has_surplus,
    is_nameless,
    literal,
    lookup,
    quoted,
)
from features.words import Level

Columns = Mapping[str, Sequence[str]]
"""Meaning -> the delivered columns that have it, in order of preference."""
TARGETED, POLITICAL = "civilian_targeting", "political_violence"
"""Types of HDX's conflict events; the second includes the first."""

_ANY_REGION = ("region", "name")
_NAMES = {
    "country": (
        *("iso3", "country_iso3", "location_code"),
        *("country", "country_name", "location_name"),
    ),
    "region": (
        *("admin1_name", "adm_1", "admin1", "admin_1_name", "provider_admin1_name"),
        *("province", "state", "governorate", "department", "oblast"),
        *_ANY_REGION,
    ),
    "cell": ("gid", "priogrid", "priogrid_gid"),
    "month": ("month", "reference_period_start", "start_date"),
    "end": ("reference_period_end", "end_date"),
    "year": ("year",),
    "week": ("week",),
    "events": ("n_events", "events", "event_count"),
    "deaths": ("deaths", "fatalities", "best"),
    "type": ("event_type", "type_of_violence"),
    "level": ("admin_level",),
    **{f"events_{n}": (f"n_{t}",) for t, n in (("sb", 1), ("ns", 2), ("os", 3))},
    **{f"deaths_{n}": (f"deaths_{t}",) for t, n in (("sb", 1), ("ns", 2), ("os", 3))},
}
_REQUIRED: dict[Level, tuple[str, ...]] = {
    "country": ("country",),
    "admin1": ("country", "region"),
    "priogrid": ("cell",),
}
_TYPES = {
    **{name: number for number, name in (TYPES_OF_VIOLENCE | OTHER_TYPES).items()},
    **{str(number): number for number in TYPES_OF_VIOLENCE | OTHER_TYPES},
    "battles": UNTYPED,
    "explosions/remote violence": UNTYPED,
    "violence against civilians": 3,
    "protests": 4,
    "riots": 5,
    "strategic developments": 6,
    "demonstration": 4,
    TARGETED: 3,
    POLITICAL: UNTYPED,
}
MEASURES = ("events", "deaths")
FIGURES = [f"{measure}{of}" for measure in MEASURES for of in ("", "_1", "_2", "_3")]
_COMPACT_MONTH = r"^(\d{4})(?:(0[1-9]|1[0-2])(?:\.0+)?|[ /-]?[mM](\d\d?))$"
_MIDDLE_OF_WEEK = 3  # [days] after its first
_FIRST_MONTH = month_of(date(1900, 1, 1))
_LONGEST_NAME = 200

REPEATED = (
    "there is an earlier row of its region, month and type: add them up first, or keep the column "
    "that tells them apart"
)
_WHOLE_COUNTRY = "counts a whole country: it is of use at the level country only"


def find_columns(
    names: Sequence[str], level: Level, path: Path, country: str | None = None
) -> Columns:
    """Return which columns have which meaning; raises InputError when a needed one is missing.

    A file that is said to be of one country has no column of countries.
    """
    plain = {plain_name(name): name for name in names}
    columns = {
        meaning: [plain[name] for name in possible if name in plain]
        for meaning, possible in _NAMES.items()
    }
    of_admin1 = [name for name in columns["region"] if name not in map(plain.get, _ANY_REGION)]
    columns["region"] = of_admin1 or columns["region"]
    if country is not None and columns["country"]:
        raise InputError(
            f"'{path}' has a column {columns['country'][0]}: leave out --country {country}"
        )
    needed = [meaning for meaning in _REQUIRED[level] if meaning != "country" or country is None]
    missing = [meaning for meaning in needed if not columns[meaning]]
    if not (columns["month"] or columns["week"]):
        missing.append("month")
    if not any(columns[f"deaths{of}"] for of in ("", "_1", "_2", "_3")):
        missing.append("deaths")
    if missing:
        if (product := product_of(list(plain))) not in (None, COUNTS):
            raise InputError(f"'{path}' is {product} (it has no {missing[0]} of counts)")
        names_of = "; ".join(f"{it}: {' or '.join(_NAMES[it])}" for it in missing)
        of_one = ", or say with --country of which one it is" if "country" in missing else ""
        raise InputError(
            f"'{path}' lacks columns that counts need ({names_of}): rename its columns{of_one}"
        )
    return {meaning: those for meaning, those in columns.items() if those}


def counts_rules(
    names: Sequence[str],
    columns: Columns,
    level: Level,
    last_day: date,
    country: str | None = None,
) -> RowRules:
    """Return how rows with these delivered columns, public on `last_day`, are counts.

    All are of `country` (ISO 3166-1 alpha-3) if that is given.

    Columns: country (ISO 3166-1 alpha-3), name; day (the first of the row's month, or the middle of
    its week) and its month [months since 1970-01]; `is_whole`, whether it counts a whole country;
    type_of_violence, and `type_name` as delivered; events, deaths, and those of a type: `events_1`
    .. `deaths_3`.
    """
    figures = {name for figure in FIGURES for name in columns.get(figure, ())}
    key = [quoted(name) for name in names if name not in figures and not is_nameless(name)]
    is_whole = f"coalesce({_text(columns, 'level')} = '0', false)"
    if level != "priogrid":  # so are rows that name no region, unless they are said to have one
        blank = f"coalesce({_text(columns, 'region')}, {_text(columns, 'level')}) IS NULL"
        is_whole += f" OR {blank}"
    day = _day(columns)
    return RowRules(
        columns={
            **_place(columns, level, country),
            "is_whole": is_whole,
            "day": day,
            "is_week": str("month" not in columns),
            "month": f"month_of({day})",
            "type_of_violence": _type(columns),
            "type_name": _type_name(columns),
            **{figure: _figure(columns, figure) for figure in FIGURES},
            "row_key": f"to_json([{', '.join(key)}])::VARCHAR",
        },
        faults=_faults(names, columns, last_day),
        kept_aside={_WHOLE_COUNTRY: "is_whole AND country IS NOT NULL"}
        if level != "country"
        else {},
        numbers=NumberColumns(whole=tuple(figures)),
        key="row_key",
        repeated=REPEATED,
        deaths="greatest(deaths, deaths_1 + deaths_2 + deaths_3)",
    )


def _faults(names: Sequence[str], columns: Columns, last_day: date) -> dict[str, str]:
    when = "month" if "month" in columns else "week"
    last, end = month_of(last_day), _text(columns, "end")
    faults = {
        "has more fields than the header": has_surplus(names),
        "country is missing or unknown": "country IS NULL",
        **ambiguous_country(columns.get("country", ())),
        "region is missing or unreadable": "name IS NULL AND country IS NOT NULL",
        f"region is longer than {_LONGEST_NAME} letters": f"length(name) > {_LONGEST_NAME}",
        f"{when} is missing or unreadable": "month IS NULL",
        f"{when} is before {format_month(_FIRST_MONTH)}": f"month < {_FIRST_MONTH}",
        f"{when} is after {format_month(last)}, when it was public": f"month > {last}",
        "its period is not one month": f"{end} IS NOT NULL AND month IS NOT NULL"
        f" AND month_of({_iso_day(end)}) IS DISTINCT FROM month",
        "type is missing or unknown": "type_of_violence IS NULL",
    }
    for figure in (figure for figure in FIGURES if figure in columns):
        name = columns[figure][0]
        faults[f"{name} is missing or unreadable"] = f"{figure} IS NULL"
        faults[f"{name} is outside 0 to {MOST_DEATHS}"] = (
            f"{figure} NOT BETWEEN 0 AND {MOST_DEATHS}"
        )
    for measure in (measure for measure in MEASURES if measure in columns):
        typed = [t for t in (f"{measure}_{n}" for n in TYPES_OF_VIOLENCE) if t in columns]
        if typed:
            total = " + ".join(f"coalesce({name}, 0)" for name in typed)
            faults[f"the types add up to more {measure} than there are"] = f"{total} > {measure}"
    return faults


def _text(columns: Columns, meaning: str) -> str:
    """Return the SQL of the first column with a meaning that is filled."""
    texts = [quoted(name) for name in columns.get(meaning, ())]
    return f"coalesce({', '.join(texts)})" if texts else "NULL::VARCHAR"


def _place(columns: Columns, level: Level, of_country: str | None) -> dict[str, str]:
    names = [f"country_named({quoted(name)})" for name in columns.get("country", ())]
    names += [literal(of_country)] if of_country else []
    country = f"coalesce({', '.join(names)})" if names else "NULL::VARCHAR"
    if level == "country":
        return {"country": country, "name": country}
    if level == "admin1":
        return {"country": country, "name": _text(columns, "region")}
    cell = rf"regexp_extract({_text(columns, 'cell')}, '^([1-9][0-9]{{0,5}})(\.0)?$', 1)"
    cell = f"nullif({cell}, '')"
    return {"country": country if names else f"country_of_cell({cell})", "name": cell}


def _day(columns: Columns) -> str:
    """Return the SQL of the day of whose month a row is."""
    if "month" not in columns:
        text = _text(columns, "week")
        iso = f"try_strptime({text} || '-1', '%G-W%V-%u')"
        return f"(coalesce({_iso_day(text)}, {iso}) + INTERVAL {_MIDDLE_OF_WEEK} DAY)::DATE"
    text = _text(columns, "month")
    month = rf"regexp_extract({text}, '^(\d{{4}}-\d{{2}})(-\d{{2}}([T ].*)?)?$', 1)"
    in_year = f"{_text(columns, 'year')} || ' ' || {text}"
    compact = rf"regexp_replace({text}, '{_COMPACT_MONTH}', '\1-\2\3')"
    spelt = rf"replace(regexp_extract({text}, '^[A-Za-z]+[ -]((\d{{2}})?\d{{2}})$'), '-', ' ')"
    return (
        f"coalesce(try_strptime({month}, '%Y-%m'), "
        f"try_strptime({in_year}, ['%Y %m', '%Y %B', '%Y %b']), "
        f"try_strptime({compact}, ['%Y-%m', '%Y/%m', '%m/%Y', '%m-%Y']), "
        f"CASE WHEN {text} SIMILAR TO '.*[0-9]{{4}}' "
        f"THEN try_strptime({spelt}, ['%B %Y', '%b %Y']) "
        f"ELSE try_strptime({spelt}, ['%B %y', '%b %y']) END)::DATE"
    )


def _iso_day(text: str) -> str:
    return f"try_strptime(left({text}, 10), '%Y-%m-%d')"


def _type_name(columns: Columns) -> str:
    return rf"regexp_replace(lower({_text(columns, 'type')}), '\.0$', '')"


def _type(columns: Columns) -> str:
    return lookup(_TYPES, _type_name(columns)) if "type" in columns else str(UNTYPED)


def _figure(columns: Columns, figure: str) -> str:
    if figure not in columns:
        return "0"
    text = _text(columns, figure)
    whole = rf"try_cast(nullif(regexp_extract({text}, '^(-?\d{{1,15}})(\.0*)?$', 1), '') AS BIGINT)"
    if figure != "deaths":
        return whole
    # Some sources count no deaths where there is no organised violence.
    others = ", ".join(map(str, OTHER_TYPES))
    return f"CASE WHEN {text} IS NULL AND {_type(columns)} IN ({others}) THEN 0 ELSE {whole} END"
