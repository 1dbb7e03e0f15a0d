"""The same indicators as `features/indicators/history.py`, slow and obvious."""

import math
import statistics
from collections.abc import Callable

import numpy as np

from features.arrays import FloatArray
from features.panel.panel import Panel
from tests.features.indicators.worlds import Slow

Series = list[float]
"""What one region had, by month, up to the month in question; NaN where it was not observed."""
NAN = math.nan
KINDS = ("state_based", "non_state", "one_sided")


def slowly(
    values: Callable[[Panel], FloatArray], formula: Callable[..., float], *arguments: float
) -> Slow:
    """The formula is of a series and the arguments."""

    def compute(panel: Panel) -> FloatArray:
        result, columns = np.full(panel.observed.shape, NAN), values(panel).T.tolist()
        for t, r in np.argwhere(panel.observed):
            result[t, r] = formula(columns[r][: t + 1], *arguments)
        return result

    return compute


def known(series: Series) -> Series:
    return [value for value in series if not math.isnan(value)]


def mean(series: Series) -> float:
    seen = known(series)
    return sum(seen) / len(seen) if seen else NAN


def window(series: Series, months: int, ago: int = 0) -> Series:
    end = len(series) - ago
    return series[max(0, end - months) : max(0, end)]


def earlier(series: Series, months: int) -> float:
    return series[-1 - months] if len(series) > months else NAN


def rolling_mean(series: Series, months: int) -> float:
    return mean(window(series, months))


def highest(series: Series, months: int) -> float:
    return max(known(window(series, months)))


def share(series: Series, threshold: float, months: int) -> float:
    return statistics.mean([value >= threshold for value in known(window(series, months))])


def rolling_std(series: Series, months: int) -> float:
    seen = known(window(series, months))
    return statistics.stdev(seen) if len(seen) > 1 else 0.0


def decayed(series: Series, half_life: float) -> float:
    ago = [(len(series) - 1 - position, value) for position, value in enumerate(series)]
    return sum(value * math.pow(0.5, months / half_life) for months, value in ago if value > 0)


def since(series: Series, threshold: float) -> float:
    first = min(position for position, value in enumerate(series) if not math.isnan(value))
    hits = [position for position, value in enumerate(series) if value >= threshold]
    return len(series) - 1 - (hits[-1] if hits else first - 1)


def since_decay(series: Series, threshold: float) -> float:
    return math.pow(0.5, since(series, threshold) / 12)


def in_a_row(series: Series) -> float:
    row = 0
    while row < len(series) and series[-1 - row] >= 1:
        row += 1
    return row


def step(series: Series, months: int, ago: int) -> float:
    logs = [math.log(1 + value) for value in series]
    return mean(window(logs, months, ago)) - mean(window(logs, months, ago + months))


def trend(series: Series, months: int) -> float:
    return or_zero(step(series, months, 0))


def acceleration(series: Series, months: int) -> float:
    return or_zero(step(series, months, 0) - step(series, months, months))


def or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def rank(values: Series) -> float:
    *past, now = values
    points = [1.0 if value < now else 0.5 if value == now else 0.0 for value in known(past)]
    return statistics.mean(points) if points else 0.5


def rank_of_3(series: Series) -> float:
    """The rank of the mean over 3 months among those of the earlier observed months."""
    means = [mean(series[max(0, end - 3) : end]) for end in range(1, len(series) + 1)]
    pairs = zip(series, means, strict=True)
    return rank([NAN if math.isnan(value) else average for value, average in pairs])


def deaths(panel: Panel) -> FloatArray:
    return np.asarray(panel.deaths.sum(axis=0))


def events(panel: Panel) -> FloatArray:
    return np.asarray(panel.events.sum(axis=0))


def of_type(position: int) -> Callable[[Panel], FloatArray]:
    return lambda panel: panel.deaths[position]


def events_of_type(position: int) -> Callable[[Panel], FloatArray]:
    return lambda panel: panel.events[position]


SLOW: dict[str, Slow] = {
    "deaths": deaths,
    "events": events,
    "deaths_long_run": slowly(deaths, mean),
    "deaths_std_12": slowly(deaths, rolling_std, 12),
    "active_months_in_a_row": slowly(deaths, in_a_row),
    "deaths_acceleration_3": slowly(deaths, acceleration, 3),
    "events_trend_3": slowly(events, trend, 3),
    "events_acceleration_3": slowly(events, acceleration, 3),
    "deaths_rank": slowly(deaths, rank),
    "deaths_rank_3": slowly(deaths, rank_of_3),
    "events_decay_6": slowly(events, decayed, 6),
}
for m in (1, 2, 3, 6):
    SLOW[f"deaths_lag_{m}"] = slowly(deaths, earlier, m)
for m in (3, 6, 12, 24):
    SLOW[f"deaths_mean_{m}"] = slowly(deaths, rolling_mean, m)
for m in (3, 12):
    SLOW[f"deaths_max_{m}"] = slowly(deaths, highest, m)
    SLOW[f"deaths_trend_{m}"] = slowly(deaths, trend, m)
    SLOW[f"events_mean_{m}"] = slowly(events, rolling_mean, m)
for h in (1, 3, 6, 12, 36):
    SLOW[f"deaths_decay_{h}"] = slowly(deaths, decayed, h)
for d in (1, 5, 25, 100):
    SLOW[f"months_since_{d}"] = slowly(deaths, since, d)
    SLOW[f"since_{d}_decay_12"] = slowly(deaths, since_decay, d)
for m in (6, 12, 24):
    SLOW[f"active_share_{m}"] = slowly(deaths, share, 1, m)
for d in (5, 25):
    for m in (6, 12):
        SLOW[f"at_least_{d}_share_{m}"] = slowly(deaths, share, d, m)
for d in (1, 5, 25):
    SLOW[f"long_run_share_{d}"] = slowly(deaths, share, d, 1000)
for number, kind in enumerate(KINDS):
    SLOW[f"{kind}_deaths"] = of_type(number)
    SLOW[f"{kind}_decay_12"] = slowly(of_type(number), decayed, 12)
    SLOW[f"{kind}_since_5_decay_12"] = slowly(of_type(number), since_decay, 5)
    for m in (3, 12):
        SLOW[f"{kind}_mean_{m}"] = slowly(of_type(number), rolling_mean, m)
        SLOW[f"{kind}_events_mean_{m}"] = slowly(events_of_type(number), rolling_mean, m)
