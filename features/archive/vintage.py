"""Vintages: the event history as it was known on a date."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from features.archive.coverage import runs_of
from features.archive.releases import Archive, Release
from features.errors import ArchiveError
from features.words import Level

SummaryEvents = Literal["spread", "end", "omit"]
"""Whether an event of several months is spread over its days, counts in its last, or not at all."""


@dataclass(frozen=True, eq=False)
class Vintage:
    """The event history as it was known at the end of the day `as_of`.

    Every month of every country has one *base* among the releases that observe it: a final release
    goes before a candidate, then the newest by `available_on`; of one day, the higher version of a
    source, then the one that was added later. So a release replaces older ones in its months, and
    an event that it dropped is gone. Where the base is a candidate, newer candidates may add or
    revise events. Of an event in several releases, the first of them in this order counts.
    """

    as_of: date
    releases: tuple[Release, ...]
    """The releases in use; later ones are preferred."""
    bases: pd.DataFrame = field(repr=False)
    """One row an observed month, by country and month: country, month [months since 1970-01], and
    `release`, the position of its base in `releases`."""
    summary_events: SummaryEvents = "spread"
    available: tuple[Release, ...] = field(default=(), repr=False)
    """Every release that was public by then, in use or not; later ones are preferred."""

    @property
    def history(self) -> str:
        """The name of the event history."""
        return self.releases[0].history

    @property
    def simulated(self) -> bool:
        """Are these simulated events?"""
        return self.releases[0].simulated

    @property
    def level(self) -> Level | None:
        """The level of the regions of counts, None for a history of events."""
        return self.releases[0].level

    @property
    def last_month(self) -> int:
        """The newest month that is observed anywhere [months since 1970-01]."""
        return int(self.bases["month"].max())

    def observed(self) -> pd.DataFrame:
        """Return unbroken runs: country, first_month, last_month [months since 1970-01]."""
        return runs_of(self.bases)


def open_vintage(
    archive: Archive,
    as_of: date,
    history: str | None = None,
    summary_events: SummaryEvents = "spread",
) -> Vintage:
    """Return a history, or the only one, as of a day; raises ArchiveError for none or several."""
    candidates = [r for r in archive.releases() if history in (None, r.history)]
    available = sorted((r for r in candidates if r.available_on <= as_of), key=_precedence)
    if not available:
        earliest = min((r.available_on for r in candidates), default=None)
        first = f"its first was available on {earliest}" if earliest else "it holds none at all"
        none = "no release" if history is None else f"no release of '{history}'"
        raise ArchiveError(
            f"{none} in '{archive.folder}' was available on {as_of} ({first}): add one with "
            "tocsin ingest FILE, or ask for a later day"
        )
    return vintage_of(available, as_of, summary_events)


def vintage_of(
    releases: Sequence[Release], as_of: date, summary_events: SummaryEvents = "spread"
) -> Vintage:
    """Return what releases tell as of a day; raises ArchiveError if of several histories."""
    ordered = sorted(releases, key=_precedence)
    histories = sorted({release.history for release in ordered})
    if len(histories) > 1:
        raise ArchiveError(
            f"the archive holds several event histories ({', '.join(histories)}): say which in "
            'the experiment, [events] history = "NAME", or with --history NAME'
        )
    if len({release.level for release in ordered}) > 1:
        raise ArchiveError(
            f"the history '{histories[0]}' mixes events with counts, or counts of several levels: "
            "ingest each under a name of its own"
        )
    bases = _bases(ordered)
    used = np.unique(bases["release"])
    oldest = min((n for n in used if ordered[n].kind == "candidate"), default=len(ordered))
    revising = [n for n, r in enumerate(ordered) if r.kind == "candidate" and n > oldest]
    withdrawing = [n for n, r in enumerate(ordered) if r.level is None and r.rows_deleted]
    drawn_on = np.unique([*used, *revising, *withdrawing])
    bases["release"] = np.searchsorted(drawn_on, bases["release"])
    drawn = tuple(ordered[n] for n in drawn_on)
    return Vintage(as_of, drawn, bases, summary_events, tuple(ordered))


def _precedence(release: Release) -> tuple[bool, date, tuple[int, ...], int, str, str]:
    """Return a sort key that puts the preferred release last; 24.0.10 comes after 24.0.9."""
    version = re.fullmatch(r"\d+(\.\d+)*", release.release)
    numbers = tuple(map(int, release.release.split("."))) if version else ()
    return (
        *(release.kind == "final", release.available_on, numbers, release.number),
        *(release.source, release.release),
    )


def _bases(releases: Sequence[Release]) -> pd.DataFrame:
    """Return every observed month with the last of the releases that observe it."""
    observed = [
        release.coverage().months().assign(release=position)
        for position, release in enumerate(releases)
    ]
    return (
        pd.concat(observed, ignore_index=True)
        .drop_duplicates(["country", "month"], keep="last")
        .sort_values(["country", "month"], ignore_index=True)
    )
