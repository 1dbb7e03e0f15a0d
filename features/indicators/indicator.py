"""What an indicator is, and results that several indicators of a panel share."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import update_wrapper
from operator import attrgetter
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from features.arrays import FloatArray
from features.panel.panel import Detail, Panel
from features.words import Alarm

Compute = Callable[[Panel], FloatArray]
"""Panel -> values (T, R); those of regions that are not observed are not read."""


@dataclass(frozen=True)
class Indicator:
    """One named, documented column computed from months <= origin."""

    name: str
    meaning: str
    unit: str
    compute: Compute
    needs: frozenset[Detail] = frozenset()
    """What a history must hold beside deaths by region and month."""
    source: str = ""
    """The literature that it is taken from, if any."""
    _: KW_ONLY
    family: str
    lowest: float = 0.0
    highest: float = float("inf")
    alarming: Alarm | None = "high"
    """Which values are an early sign; None where neither are, or where a figure tells a reader
    nothing."""


def on(values: Compute, function: Callable[..., FloatArray], *arguments: float) -> Compute:
    """Return the indicator that applies a formula to another one."""
    return lambda panel: function(values(panel), *arguments)


deaths: Compute = attrgetter("total_deaths")
"""Deaths of all types, (T, R) [deaths/month]."""


def plural(number: int, what: str) -> str:
    """Return a number of things in words: "1 month", "3 months"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


_P = ParamSpec("_P")
_T = TypeVar("_T")


def per_panel(
    compute: Callable[Concatenate[Panel, _P], _T],
) -> Callable[Concatenate[Panel, _P], _T]:
    """Cache a pure function's results, by hashable positional arguments, while the panel lives."""
    results_of: WeakKeyDictionary[Panel, dict[tuple[object, ...], _T]] = WeakKeyDictionary()

    def cached(panel: Panel, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        results = results_of.setdefault(panel, {})
        if args not in results:
            results[args] = compute(panel, *args, **kwargs)
        return results[args]

    update_wrapper(cached, compute)
    return cached
