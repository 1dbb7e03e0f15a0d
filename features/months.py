"""Calendar months as whole numbers: months since January 1970, so that arithmetic is plain.

Written as `YYYY-MM` wherever a person or a file meets them.
"""

import re
from datetime import date

from features.errors import InputError

_FORM = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def parse_month(text: str) -> int:
    """Return a month `YYYY-MM` as a number [months since 1970-01]; raises InputError for others."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise InputError(f"'{text}' is not a month: write it as YYYY-MM, for example 2024-12")
    return (int(match[1]) - 1970) * 12 + int(match[2]) - 1


def format_month(month: int) -> str:
    """Return `YYYY-MM` for a month number [months since 1970-01]."""
    return f"{1970 + month // 12:04d}-{month % 12 + 1:02d}"


def month_of(day: date) -> int:
    """Return the month number [months since 1970-01] in which a day lies."""
    return (day.year - 1970) * 12 + day.month - 1


def first_day(month: int) -> date:
    """Return the first day of a month [months since 1970-01]."""
    return date(1970 + month // 12, month % 12 + 1, 1)
