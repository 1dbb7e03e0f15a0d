"""The same indicators as `features/indicators/contagion.py`, slow and obvious."""

from collections.abc import Callable
from math import log

from features.panel.panel import Panel
from tests.features.indicators.worlds import Slow, everywhere

Seen = list[float]
"""What was observed of a place in some months, in deaths a month."""


def seen(panel: Panel, region: int, first: int, last: int) -> Seen:
    months = range(max(0, first), last + 1)
    return [panel.total_deaths[t, region] for t in months if panel.observed[t, region]]


def seen_in_country(panel: Panel, country: str, first: int, last: int) -> Seen:
    of_country = [r for r, c in enumerate(panel.regions.table["country"]) if c == country]
    parts = [[d for r in of_country for d in seen(panel, r, t, t)] for t in range(first, last + 1)]
    return [sum(part) for part in parts if part]


def unstable_share(deaths: Seen, threshold: float) -> float:
    return sum(d >= threshold for d in deaths) / len(deaths)


def mean(deaths: Seen) -> float:
    return sum(deaths) / len(deaths)


def rise(recent: Seen, before: Seen) -> float | None:
    return log(1 + mean(recent)) - log(1 + mean(before)) if before else None


def weighted(pairs: list[tuple[float, float | None]]) -> float:
    known = [(weight, value) for weight, value in pairs if value is not None]
    total = sum(weight for weight, _ in known)
    return sum(weight * value for weight, value in known) / total if total else 0.0


def neighbours(panel: Panel, t: int, r: int) -> list[int]:
    touches = panel.regions.neighbours.toarray()[r]
    return [n for n in range(len(touches)) if touches[n] and panel.observed[t, n]]


def over_borders(value: Callable[[Panel, int, int], float | None]) -> Slow:
    def mean_of_neighbours(panel: Panel, t: int, r: int) -> float:
        km = panel.regions.borders.toarray()[r]
        return weighted([(km[n], value(panel, t, n)) for n in neighbours(panel, t, r)])

    return everywhere(mean_of_neighbours)


def countries_around(panel: Panel, t: int, r: int) -> dict[str, float]:
    """The kilometres of border with each neighbouring country."""
    country, km = panel.regions.table["country"], panel.regions.borders.toarray()
    around: dict[str, float] = {}
    for own in range(len(country)):
        if country[own] == country[r] and panel.observed[t, own]:
            for n in neighbours(panel, t, own):
                if country[n] != country[r]:
                    around[country[n]] = around.get(country[n], 0.0) + km[own, n]
    return around


def unstable(d: int, m: int) -> Slow:
    return over_borders(lambda panel, t, n: unstable_share(seen(panel, n, t - m + 1, t), d))


def deaths(m: int) -> Slow:
    return over_borders(lambda panel, t, n: mean(seen(panel, n, t - m + 1, t)))


def domino(d: int, m: int) -> Slow:
    return everywhere(
        lambda panel, t, r: sum(
            max(seen(panel, n, t - m + 1, t)) >= d for n in neighbours(panel, t, r)
        )
    )


def countries(d: int, m: int) -> Slow:
    return everywhere(
        lambda panel, t, r: sum(
            max(seen_in_country(panel, c, max(0, t - m + 1), t)) >= d
            for c in countries_around(panel, t, r)
        )
    )


def rise_of_countries(panel: Panel, t: int, r: int) -> float:
    return weighted(
        [
            (
                km,
                rise(
                    seen_in_country(panel, c, max(0, t - 2), t),
                    seen_in_country(panel, c, max(0, t - 14), t - 3),
                ),
            )
            for c, km in countries_around(panel, t, r).items()
        ]
    )


SLOW: dict[str, Slow] = {
    "border_weighted_deaths": deaths(1),
    "border_weighted_deaths_3": deaths(3),
    "border_weighted_deaths_12": deaths(12),
    "border_weighted_rise_3": over_borders(
        lambda panel, t, n: rise(seen(panel, n, t - 2, t), seen(panel, n, t - 14, t - 3))
    ),
    "neighbour_countries_25": countries(25, 1),
    "neighbour_countries_25_3": countries(25, 3),
    "neighbour_countries_25_12": countries(25, 12),
    "neighbour_countries_rise_3": everywhere(rise_of_countries),
}
for d in (5, 25):
    SLOW[f"border_weighted_instability_{d}"] = unstable(d, 1)
    for m in (3, 12):
        SLOW[f"border_weighted_instability_{d}_{m}"] = unstable(d, m)
        SLOW[f"domino_{d}_{m}"] = domino(d, m)
