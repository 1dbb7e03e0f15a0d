"""Family `history`: what has happened in the region itself."""

from collections.abc import Iterator
from functools import partial
from operator import attrgetter

import numpy as np

from features.archive.schemas import TYPES_OF_VIOLENCE
from features.arrays import FloatArray
from features.indicators import windows
from features.indicators.indicator import Compute, Indicator, deaths, on, per_panel, plural
from features.panel.panel import Detail, Panel

_VIEWS = "Hegre et al. 2019, Journal of Peace Research 56(2)"
_VIEWS_2020 = "Hegre et al. 2021, Journal of Peace Research 58(3)"
_STOCK = "Mueller & Rauh 2022, Journal of the European Economic Association 20(6)"
_RATE, _SIGNED = "deaths/month", float("-inf")
_indicator = partial(Indicator, family="history")
_technical = partial(_indicator, alarming=None)

events: Compute = attrgetter("total_events")
"""Events of all types, (T, R) [events/month]."""


def history() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield from _deaths()
    yield from _time_since()
    yield from _shares_of_months()
    yield from _movement("deaths", deaths, (3, 12), frozenset())
    yield from _movement("events", events, (3,), frozenset({"events"}))
    yield from _own_past()
    yield from _events()
    for position, kind in enumerate(TYPES_OF_VIOLENCE.values()):
        yield from _of_type(position, kind)


def _deaths() -> Iterator[Indicator]:
    yield _indicator("deaths", "Deaths in the month", _RATE, deaths)
    for m in (1, 2, 3, 6):
        meaning = f"Deaths {plural(m, 'month')} earlier"
        yield _technical(f"deaths_lag_{m}", meaning, _RATE, on(deaths, windows.lag, m))
    for m in (3, 6, 12, 24):
        meaning = f"Mean monthly deaths over the last {m} months"
        yield _indicator(f"deaths_mean_{m}", meaning, _RATE, on(deaths, windows.rolling_mean, m))
    for m in (3, 12):
        meaning = f"Most deaths in a month of the last {m}"
        yield _indicator(f"deaths_max_{m}", meaning, _RATE, on(deaths, windows.rolling_max, m))
    meaning = "Standard deviation of monthly deaths over the last 12 months"
    yield _technical("deaths_std_12", meaning, _RATE, on(deaths, windows.rolling_std, 12))
    meaning = "Mean monthly deaths over all observed months"
    yield _technical("deaths_long_run", meaning, _RATE, on(deaths, windows.long_run_mean))
    for h in (1, 3, 6, 12, 36):
        meaning = f"Deaths so far, each halved every {plural(h, 'month')}"
        compute = on(deaths, windows.decayed_sum, h)
        yield _technical(f"deaths_decay_{h}", meaning, "deaths", compute, source=_STOCK)


def _time_since() -> Iterator[Indicator]:
    for d in (1, 5, 25, 100):
        meaning = f"Months since a month with at least {plural(d, 'death')}"
        compute = on(deaths, windows.months_since, d)
        name, source = f"months_since_{d}", _STOCK
        yield _indicator(name, meaning, "months", compute, source=source, alarming="low")
    for d in (1, 5, 25, 100):
        hit = f"a month with at least {plural(d, 'death')}"
        meaning = f"Decay since {hit}: 1 in it, then halved every 12 months"
        compute = on(deaths, windows.since_decay, d, 12)
        yield _technical(f"since_{d}_decay_12", meaning, "1", compute, source=_VIEWS, highest=1)


def _shares_of_months() -> Iterator[Indicator]:
    for m in (6, 12, 24):
        meaning = f"Share of the last {m} months with a death"
        compute = on(deaths, windows.rolling_share, 1, m)
        yield _indicator(f"active_share_{m}", meaning, "share", compute, highest=1)
    for d in (5, 25):
        for m in (6, 12):
            meaning = f"Share of the last {m} months with at least {d} deaths"
            compute = on(deaths, windows.rolling_share, d, m)
            yield _indicator(f"at_least_{d}_share_{m}", meaning, "share", compute, highest=1)
    for d in (1, 5, 25):
        meaning = f"Share of all observed months with at least {plural(d, 'death')}"
        compute = on(deaths, windows.long_run_share, d)
        yield _technical(f"long_run_share_{d}", meaning, "share", compute, highest=1)
    meaning = "Months on end, to this one, with a death"
    compute = on(deaths, windows.months_in_a_row, 1)
    yield _indicator("active_months_in_a_row", meaning, "months", compute)


def _movement(
    what: str, values: Compute, spans: tuple[int, ...], needs: frozenset[Detail]
) -> Iterator[Indicator]:
    for m in spans:
        meaning = f"Mean of log(1 + {what}) over the last {m} months less that over the {m} before"
        compute = on(values, windows.trend, m)
        yield _technical(f"{what}_trend_{m}", meaning, "1", compute, needs, lowest=_SIGNED)
    meaning = f"Trend of {what} over 3 months less the one 3 months earlier"
    compute = on(values, windows.acceleration, 3)
    yield _technical(f"{what}_acceleration_3", meaning, "1", compute, needs, lowest=_SIGNED)


def _own_past() -> Iterator[Indicator]:
    meaning = "Share of the region's earlier months with fewer deaths, as many counting by half"
    yield _technical("deaths_rank", meaning, "share", on(deaths, windows.past_rank), highest=1)
    meaning = "Share of the region's earlier months with a lower mean over 3, an equal one by half"
    compute = on(recent, windows.past_rank)
    yield _technical("deaths_rank_3", meaning, "share", compute, highest=1)


def _events() -> Iterator[Indicator]:
    needs = frozenset[Detail]({"events"})
    yield _indicator("events", "Events in the month", "events/month", events, needs)
    for m in (3, 12):
        meaning = f"Mean monthly events over the last {m} months"
        compute = on(events, windows.rolling_mean, m)
        yield _indicator(f"events_mean_{m}", meaning, "events/month", compute, needs)
    meaning = "Events so far, each halved every 6 months"
    compute = on(events, windows.decayed_sum, 6)
    yield _technical("events_decay_6", meaning, "events", compute, needs, source=_STOCK)


def _of_type(position: int, kind: str) -> Iterator[Indicator]:
    name, needs = kind.replace("-", "_"), frozenset[Detail]({"types of deaths"})
    of_type: Compute = lambda panel: panel.deaths[position]  # noqa: E731
    meaning = f"Deaths in {kind} violence in the month"
    yield _indicator(f"{name}_deaths", meaning, _RATE, of_type, needs, _VIEWS_2020)
    for m in (3, 12):
        meaning = f"Mean monthly deaths in {kind} violence over the last {m} months"
        compute = on(of_type, windows.rolling_mean, m)
        yield _indicator(f"{name}_mean_{m}", meaning, _RATE, compute, needs)
    meaning = f"Deaths in {kind} violence so far, each halved every 12 months"
    compute = on(of_type, windows.decayed_sum, 12)
    yield _technical(f"{name}_decay_12", meaning, "deaths", compute, needs, _STOCK)
    hit = f"a month with at least 5 deaths in {kind} violence"
    meaning = f"Decay since {hit}: 1 in it, then halved every 12 months"
    compute = on(of_type, windows.since_decay, 5, 12)
    yield _technical(f"{name}_since_5_decay_12", meaning, "1", compute, needs, _VIEWS, highest=1)
    needs = frozenset({"types of events"})
    for m in (3, 12):
        meaning = f"Mean monthly events of {kind} violence over the last {m} months"
        compute = on(lambda panel: panel.events[position], windows.rolling_mean, m)
        yield _indicator(f"{name}_events_mean_{m}", meaning, "events/month", compute, needs)


@per_panel
def recent(panel: Panel) -> FloatArray:
    """Return mean monthly deaths over the last 3 months, (T, R) [deaths/month]."""
    return np.where(panel.observed, windows.rolling_mean(panel.total_deaths, 3), np.nan)
