"""Families `history` and `event_history`: what has happened in the region itself.

The first is of deaths, with a few indicators of events, the second of events in the same detail.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.archive.schemas import TYPES_OF_VIOLENCE
from features.arrays import FloatArray
from features.indicators import windows
from features.indicators.indicator import Compute, Indicator, on, plural
from features.panel.panel import Detail, Panel
from features.words import Measure

_VIEWS = "Hegre et al. 2019, Journal of Peace Research 56(2)"
_VIEWS_2020 = "Hegre et al. 2021, Journal of Peace Research 58(3)"
_STOCK = "Mueller & Rauh 2022, Journal of the European Economic Association 20(6)"
_SIGNED = float("-inf")


@dataclass(frozen=True)
class Count:
    """What a family counts; `prefix` tells its shares and times from those of deaths."""

    measure: Measure
    one: str
    """One of them, in words: "death"."""
    family: str
    compute: Compute
    prefix: str = ""
    needs: frozenset[Detail] = frozenset()
    sizes: tuple[int, ...] = (1, 5, 25, 100)
    """How many make a small, a larger and a large month."""

    @property
    def unit(self) -> str:
        """The unit of a month's count."""
        return f"{self.measure}/month"

    @property
    def any(self) -> str:
        """One of them with its article: "a death"."""
        return f"{'an' if self.one[0] in 'aeiou' else 'a'} {self.one}"

    def indicator(
        self, name: str, meaning: str, unit: str, compute: Compute, source: str = ""
    ) -> Indicator:
        """Return an indicator of any value from 0."""
        return Indicator(name, meaning, unit, self.family, compute, self.needs, source)

    def share(self, name: str, meaning: str, compute: Compute, unit: str = "share") -> Indicator:
        """Return an indicator from 0 to 1."""
        return Indicator(name, meaning, unit, self.family, compute, self.needs, highest=1)

    def signed(self, name: str, meaning: str, compute: Compute) -> Indicator:
        """Return an indicator of any value."""
        return Indicator(name, meaning, "1", self.family, compute, self.needs, lowest=_SIGNED)


def deaths(panel: Panel) -> FloatArray:
    """Return deaths of all types, (T, R) [deaths/month]."""
    return panel.total_deaths


def events(panel: Panel) -> FloatArray:
    """Return events of all types, (T, R) [events/month]."""
    return panel.total_events


DEATHS = Count("deaths", "death", "history", deaths)
EVENTS = Count(
    "events", "event", "event_history", events, "events_", frozenset({"events"}), (1, 2, 5, 20)
)


# fmt: off
_FEW_OF_EVENTS = (
    "events_trend_3", "events_acceleration_3", "events", "events_mean_3", "events_mean_12",
    "events_decay_6",
)
# fmt: on
"""What the family `history` has of events."""


def history() -> Iterator[Indicator]:
    """Yield the indicators of the family: of deaths, some of events, and of types of violence."""
    of_events = {indicator.name: indicator for indicator in _of(EVENTS)}
    few = [replace(of_events[name], family=DEATHS.family) for name in _FEW_OF_EVENTS]
    yield from _of(DEATHS, movement=few[:2])
    yield from few[2:]
    for position, kind in enumerate(TYPES_OF_VIOLENCE.values()):
        yield from _of_type(position, kind)


def event_history() -> Iterator[Indicator]:
    """Yield what `history` has of deaths, of events, but for what it has of events already."""
    yield from (indicator for indicator in _of(EVENTS) if indicator.name not in _FEW_OF_EVENTS)


def _of(count: Count, movement: Sequence[Indicator] = ()) -> Iterator[Indicator]:
    yield from _levels(count)
    yield from _time_since(count)
    yield from _shares_of_months(count)
    yield from _movement(count)
    yield from movement
    yield from _own_past(count)


def _levels(count: Count) -> Iterator[Indicator]:
    what, name, unit, values = count.measure.capitalize(), count.measure, count.unit, count.compute
    yield count.indicator(name, f"{what} in the month", unit, values)
    for m in (1, 2, 3, 6):
        meaning = f"{what} {plural(m, 'month')} earlier"
        yield count.indicator(f"{name}_lag_{m}", meaning, unit, on(values, windows.lag, m))
    for m in (3, 6, 12, 24):
        meaning = f"Mean monthly {name} over the last {m} months"
        compute = on(values, windows.rolling_mean, m)
        yield count.indicator(f"{name}_mean_{m}", meaning, unit, compute)
    for m in (3, 12):
        meaning = f"Most {name} in a month of the last {m}"
        compute = on(values, windows.rolling_max, m)
        yield count.indicator(f"{name}_max_{m}", meaning, unit, compute)
    meaning = f"Standard deviation of monthly {name} over the last 12 months"
    yield count.indicator(f"{name}_std_12", meaning, unit, on(values, windows.rolling_std, 12))
    meaning = f"Mean monthly {name} over all observed months"
    yield count.indicator(f"{name}_long_run", meaning, unit, on(values, windows.long_run_mean))
    for h in (1, 3, 6, 12, 36):
        meaning = f"{what} so far, each halved every {plural(h, 'month')}"
        compute = on(values, windows.decayed_sum, h)
        yield count.indicator(f"{name}_decay_{h}", meaning, name, compute, _STOCK)


def _time_since(count: Count) -> Iterator[Indicator]:
    for d in count.sizes:
        meaning = f"Months since a month with at least {plural(d, count.one)}"
        compute = on(count.compute, windows.months_since, d)
        name = f"{count.prefix}months_since_{d}"
        yield count.indicator(name, meaning, "months", compute, _STOCK)
    for d in count.sizes:
        hit = f"a month with at least {plural(d, count.one)}"
        meaning = f"Decay since {hit}: 1 in it, then halved every 12 months"
        compute = on(count.compute, windows.since_decay, d, 12)
        decay = count.share(f"{count.prefix}since_{d}_decay_12", meaning, compute, "1")
        yield replace(decay, source=_VIEWS)


def _shares_of_months(count: Count) -> Iterator[Indicator]:
    one, small, large, _ = count.sizes
    for m in (6, 12, 24):
        meaning = f"Share of the last {m} months with {count.any}"
        yield count.share(
            f"{count.prefix}active_share_{m}",
            meaning,
            on(count.compute, windows.rolling_share, one, m),
        )
    for d in (small, large):
        for m in (6, 12):
            meaning = f"Share of the last {m} months with at least {d} {count.measure}"
            yield count.share(
                f"{count.prefix}at_least_{d}_share_{m}",
                meaning,
                on(count.compute, windows.rolling_share, d, m),
            )
    for d in (one, small, large):
        meaning = f"Share of all observed months with at least {plural(d, count.one)}"
        yield count.share(
            f"{count.prefix}long_run_share_{d}",
            meaning,
            on(count.compute, windows.long_run_share, d),
        )
    name = f"{count.prefix}active_months_in_a_row"
    meaning = f"Months on end, to this one, with {count.any}"
    compute = on(count.compute, windows.months_in_a_row, one)
    yield count.indicator(name, meaning, "months", compute)


def _movement(count: Count) -> Iterator[Indicator]:
    name = count.measure
    for m in (3, 12):
        meaning = f"Mean of log(1 + {name}) over the last {m} months less that over the {m} before"
        yield count.signed(f"{name}_trend_{m}", meaning, on(count.compute, windows.trend, m))
    meaning = f"Trend of {name} over 3 months less the one 3 months earlier"
    compute = on(count.compute, windows.acceleration, 3)
    yield count.signed(f"{name}_acceleration_3", meaning, compute)


def _own_past(count: Count) -> Iterator[Indicator]:
    meaning = (
        f"Share of the region's earlier months with fewer {count.measure}, as many counting by half"
    )
    compute = on(count.compute, windows.past_rank)
    yield count.share(f"{count.measure}_rank", meaning, compute)
    meaning = "Share of the region's earlier months with a lower mean over 3, an equal one by half"
    compute = on(_mean_of_3(count.compute), windows.past_rank)
    yield count.share(f"{count.measure}_rank_3", meaning, compute)


def _mean_of_3(values: Compute) -> Compute:
    return lambda panel: np.where(panel.observed, windows.rolling_mean(values(panel), 3), np.nan)


def _of_type(position: int, kind: str) -> Iterator[Indicator]:
    name, needs = kind.replace("-", "_"), frozenset[Detail]({"types of deaths"})
    of_type: Compute = lambda panel: panel.deaths[position]  # noqa: E731
    meaning = f"Deaths in {kind} violence in the month"
    yield Indicator(
        f"{name}_deaths", meaning, "deaths/month", DEATHS.family, of_type, needs, _VIEWS_2020
    )
    for m in (3, 12):
        meaning = f"Mean monthly deaths in {kind} violence over the last {m} months"
        compute = on(of_type, windows.rolling_mean, m)
        yield Indicator(f"{name}_mean_{m}", meaning, "deaths/month", DEATHS.family, compute, needs)
    meaning = f"Deaths in {kind} violence so far, each halved every 12 months"
    compute = on(of_type, windows.decayed_sum, 12)
    yield Indicator(f"{name}_decay_12", meaning, "deaths", DEATHS.family, compute, needs, _STOCK)
    hit = f"a month with at least 5 deaths in {kind} violence"
    meaning = f"Decay since {hit}: 1 in it, then halved every 12 months"
    compute = on(of_type, windows.since_decay, 5, 12)
    name_since = f"{name}_since_5_decay_12"
    yield Indicator(name_since, meaning, "1", DEATHS.family, compute, needs, _VIEWS, highest=1)
    needs = frozenset({"types of events"})
    for m in (3, 12):
        meaning = f"Mean monthly events of {kind} violence over the last {m} months"
        compute = on(lambda panel: panel.events[position], windows.rolling_mean, m)
        name_events = f"{name}_events_mean_{m}"
        yield Indicator(name_events, meaning, "events/month", DEATHS.family, compute, needs)
