"""What the columns of aggregated history are called, and what they mean.

The columns are known by their names, in any order and case; of several that say the same, the first
that is filled counts:

    country    iso3, country_iso3, location_code, country, country_name, location_name: a name or
               ISO 3166-1 alpha-3
    region     admin1_name, adm_1, admin1, admin_1_name, provider_admin1_name, region, name; of
               cells gid, priogrid, priogrid_gid, and then no country is needed
    time       month (YYYY-MM, or with year 1 to 12 or its English name), reference_period_start,
               start_date, and reference_period_end, end_date; week (its first day, or 2024-W05)
    events     n_events, events, event_count; by type n_sb, n_ns, n_os
    deaths     deaths, fatalities, best; by type deaths_sb, deaths_ns, deaths_os
    type       event_type, type_of_violence: of the row
    level      admin_level: 0 where a row counts a whole country

So the monthly tables that are made from UCDP GED can be read, the weekly ones of ACLED, and the
conflict events of the Humanitarian API of OCHA's HDX
(https://hdx-hapi.readthedocs.io/en/latest/data_usage_guides/coordination_and_context). Battles and
explosions are of no one type without their actors, so they are not told apart.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from features.archive.form import OTHER_TYPES, TYPES_OF_VIOLENCE, UNTYPED
from features.errors import InputError
from features.months import month_of
from features.places.matching import match_countries
from features.places.regions import load_regions
from features.words import Level

Columns = Mapping[str, Sequence[str]]
"""What is told -> the delivered columns that tell it, the first goes before the others."""

TARGETED, POLITICAL = "civilian_targeting", "political_violence"
"""Types of HDX's conflict events; the second includes the first."""

_NAMES = {
    "country": (
        "iso3",
        "country_iso3",
        "location_code",
        "country",
        "country_name",
        "location_name",
    ),
    "region": (
        "admin1_name",
        "adm_1",
        "admin1",
        "admin_1_name",
        "provider_admin1_name",
        "region",
        "name",
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
_PLACES: dict[Level, tuple[str, ...]] = {
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
_MIDDLE_OF_WEEK = pd.Timedelta(days=3)
_SPACE = " \t\n\r"


def find_columns(names: Sequence[str], level: Level, path: Path) -> Columns:
    """Return which of the columns of a file tell what.

    Raises InputError when something that counts need is missing.
    """
    plain = {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): name for name in names}
    found = {
        what: [plain[name] for name in known if name in plain] for what, known in _NAMES.items()
    }
    missing = [what for what in _PLACES[level] if not found[what]]
    if not (found["month"] or found["week"]):
        missing.append("month")
    if not any(found[f"deaths{of}"] for of in ("", "_1", "_2", "_3")):
        missing.append("deaths")
    if missing:
        wanted = "; ".join(f"{what}: {' or '.join(_NAMES[what])}" for what in missing)
        raise InputError(f"'{path}' lacks columns that counts need ({wanted}): rename its columns")
    return {what: columns for what, columns in found.items() if columns}


def understood(rows: pd.DataFrame, columns: Columns, level: Level) -> pd.DataFrame:
    """Return what rows say, null where that is missing or unreadable.

    Columns: country (ISO 3166-1 alpha-3), name; month [months since 1970-01] and day, of which it
    is the month: the first, or the middle one of a week; type_of_violence, and `said`, what it is
    called; events, deaths, and of each what is of a type, `events_1` .. `deaths_3`.
    """
    said = texts(rows, columns, "type").str.lower().str.replace(r"\.0$", "", regex=True)
    kind = said.map(_TYPES).astype("float64") if "type" in columns else float(UNTYPED)
    day = _days(rows, columns)
    read = pd.DataFrame(
        {
            **_places(rows, columns, level),
            "month": _month_of_days(day),
            "day": day,
            "type_of_violence": kind,
            "said": said,
        },
        index=rows.index,
    )
    for figure in FIGURES:
        text = texts(rows, columns, figure)
        whole = text.where(text.str.fullmatch(r"-?\d{1,15}(\.0*)?").fillna(value=False))
        read[figure] = whole.astype("float64") if figure in columns else 0.0
    # Of what is no organised violence some sources count no deaths.
    harmless = read["type_of_violence"].isin(list(OTHER_TYPES)) & (
        texts(rows, columns, "deaths").isna()
    )
    read["deaths"] = read["deaths"].mask(harmless, 0.0)
    return read


def texts(rows: pd.DataFrame, columns: Columns, what: str) -> pd.Series:
    """Return what rows (n,) tell, as text without spaces around it, null where they do not."""
    text = pd.Series(None, index=rows.index, dtype="str")
    for name in columns.get(what, ()):
        stripped = rows[name].str.strip(_SPACE)
        text = text.fillna(stripped.mask(stripped == ""))
    return text


def ends_elsewhere(rows: pd.DataFrame, columns: Columns, month: pd.Series) -> pd.Series:
    """Return (n,) where a period is said to end in another month than it begins, or unreadably."""
    text = texts(rows, columns, "end")
    day = pd.to_datetime(text.str[:10], format="%Y-%m-%d", errors="coerce")
    return text.notna() & month.notna() & (_month_of_days(day) != month)


def whole_months(
    read: pd.DataFrame, columns: Columns, available_on: date, path: Path
) -> tuple[int, int]:
    """Return the first and last month of rows that are whole [months since 1970-01].

    A month was over when the rows became public, and where they are weeks, the weeks before its
    first and after its last one belong to others. Raises InputError when there is none.
    """
    first, last = int(read["month"].min()), int(read["month"].max())
    if "month" not in columns:
        week = timedelta(days=7)
        before, after = read["day"].min() - week, read["day"].max() + week
        first, last = month_of(before.date()) + 1, month_of(after.date()) - 1
    last = min(last, month_of(available_on + timedelta(days=1)) - 1)
    if last < first:
        raise InputError(
            f"'{path}' has no month that is whole and was over on {available_on}: give --coverage, "
            "or a file of more months"
        )
    return first, last


def _places(rows: pd.DataFrame, columns: Columns, level: Level) -> dict[str, pd.Series]:
    country = pd.Series(None, index=rows.index, dtype="str")
    for name in columns.get("country", ()):
        country = country.fillna(match_countries(texts(rows, {name: [name]}, name)))
    if level == "country":
        return {"country": country, "name": country}
    if level == "admin1":
        return {"country": country, "name": texts(rows, columns, "region")}
    cell = texts(rows, columns, "cell").str.replace(r"\.0$", "", regex=True)
    cell = cell.where(cell.str.fullmatch(r"[1-9]\d{0,5}").fillna(value=False))
    if "country" not in columns:
        country = cell.map(load_regions("priogrid").table.set_index("id")["country"])
    return {"country": country.astype("str"), "name": cell}


def _days(rows: pd.DataFrame, columns: Columns) -> pd.Series:
    """Return the day (n,) of whose month a row is."""
    if "month" not in columns:
        text = texts(rows, columns, "week")
        iso = pd.to_datetime(text + "-1", format="%G-W%V-%u", errors="coerce")
        first = pd.to_datetime(text.str[:10], format="%Y-%m-%d", errors="coerce")
        return first.fillna(iso) + _MIDDLE_OF_WEEK
    text = texts(rows, columns, "month")
    day = _month(text.str.extract(r"^(\d{4}-\d{2})(?:-\d{2}(?:[T ].*)?)?$", expand=False), "%Y-%m")
    for form in ("%m", "%B", "%b"):
        day = day.fillna(_month(texts(rows, columns, "year") + " " + text, f"%Y {form}"))
    return day


def _month(text: pd.Series, form: str) -> pd.Series:
    return pd.to_datetime(text, format=form, errors="coerce")


def _month_of_days(day: pd.Series) -> pd.Series:
    """Return month numbers (n,) [months since 1970-01]."""
    months: pd.Series = (day.dt.year - 1970) * 12 + day.dt.month - 1
    return months
