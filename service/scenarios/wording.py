"""What a scenario supposes, in words and in a language."""

from collections.abc import Iterator

from bulletins.scenarios import coups_in_words
from features.language import Language, message
from features.months import format_month, parse_month
from features.places.countries import meant_country
from features.scenarios.statements import Pattern, ViolenceStatement
from service.store.bulletins import Bulletin
from service.store.scenarios import StoredScenario

FAILED = message("{country}, {month}: an attempt of a coup that fails")
SUCCEEDED = message("{country}, {month}: an attempt of a coup that succeeds")


def statement_lines(
    stored: StoredScenario, bulletin: Bulletin, language: Language
) -> Iterator[str]:
    """Yield what is supposed, a line a statement, in a language."""
    _, manifest = language.gettext, stored.manifest
    names = dict(
        zip(*(bulletin.scores.table[c].to_pylist() for c in ("region", "name")), strict=True)
    )
    for statement in manifest.statements.violence:
        yield _violence_line(statement, names, language)
    for event in manifest.statements.events:
        place = f"{event.latitude}, {event.longitude}"
        if event.region is not None:
            place = names.get(event.region, event.region)
        month = format_month(parse_month(manifest.origin) + event.month)
        yield _(message("{place}, {month}: {count} times an event with {deaths} deaths")).format(
            place=place,
            month=language.month(month),
            count=event.count,
            deaths=language.number(event.deaths),
        )
    for coup in manifest.statements.coups:
        text = FAILED if coup.outcome == "failed" else SUCCEEDED
        month = format_month(parse_month(manifest.origin) + coup.month)
        yield _(text).format(
            country=language.country(meant_country(coup.country) or coup.country),
            month=language.month(month),
        )


def _violence_line(statement: ViolenceStatement, names: dict[str, str], language: Language) -> str:
    _ = language.gettext
    if statement.corridor is not None:
        place = _(message("Along the road {corridor}")).format(corridor=statement.corridor)
    else:
        regions = [names.get(region, region) for region in statement.regions]
        countries = [language.country(meant_country(one) or one) for one in statement.countries]
        place = ", ".join([*regions, *countries])
    if isinstance(statement.likeness, Pattern):
        pattern = statement.likeness
        first, last = map(language.month, pattern.period)
        return _(
            message("{place}: as {region} was in its deadliest months from {first} to {last}")
        ).format(
            place=place, region=names.get(pattern.region, pattern.region), first=first, last=last
        )
    if statement.times is None and statement.since is not None:
        return _(message("{place}: as in the deadliest three months since {month}")).format(
            place=place, month=language.month(statement.since)
        )
    if statement.times is None:
        return _(message("{place}: as in its deadliest three months")).format(place=place)
    return _(message("{place}: {times} times the violence of the continuation")).format(
        place=place, times=f"{statement.times:g}"
    )


def words_on_coups(stored: StoredScenario, bulletin: Bulletin, language: Language) -> str | None:
    """Return what the model of coups reads of other countries, None without supposed coups."""
    if stored.manifest.coups is None:
        return None
    words = map(bulletin.words_of_indicator, stored.manifest.coups_elsewhere)
    meanings = [language.gettext(word["meaning"] or word["name"]) for word in words]
    return coups_in_words(meanings, language)
