"""What the file names under which UCDP publishes say: release, period, day of publication.

Yearly files (UCDP GED) are numbered `YY.V` and hold 1989 to the year before 20YY; monthly files
(UCDP Candidate) are numbered `YY.0.M` and hold month M of 20YY; consolidated ones `YY.MM.ZZ.NN`
hold month MM of 20YY to month NN of 20ZZ. All observe the whole world.

Hegre et al. (2020), Introducing the UCDP Candidate Events Dataset, Research & Politics 7(3).
"""

import re
from dataclasses import dataclass
from datetime import date

from features.archive.releases import Kind
from features.months import month_of

FIRST_DAY = date(1989, 1, 1)
"""UCDP codes no event before this day."""

HISTORY = "ucdp"
GED, CANDIDATE = "ucdp-ged", "ucdp-candidate"

_ENDING = r"(?:\.csv|\.csv\.gz|\.zip|\.csv\.zip)"
_YEARLY = re.compile(
    rf"(?:ged(?P<a>\d\d)(?P<b>\d)-csv\.zip|gedevent_v(?P<c>\d\d)_(?P<d>\d){_ENDING})", re.IGNORECASE
)
_MONTHLY = re.compile(rf"gedevent_v(?P<year>\d\d)_0_(?P<month>\d\d?){_ENDING}", re.IGNORECASE)

# Later than UCDP was in most years: a forecast may not use what was not yet public.
YEARLY_DAY, MONTHLY_DAY = (6, 30), 20


_SPAN = re.compile(
    rf"gedevent_v(?P<y>\d\d)_0?(?P<m>\d\d?)_(?P<z>\d\d)_0?(?P<n>\d\d?){_ENDING}", re.IGNORECASE
)


@dataclass(frozen=True)
class OfficialRelease:
    """A release as its file name says it; months are numbers [months since 1970-01].

    `available_on` is when UCDP usually publishes: by the end of June a year's file, about the
    20th of the next month a month's.
    """

    source: str
    release: str
    kind: Kind
    first_month: int
    last_month: int
    available_on: date


def official_release(file_name: str) -> OfficialRelease | None:
    """Return what an official file name says, None for any other name.

    Official are `ged241-csv.zip` and `GEDEvent_v24_1.csv` (release `ucdp-ged 24.1`) and
    `GEDEvent_v23_0_10.csv` (release `ucdp-candidate 23.0.10`), and `GEDEvent_v24_01_24_12.csv`
    (`ucdp-candidate 24.01.24.12`); those beginning with GEDEvent may
    be packed as `.csv.gz` or `.zip`.
    """
    if match := _YEARLY.fullmatch(file_name):
        year, version = match["a"] or match["c"], match["b"] or match["d"]
        return _yearly(int(year), int(version))
    if match := _MONTHLY.fullmatch(file_name):
        year, month = int(match["year"]), int(match["month"])
        return _candidate(f"{year:02d}.0.{month}", (year, month), (year, month))
    if match := _SPAN.fullmatch(file_name):
        first, last = (int(match["y"]), int(match["m"])), (int(match["z"]), int(match["n"]))
        return _candidate("{:02d}.{:02d}.{:02d}.{:02d}".format(*first, *last), first, last)
    return None


def _yearly(year: int, version: int) -> OfficialRelease:
    return OfficialRelease(
        source=GED,
        release=f"{year:02d}.{version}",
        kind="final",
        first_month=month_of(FIRST_DAY),
        last_month=month_of(date(1999 + year, 12, 1)),
        available_on=date(2000 + year, *YEARLY_DAY),
    )


def _candidate(
    release: str, first: tuple[int, int], last: tuple[int, int]
) -> OfficialRelease | None:
    """Return the candidate release of the months from first to last, (year of 20YY, month)."""
    if not all(1 <= month <= 12 for _, month in (first, last)) or last < first:  # noqa: PLR2004
        return None
    begins, ends = (month_of(date(2000 + year, month, 1)) for year, month in (first, last))
    year, month = last
    return OfficialRelease(
        source=CANDIDATE,
        release=release,
        kind="candidate",
        first_month=begins,
        last_month=ends,
        available_on=date(2000 + year + month // 12, month % 12 + 1, MONTHLY_DAY),
    )
