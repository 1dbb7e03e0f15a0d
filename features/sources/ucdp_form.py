"""The columns of UCDP files, whatever their layout, and what they mean in the normal form.

Column meanings are those of the UCDP GED codebook: Sundberg & Melander (2013), Introducing the
UCDP Georeferenced Event Dataset, Journal of Peace Research 50(4).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from features.archive.form import OTHER_TYPES, TYPES_OF_VIOLENCE
from features.errors import InputError
from features.sources.csvfile import BEYOND
from features.sources.source import Form
from features.sources.sql import quoted
from features.sources.ucdp_releases import FIRST_DAY

# fmt: off
OFFICIAL_COLUMNS = (
    "id", "relid", "year", "active_year", "code_status", "type_of_violence", "conflict_dset_id",
    "conflict_new_id", "conflict_name", "dyad_dset_id", "dyad_new_id", "dyad_name",
    "side_a_dset_id", "side_a_new_id", "side_a", "side_b_dset_id", "side_b_new_id", "side_b",
    "number_of_sources", "source_article", "source_office", "source_date", "source_headline",
    "source_original", "where_prec", "where_coordinates", "where_description", "adm_1", "adm_2",
    "latitude", "longitude", "geom_wkt", "priogrid_gid", "country", "country_id", "region",
    "event_clarity", "date_prec", "date_start", "date_end", "deaths_a", "deaths_b",
    "deaths_civilians", "deaths_unknown", "best", "high", "low", "gwnoa", "gwnob",
)
# fmt: on
"""The published layout; some releases have shipped without a header row."""

_TEXTS = ("side_a", "side_b", "code_status")
_DEATHS = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low")
_PRECISION = ("date_prec", "where_prec", "event_clarity")
_DAYS = ("date_start", "date_end")
_DEGREES = ("latitude", "longitude")
_REQUIRED = ("id", "country_id", "type_of_violence", *_DEATHS, *_DAYS, *_DEGREES)
_OTHER_NAMES = {"best_est": "best", "high_est": "high", "low_est": "low", "event_id": "id"}
_NAMELESS = "column "
_OTHER_TYPE = f"type_of_violence is outside 1 to {max(TYPES_OF_VIOLENCE)}"


def column_names(first: Sequence[str], path: Path) -> tuple[list[str], bool]:
    """Return the official names of a file's columns, and whether its first record is a header.

    Columns without a name are named by their number. Raises InputError when columns are missing
    or repeated.
    """
    has_header = not re.fullmatch(r"\s*\d+\s*", first[0]) or len(first) < len(OFFICIAL_COLUMNS)
    if has_header:
        names = [_column_name(name) for name in first]
    else:
        names = [*OFFICIAL_COLUMNS, *[""] * (len(first) - len(OFFICIAL_COLUMNS))]
    missing = [column for column in _REQUIRED if column not in names]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if missing:
        raise InputError(
            f"'{path}' is not a UCDP event file: its first line lacks {', '.join(missing[:4])}"
            f"{' and others' if missing[4:] else ''}; give a CSV file as UCDP delivers it"
        )
    if repeated:
        raise InputError(f"'{path}' has several columns named {repeated[0]}: keep one of each")
    numbered = [name or f"{_NAMELESS}{n}" for n, name in enumerate(names, start=1)]
    return numbered, has_header


def _column_name(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return _OTHER_NAMES.get(name, name)


def ucdp_form(columns: Sequence[str]) -> Form:
    """Return how rows with these columns become events.

    UCDP states the PRIO-GRID cell of every event, so coordinates that are garbled or exchanged
    give themselves away; next to a cell's edge the two may differ by rounding.
    """
    whole = [name for name in ("type_of_violence", *_PRECISION, *_DEATHS) if name in columns]
    beyond = [name for name in columns if name.startswith(_NAMELESS) or name == BEYOND]
    faults = {
        "has more fields than the header": " OR ".join(_is_filled(name) for name in beyond),
        _OTHER_TYPE: f"type_of_violence IN ({', '.join(map(str, OTHER_TYPES))})",
    }
    if "priogrid_gid" in columns:
        cell = f"number({quoted('priogrid_gid')})"
        faults["coordinates lie outside its priogrid_gid"] = (
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180"
            f" AND cells_apart({cell}, latitude, longitude) > 1"
        )
    for name in (*_PRECISION, *_DEGREES):
        if name in columns:
            faults[f"{name} is unreadable"] = f"{name} IS NULL AND {_is_filled(name)}"
    return Form(
        columns={
            "event_id": f"filled({quoted('id')})",
            "country": f"iso3_of_gleditsch_ward(whole({quoted('country_id')}))",
            **{name: f"filled({quoted(name)})" for name in _TEXTS if name in columns},
            **{name: f"whole({quoted(name)})" for name in whole},
            **{name: f"day({quoted(name)})" for name in _DAYS},
            **{name: f"number({quoted(name)})" for name in _DEGREES},
            **({"text": _headline()} if "source_headline" in columns else {}),
        },
        faults=faults,
        first_day=FIRST_DAY,
    )


def _is_filled(column: str) -> str:
    return f"filled({quoted(column)}) IS NOT NULL"


def _headline() -> str:
    return f"filled({quoted('source_headline')})"
