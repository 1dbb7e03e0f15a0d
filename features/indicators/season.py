"""Family `season`: the time of the year, and the calendar."""

from collections.abc import Callable, Iterator

import numpy as np

from features.indicators.indicator import Compute, Indicator
from features.indicators.windows import year_angle
from features.panel import FloatArray, MonthArray


def season() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    for name, wave in (("sine", np.sin), ("cosine", np.cos)):
        meaning = f"Month of the year as an angle from January: {name}"
        compute = _everywhere(_wave(wave))
        yield Indicator(f"season_{name}", meaning, "1", "season", compute, lowest=-1, highest=1)
    meaning, compute = "Days in the month", _everywhere(days_in)
    yield Indicator("month_days", meaning, "days", "season", compute, lowest=28, highest=31)


def days_in(months: MonthArray) -> FloatArray:
    """Return the days (T,) of months (T,) [months since 1970-01]."""
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((after - first).astype(np.float64))


def _wave(function: Callable[[FloatArray], FloatArray]) -> Callable[[MonthArray], FloatArray]:
    return lambda months: function(year_angle(months))


def _everywhere(values: Callable[[MonthArray], FloatArray]) -> Compute:
    return lambda panel: np.broadcast_to(values(panel.months)[:, None], panel.observed.shape)
