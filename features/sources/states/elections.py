"""Tables of elections: days for which votes were due, and when that was known."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from features.archive.coverage import Coverage, months_of
from features.sources.acceptance import RowRules
from features.sources.states.columns import country_in, day_in, text_in
from features.sources.states.conditions import spans_of
from features.sources.states.form import Form, state_rules


def election_rules(columns: Sequence[str], last_day: date) -> RowRules:
    """Return how rows with these columns are read."""
    withdrawn = text_in(columns, "withdrawn")
    values = {
        "country": country_in(columns),
        "date": day_in(columns, "date"),
        "kind": f"lower({text_in(columns, 'kind')})",
        "published": day_in(columns, "published"),
        "withdrawn": day_in(columns, "withdrawn"),
        "note": text_in(columns, "note"),
    }
    faults = {
        "withdrawn is unreadable": f"withdrawn IS NULL AND {withdrawn} IS NOT NULL",
        "withdrawn is before published": "withdrawn < published",
        f"published is after {last_day}": f"published > DATE '{last_day}'",
        f"withdrawn is after {last_day}": f"withdrawn > DATE '{last_day}'",
    }
    key = "concat_ws(' ', country, kind, date, published)"
    return state_rules("elections", columns, values, faults, key)


def election_coverage(rows: pd.DataFrame, last_month: int) -> Coverage:
    """Return the months of each country from its first announcement to its last."""
    return spans_of(rows["country"], pd.Series(months_of(rows["published"])), last_month)


ELECTION_TABLE = Form(
    "elections", "elections", ("date", "kind", "published"), election_rules, election_coverage
)
"""A row a vote and day for which it was due, whatever became of it."""
