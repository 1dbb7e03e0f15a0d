"""The list of Powell and Thyne, as published: separated by tabs, or its older CSV.

It has coups by the military or other elites within the state. Powell & Thyne (2011), Global
instances of coups from 1950 to 2010, Journal of Peace Research 48(2).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from features.archive.coverage import Coverage, whole_world
from features.errors import InputError
from features.months import month_of, parse_month
from features.places.regions import TERRITORIES
from features.sources.acceptance import RowRules
from features.sources.source import FileOptions
from features.sources.sql import lookup, quoted
from features.sources.states.columns import country_in, day_of_parts, text_in
from features.sources.states.coups import coup_rules, observed_by_list
from features.sources.states.form import Form, Publication, publication_as_given

_OUTCOMES = {"1": "failed", "2": "success"}
_VERSION = re.compile(r"[Vv]?(\d{4})[._-](\d{1,2})[._-](\d{1,2})")
_FIRST_MONTH = parse_month("1950-01")


def powell_thyne_rules(columns: Sequence[str], last_day: date) -> RowRules:
    """Return how rows with these columns are read."""
    values = {
        "country": country_in(columns),
        "date": day_of_parts(),
        "outcome": lookup(_OUTCOMES, f"whole({quoted('coup')})::VARCHAR"),
        "actor": "'state'",
        "version": text_in(columns, "version"),
    }
    faults = {"coup is neither 1 nor 2": "outcome IS NULL"}
    return coup_rules(columns, values, faults, last_day, "NULL")


def powell_thyne_publication(rows: pd.DataFrame, path: Path, options: FileOptions) -> Publication:
    """Return the version of the rows; raises InputError when they are of several."""
    given = publication_as_given(rows, path, options)
    versions = sorted(rows["version"].dropna().unique())
    if len(versions) > 1:
        raise InputError(
            f"'{path}' has rows of several versions ({', '.join(versions[:3])}): give one file "
            "a version"
        )
    day = _day_of(versions[0]) if versions else None
    if day is None:
        return given
    return replace(
        given,
        release=options.release or str(day).replace("-", "."),
        available_on=options.available_on or day,
    )


def powell_thyne_coverage(rows: pd.DataFrame, last_month: int) -> Coverage:
    """Return every state from 1950 to the month before the version, or the last one with a row."""
    day = None if rows["version"].isna().all() else _day_of(str(rows["version"].dropna().iloc[0]))
    if day is None:
        return observed_by_list(rows, last_month, _FIRST_MONTH)
    return whole_world(_FIRST_MONTH, month_of(day) - 1, without=list(TERRITORIES.values()))


def _day_of(version: str) -> date | None:
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


POWELL_THYNE = Form(
    "coups",
    "powell-thyne",
    ("ccode", "year", "month", "day", "coup"),
    powell_thyne_rules,
    powell_thyne_coverage,
    powell_thyne_publication,
)
"""Versions of the list, each named by its day, from which it is taken to have been public."""
