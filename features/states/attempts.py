"""Coups as they were known on a day: every event once, whichever lists tell of it."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.archive.coverage import COLUMNS, months_of, runs_of
from features.archive.releases import Archive
from features.archive.schemas import ACTORS
from features.archive.vintage import Vintage, vintage_of
from features.errors import ArchiveError

MOST_DAYS = 15
"""How far apart two lists may date one event [days]."""

STATE_ELITES = frozenset({"military", "state", "unknown"})
"""Who makes an attempt of a coup; a coup of which nobody tells is taken for one of theirs."""

_FOLLOWING = ("powell-thyne", "cline")
"""Lists that follow any other where they differ, in this order."""

_REPORT = ["list", "rank", "country", "date", "outcome", "actor", "known", "name", "note"]


class Reports(NamedTuple):
    """The rows of all lists as they were known on a day, and the months that these observe.

    `rows` has one row of a list each: `list` (its history) and `rank`, lower before higher where
    lists differ; `country` (ISO 3166-1 alpha-3), `date`, `outcome`, `actor` (as in COUPS_SCHEMA),
    `known` (the later of `date` and the day of publication), `name`, `note`. `observed` has a row
    an unbroken run: country, first_month, last_month [months since 1970-01].
    """

    rows: pd.DataFrame
    observed: pd.DataFrame


def read_reports(archive: Archive, day: date, lists: Collection[str] | None = None) -> Reports:
    """Return what the lists in the archive, or some of them, told by the end of a day.

    Of a list, its newest release that observes a month of a country counts for it, as in a
    `Vintage` of events. Raises ArchiveError when no list was available.
    """
    releases = [r for r in archive.releases("coups") if lists is None or r.history in lists]
    available = [release for release in releases if release.available_on <= day]
    if not available:
        first = min((release.available_on for release in releases), default=None)
        when = f"the first was available on {first}" if first else "it holds none at all"
        raise ArchiveError(
            f"no list of coups in '{archive.home}' was available on {day} ({when}): add one with "
            "tocsin ingest coups FILE, or ask for a later day"
        )
    names = sorted({release.history for release in available}, key=_precedence)
    vintages = [vintage_of([r for r in available if r.history == name], day) for name in names]
    rows = pd.concat([_rows(vintage, rank) for rank, vintage in enumerate(vintages)])
    observed = pd.concat([vintage.bases[["country", "month"]] for vintage in vintages])
    return Reports(
        rows[rows["known"] <= pd.Timestamp(day)].reset_index(drop=True),
        runs_of(observed.drop_duplicates())[list(COLUMNS)],
    )


def _precedence(name: str) -> tuple[int, str]:
    return (_FOLLOWING.index(name) + 1 if name in _FOLLOWING else 0, name)


def _rows(vintage: Vintage, rank: int) -> pd.DataFrame:
    """Return the rows of a list, each of the release that is the base of its month."""
    tables = [
        pq.ParquetFile(release.table_file)
        .read()
        .to_pandas(date_as_object=False)
        .assign(release=position)
        for position, release in enumerate(vintage.releases)
    ]
    rows = pd.concat(tables, ignore_index=True)
    rows["month"] = months_of(rows["date"])
    rows = rows.merge(vintage.bases, on=["country", "month", "release"])
    known = rows[["date", "published"]].max(axis=1)
    rows = rows.assign(list=vintage.history, rank=rank, known=known)
    return pd.DataFrame(rows.sort_values(["date", "coup_id"])[_REPORT])


def each_once(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the events of which rows of several lists tell, by date and country, plots last.

    Rows of one day and country are one event. They join the nearest earlier event of the country,
    at most MOST_DAYS before, that none of their own lists tells of: so a later row never changes
    which of the earlier ones are one. Plots join plots only. The date is the first that a list
    gives; `outcome`, `name` and `note` are those of the first list by `rank` that has them; `actor`
    is the first of ACTORS that a list names. Columns: country, date, outcome, actor, name, note,
    sources (the names of the lists, joined by ", ").
    """
    ordered = rows.assign(is_plot=rows["outcome"] == "plot")
    own = ["country", "is_plot", "date", "list"]
    ordered["copy"] = ordered.groupby(own).cumcount()
    ordered = ordered.sort_values(["country", "is_plot", "date", "copy"], kind="stable")
    ordered["event"] = _events_of(ordered)
    ordered["actor"] = pd.Categorical(ordered["actor"], list(ACTORS), ordered=True)
    first = ordered.sort_values("rank", kind="stable").groupby("event")
    events = (
        first[["country", "outcome", "name", "note"]]
        .first()
        .assign(
            date=first["date"].min(),
            actor=first["actor"].min().astype("str"),
            sources=first["list"].agg(", ".join),
        )
    )
    columns = ["country", "date", "outcome", "actor", "name", "note", "sources"]
    return events[columns].sort_values(["date", "country"], kind="stable", ignore_index=True)


def _events_of(rows: pd.DataFrame) -> list[int]:
    """Return the number of the event of each row; rows by country, plots, date and copy."""
    numbers: list[int] = []
    events: list[tuple[int, int, set[str]]] = []  # whose, on which day, by which lists
    whose = rows.groupby(["country", "is_plot"]).ngroup().to_numpy()
    days = rows["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    atoms = rows.groupby(["country", "is_plot", "date", "copy"], sort=False).ngroup().to_numpy()
    names = rows["list"].to_numpy(dtype=object)
    for atom in np.unique(atoms):
        those = np.flatnonzero(atoms == atom)
        key, day, lists = whose[those[0]], days[those[0]], set(names[those])
        number = len(events)
        for earlier in reversed(range(len(events))):
            other, begun, tellers = events[earlier]
            if other != key or day - begun > MOST_DAYS:
                break
            if not tellers & lists:
                number = earlier
                break
        if number == len(events):
            events.append((key, day, set()))
        events[number][2].update(lists)
        numbers += [number] * len(those)
    return numbers
