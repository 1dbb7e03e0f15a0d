"""What the sources publish: what a whole release has, and which months are due by a day."""

from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from features.archive.delivery import Identity
from features.archive.vintage import Vintage
from features.months import format_month, month_of
from features.sources import acled, ucdp

_FRIDAY = 4
_ACLED_LAG = timedelta(days=5)
_MOST_NAMED = 5


_STANDING = frozenset({"AFG", "COD", "MEX", "MLI", "NGA", "PAK", "SOM", "SYR", "YEM"})
"""Countries that had events in every month of UCDP Candidate, which begins in 2018."""
_LEAST = {"final": 110, "candidate": 30}
"""Countries with events that a whole release has at least; GED 19.1 has 120, 23.0.10 has 48."""
_LEAST_A_MONTH = 400
"""Events a month that a whole release has at least; the fewest are those of GED 17.1."""
_EVENTS = dict(
    enumerate([152_616, 225_385, 261_864, 293_634, 316_818, 349_733, 385_918, 417_968], start=2018)
)
"""Events of UCDP GED by the last year of a release, of 19.1 to 26.1."""
_USABLE = 0.99  # of the events of a release at least


def shortfall(identity: Identity, shown: pd.DataFrame) -> str | None:
    """Return what a file lacks of the release whose official name it bears, None if nothing.

    `shown` has a row a country and month with events: country, month, events.
    """
    countries, months = set(shown["country"]), set(shown["month"])
    expected = set(identity.coverage.months()["month"])
    events, least = int(shown["events"].sum()), _LEAST_A_MONTH * len(expected)
    if identity.kind == "final":
        last = _last_year(identity)
        of_known = [
            int(_USABLE * number) + _LEAST_A_MONTH * 12 * (last - year)
            for year, number in _EVENTS.items()
            if year <= last
        ]
        least = max([least, *of_known])
    if len(countries) < _LEAST[identity.kind]:
        return f"events of {len(countries)} {'countries' if len(countries) > 1 else 'country'}"
    if missing := sorted(expected - months):
        return f"no event in {format_month(missing[0])}"
    if events < least:
        return f"{events:,} events, of {least:,} or more"
    standing = _STANDING & set(identity.coverage.table()["country"])
    if quiet := sorted(standing - countries):
        return f"no event in {', '.join(quiet)}"
    return None


def unlike_release(identity: Identity, rows: int) -> str | None:
    """Return what is odd in the number of rows of a file with an official name, None if nothing.

    Of a monthly release nobody knows beforehand how many it has.
    """
    if identity.kind != "final":
        return None
    known = _EVENTS.get(_last_year(identity))
    if known is None:
        return (
            f"how many events such a release has is not known here, so whether these {rows:,} are "
            "all cannot be told: compare the number with that of its codebook"
        )
    if rows != known:
        return (
            f"it has {rows:,} events and the release had {known:,} when it came out: it was put up "
            "again since, or changed"
        )
    return None


def _last_year(identity: Identity) -> int:
    return 1970 + identity.coverage.last_month // 12


class Staleness(NamedTuple):
    """The month that should be public [months since 1970-01], and how many are missing to it."""

    expected: int
    months: int


def newest_public_month(history: str, as_of: date) -> int | None:
    """Return the last month that a source should have published whole by the end of a day.

    A number [months since 1970-01]; None for a history whose schedule is not known. UCDP's monthly
    file comes out about the 20th of the next month (see `ucdp.official_release`). ACLED adds every
    week the events of the week before
    (https://acleddata.com/knowledge-base/keeping-acled-data-updated); its weeks end on Fridays and
    are taken to be out on the Wednesday after.
    """
    if history == ucdp.HISTORY:
        last = month_of(as_of) - 1
        return last if as_of.day >= ucdp.MONTHLY_DAY else last - 1
    if history == acled.SOURCE:
        coded = as_of - _ACLED_LAG
        friday = coded - timedelta(days=(coded.weekday() - _FRIDAY) % 7)
        return month_of(friday + timedelta(days=1)) - 1
    return None


def staleness(vintage: Vintage) -> Staleness | None:
    """Return how far a vintage is behind; None if simulated or without a known schedule."""
    expected = newest_public_month(vintage.history, vintage.as_of)
    if vintage.simulated or expected is None:
        return None
    return Staleness(expected, max(0, expected - vintage.last_month))


def gaps(vintage: Vintage) -> pd.DataFrame:
    """Return the unobserved months between observed ones, which make regions ineligible for scores.

    A row is a gap that some countries share, that of most countries first, then the oldest.
    Columns: country, in words (all, a few ISO 3166-1 alpha-3 codes, or how many); countries, their
    number; first_month, last_month [months since 1970-01].
    """
    runs = vintage.observed()
    missing = runs.assign(
        first_month=runs["last_month"] + 1,
        last_month=runs.groupby("country")["first_month"].shift(-1) - 1,
    ).dropna()
    everywhere = runs["country"].nunique()
    rows = [
        (_in_words(countries.tolist(), everywhere), len(countries), first, last)
        for (first, last), countries in missing.groupby(["first_month", "last_month"])["country"]
    ]
    rows.sort(key=lambda row: (-row[1], row[2:]))
    columns = ["country", "countries", "first_month", "last_month"]
    types = dict.fromkeys(columns, "int64") | {"country": "str"}
    return pd.DataFrame(rows, columns=columns).astype(types)


def _in_words(codes: list[str], everywhere: int) -> str:
    if len(codes) == everywhere > 1:
        return "all"
    return ", ".join(codes) if len(codes) <= _MOST_NAMED else f"{len(codes)} countries"
