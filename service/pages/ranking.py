"""The list beside the map: places from the highest down, or from the one that changed most."""

from typing import NamedTuple

from bulletins.form import DRIVERS_FILE
from bulletins.reasons import Reasons, reasons_of
from features.language import Language
from service.api.selection import plain
from service.pages.shading import Figure, Shade
from service.pages.view import View
from service.store.derived import regions_of


class Place(NamedTuple):
    """A region in the list; `share` is the length of its bar, 0 to 1.

    `reason` says why it changed, where that is shown and known.
    """

    rank: int
    region: str
    name: str
    country: str
    figure: Figure
    before: Figure | None
    style: str
    share: float
    reason: str | None = None


class PlaceWithoutScore(NamedTuple):
    """A region without such a score, and why, as far as it is known."""

    region: str
    name: str
    country: str
    reason: str | None


class Ranking(NamedTuple):
    """The places to show, of those that match what is looked for, of how many in all.

    `unscored` are the places that match and have no such score.
    """

    places: list[Place]
    matches: list[Place]
    total: int
    unscored: list[PlaceWithoutScore]


def ranking_of(shade: Shade, language: Language) -> Ranking:
    """Return the places of a view in order: those that match its search and its country."""
    view = shade.view
    described = {row["region"]: row for row in _descriptions(view)}
    weights = {
        region: _weight(view, now, shade.before.get(region))
        for region, now in shade.now.items()
        if not view.is_change or region in shade.before
    }
    is_share = not (view.is_change or view.spec.is_distribution)
    most = 1.0 if is_share else max(weights.values(), default=0.0) or 1.0
    places = [
        Place(
            rank,
            region,
            described[region]["name"],
            described[region]["country"],
            shade.now[region],
            shade.before.get(region),
            shade.style_in(region),
            weights[region] / most,
        )
        for rank, region in enumerate(sorted(weights, key=lambda r: (-weights[r], r)), start=1)
    ]
    matches = [place for place in places if _matches(view, place, language)]
    unscored = [
        PlaceWithoutScore(region, row["name"], row["country"], shade.reason(region))
        for region, row in described.items()
        if region not in shade.now
    ]
    unscored = [place for place in unscored if _matches(view, place, language)]
    shown = matches[: view.query.rows]
    if _explains(view):
        shown = [place._replace(reason=_since(view, place, language)) for place in shown]
    return Ranking(shown, matches, len(places), unscored)


def reasons_in(
    view: View, region: str, previous: float | None, language: Language
) -> Reasons | None:
    """Return why the score of a region is what it is, in sentences; None where it is not known.

    `previous` is the probability in the bulletin before.
    """
    key = view.spec.shares, view.horizon
    rows = [
        row
        for row in view.bulletin.rows_of_region(DRIVERS_FILE, region)
        if (row["target"], row["horizon"]) == key
    ]
    return reasons_of(rows, previous, view.bulletin.listed, language) if rows else None


def _explains(view: View) -> bool:
    """Return whether what changed can be explained: reasons are since the bulletin before."""
    is_before = view.other is not None and view.other.manifest.id == view.bulletin.manifest.previous
    return view.is_change and is_before and not view.spec.is_distribution


def _since(view: View, place: Place, language: Language) -> str | None:
    before = None if place.before is None else place.before.probability
    reasons = reasons_in(view, place.region, before, language)
    return None if reasons is None else reasons.since


def _weight(view: View, now: Figure, before: Figure | None) -> float:
    """Return what a place is ranked by: deaths, probability, or the size of its change."""
    value = _value(view, now)
    return abs(value - _value(view, before)) if view.is_change and before is not None else value


def _value(view: View, figure: Figure) -> float:
    return (figure.mean or 0.0) if view.spec.is_distribution else figure.probability


def _matches(view: View, place: Place | PlaceWithoutScore, language: Language) -> bool:
    if view.query.country not in (None, place.country):
        return False
    wanted = plain((view.query.search or "").strip())
    return wanted in plain(f"{place.name} {language.country(place.country)} {place.region}")


def _descriptions(view: View) -> list[dict[str, str]]:
    regions = regions_of(view.bulletin)
    rows = regions.rows[regions.among("level", [view.level])]
    described: list[dict[str, str]] = (
        regions.take(rows).select(["region", "name", "country"]).to_pylist()
    )
    return described


def countries_in(view: View, language: Language) -> list[tuple[str, str]]:
    """Return the countries of a level by name: code and name."""
    codes = {row["country"] for row in _descriptions(view)}
    return sorted(((code, language.country(code)) for code in codes), key=lambda c: plain(c[1]))
