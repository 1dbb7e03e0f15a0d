"""How a forecast is worded: its question, its headline, the deaths that it expects; where it is."""

from urllib.parse import urlencode

from bulletins.manifest import Manifest
from features.language import Language, message
from features.words import TargetSpec

SIMULATED = message("SIMULATED")


def mark_of(manifest: Manifest, language: Language) -> str:
    """Return what a text of its own begins with if simulated: SIMULATED in every language."""
    own = language.gettext(SIMULATED)
    mark = SIMULATED if own == SIMULATED else f"{SIMULATED} / {own}"
    return mark if manifest.simulated else ""


def place_of(region: str, name: str, country: str, language: Language) -> str:
    """Return the name of a region, with the country that it lies in."""
    if country == region:
        return language.place("country", country, name)
    return f"{name}, {language.country(country)}"


def headline(place: str, spec: TargetSpec, month: str, value: str, language: Language) -> str:
    """Return what is forecast of a place and a month (YYYY-MM), in a line."""
    _, form = language.gettext, message("{place}: {target}, {month}: {value}")
    titled = {"target": _(spec.title), "month": language.month(month)}
    return _(form).format(place=place, value=value, **titled)


def view_of_score(
    level: str, target: str, horizon: int, bulletin: str, region: str, language: str
) -> str:
    """Return the query of the page that shows a score."""
    view = {"level": level, "target": target, "horizon": horizon}
    return "?" + urlencode(view | {"bulletin": bulletin, "region": region, "lang": language})


def question_of(
    spec: TargetSpec, horizon: int, month: str, threshold: float, language: Language
) -> str:
    """Return what a forecast of a month (YYYY-MM), or of the window to it, answers.

    `threshold` [deaths/month] is what deaths must reach.
    """
    _, number = language.gettext, language.number(threshold)
    one, several = message("one death or more"), message("{number} or more deaths")
    return _(spec.question).format(
        horizon=horizon,
        month=language.month(month),
        threshold=number,
        deaths=_(one) if threshold == 1 else _(several).format(number=number),
    )


def expected_deaths(
    language: Language, mean: float | None, low: float | None, high: float | None
) -> str:
    """Return expected deaths with the range of nine cases in ten."""
    form = message("{mean} deaths expected, {share} range {low} to {high}")
    texts = (language.deaths(number) for number in (mean, low, high))
    values = dict(zip(("mean", "low", "high"), texts, strict=True))
    return language.gettext(form).format(share=language.share(0.9), **values)
