"""Which months a delivery observes: what it is said to observe, held against what it shows.

A month without events is peace only if somebody looked. So an official name stands for the whole
world only if the content is what such a release has; if not, only the months with events are
observed. What else may be wrong is doubtful, and said.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from features.archive.coverage import Coverage, coding_begins, coverage_of
from features.archive.delivery import Identity
from features.errors import InputError
from features.months import format_month
from features.sources.publication import shortfall, unlike_release

_QUIET_END, _QUIET_START = 3, 12  # [months] without events that are doubtful in any country
_MISSED_EVENTS = 20  # as many as this would have been expected in quiet months
_MOST_NAMED = 5


class Evidence(NamedTuple):
    """What a delivery observes, and what is doubtful in it."""

    coverage: Coverage
    doubts: tuple[str, ...]


def evidence_of(
    identity: Identity, content: pd.DataFrame, rows: int, first_coded: int, *, is_cut: bool = False
) -> Evidence:
    """Return what a delivery observes.

    `content` has a row a country and month with events: country, month [months since 1970-01],
    events, deaths; the file has `rows`. The source codes nothing before the month `first_coded`.
    `is_cut`: the content ends in the middle of a row. Raises InputError if no event is observed.
    """
    said = identity.coverage.months()
    shown = content.merge(said, on=["country", "month"])
    if shown.empty:
        raise InputError(
            f"'{identity.file_name}' has no usable event in the months that it is said to observe: "
            "check its name, or the coverage that was given"
        )
    if identity.is_implied:
        lack = "its last row is cut off" if is_cut else shortfall(identity, shown)
        if lack is None:
            odd = unlike_release(identity, rows)
            return Evidence(identity.coverage, (odd,) if odd else ())
        doubt = (
            f"this is not the whole release ({lack}), so only the {len(shown):,} months of "
            "countries in which it has events are observed: fetch it again, or say with "
            "--coverage FILE what it observes"
        )
        return Evidence(coverage_of(shown), (doubt,))
    coverage, begins = _without_uncoded(identity.coverage, content, first_coded)
    doubts = (*begins, *_quiet_ends(coverage, shown), *_quiet_between(coverage, shown))
    return Evidence(coverage, (*doubts, *_unobserved(content, shown)))


def refuse_doubtful(path: Path, doubts: Sequence[str], *, strict: bool) -> None:
    """Raise InputError for what is doubtful if it is to be an error."""
    if strict and doubts:
        raise InputError(f"'{path}' is doubtful: {'; '.join(doubts)} (--strict)")


def _without_uncoded(
    coverage: Coverage, content: pd.DataFrame, first_coded: int
) -> tuple[Coverage, tuple[str, ...]]:
    """Leave out the months before the source or a state began, if there is no event in them."""
    begins = coding_begins(first_coded)
    shown = content.groupby("country")["month"].min()
    spans, cut = [], []
    for span in coverage.spans:
        first = min(begins.get(span.country, first_coded), shown.get(span.country, span.last_month))
        if span.first_month < first:
            cut.append(f"{span.country} before {format_month(first)}")
        if span.last_month >= first:
            spans.append(span._replace(first_month=max(span.first_month, first)))
    if not cut:
        return coverage, ()
    note = f"nothing is coded in {named(cut)}, so this is not observed, whatever the coverage says"
    return Coverage(tuple(spans)), (note,)


def _quiet_ends(coverage: Coverage, shown: pd.DataFrame) -> tuple[str, ...]:
    """Doubt a coverage that goes on long after a country's last event, or begins long before."""
    first, last = (
        coverage.table().groupby("country")[name].agg(how)
        for name, how in (("first_month", "min"), ("last_month", "max"))
    )
    none, before, after = [], [], []
    by_country = {country: sorted(months) for country, months in shown.groupby("country")["month"]}
    for country in first.index:
        months = by_country.get(country, [])
        if not months:
            none.append(country)
            continue
        usual = 2 * max((b - a for a, b in pairwise(months)), default=0)
        begun, ended = months[0] - first[country], last[country] - months[-1]
        if begun >= max(_QUIET_START, usual):
            before.append(f"{country} {begun} months before {format_month(months[0])}")
        if ended >= max(_QUIET_END, usual):
            after.append(f"{country} {ended} months after {format_month(months[-1])}")
    return (
        *[f"the coverage goes on after the last event: {named(after)}"] * bool(after),
        *[f"the coverage begins before the first event: {named(before)}"] * bool(before),
        *[f"the coverage names countries without any event: {named(none)}"] * bool(none),
    )


def _quiet_between(coverage: Coverage, shown: pd.DataFrame) -> tuple[str, ...]:
    """Doubt observed months between others in which no country has an event though many had."""
    months = sorted(set(shown["month"]))
    rate = shown["events"].sum() / (months[-1] - months[0] + 1)
    observed = set(coverage.months()["month"])
    gaps = [
        f"{format_month(a + 1)} to {format_month(b - 1)}"
        for a, b in pairwise(months)
        if rate * len(observed & set(range(a + 1, b))) >= _MISSED_EVENTS
    ]
    return (f"no country has an event in {named(gaps)}",) if gaps else ()


def _unobserved(content: pd.DataFrame, shown: pd.DataFrame) -> tuple[str, ...]:
    """Say how much lies in countries or months that are not observed, and so counts nowhere."""
    (events, deaths), (inside, deaths_inside) = (
        (int(rows["events"].sum()), int(rows["deaths"].sum())) for rows in (content, shown)
    )
    if events == inside:
        return ()
    elsewhere = sorted(set(content["country"]) - set(shown["country"]))
    where = f" (no month of {named(elsewhere)})" if elsewhere else ""
    doubt = (
        f"{events - inside:,} of {events:,} events, {deaths - deaths_inside:,} of {deaths:,} "
        f"deaths, are of countries or months not observed{where}: they count nowhere"
    )
    return (doubt,)


def named(texts: list[str]) -> str:
    """Return some texts in words, at most a few of them."""
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
