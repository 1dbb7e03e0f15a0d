"""What holds of states, and which votes were due, as it was known in each month."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from features.archive.coverage import months_of
from features.archive.folders import Records
from features.archive.releases import Archive
from features.arrays import FloatArray, MonthArray

AHEAD = 6
"""How far ahead a vote counts [months]."""

_Names = npt.NDArray[np.str_]


def read_conditions(archive: Archive, day: date) -> pd.DataFrame:
    """Return the rows of CONDITIONS_SCHEMA that were known at the end of a day.

    Of a variable and country, the newest release that has them counts alone.
    """
    return _newest(archive, "conditions", day, ["variable", "country"])


def read_elections(archive: Archive, day: date) -> pd.DataFrame:
    """Return the rows of ELECTIONS_SCHEMA that were known at the end of a day.

    Of a history and country, the newest release that has it counts alone.
    """
    return _newest(archive, "elections", day, ["history", "country"])


def _newest(archive: Archive, records: Records, day: date, key: Sequence[str]) -> pd.DataFrame:
    releases = [r for r in archive.releases(records) if r.available_on <= day]
    releases.sort(key=lambda release: (release.available_on, release.number))
    if not releases:
        return pd.DataFrame()
    tables = [
        pq.ParquetFile(release.table_file)
        .read()
        .to_pandas(date_as_object=False)
        .assign(history=release.history, release=number)
        for number, release in enumerate(releases)
    ]
    rows = pd.concat(tables, ignore_index=True)
    is_newest = rows["release"] == rows.groupby(list(key))["release"].transform("max")
    is_known = rows["published"] <= pd.Timestamp(day)
    return pd.DataFrame(rows[is_newest & is_known]).reset_index(drop=True)


def values_by_month(
    rows: pd.DataFrame, months: MonthArray, countries: _Names
) -> dict[str, FloatArray]:
    """Return each variable as (months, countries): the newest value published by a month's end.

    The newest is that of the latest `first_month` which has begun, of these the one published last.
    NaN before anything was published, and after the `last_month` of the newest. `months` are
    contiguous, `countries` ascending.
    """
    if rows.empty:
        return {}
    since = np.maximum(rows["first_month"].to_numpy(), months_of(rows["published"]))
    ordered = rows.assign(since=np.maximum(since, months[0]))
    ordered = ordered[(ordered["since"] <= months[-1]) & ordered["country"].isin(countries)]
    ordered = ordered.sort_values(["first_month", "published"], kind="stable")
    ordered = ordered.assign(place=np.arange(len(ordered)))
    ordered = ordered.sort_values(["since", "place"], kind="stable")
    ordered["best"] = ordered.groupby(["variable", "country"])["place"].cummax()
    newest = ordered.set_index("place").reindex(ordered["best"])
    ordered["value"] = newest["value"].to_numpy()
    ordered["last_month"] = newest["last_month"].fillna(np.inf).to_numpy()
    last = ordered.drop_duplicates(["variable", "country", "since"], keep="last")
    return {
        str(name): _filled(last[last["variable"] == name], months, countries)
        for name in sorted(rows["variable"].unique())
    }


def _filled(changes: pd.DataFrame, months: MonthArray, countries: _Names) -> FloatArray:
    value, last_month = (
        np.asarray(
            changes.pivot(index="since", columns="country", values=name)  # noqa: PD010
            .ffill()
            .reindex(index=months, columns=countries)
            .ffill(),
            dtype=np.float64,
        )
        for name in ("value", "last_month")
    )
    return np.where(months[:, None] <= last_month, value, np.nan)


def votes_due(rows: pd.DataFrame, months: MonthArray, countries: _Names) -> FloatArray:
    """Return (months, countries): 1 where a vote was due within the AHEAD months after a month.

    That is as known at the month's end: the vote was announced and not yet withdrawn. 0 where none
    was due, NaN before the first announcement of a country.
    """
    due = np.full((len(months), len(countries)), np.nan)
    if rows.empty:
        return due
    rows = rows[rows["country"].isin(countries)]
    never = pd.Timestamp("2262-01-01")
    columns = np.searchsorted(countries, rows["country"].to_numpy(dtype=str))
    days = (rows["published"], rows["date"], rows["withdrawn"].fillna(never))
    published, held, withdrawn = (months_of(of) - months[0] for of in days)
    for column, first in zip(columns, np.maximum(published, 0), strict=True):
        due[first:, column] = 0
    begins = np.maximum(np.maximum(published, held - AHEAD), 0)
    ends = np.maximum(np.minimum(held, withdrawn), begins)
    for column, begin, end in zip(columns, begins, ends, strict=True):
        due[begin:end, column] = 1
    return due
