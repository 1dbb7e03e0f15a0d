"""Early signs: indicators of a region that stand beyond the 95th percentile of its own past.

Beyond is at least the 95th where high values are alarming, below the 5th where low ones are. Those
that say the same of the region, by their clause in `phrases.py`, are one sign, told by the worst.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from bulletins.manifest import ListedIndicator
from bulletins.phrases import indicator_clause
from features.language import Language, message

BEYOND = 95
"""The percentile of its own past from which a value is an early sign [per cent]."""

_ALL = 100

_MOST = {
    "high": message("That is more than in any earlier month here"),
    "low": message("That is less than in nearly every earlier month here"),
}
_OWN = {
    "high": message("That is more than in {share} of the earlier months here"),
    "low": message("That is less than in {share} of the earlier months here"),
}
_MOST_OF_ALL = {
    "high": message("{own}, and more than in any other region."),
    "low": message("{own}, and less than in nearly every other region."),
}
_AMONG_ALL = {
    "high": message("{own}, and more than in {share} of the other regions."),
    "low": message("{own}, and less than in {share} of the other regions."),
}
_ALONE = message("{own}.")
_NEW = message("It is new this month.")
_SINCE = message("It has been so since {month}.")
_LONG_SINCE = message("It has been so at least since {month}.")


class Series(NamedTuple):
    """An indicator by month (YYYY-MM), oldest first, with its percentiles; None is not known."""

    months: Sequence[str]
    values: Sequence[float | None]
    own_percentiles: Sequence[int | None]
    all_percentiles: Sequence[int | None]


@dataclass(frozen=True)
class EarlySign:
    """An indicator that stands beyond at the origin, and where its value stands [per cent].

    `since` (YYYY-MM) is the first month of all to the origin in which it stood so; `is_older` if
    that is the first that the bulletin has. `alike` are more indicators that say the same.
    """

    indicator: ListedIndicator
    value: float
    own_percentile: int
    all_percentile: int | None
    since: str
    is_new: bool
    is_older: bool
    alike: int = 0


def early_signs(
    series: Mapping[str, Series], indicators: Mapping[str, ListedIndicator]
) -> list[EarlySign]:
    """Return the early signs of a region, the worst first, from its indicators by name.

    The worst stands highest in the region's own past, then highest among all regions.
    """
    signs = [_sign(indicators[name], of) for name, of in series.items() if name in indicators]
    ordered = sorted((sign for sign in signs if sign is not None), key=_severity, reverse=True)
    by_clause: dict[str, list[EarlySign]] = {}
    for sign in ordered:
        by_clause.setdefault(_clause(sign.indicator), []).append(sign)
    return [
        EarlySign(**(vars(worst) | {"alike": len(others)})) for worst, *others in by_clause.values()
    ]


def in_words(sign: EarlySign, language: Language) -> str:
    """Return a sign in sentences: what it is, its figure, where that stands, and since when."""
    _ = language.gettext
    listed, alarming = sign.indicator, sign.indicator.alarming or "high"
    value = language.value(sign.value, listed.unit)
    unit = f"\N{NO-BREAK SPACE}{_(listed.unit)}" if listed.unit == "km" else ""
    beyond, above = _severity(sign)
    own = _((_MOST if beyond == _ALL else _OWN)[alarming])
    among = (_MOST_OF_ALL if above == _ALL else _AMONG_ALL)[alarming]
    if sign.all_percentile is None:
        among = _ALONE
    own = own.format(share=language.percent(beyond / _ALL))
    stands = _(among).format(own=own, share=language.percent(above / _ALL))
    since = _NEW if sign.is_new else _LONG_SINCE if sign.is_older else _SINCE
    when = _(since).format(month=language.month(sign.since))
    figure = _(message("{meaning}: {value}.")).format(meaning=_(listed.meaning), value=value + unit)
    return f"{figure} {stands} {when}"


def _sign(indicator: ListedIndicator, series: Series) -> EarlySign | None:
    """Return the sign that an indicator is, None where it is none at the last of its months."""
    low = indicator.alarming == "low"

    def is_beyond(percentile: int | None) -> bool:
        if percentile is None:
            return False
        return percentile < _ALL - BEYOND if low else percentile >= BEYOND

    months, values, own, among = series
    run = len(list(takewhile(is_beyond, reversed(own))))
    if indicator.alarming is None or run == 0 or values[-1] is None or own[-1] is None:
        return None
    return EarlySign(
        indicator,
        values[-1],
        own[-1],
        among[-1],
        since=months[-run],
        is_new=run == 1,
        is_older=run == len(months),
    )


def _severity(sign: EarlySign) -> tuple[int, int]:
    """Return how far beyond others a sign stands, in the region's past and among regions."""
    own, among = sign.own_percentile, sign.all_percentile
    if sign.indicator.alarming == "low":
        return _ALL - own, 0 if among is None else _ALL - among
    return own, among or 0


def _clause(indicator: ListedIndicator) -> str:
    rose = indicator.alarming == "high"
    return indicator_clause(indicator.name, indicator.family, rose=rose) or indicator.name
