"""The same indicators as `features/indicators/season.py`, slow and obvious."""

import calendar
import math
from collections.abc import Callable

import numpy as np

from features.arrays import FloatArray
from features.panel.panel import Panel


def by_month(formula: Callable[[int, int], float]) -> Callable[[Panel], FloatArray]:
    """The formula is of a year and of a month of it, 1 to 12."""

    def compute(panel: Panel) -> FloatArray:
        months = [divmod(int(month), 12) for month in panel.months]
        values = [formula(1970 + years, month + 1) for years, month in months]
        return np.tile(np.array(values, dtype=float)[:, None], panel.observed.shape[1])

    return compute


SLOW: dict[str, Callable[[Panel], FloatArray]] = {
    "season_sine": by_month(lambda _, month: math.sin(math.radians(30 * (month - 1)))),
    "season_cosine": by_month(lambda _, month: math.cos(math.radians(30 * (month - 1)))),
    "month_days": by_month(lambda year, month: calendar.monthrange(year, month)[1]),
}
