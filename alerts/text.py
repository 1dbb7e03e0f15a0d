"""What an alert says, in its rule's language: what moved, from what to what, and why."""

from typing import NamedTuple
from urllib.parse import urlencode

from alerts.evaluation import Move, Reading
from alerts.rules import Rule
from bulletins.manifest import Manifest
from bulletins.wording import expected_deaths, question_of
from features.language import ENGLISH, LANGUAGES, Language, message
from features.words import RISK_LEVELS, SPECS

SIMULATED = message("SIMULATED")
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
    _, spec, mark = language.gettext, SPECS[rule.target], _mark(manifest, language)
    place = move.name if move.country == move.region else f"{move.name}, {country(move, language)}"
    title = _(message("{place}: {target}, {month}: {value}")).format(
        place=place,
        target=_(spec.title),
        month=language.month(move.target_month),
        value=_short(rule, move.now, language),
    )
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
    view = {
        "level": rule.level,
        "target": rule.target,
        "horizon": rule.horizon,
        "bulletin": manifest.id,
        "region": move.region,
        "lang": rule.language,
    }
    return f"{public_url.rstrip('/')}/?{urlencode(view)}" if public_url else None


def trial_text(channel: str) -> AlertText:
    """Return what a test says of itself: that it is one, in English."""
    return AlertText(
        "TEST: Tocsin can ring here",
        f"TEST of the channel '{channel}': this is no alert, and says nothing of any region.",
    )


def country(move: Move, language: Language) -> str:
    """Return the name of the country that a region lies in."""
    return language.country(move.country)


def _mark(manifest: Manifest, language: Language) -> str:
    """Return what a simulated alert begins with: a filter of mail finds it in every language."""
    if not manifest.simulated:
        return ""
    own = language.gettext(SIMULATED)
    return SIMULATED if language == ENGLISH or own == SIMULATED else f"{SIMULATED} / {own}"


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
