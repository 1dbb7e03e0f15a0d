"""What happened in a region up to the origin, as a bulletin tells it."""

from collections.abc import Sequence
from typing import Any

from bulletins.form import HISTORY_FILE
from service.store.bulletins import Bulletin


class Deaths:
    """The observed deaths of one region by month (YYYY-MM) [deaths/month]."""

    def __init__(self, bulletin: Bulletin, region: str) -> None:
        self._by_month: dict[str, float] = {}
        if HISTORY_FILE in bulletin.parts:
            columns = ("month", "observed", "deaths")
            rows = bulletin.parts[HISTORY_FILE].of_region(region, columns).to_pylist()
            self._by_month = {row["month"]: row["deaths"] for row in rows if row["observed"]}

    def over(self, months: Sequence[str]) -> float | None:
        """Return the mean over some months; None unless each was observed."""
        found = [self._by_month.get(month) for month in months]
        known = [value for value in found if value is not None]
        return sum(known) / len(known) if len(known) == len(months) else None


def rows_of(bulletin: Bulletin, name: str, region: str) -> list[dict[str, Any]]:
    """Return the rows of a region in a file of a bulletin; raises UnknownError without the file."""
    rows: list[dict[str, Any]] = bulletin.part(name).of_region(region).to_pylist()
    return rows
