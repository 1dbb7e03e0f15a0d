"""Whether bulletins are too old to be relied on, and which of their months are over."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bulletins.manifest import Manifest
from features.language import ENGLISH, Language, message
from features.months import format_month, month_of, parse_month
from service.settings import Settings

CLOCKS_DIFFER = timedelta(hours=1)
"""How far the clocks of the machines that publish and serve may differ."""


@dataclass(frozen=True)
class Fault:
    """Why a bulletin is stale: the day of its issue, or else the last month of its events."""

    issued: date | None = None
    origin: str = ""
    is_ahead: bool = False

    @property
    def remedy(self) -> str:
        """What an operator does about it."""
        if self.is_ahead:
            return "set the clock right, move the bulletin away and publish again"
        return (
            "ingest newer events and publish, or have a longer max_age_days or max_origin_age_days "
            "in the settings"
        )

    def text(self, language: Language = ENGLISH) -> str:
        """Return the reason as a clause."""
        if self.issued is not None and self.is_ahead:
            ahead = message("by its clock it was issued on {day}, which is yet to come")
            return language.gettext(ahead).format(day=language.day(self.issued))
        if self.issued is not None:
            issued = message("it was issued on {day}")
            return language.gettext(issued).format(day=language.day(self.issued))
        ended = message("its events end in {month}")
        return language.gettext(ended).format(month=language.month(self.origin))


@dataclass(frozen=True)
class Freshness:
    """How old a bulletin may be since its issue, and its events since their last month ended."""

    max_age: timedelta
    max_origin_age: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "Freshness":
        """Return what the settings allow."""
        days = settings.max_age_days, settings.max_origin_age_days
        return cls(*(timedelta(days=number) for number in days))

    def fault(self, manifest: Manifest, now: datetime) -> Fault | None:
        """Return why a bulletin is stale, None if it is not.

        One that was issued after `now`, by more than clocks differ, would never grow old. Invented
        events have no present: only their issue counts.
        """
        if manifest.issued_at - now > CLOCKS_DIFFER:
            return Fault(issued=manifest.issued_at.date(), is_ahead=True)
        if now - manifest.issued_at > self.max_age:
            return Fault(issued=manifest.issued_at.date())
        end = _month_start(parse_month(manifest.origin) + 1, now)
        if not manifest.simulated and now - end > self.max_origin_age:
            return Fault(origin=manifest.origin)
        return None


def over_until(manifest: Manifest, now: datetime) -> str | None:
    """Return the last month after the origin that is over, YYYY-MM; None if none is.

    Of invented events none ever is.
    """
    newest = format_month(month_of(now.date()) - 1)
    return newest if not manifest.simulated and newest > manifest.origin else None


def _month_start(month: int, now: datetime) -> datetime:
    """Return when a month [since 1970-01] begins, in the time zone of `now`."""
    return datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=now.tzinfo)
