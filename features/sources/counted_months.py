"""Which months of which regions a file of counts observes.

A region and month without a row, or with a row that was rejected, is not observed: unless the file
leaves out what is zero, as a table does that has no zero and few rows for its months. Where a row
of the whole country counts more than its regions, what lies in no row may be anywhere.
"""

from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from features.archive.coverage import Coverage, coverage_of
from features.errors import InputError
from features.months import format_month, month_of
from features.sources.evidence import named

_FILLED = 0.9  # of its months have a row: a country's table leaves out no zeros
_WEEK = timedelta(days=7)
_CELL = ["region", "month"]

_REJECTED = "{cells} are not observed, for a row of theirs is rejected: {examples}"
_HIDDEN = (
    "{cells} have no row and are not observed, for a row of their whole country counts more than "
    "its regions: {examples}"
)
_MISSING = (
    "{cells} have no row and are not observed: {examples}; if a missing row is a zero, say with "
    "--coverage FILE what is observed"
)
_LEFT_OUT = (
    "the file has no zeros, so {cells} without a row are taken to be without events: {examples}; "
    "beyond its first and last row no country is observed, so better say with --coverage FILE what "
    "is"
)


class CountedMonths(NamedTuple):
    """What counts observe, the cells in it that are not observed, and what is doubtful.

    `unknown` has a row a region and month [months since 1970-01]: region, month.
    """

    coverage: Coverage
    unknown: pd.DataFrame
    doubts: tuple[str, ...]


def counted_months(
    rows: pd.DataFrame,
    lost: pd.DataFrame,
    beyond: pd.DataFrame,
    available_on: date,
    given: Coverage | None,
) -> CountedMonths:
    """Return what the accepted `rows` of a file observe, public on a day.

    They have country, region, month [months since 1970-01], day, is_week, is_zero; `lost` rows,
    which were rejected, have region and month; `beyond` are the country and month where more is
    counted of the whole country than of its regions. A `given` coverage is not doubted, but for
    both. Raises InputError if no month was whole and over.
    """
    rejected = lost[_CELL].drop_duplicates()
    hidden = _hidden(rows, beyond)
    untold = pd.concat([rejected, hidden]).drop_duplicates(ignore_index=True)
    doubts = _doubts((rejected, _REJECTED), (hidden, _HIDDEN))
    if given is not None:
        return CountedMonths(given, untold, doubts)
    cells = _cells_in_span(rows, available_on)
    is_lost = _is_among(cells, untold)
    share = cells.groupby("country")["has_row"].transform("mean")
    is_dense = (share >= _FILLED) | bool(rows["is_zero"].any())
    is_empty = ~cells.groupby("month")["has_row"].transform("any")
    is_missing = ~cells["has_row"] & (is_dense | is_empty) & ~is_lost
    is_left_out = ~cells["has_row"] & ~is_missing & ~is_lost
    cells = cells.assign(is_known=~is_missing & ~is_lost)
    in_country = cells.groupby(["country", "month"])["is_known"].transform("any")
    if not in_country.any():
        raise InputError(
            f"the counts have no month that is whole and was over on {available_on}: give "
            "--coverage, or a file of more months"
        )
    return CountedMonths(
        coverage_of(cells.loc[in_country, ["country", "month"]].drop_duplicates()),
        cells.loc[in_country & ~cells["is_known"], _CELL].reset_index(drop=True),
        (*doubts, *_doubts((cells[is_missing], _MISSING), (cells[is_left_out], _LEFT_OUT))),
    )


def _hidden(rows: pd.DataFrame, beyond: pd.DataFrame) -> pd.DataFrame:
    """Return the regions without a row in months of which their country counts more: _CELL."""
    cells = rows[["country", "region"]].drop_duplicates().merge(beyond, on="country")
    return cells.loc[~_is_among(cells, rows), _CELL]


def _is_among(cells: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    is_among = pd.MultiIndex.from_frame(cells[_CELL]).isin(pd.MultiIndex.from_frame(others[_CELL]))
    return pd.Series(is_among, index=cells.index)


def _cells_in_span(rows: pd.DataFrame, available_on: date) -> pd.DataFrame:
    """Return every region and month of its country's span: country, region, month, has_row."""
    is_weekly = bool(rows["is_week"].any())
    days = rows.groupby("country")["day"].agg(["min", "max"])
    if is_weekly:  # the weeks before and after are not there
        first = (days["min"] - _WEEK).map(month_of) + 1
        last = (days["max"] + _WEEK).map(month_of) - 1
    else:
        first, last = days["min"].map(month_of), days["max"].map(month_of)
    last = last.clip(upper=month_of(available_on + timedelta(days=1)) - 1)
    regions = rows[["country", "region"]].drop_duplicates()
    spans = pd.DataFrame({"first": first, "last": last})
    cells = regions.join(spans, on="country")
    cells = cells[cells["last"] >= cells["first"]]
    cells = cells.loc[cells.index.repeat(cells["last"] - cells["first"] + 1)]
    month = cells["first"] + cells.groupby(level=0).cumcount()
    cells = cells[["country", "region"]].assign(month=month).reset_index(drop=True)
    there = rows[[*_CELL, "day"]].drop_duplicates()
    if is_weekly:  # a month is there if all of its weeks are
        weeks = pd.Series(pd.date_range(days["min"].min(), days["max"].max(), freq=_WEEK))
        expected = weeks.groupby(weeks.map(month_of)).size()
        in_file = there.drop_duplicates("day").groupby("month").size()
        whole = in_file[in_file >= expected.reindex(in_file.index).fillna(0)].index
        there = there[there["month"].isin(whole)]
    return cells.assign(has_row=_is_among(cells, there))


def _doubts(*pairs: tuple[pd.DataFrame, str]) -> tuple[str, ...]:
    """Return what is doubtful of some months of regions, where there are any, with examples."""
    return tuple(
        doubt.format(cells=f"{len(cells):,} months of regions", examples=_examples(cells))
        for cells, doubt in pairs
        if len(cells)
    )


def _examples(cells: pd.DataFrame) -> str:
    ordered = cells.sort_values(_CELL)
    pairs = zip(ordered["region"].head(), ordered["month"].head(), strict=True)
    texts = [f"{region} {format_month(int(month))}" for region, month in pairs]
    return named([*texts, *[""] * (len(cells) - len(texts))])
