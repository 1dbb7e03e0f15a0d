"""Tables of conditions: what holds of a state in some months, and when that was published."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from features.archive.coverage import Coverage, Span
from features.sources.acceptance import RowRules
from features.sources.sql import quoted
from features.sources.states.columns import country_in, day_in, month_in, text_in
from features.sources.states.form import Form, state_rules

_NAME = "[a-z][a-z0-9_]*"


def condition_rules(columns: Sequence[str], last_day: date) -> RowRules:
    """Return how rows with these columns are read; one without a value is kept aside."""
    values = {
        "country": country_in(columns),
        "variable": f"lower({text_in(columns, 'variable')})",
        "value": f"number({quoted('value')})",
        "first_month": month_in(columns, "first_month"),
        "last_month": month_in(columns, "last_month"),
        "published": day_in(columns, "published"),
    }
    faults = {
        "variable is not written in letters, digits and _": (
            f"NOT regexp_full_match(variable, '{_NAME}')"
        ),
        "last_month is unreadable": (
            f"last_month IS NULL AND {text_in(columns, 'last_month')} IS NOT NULL"
        ),
        "last_month is before first_month": "last_month < first_month",
        f"published is after {last_day}": f"published > DATE '{last_day}'",
    }
    key = "concat_ws(' ', country, variable, first_month, published)"
    aside = {"value is empty": f"{quoted('value')} IS NULL"}
    return state_rules("conditions", columns, values, faults, key, aside)


def condition_coverage(rows: pd.DataFrame, last_month: int) -> Coverage:
    """Return the months of each country from its first value to its last."""
    return spans_of(rows["country"], rows["first_month"], last_month)


def spans_of(country: pd.Series, month: pd.Series, last_month: int) -> Coverage:
    """Return the months of countries from their first row to their last, or `last_month`."""
    months = month.clip(upper=last_month).groupby(country)
    spans = zip(months.min().items(), months.max(), strict=True)
    return Coverage(tuple(Span(str(name), int(first), int(last)) for (name, first), last in spans))


CONDITION_TABLE = Form(
    "conditions",
    "conditions",
    ("variable", "value", "first_month", "published"),
    condition_rules,
    condition_coverage,
)
"""A row a country, variable and month from which its value holds; `published` is its day."""
