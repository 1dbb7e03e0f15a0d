"""The Cline Center's list of coups, attempts and conspiracies, as published.

Peyton et al., Cline Center Coup d'Etat Project Dataset, University of Illinois.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from features.sources.acceptance import RowRules
from features.sources.source import FileOptions
from features.sources.sql import lookup, quoted
from features.sources.states.columns import country_in, day_of_parts, text_in
from features.sources.states.coups import coup_rules, observed_by_list
from features.sources.states.form import Form, Publication, publication_as_given

_OUTCOMES = {"coup": "success", "attempted": "failed", "attempt": "failed", "conspiracy": "plot"}
_FLAGS = {
    "military": "military",
    "palace": "state",
    "rebel": "rebel",
    "foreign": "foreign",
    "popular": "popular",
    "dissident": "popular",
}
"""Flag of a row -> who it says; of several that are set the first counts."""

_VERSION = re.compile(r"(?<!\d)(\d)[._](\d)[._](\d{1,2})(?!\d)")


def cline_rules(columns: Sequence[str], last_day: date) -> RowRules:
    """Return how rows with these columns are read."""
    flags = " ".join(
        f"WHEN whole({quoted(name)}) = 1 THEN '{actor}'" for name, actor in _FLAGS.items()
    )
    values = {
        "country": country_in(columns),
        "date": day_of_parts(),
        "outcome": lookup(_OUTCOMES, f"lower({text_in(columns, 'event_type')})"),
        "actor": f"CASE {flags} ELSE 'unknown' END",
    }
    faults = {"event_type is none of coup, attempted, conspiracy": "outcome IS NULL"}
    aside = {
        "a self-coup (auto) is no attempt to unseat those who rule": (
            f"coalesce(whole({quoted('auto')}) = 1, false)"
        )
    }
    coup_id = f"identifier({quoted('coup_id')})"
    return coup_rules(columns, values, faults, last_day, coup_id, aside)


def cline_publication(rows: pd.DataFrame, path: Path, options: FileOptions) -> Publication:
    """Return the version in the file's name, public from the day it was received."""
    given = publication_as_given(rows, path, options)
    version = _VERSION.search(path.stem)
    if version is None or options.release:
        return given
    return replace(given, release=".".join(version.groups()))


CLINE = Form(
    "coups",
    "cline",
    ("coup_id", "year", "month", "day", "event_type", "auto", *_FLAGS),
    cline_rules,
    observed_by_list,
    cline_publication,
)
"""Versions of the list, named by their number if the name of the file has it."""
