"""Where scores issued so far have been worse than conflictology, in plain sentences."""

from itertools import groupby

from bulletins.manifest import Manifest, Shortfall
from features.language import Language, message
from features.words import SPECS, Level
from service.pages.view import LEVEL_NAMES

_SURE = message(
    "{level}: forecasts so far of {targets} have been worse than what each place's last twelve "
    "months alone would have told."
)
_UNSURE = message(
    "{level}: forecasts so far of {targets} have been worse than what each place's last twelve "
    "months alone would have told; there are too few months yet to rule out chance."
)


def shortfall_lines(manifest: Manifest, language: Language) -> list[str]:
    """Return a sentence a level about the targets of a bulletin's shortfalls, and a further one.

    The further one is about those that may be chance.
    """
    lines = []
    for (level, is_unsure), group in groupby(sorted(manifest.shortfalls, key=_kind), key=_kind):
        titles = dict.fromkeys(language.gettext(SPECS[one.target].title) for one in group)
        text = language.gettext(_UNSURE if is_unsure else _SURE)
        name = language.gettext(LEVEL_NAMES[level])
        lines.append(text.format(level=name, targets=", ".join(titles)))
    return lines


def _kind(shortfall: Shortfall) -> tuple[Level, bool]:
    """Return the level, and whether it may be chance."""
    return shortfall.level, shortfall.high is None
