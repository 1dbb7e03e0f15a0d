"""The question that a forecast answers, in the reader's language."""

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
