"""What the file names under which UCDP publishes say: release, period, day of publication.

Yearly files (UCDP GED) are numbered `YY.V` and hold 1989 to the year before 20YY; monthly files
(UCDP Candidate) are numbered `YY.0.M` and hold month M of 20YY. Both observe the whole world.

Hegre et al. (2020), Introducing the UCDP Candidate Events Dataset, Research & Politics 7(3).
"""

import re
from dataclasses import dataclass
from datetime import date

from features.archive import Kind
from features.months import month_of

FIRST_DAY = date(1989, 1, 1)
"""UCDP codes no event before this day."""

GED, CANDIDATE = "ucdp-ged", "ucdp-candidate"

_ENDING = r"(?:\.csv|\.csv\.gz|\.zip|\.csv\.zip)"
_YEARLY = re.compile(
    rf"(?:ged(?P<a>\d\d)(?P<b>\d)-csv\.zip|gedevent_v(?P<c>\d\d)_(?P<d>\d){_ENDING})", re.IGNORECASE
)
_MONTHLY = re.compile(rf"gedevent_v(?P<year>\d\d)_0_(?P<month>\d\d?){_ENDING}", re.IGNORECASE)

# Later than UCDP was in most years: a forecast may not use what was not yet public.
_YEARLY_DAY, _MONTHLY_DAY = (6, 30), 20


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
    `GEDEvent_v23_0_10.csv` (release `ucdp-candidate 23.0.10`); those beginning with GEDEvent may
    be packed as `.csv.gz` or `.zip`.
    """
    if match := _YEARLY.fullmatch(file_name):
        year, version = match["a"] or match["c"], match["b"] or match["d"]
        return _yearly(int(year), int(version))
    if match := _MONTHLY.fullmatch(file_name):
        return _monthly(int(match["year"]), int(match["month"]))
    return None


def _yearly(year: int, version: int) -> OfficialRelease:
    return OfficialRelease(
        source=GED,
        release=f"{year:02d}.{version}",
        kind="final",
        first_month=month_of(FIRST_DAY),
        last_month=month_of(date(1999 + year, 12, 1)),
        available_on=date(2000 + year, *_YEARLY_DAY),
    )


def _monthly(year: int, month: int) -> OfficialRelease | None:
    if not 1 <= month <= 12:  # noqa: PLR2004
        return None
    covered = month_of(date(2000 + year, month, 1))
    return OfficialRelease(
        source=CANDIDATE,
        release=f"{year:02d}.0.{month}",
        kind="candidate",
        first_month=covered,
        last_month=covered,
        available_on=date(2000 + year + month // 12, month % 12 + 1, _MONTHLY_DAY),
    )
