"""Family `civilians`: how much of the violence is turned against people who do not fight."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from features.archive.schemas import TYPES_OF_VIOLENCE
from features.arrays import FloatArray
from features.indicators.indicator import Indicator
from features.indicators.windows import lag, rolling_mean
from features.panel.panel import Detail, Panel
from features.words import Measure

_ONE_SIDED = list(TYPES_OF_VIOLENCE.values()).index("one-sided")
_BATTLES = [position for position in range(len(TYPES_OF_VIOLENCE)) if position != _ONE_SIDED]
_SOURCE = "Eck & Hultman 2007, Journal of Peace Research 44(2): one-sided violence"
_LATE, _BEFORE = 3, 12
_indicator = partial(Indicator, family="civilians")


def civilians() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    deaths, events = frozenset[Detail]({"types of deaths"}), frozenset[Detail]({"types of events"})
    for m in (3, 12):
        last = f"of the last {m} months"
        name, compute = f"one_sided_death_share_{m}", partial(_share, of="deaths", months=m)
        meaning = f"Share of the deaths {last} in violence against civilians, 0 of none"
        yield _indicator(name, meaning, "share", compute, deaths, _SOURCE, highest=1)
        name, compute = f"one_sided_event_share_{m}", partial(_share, of="events", months=m)
        meaning = f"Share of the events {last} that were against civilians, 0 of none"
        yield _indicator(name, meaning, "share", compute, events, _SOURCE, highest=1)
    name = "one_sided_event_share_change"
    meaning = (
        f"Share of the events against civilians in the last {_LATE} months less that in the "
        f"{_BEFORE} months before"
    )
    yield _indicator(name, meaning, "1", _change, events, lowest=-1, highest=1, alarming=None)
    for m in (3, 12):
        name, compute = f"civilians_without_battle_{m}", partial(_without_battle, months=m)
        meaning = f"Share of the last {m} months with events against civilians and no battle"
        yield _indicator(name, meaning, "share", compute, events, highest=1)


def _share(panel: Panel, of: Measure, months: int) -> FloatArray:
    """Return (T, R), the share of one-sided violence in deaths or events; 0 of nothing."""
    layers = panel.deaths if of == "deaths" else panel.events
    own = rolling_mean(layers[_ONE_SIDED], months)
    whole = rolling_mean(layers.sum(axis=0), months)
    return np.divide(own, whole, out=np.zeros_like(own), where=whole > 0)


def _change(panel: Panel) -> FloatArray:
    late = _share(panel, "events", _LATE)
    before = lag(_share(panel, "events", _BEFORE), _LATE)
    return late - np.nan_to_num(before)


def _without_battle(panel: Panel, months: int) -> FloatArray:
    battles = panel.events[_BATTLES].sum(axis=0)
    alone = (panel.events[_ONE_SIDED] > 0) & (battles == 0)
    return rolling_mean(np.where(panel.observed, alone.astype(np.float64), np.nan), months)
