"""Deaths month by month, so far and ahead, as they are drawn and told for a region or a country."""

from collections.abc import Mapping, Sequence

from bulletins.wording import expected_deaths
from features.language import Language, message
from service.api.schemas import Score
from service.pages.drawing.charts import Fan, Month

MONTHS = 36
"""The months so far that are drawn."""

_FAN = ("q05", "q25", "q50", "q75", "q95")


def deaths_of(score: Score, language: Language) -> str:
    """Return what a score of deaths says."""
    quantiles = score.quantiles or {}
    return expected_deaths(language, score.mean, quantiles.get("q05"), quantiles.get("q95"))


def months_so_far(deaths: Mapping[str, float | None], language: Language) -> list[Month]:
    """Return the last MONTHS of some deaths by month, YYYY-MM, to be drawn."""
    unknown = language.gettext(message("not observed"))
    return [
        Month(
            _year(month),
            number,
            f"{language.month(month)}: {unknown if number is None else language.deaths(number)}",
        )
        for month, number in sorted(deaths.items())[-MONTHS:]
    ]


def months_ahead(scores: Sequence[Score], language: Language) -> list[Fan]:
    """Return the distributions among some scores, to be drawn."""
    fans = []
    for score in scores:
        if score.quantiles is not None:
            q05, q25, q50, q75, q95 = (score.quantiles[name] for name in _FAN)
            title = f"{language.month(score.target_month)}: {deaths_of(score, language)}"
            fans.append(Fan(_year(score.target_month), (q05, q25, q50, q75, q95), title))
    return fans


def _year(month: str) -> str:
    return month[:4] if month.endswith("-01") else ""
