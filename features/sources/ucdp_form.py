"""The rows of UCDP files, whatever their layout and dialect, in the types of the normal form.

Column meanings are those of the UCDP GED codebook: Sundberg & Melander (2013), Introducing the
UCDP Georeferenced Event Dataset, Journal of Peace Research 50(4).
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from features.countries import iso3_of_gleditsch_ward
from features.errors import InputError
from features.priogrid import COLUMNS as CELLS_A_ROW
from features.priogrid import cell_of

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
_WHOLE_NUMBERS = (
    *("type_of_violence", "date_prec", "where_prec", "event_clarity"),
    *("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low"),
)
_DAYS = ("date_start", "date_end")
_DEGREES = ("latitude", "longitude")
_OPTIONAL = ("date_prec", "where_prec", "event_clarity")
_MAY_BE_EMPTY = ("date_prec", "where_prec", "event_clarity", *_DEGREES)
_REQUIRED = tuple(
    column
    for column in ("id", "country_id", *_WHOLE_NUMBERS, *_DAYS, *_DEGREES)
    if column not in _OPTIONAL
)
_OTHER_NAMES = {"best_est": "best", "high_est": "high", "low_est": "low", "event_id": "id"}
_NAMELESS = "column "
_DAY = r"^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{4})(?:[ T].*)?$"


def named_rows(fields: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the rows of a file under the official names of its columns.

    Columns without a name, and what a row has beyond the header, are named by their number.
    Raises InputError when columns are missing or repeated, or no row follows the header.
    """
    first = [_column_name(name) for name in fields.iloc[0, :-1].tolist()]
    if re.fullmatch(r"\d+", first[0]) and len(OFFICIAL_COLUMNS) <= len(first):
        names, rows = list(OFFICIAL_COLUMNS), fields
    else:
        names, rows = first, fields.iloc[1:]
    missing = [column for column in _REQUIRED if column not in names]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if missing:
        raise InputError(
            f"'{path}' is not a UCDP event file: its first line lacks {', '.join(missing[:4])}"
            f"{' and others' if missing[4:] else ''}; give a CSV file as UCDP delivers it"
        )
    if repeated:
        raise InputError(f"'{path}' has several columns named {repeated[0]}: keep one of each")
    if rows.empty:
        raise InputError(f"'{path}' has a header and no rows: fetch it again")
    names += [""] * (rows.shape[1] - len(names))
    numbered = [name or f"{_NAMELESS}{n}" for n, name in enumerate(names, start=1)]
    return rows.set_axis(numbered, axis="columns")


def _column_name(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return _OTHER_NAMES.get(name, name)


def normal_form(delivered: pd.DataFrame) -> pd.DataFrame:
    """Return the delivered text of events in the types of the normal form, not yet placed.

    One row a row, on the same index; what cannot be read is null. Countries become ISO 3166-1
    alpha-3. Deaths are whole numbers, days `datetime64[us]`, coordinates degrees.
    """
    text = delivered.reindex(
        columns=["id", "country_id", *_TEXTS, *_WHOLE_NUMBERS, *_DAYS, *_DEGREES]
    )
    text = text.astype("str").apply(lambda column: column.str.strip())
    text = text.mask(text == "")
    return pd.DataFrame(
        {
            "event_id": text["id"],
            **{column: text[column] for column in _TEXTS},
            **{column: _whole_numbers(text[column]) for column in _WHOLE_NUMBERS},
            **{column: _days(text[column]) for column in _DAYS},
            **{column: _numbers(text[column]) for column in _DEGREES},
            "country": iso3_of_gleditsch_ward(_whole_numbers(text["country_id"])),
        }
    )


def _numbers(text: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def _whole_numbers(text: pd.Series) -> pd.Series:
    numbers = _numbers(text)
    whole = (numbers % 1 == 0) & (numbers.abs() < 2**53)
    return numbers.where(whole).astype("Int64")


def _days(text: pd.Series) -> pd.Series:
    """Read yyyy-mm-dd and mm/dd/yyyy, with or without a time of day."""
    day = text.str.extract(_DAY, expand=False)
    iso = pd.to_datetime(day, format="%Y-%m-%d", errors="coerce")
    american = pd.to_datetime(day, format="%m/%d/%Y", errors="coerce")
    return iso.fillna(american).astype("datetime64[us]")


def faults_of_rows(delivered: pd.DataFrame, events: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the faults that can no longer be seen in the normal form: reason -> rows.

    `events` is the normal form of `delivered`. UCDP states the PRIO-GRID cell of every event, so
    coordinates that are garbled or exchanged give themselves away; next to a cell's edge the two
    may differ by rounding.
    """
    text = delivered.reindex(columns=[*_TEXTS, *_MAY_BE_EMPTY]).astype("str")
    beyond = delivered.filter(regex=f"^{_NAMELESS}").apply(_filled)
    faults = {
        "has more fields than the header": beyond.any(axis="columns"),
        "coordinates lie outside its priogrid_gid": _misplaced(delivered, events),
    }
    for name in _TEXTS:
        faults[f"{name} runs over lines"] = text[name].str.contains("[\r\n]").eq(other=True)
    for name in _MAY_BE_EMPTY:
        faults[f"{name} is unreadable"] = _filled(text[name]) & events[name].isna()
    return {reason: rows for reason, rows in faults.items() if rows.any()}


def _filled(text: pd.Series) -> pd.Series:
    return text.astype("str").str.strip().fillna("") != ""


def _misplaced(delivered: pd.DataFrame, events: pd.DataFrame) -> pd.Series:
    """Return which events lie more than a cell away from the cell that UCDP states."""
    stated = _numbers(delivered.reindex(columns=["priogrid_gid"])["priogrid_gid"].astype("str"))
    placed = cell_of(*(events[name].fillna(np.inf).to_numpy("float64") for name in _DEGREES))
    rows, columns = np.divmod(stated.to_numpy() - 1, CELLS_A_ROW)
    placed_rows, placed_columns = np.divmod(placed - 1, CELLS_A_ROW)
    across = np.abs(columns - placed_columns)
    distance = np.maximum(np.abs(rows - placed_rows), np.minimum(across, CELLS_A_ROW - across))
    return pd.Series((placed > 0) & (distance > 1), index=events.index)
