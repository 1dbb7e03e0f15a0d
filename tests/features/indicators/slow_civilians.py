"""The same indicators as `features/indicators/civilians.py`, slow and obvious."""

from collections.abc import Callable

import numpy as np

from features.arrays import FloatArray
from features.panel.panel import Panel

Slow = Callable[[Panel], FloatArray]
ONE_SIDED = 2


def share(layers: FloatArray, last: int, months: int, region: int) -> float:
    own = whole = 0.0
    for month in range(max(0, last - months + 1), last + 1):
        if not np.isnan(layers[0, month, region]):
            own += layers[ONE_SIDED, month, region]
            whole += sum(layers[kind, month, region] for kind in range(4))
    return own / whole if whole else 0.0


def one_sided_share(what: str, months: int) -> Slow:
    def slow(panel: Panel) -> FloatArray:
        layers = getattr(panel, what)
        values = np.zeros(panel.observed.shape)
        for month, region in np.ndindex(*values.shape):
            values[month, region] = share(layers, month, months, region)
        return values

    return slow


def change(panel: Panel) -> FloatArray:
    values = np.zeros(panel.observed.shape)
    for month, region in np.ndindex(*values.shape):
        late = share(panel.events, month, 3, region)
        before = share(panel.events, month - 3, 12, region) if month >= 3 else 0.0
        values[month, region] = late - before
    return values


def without_battle(months: int) -> Slow:
    def slow(panel: Panel) -> FloatArray:
        values = np.zeros(panel.observed.shape)
        for month, region in np.ndindex(*values.shape):
            seen = alone = 0
            for past in range(max(0, month - months + 1), month + 1):
                if panel.observed[past, region]:
                    seen += 1
                    fights = panel.events[0, past, region] + panel.events[1, past, region]
                    alone += panel.events[ONE_SIDED, past, region] > 0 and fights == 0
            values[month, region] = alone / seen if seen else 0
        return values

    return slow


SLOW: dict[str, Slow] = {"one_sided_event_share_change": change}
for m in (3, 12):
    SLOW[f"one_sided_death_share_{m}"] = one_sided_share("deaths", m)
    SLOW[f"one_sided_event_share_{m}"] = one_sided_share("events", m)
    SLOW[f"civilians_without_battle_{m}"] = without_battle(m)
