"""UCDP GED and Candidate files, as published or as exported by its site.

Sundberg & Melander (2013), Introducing the UCDP GED, Journal of Peace Research 50(4).
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from features.archive.coverage import whole_world
from features.archive.delivery import Identity
from features.archive.schemas import DEATHS, TYPES_OF_VIOLENCE
from features.months import month_of
from features.sources.products import refuse_missing
from features.sources.reading.opening import open_rows
from features.sources.source import (
    EventRules,
    FileOptions,
    Rows,
    identify_final,
    plain_name,
    refuse_repeated,
)
from features.sources.sql import has_surplus, plain_columns, quoted, unreadable

FIRST_DAY = date(1989, 1, 1)
"""UCDP codes no event before this day."""

HISTORY = "ucdp"
GED, CANDIDATE = "ucdp-ged", "ucdp-candidate"

_ENDING = r"(?:[ _-]*(?:\(\d+\)|copy))*(?:\.csv|\.csv\.gz|\.zip|\.csv\.zip|\.xlsx)"
_YEARLY = re.compile(
    rf"(?:ged(\d\d)(\d)(?:-csv|-xlsx)?|gedevent_v(\d\d)_(\d)){_ENDING}", re.IGNORECASE
)
_MONTHLY = re.compile(rf"gedevent_v(\d\d)_0_(\d\d?){_ENDING}", re.IGNORECASE)
_SPAN = re.compile(rf"gedevent_v(\d\d)_0?(\d\d?)_(\d\d)_0?(\d\d?){_ENDING}", re.IGNORECASE)

_SYRIA_SINCE = 20
"""The first yearly release that has Syria, which 19.1 leaves out, as its codebook says."""

# Later than UCDP was in most years: a forecast may not use what was not yet public.
YEARLY_DAY, MONTHLY_DAY = (6, 30), 20


def official_release(file_name: str) -> Identity | None:
    """Return the release that an official file name stands for, None for any other name.

    It is available when UCDP usually publishes: by the end of June a year's file, about the 20th of
    the next month a month's. `ged241-csv.zip`, `ged241.csv` in it and `GEDEvent_v24_1.csv` are
    `ucdp-ged 24.1`, `GEDEvent_v23_0_10.csv` is `ucdp-candidate 23.0.10`,
    `GEDEvent_v24_01_24_12.csv` is `ucdp-candidate 24.01.24.12`. They may be packed as `.csv.gz` or
    `.zip`, workbooks, or copies (`GEDEvent_v24_1 (1).csv`).
    """
    if match := _YEARLY.fullmatch(file_name):
        year, version = (int(number) for number in match.groups() if number)
        return Identity(
            history=HISTORY,
            source=GED,
            release=f"{year:02d}.{version}",
            kind="final",
            available_on=date(2000 + year, *YEARLY_DAY),
            coverage=whole_world(
                month_of(FIRST_DAY),
                month_of(date(1999 + year, 12, 1)),
                without=["SYR"] if year < _SYRIA_SINCE else [],
            ),
            file_name=file_name,
            is_implied=True,
            is_habit=True,
        )
    if match := _MONTHLY.fullmatch(file_name):
        year, month = map(int, match.groups())
        return _candidate(file_name, f"{year:02d}.0.{month}", (year, month), (year, month))
    if match := _SPAN.fullmatch(file_name):
        year, month, last_year, last_month = map(int, match.groups())
        release = f"{year:02d}.{month:02d}.{last_year:02d}.{last_month:02d}"
        return _candidate(file_name, release, (year, month), (last_year, last_month))
    return None


def _candidate(
    file_name: str, release: str, first: tuple[int, int], last: tuple[int, int]
) -> Identity | None:
    """Return the candidate release of the months from first to last, (year of 20YY, month)."""
    if not all(1 <= month <= 12 for _, month in (first, last)) or last < first:  # noqa: PLR2004
        return None
    begins, ends = (month_of(date(2000 + year, month, 1)) for year, month in (first, last))
    year, month = last
    return Identity(
        history=HISTORY,
        source=CANDIDATE,
        release=release,
        kind="candidate",
        available_on=date(2000 + year + month // 12, month % 12 + 1, MONTHLY_DAY),
        coverage=whole_world(begins, ends),
        file_name=file_name,
        is_implied=True,
        is_habit=True,
    )


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

_DAYS = ("date_start", "date_end")
_REQUIRED = ("id", "country_id", "type_of_violence", *DEATHS, *_DAYS, "latitude", "longitude")
_OTHER_NAMES = {"best_est": "best", "high_est": "high", "low_est": "low", "event_id": "id"}
_NEW_TYPES = range(max(TYPES_OF_VIOLENCE) + 1, 10)


def column_names(first: Sequence[str], path: Path) -> tuple[list[str], bool]:
    """Return the official names of a file's columns, and whether its first record is a header.

    Columns without a name are numbered. Raises InputError when some are missing or repeated.
    """
    has_header = not re.fullmatch(r"\s*\d+\s*", "".join(first[:1])) or len(first) < len(
        OFFICIAL_COLUMNS
    )
    if has_header:
        names = [_OTHER_NAMES.get(plain_name(name), plain_name(name)) for name in first]
    else:
        names = [*OFFICIAL_COLUMNS, *[""] * (len(first) - len(OFFICIAL_COLUMNS))]
    refuse_missing(
        path, "a UCDP event file", _REQUIRED, names, "give a CSV file as UCDP delivers it"
    )
    refuse_repeated(names, path)
    return [name or f"column {n}" for n, name in enumerate(names, start=1)], has_header


def ucdp_rules(columns: Sequence[str]) -> EventRules:
    """Return how rows with these columns become events.

    UCDP states each event's PRIO-GRID cell, which gives garbled or exchanged coordinates away. From
    26.1 it has types of violence beyond the three; such events are kept aside.
    """
    delivered = {name: name for name in columns if name in OFFICIAL_COLUMNS}
    if "source_headline" in columns:
        delivered["text"] = "source_headline"
    faults = {"has more fields than the header": has_surplus(columns)}
    if "priogrid_gid" in columns:
        cell = f"number({quoted('priogrid_gid')})"
        faults["coordinates lie outside its priogrid_gid"] = (
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180"
            f" AND cells_apart({cell}, latitude, longitude) > 1"
        )
    event_id = quoted("_id")
    return EventRules(
        terms={"_id": f"identifier({quoted('id')})"},
        columns={
            "event_id": rf"CASE WHEN starts_with({event_id}, '0') "
            rf"THEN regexp_replace({event_id}, '^0+([0-9]+)$', '\1') ELSE {event_id} END",
            "country": f"iso3_of_gleditsch_ward(whole({quoted('country_id')}))",
            **{name: f"whole({quoted(name)})" for name in ("type_of_violence", *DEATHS)},
            **{name: f"day({quoted(name)})" for name in _DAYS},
            **plain_columns(delivered),
        },
        faults=faults | unreadable(delivered),
        kept_aside={
            f"type_of_violence {number} is not counted": f"type_of_violence = {number}"
            for number in _NEW_TYPES
        },
        first_day=FIRST_DAY,
    )


class Ucdp:
    """UCDP's files, identified by their official names (see `official_release`).

    Any other file is a final release of `ucdp-ged` by its own name, and needs a coverage.
    """

    def __init__(self, sheet: str | None = None) -> None:
        self._sheet = sheet

    def identify(self, path: Path, options: FileOptions) -> Identity:
        """Return what a file is; raises InputError when its coverage is not known."""
        official = official_release(path.name)
        if official is None:
            why = "is not a name under which UCDP publishes, so it "
            return replace(identify_final(self, path, options, GED, why=why), history=HISTORY)
        return replace(
            official,
            release=options.release or official.release,
            kind=options.kind or official.kind,
            available_on=options.available_on or official.available_on,
            coverage=options.coverage or official.coverage,
            is_implied=options.coverage is None,
            is_habit=options.available_on is None,
        )

    @contextmanager
    def open(self, path: Path) -> Iterator[Rows]:
        """Open a file; raises InputError when it is none of UCDP's."""
        with open_rows(path, sheet=self._sheet) as rows:
            names, has_header = column_names(rows.first, path)
            rows.name_columns(names, has_header=has_header)
            yield rows

    rules = staticmethod(ucdp_rules)
