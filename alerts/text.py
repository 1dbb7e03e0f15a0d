"""What an alert says, in its rule's language: what moved, from what to what, and why."""

from typing import NamedTuple

from alerts.evaluation import Move, Reading
from alerts.rules import Rule
from bulletins.manifest import Manifest
from bulletins.wording import (
    expected_deaths,
    headline,
    mark_of,
    place_of,
    question_of,
    view_of_score,
)
from features.language import LANGUAGES, Language, message
from features.words import RISK_LEVELS, SPECS

_INVENTED = message("The events behind these scores are invented: no news, no warning.")
_CONDITIONS = {
    "threshold": message("Rule {rule}: {limit} or more."),
    "rise": message("Rule {rule}: a rise by {limit} or more."),
    "change": message("Rule {rule}: another risk level."),
    "first": message("Rule {rule}: {limit} or more for the first time."),
}


class AlertText(NamedTuple):
    """The title, and the whole text, of lines; a simulated one begins with SIMULATED."""

    title: str
    text: str


def text_of(
    rule: Rule, move: Move, manifest: Manifest, sentence: str, link: str | None, alert_id: str
) -> AlertText:
    """Return what an alert says; `sentence` says why, empty where that is not known."""
    language = LANGUAGES[rule.language]
    _, spec, mark = language.gettext, SPECS[rule.target], mark_of(manifest, language)
    place = place_of(move.region, move.name, move.country, language)
    title = headline(place, spec, move.target_month, _short(rule, move.now, language), language)
    now, before = message("Now: {value}."), message("In the bulletin before: {value}.")
    none = message("The bulletin before had no such score.")
    ended = message("Tocsin, observed to {month}, issued on {day}, bulletin {id}")
    lines = [
        f"{mark}: {_(_INVENTED)}" if mark else "",
        place,
        question_of(spec, rule.horizon, move.target_month, move.threshold, language),
        _(now).format(value=_long(rule, move, language)),
        _(none)
        if move.before is None
        else _(before).format(value=_short(rule, move.before, language)),
        sentence,
        _condition(rule, language),
        _(ended).format(
            month=language.month(manifest.origin),
            day=language.day(manifest.issued_at.date()),
            id=manifest.id,
        ),
        link or "",
        _(message("Alert {id}; a second copy is the same alert.")).format(id=alert_id),
    ]
    return AlertText(f"{mark}: {title}" if mark else title, "\n".join(filter(None, lines)))


def link_of(public_url: str, rule: Rule, move: Move, manifest: Manifest) -> str | None:
    """Return the address of the page's view of a score, None where the page has no address."""
    view = view_of_score(
        rule.level, rule.target, rule.horizon, manifest.id, move.region, rule.language
    )
    return f"{public_url.rstrip('/')}/{view}" if public_url else None


def trial_text(channel: str) -> AlertText:
    """Return what a test says of itself: that it is one, in English."""
    return AlertText(
        "TEST: Tocsin can ring here",
        f"TEST of the channel '{channel}': this is no alert, and says nothing of any region.",
    )


def _long(rule: Rule, move: Move, language: Language) -> str:
    """Return what the score is now, deaths with their interval."""
    short = _short(rule, move.now, language)
    if not SPECS[rule.target].is_distribution:
        return short
    return expected_deaths(language, move.now.value, move.low, move.high)


def _short(rule: Rule, reading: Reading, language: Language) -> str:
    """Return a value with the word of its risk level."""
    if SPECS[rule.target].is_distribution:
        deaths = message("{number} deaths expected")
        return language.gettext(deaths).format(number=language.deaths(reading.value))
    value = language.percent(reading.probability)
    risk = reading.risk_level
    return value if risk is None else f"{value} ({language.gettext(risk)})"


def _condition(rule: Rule, language: Language) -> str:
    name = next(name for name in _CONDITIONS if getattr(rule, name) is not None)
    limit = rule.limit
    if isinstance(limit, str):
        text = language.gettext(RISK_LEVELS[RISK_LEVELS.index(limit)])
    elif limit is not None and not SPECS[rule.target].is_distribution:
        text = language.share(limit)
    else:
        text = "" if limit is None else language.number(limit)
    return language.gettext(_CONDITIONS[name]).format(rule=rule.name, limit=text)
