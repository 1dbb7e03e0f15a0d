"""Which rows of aggregated history cannot be used, and why."""

import json
import re
from datetime import date
from itertools import takewhile
from pathlib import Path

import pandas as pd

from features.archive.form import MOST_DEATHS, TYPES_OF_VIOLENCE
from features.errors import InputError
from features.ingestion import MOST_REJECTED
from features.months import format_month, month_of
from features.places.regions import Level
from features.sources.counts_form import FIGURES, MEASURES, Columns, ends_elsewhere, texts
from features.sources.csvfile import BEYOND

WHOLE_COUNTRY = "counts a whole country"
"""The reason for which a row of another level is rejected: it is no fault of the file."""

_NAMELESS = re.compile(rf"column \d+|{BEYOND}")
_FIRST_MONTH = month_of(date(1900, 1, 1))
_LONGEST_NAME = 200
_MOST_REASONS = 3


def reasons_to_reject(
    rows: pd.DataFrame, read: pd.DataFrame, columns: Columns, level: Level, last_day: date
) -> pd.Series:
    """Return why each row (n,) is rejected, joined by "; ", "" where it is not.

    `read` is what `understood` says of `rows`, `last_day` the last that they may speak of. Of rows
    that say the same, but for figures, the first without fault stands.
    """
    coarse = (texts(rows, columns, "level") == "0") & (level != "country")
    reasons = pd.Series("", index=rows.index, dtype="str")
    for reason, where in _faults(rows, read, columns, last_day).items():
        at = where & ~coarse
        reasons[at] = (reasons[at] + "; ").where(reasons[at] != "", "") + reason
    reasons[coarse] = WHOLE_COUNTRY
    figures = {name for figure in FIGURES for name in columns.get(figure, ())}
    telling = [n for n in map(str, rows) if n not in figures and not _NAMELESS.fullmatch(n)]
    said = rows.loc[reasons == "", telling]
    reasons[said.index[said.duplicated()]] = "the row is repeated"
    return reasons


def refuse_if_mostly_rejected(reasons: pd.Series, lines: pd.Series, path: Path) -> None:
    """Raise InputError when more than MOST_REJECTED of a file's lines cannot be used.

    `lines` (n,) is how many each row takes. Rows of another level do not count.
    """
    ours = reasons != WHOLE_COUNTRY
    bad = ours & (reasons != "")
    if lines[bad].sum() <= MOST_REJECTED * lines[ours].sum():
        return
    raise InputError(
        f"'{path}' is refused: {lines[bad].sum() / lines[ours].sum():.1%} of it cannot be used "
        f"({bad.sum():,} of {ours.sum():,} rows), more than {MOST_REJECTED:.0%}; most often: "
        f"{commonest(reasons[bad])}; correct the file, or take what is usable with --allow-rejects"
    )


def commonest(reasons: pd.Series) -> str:
    """Return the commonest of reasons in words."""
    counted = reasons.str.split("; ").explode().value_counts().head(_MOST_REASONS)
    return ", ".join(f"{reason} ({number:,} rows)" for reason, number in counted.items())


def rejected_rows(rows: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    """Return the rows that are rejected, as they were delivered, in REJECTED_SCHEMA."""
    bad = rows[reasons != ""]
    records = [
        json.dumps({k: v for k, v in row.items() if pd.notna(v)}, ensure_ascii=False)
        for row in bad.to_dict("records")
    ]
    return pd.DataFrame(
        {
            "line": bad.index.to_numpy("int64"),
            "reasons": reasons[bad.index].to_numpy(),
            "record": pd.Series(records, dtype="str"),
        }
    )


def _faults(
    rows: pd.DataFrame, read: pd.DataFrame, columns: Columns, last_day: date
) -> dict[str, pd.Series]:
    """Return all that can be wrong with a row: reason -> with which it is, (n,)."""
    # A nameless column before others holds the numbers of rows, as pandas writes them.
    beyond = list(takewhile(_NAMELESS.fullmatch, map(str, reversed(rows.columns))))
    when = "month" if "month" in columns else "week"
    last = month_of(last_day)
    return {
        "has more fields than the header": (rows[beyond].fillna("") != "").any(axis=1),
        "country is missing or unknown": read["country"].isna(),
        "region is missing or unreadable": read["name"].isna() & read["country"].notna(),
        f"region is longer than {_LONGEST_NAME} letters": _longer(read["name"]),
        f"{when} is missing or unreadable": read["month"].isna(),
        f"{when} is before {format_month(_FIRST_MONTH)}": read["month"] < _FIRST_MONTH,
        f"{when} is after {format_month(last)}, when it was public": read["month"] > last,
        "its period is not one month": ends_elsewhere(rows, columns, read["month"]),
        "type is missing or unknown": read["type_of_violence"].isna(),
        **_faults_of_figures(read, columns),
    }


def _longer(name: pd.Series) -> pd.Series:
    return name.str.len() > _LONGEST_NAME


def _faults_of_figures(read: pd.DataFrame, columns: Columns) -> dict[str, pd.Series]:
    faults = {}
    for figure in (figure for figure in FIGURES if figure in columns):
        number, name = read[figure], columns[figure][0]
        faults[f"{name} is missing or unreadable"] = number.isna()
        faults[f"{name} is outside 0 to {MOST_DEATHS}"] = (number < 0) | (number > MOST_DEATHS)
    for measure in (measure for measure in MEASURES if measure in columns):
        typed = [t for t in (f"{measure}_{n}" for n in TYPES_OF_VIOLENCE) if t in columns]
        if typed:
            reason = f"the types add up to more {measure} than there are"
            faults[reason] = read[typed].sum(axis=1) > read[measure]
    return faults
