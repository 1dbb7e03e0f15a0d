"""How a forecast is worded: the question that it answers, and the deaths that it expects."""

from features.language import Language, message
from features.words import TargetSpec


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
