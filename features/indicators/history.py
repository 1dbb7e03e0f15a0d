"""Family `history`: what has happened in the region itself."""

from collections.abc import Iterator

import numpy as np

from features.archive.schemas import TYPES_OF_VIOLENCE
from features.arrays import FloatArray
from features.indicators import windows
from features.indicators.indicator import Compute, Indicator, on, plural
from features.panel.panel import Detail, Panel

_VIEWS = "Hegre et al. 2019, Journal of Peace Research 56(2)"
_VIEWS_2020 = "Hegre et al. 2021, Journal of Peace Research 58(3)"
_STOCK = "Mueller & Rauh 2022, Journal of the European Economic Association 20(6)"
_RATE, _FAMILY, _SIGNED = "deaths/month", "history", float("-inf")


def history() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield from _deaths()
    yield from _time_since()
    yield from _shares_of_months()
    yield from _movement()
    yield from _own_past()
    yield from _events()
    for position, kind in enumerate(TYPES_OF_VIOLENCE.values()):
        yield from _of_type(position, kind)


def _deaths() -> Iterator[Indicator]:
    yield Indicator("deaths", "Deaths in the month", _RATE, _FAMILY, deaths)
    for m in (1, 2, 3, 6):
        meaning = f"Deaths {plural(m, 'month')} earlier"
        yield Indicator(f"deaths_lag_{m}", meaning, _RATE, _FAMILY, on(deaths, windows.lag, m))
    for m in (3, 6, 12, 24):
        meaning = f"Mean monthly deaths over the last {m} months"
        compute = on(deaths, windows.rolling_mean, m)
        yield Indicator(f"deaths_mean_{m}", meaning, _RATE, _FAMILY, compute)
    for m in (3, 12):
        meaning = f"Most deaths in a month of the last {m}"
        compute = on(deaths, windows.rolling_max, m)
        yield Indicator(f"deaths_max_{m}", meaning, _RATE, _FAMILY, compute)
    meaning = "Standard deviation of monthly deaths over the last 12 months"
    compute = on(deaths, windows.rolling_std, 12)
    yield Indicator("deaths_std_12", meaning, _RATE, _FAMILY, compute)
    meaning = "Mean monthly deaths over all observed months"
    yield Indicator("deaths_long_run", meaning, _RATE, _FAMILY, on(deaths, windows.long_run_mean))
    for h in (1, 3, 6, 12, 36):
        meaning = f"Deaths so far, each halved every {plural(h, 'month')}"
        compute = on(deaths, windows.decayed_sum, h)
        yield Indicator(f"deaths_decay_{h}", meaning, "deaths", _FAMILY, compute, source=_STOCK)


def _time_since() -> Iterator[Indicator]:
    for d in (1, 5, 25, 100):
        meaning = f"Months since a month with at least {plural(d, 'death')}"
        compute = on(deaths, windows.months_since, d)
        yield Indicator(f"months_since_{d}", meaning, "months", _FAMILY, compute, source=_STOCK)
    for d in (1, 5, 25, 100):
        hit = f"a month with at least {plural(d, 'death')}"
        meaning = f"Decay since {hit}: 1 in it, then halved every 12 months"
        compute = on(deaths, windows.since_decay, d, 12)
        name = f"since_{d}_decay_12"
        yield Indicator(name, meaning, "1", _FAMILY, compute, source=_VIEWS, highest=1)


def _shares_of_months() -> Iterator[Indicator]:
    for m in (6, 12, 24):
        meaning = f"Share of the last {m} months with a death"
        compute = on(deaths, windows.rolling_share, 1, m)
        yield Indicator(f"active_share_{m}", meaning, "share", _FAMILY, compute, highest=1)
    for d in (5, 25):
        for m in (6, 12):
            meaning = f"Share of the last {m} months with at least {d} deaths"
            compute = on(deaths, windows.rolling_share, d, m)
            name = f"at_least_{d}_share_{m}"
            yield Indicator(name, meaning, "share", _FAMILY, compute, highest=1)
    for d in (1, 5, 25):
        meaning = f"Share of all observed months with at least {plural(d, 'death')}"
        compute = on(deaths, windows.long_run_share, d)
        yield Indicator(f"long_run_share_{d}", meaning, "share", _FAMILY, compute, highest=1)
    meaning = "Months on end, to this one, with a death"
    compute = on(deaths, windows.months_in_a_row, 1)
    yield Indicator("active_months_in_a_row", meaning, "months", _FAMILY, compute)


def _movement() -> Iterator[Indicator]:
    needs = frozenset[Detail]({"events"})
    for m in (3, 12):
        meaning = f"Mean of log(1 + deaths) over the last {m} months less that over the {m} before"
        compute = on(deaths, windows.trend, m)
        yield Indicator(f"deaths_trend_{m}", meaning, "1", _FAMILY, compute, lowest=_SIGNED)
    meaning = "Trend of deaths over 3 months less the one 3 months earlier"
    compute = on(deaths, windows.acceleration, 3)
    yield Indicator("deaths_acceleration_3", meaning, "1", _FAMILY, compute, lowest=_SIGNED)
    meaning = "Mean of log(1 + events) over the last 3 months less that over the 3 before"
    compute = on(events, windows.trend, 3)
    yield Indicator("events_trend_3", meaning, "1", _FAMILY, compute, needs, lowest=_SIGNED)
    meaning = "Trend of events over 3 months less the one 3 months earlier"
    compute = on(events, windows.acceleration, 3)
    yield Indicator("events_acceleration_3", meaning, "1", _FAMILY, compute, needs, lowest=_SIGNED)


def _own_past() -> Iterator[Indicator]:
    meaning = "Share of the region's earlier months with fewer deaths, as many counting by half"
    compute = on(deaths, windows.past_rank)
    yield Indicator("deaths_rank", meaning, "share", _FAMILY, compute, highest=1)
    meaning = "Share of the region's earlier months with a lower mean over 3, an equal one by half"
    compute = on(_mean_of_3, windows.past_rank)
    yield Indicator("deaths_rank_3", meaning, "share", _FAMILY, compute, highest=1)


def _events() -> Iterator[Indicator]:
    needs = frozenset[Detail]({"events"})
    yield Indicator("events", "Events in the month", "events/month", _FAMILY, events, needs)
    for m in (3, 12):
        meaning = f"Mean monthly events over the last {m} months"
        compute = on(events, windows.rolling_mean, m)
        yield Indicator(f"events_mean_{m}", meaning, "events/month", _FAMILY, compute, needs)
    meaning = "Events so far, each halved every 6 months"
    compute = on(events, windows.decayed_sum, 6)
    yield Indicator("events_decay_6", meaning, "events", _FAMILY, compute, needs, source=_STOCK)


def _of_type(position: int, kind: str) -> Iterator[Indicator]:
    name, family, needs = kind.replace("-", "_"), _FAMILY, frozenset[Detail]({"types of deaths"})
    of_type: Compute = lambda panel: panel.deaths[position]  # noqa: E731
    meaning = f"Deaths in {kind} violence in the month"
    yield Indicator(f"{name}_deaths", meaning, _RATE, family, of_type, needs, _VIEWS_2020)
    for m in (3, 12):
        meaning = f"Mean monthly deaths in {kind} violence over the last {m} months"
        compute = on(of_type, windows.rolling_mean, m)
        yield Indicator(f"{name}_mean_{m}", meaning, _RATE, family, compute, needs)
    meaning = f"Deaths in {kind} violence so far, each halved every 12 months"
    compute = on(of_type, windows.decayed_sum, 12)
    yield Indicator(f"{name}_decay_12", meaning, "deaths", family, compute, needs, _STOCK)
    hit = f"a month with at least 5 deaths in {kind} violence"
    meaning = f"Decay since {hit}: 1 in it, then halved every 12 months"
    compute = on(of_type, windows.since_decay, 5, 12)
    name_since = f"{name}_since_5_decay_12"
    yield Indicator(name_since, meaning, "1", family, compute, needs, _VIEWS, highest=1)
    needs = frozenset({"types of events"})
    for m in (3, 12):
        meaning = f"Mean monthly events of {kind} violence over the last {m} months"
        compute = on(lambda panel: panel.events[position], windows.rolling_mean, m)
        name_events = f"{name}_events_mean_{m}"
        yield Indicator(name_events, meaning, "events/month", family, compute, needs)


def deaths(panel: Panel) -> FloatArray:
    """Return deaths of all types, (T, R) [deaths/month]."""
    return panel.total_deaths


def events(panel: Panel) -> FloatArray:
    """Return events of all types, (T, R) [events/month]."""
    return panel.total_events


def _mean_of_3(panel: Panel) -> FloatArray:
    return np.where(panel.observed, windows.rolling_mean(deaths(panel), 3), np.nan)
