"""Which rows of a delivery cannot be used, and why: each is kept, counted and reported."""

import json
from collections.abc import Mapping

import pandas as pd
from pandera.errors import SchemaErrors
from pandera.pandas import DataFrameSchema

from features.errors import InputError

Faults = Mapping[str, pd.Series]
"""Reason -> the rows it applies to, as a boolean series over all rows."""

MOST_REJECTED = 0.05
"""Share of the lines of a file that may be rejected before the file is refused whole."""

_WORDS = {"not_nullable": "is missing or unreadable", "field_uniqueness": "is repeated"}
_MOST_REASONS = 3


def schema_faults(events: pd.DataFrame, schema: DataFrameSchema) -> dict[str, pd.Series]:
    """Return every way in which rows of `events` fail a schema; the index must be unique."""
    try:
        schema.validate(events, lazy=True)
    except SchemaErrors as failed:
        cases = failed.failure_cases
        if cases["index"].isna().any():  # the fault of the caller: a column is of another type
            raise
    else:
        return {}
    reasons = cases["check"].replace(_WORDS)
    of_one_column = cases["schema_context"] == "Column"
    reasons = reasons.where(~of_one_column, cases["column"] + " " + reasons)
    return {
        str(reason): pd.Series(events.index.isin(rows), index=events.index)
        for reason, rows in cases["index"].groupby(reasons, sort=False)
    }


def rejected_rows(faults: Faults, delivered: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a fault, as they were delivered.

    `delivered` has a row a record and is indexed by the line on which it begins. Columns: line;
    reasons, joined by "; "; record, the delivered fields as a JSON object.
    """
    reasons = pd.Series("", index=delivered.index, dtype="str")
    for reason, rows in faults.items():
        separator = reasons[rows].where(reasons[rows] == "", reasons[rows] + "; ")
        reasons[rows] = separator + reason
    reasons = reasons[reasons != ""]
    fields = delivered.loc[reasons.index].to_dict(orient="records")
    records = [
        json.dumps({str(k): v for k, v in row.items() if pd.notna(v)}, ensure_ascii=False)
        for row in fields
    ]
    return pd.DataFrame(
        {
            "line": reasons.index.to_numpy("int64"),
            "reasons": reasons.to_numpy(),
            "record": pd.Series(records, dtype="str"),
        }
    )


def refuse_if_mostly_rejected(name: str, faults: Faults, lines: pd.Series) -> None:
    """Raise InputError when more than MOST_REJECTED of a file's lines cannot be used.

    `lines` is how many lines each record takes: counted so, a quotation mark that is never closed
    and swallows the rows below it does not pass for one bad row.
    """
    bad = pd.DataFrame(dict(faults), index=lines.index).any(axis="columns")
    share = lines[bad].sum() / lines.sum()
    if share <= MOST_REJECTED:
        return
    counts = pd.Series({reason: int(rows.sum()) for reason, rows in faults.items()})
    commonest = counts.sort_values(ascending=False, kind="stable").head(_MOST_REASONS)
    why = ", ".join(f"{reason} ({count:,} rows)" for reason, count in commonest.items())
    raise InputError(
        f"'{name}' is refused: {share:.1%} of it cannot be used ({int(bad.sum()):,} of "
        f"{len(lines):,} rows), more than {MOST_REJECTED:.0%}; most often: {why}; correct the "
        "file, or take what is usable with --allow-rejects"
    )
