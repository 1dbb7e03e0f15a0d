"""The same indicators as `features/indicators/civilians.py`, slow and obvious."""

import numpy as np

from features.arrays import FloatArray
from features.panel.panel import Panel
from tests.features.indicators.worlds import Slow, everywhere

ONE_SIDED = 2


def share(layers: FloatArray, last: int, months: int, region: int) -> float:
    own = whole = 0.0
    for month in range(max(0, last - months + 1), last + 1):
        if not np.isnan(layers[0, month, region]):
            own += layers[ONE_SIDED, month, region]
            whole += sum(layers[kind, month, region] for kind in range(4))
    return own / whole if whole else 0.0


def one_sided_share(what: str, months: int) -> Slow:
    return everywhere(lambda panel, t, r: share(getattr(panel, what), t, months, r))


def change(panel: Panel, month: int, region: int) -> float:
    late = share(panel.events, month, 3, region)
    before = share(panel.events, month - 3, 12, region) if month >= 3 else 0.0
    return late - before


def without_battle(months: int) -> Slow:
    def value(panel: Panel, month: int, region: int) -> float:
        seen = alone = 0
        for past in range(max(0, month - months + 1), month + 1):
            if panel.observed[past, region]:
                seen += 1
                fights = panel.events[0, past, region] + panel.events[1, past, region]
                alone += panel.events[ONE_SIDED, past, region] > 0 and fights == 0
        return alone / seen

    return everywhere(value)


SLOW: dict[str, Slow] = {"one_sided_event_share_change": everywhere(change)}
for m in (3, 12):
    SLOW[f"one_sided_death_share_{m}"] = one_sided_share("deaths", m)
    SLOW[f"one_sided_event_share_{m}"] = one_sided_share("events", m)
    SLOW[f"civilians_without_battle_{m}"] = without_battle(m)
