"""Lists of coups: the open table, and what the layouts of all lists have in common.

A row of the open table is an attempt, successful or failed, or a plot: country, date and outcome;
if they are there, actor, published, id, name, note and source.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from features.archive.coverage import Coverage, whole_world
from features.archive.schemas import ACTORS, OUTCOMES
from features.months import month_of
from features.places.regions import TERRITORIES
from features.sources.acceptance import RowRules
from features.sources.sql import lookup
from features.sources.states.columns import country_in, day_in, text_in
from features.sources.states.form import Form, state_rules

FIRST_DAY = date(1900, 1, 1)
"""An earlier coup is a typing error."""

_OUTCOMES = {name: name for name in OUTCOMES} | {
    "successful": "success",
    "unsuccessful": "failed",
    "failure": "failed",
    "conspiracy": "plot",
}
_ACTORS = {name: name for name in ACTORS}


def table_rules(columns: Sequence[str], last_day: date) -> RowRules:
    """Return how rows with these columns are read; an empty actor is unknown."""
    actor = text_in(columns, "actor")
    values = {
        "country": country_in(columns),
        "date": day_in(columns, "date"),
        "outcome": lookup(_OUTCOMES, f"lower({text_in(columns, 'outcome')})"),
        "actor": f"CASE WHEN {actor} IS NULL THEN 'unknown' "
        f"ELSE {lookup(_ACTORS, f'lower({actor})')} END",
        "published": day_in(columns, "published"),
        **{name: text_in(columns, name) for name in ("name", "note", "source")},
    }
    faults = {
        f"outcome is none of {', '.join(OUTCOMES)}": "outcome IS NULL",
        f"actor is none of {', '.join(ACTORS)}": "actor IS NULL",
        "published is unreadable": (
            f"published IS NULL AND {text_in(columns, 'published')} IS NOT NULL"
        ),
    }
    return coup_rules(columns, values, faults, last_day, text_in(columns, "id"))


def coup_rules(
    columns: Sequence[str],
    values: Mapping[str, str],
    faults: Mapping[str, str],
    last_day: date,
    identifier: str,
    kept_aside: Mapping[str, str] | None = None,
) -> RowRules:
    """Return the rules of a list; a row without an id of its own is its country and day."""
    place_and_day = f"({values['country']}) || '-' || ({values['date']})::VARCHAR"
    return state_rules(
        "coups",
        columns,
        {"coup_id": f"coalesce({identifier}, {place_and_day}, '')", **values},
        {
            **faults,
            f"date is outside {FIRST_DAY} to {last_day}": (
                f"date NOT BETWEEN DATE '{FIRST_DAY}' AND DATE '{last_day}'"
            ),
            f"published is after {last_day}": f"published > DATE '{last_day}'",
        },
        "coup_id",
        kept_aside,
    )


def observed_by_list(
    rows: pd.DataFrame, last_month: int, first_month: int | None = None
) -> Coverage:
    """Return what a list of the world's coups observes, unless it is told.

    That is every state from the January of the first year with a row, or from the first month that
    is given, to the last month with a row [months since 1970-01], or to `last_month` if that is
    earlier.
    """
    first, last = (month_of(pd.Timestamp(day)) for day in (rows["date"].min(), rows["date"].max()))
    begin = first - first % 12 if first_month is None else first_month
    return whole_world(begin, min(last, last_month), without=list(TERRITORIES.values()))


COUP_TABLE = Form("coups", "coups", ("date", "outcome"), table_rules, observed_by_list)
"""The open table of coups; its history is `coups` unless another is named."""
