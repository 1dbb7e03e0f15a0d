"""What several indicators of a panel share, computed once and forgotten with the panel."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from features.panel import Panel

_P = ParamSpec("_P")
_T = TypeVar("_T")


def per_panel(
    compute: Callable[Concatenate[Panel, _P], _T],
) -> Callable[Concatenate[Panel, _P], _T]:
    """Remember the results of a pure function as long as its panel lives.

    The other arguments must be hashable and are given by position; nobody may write to a result.
    """
    known: WeakKeyDictionary[Panel, dict[tuple[object, ...], _T]] = WeakKeyDictionary()

    def remembered(panel: Panel, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        results = known.setdefault(panel, {})
        if args not in results:
            results[args] = compute(panel, *args, **kwargs)
        return results[args]

    update_wrapper(remembered, compute)
    return remembered
