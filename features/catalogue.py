"""The catalogue of indicators: each has a name, a one-line meaning, a unit and a family.

An indicator enters every model, document and test by being listed here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features import indicators as formula
from features.errors import ConfigurationError
from features.events import TYPES_OF_VIOLENCE
from features.panel import BoolArray, Detail, FloatArray, Panel

Compute = Callable[[Panel], FloatArray]


@dataclass(frozen=True)
class Indicator:
    """One named, documented column computed from months <= origin."""

    name: str
    meaning: str
    unit: str
    family: str
    compute: Compute
    needs: frozenset[Detail] = frozenset()
    """What a history must tell, beside deaths by region and month."""


@dataclass(frozen=True, eq=False)
class IndicatorTable:
    """Indicators of a panel: `values` is (T months, R regions, K names), float32.

    NaN where the region was not observed in the month and, for a lag, where it was not in the
    month that the lag looks back to. Other windows take their observed months.
    """

    names: tuple[str, ...]
    values: npt.NDArray[np.float32]


def indicator_table(panel: Panel, names: Sequence[str] | None = None) -> IndicatorTable:
    """Compute the named indicators of the catalogue, all of them by default.

    Raises ConfigurationError for a name that the catalogue does not hold.
    """
    chosen = select(names)
    values = np.empty((*panel.observed.shape, len(chosen)), dtype=np.float32)
    for position, indicator in enumerate(chosen):
        values[:, :, position] = np.where(panel.observed, indicator.compute(panel), np.nan)
    return IndicatorTable(tuple(i.name for i in chosen), values)


def select(names: Sequence[str] | None = None) -> tuple[Indicator, ...]:
    """Return the named indicators in order; raises ConfigurationError if one is unknown."""
    if names is None:
        return CATALOGUE
    by_name = {indicator.name: indicator for indicator in CATALOGUE}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ConfigurationError(
            f"no indicator is called {', '.join(unknown)}: `tocsin indicators` lists them all"
        )
    return tuple(by_name[name] for name in names)


def untold(panel: Panel, names: Sequence[str] | None = None) -> dict[str, str]:
    """Return the indicators that a panel's history cannot give: name -> what it does not tell."""
    missing = {i.name: sorted(i.needs - panel.tells) for i in select(names)}
    return {name: ", ".join(details) for name, details in missing.items() if details}


def _history() -> Iterator[Indicator]:
    rate, family = "deaths/month", "history"
    yield Indicator("deaths", "Deaths in the month", rate, family, _deaths)
    for m in (1, 2, 3, 6):
        meaning = f"Deaths {m} month{'s' if m > 1 else ''} earlier"
        yield Indicator(f"deaths_lag_{m}", meaning, rate, family, _on(_deaths, formula.lag, m))
    for m in (3, 6, 12, 24):
        meaning = f"Mean monthly deaths over the last {m} months"
        compute = _on(_deaths, formula.rolling_mean, m)
        yield Indicator(f"deaths_mean_{m}", meaning, rate, family, compute)
    meaning = "Mean monthly deaths over all observed months"
    yield Indicator("deaths_long_run", meaning, rate, family, _on(_deaths, formula.long_run_mean))
    for h in (1, 3, 6, 12, 36):
        meaning = f"Deaths so far, each halved every {h} month{'s' if h > 1 else ''}"
        compute = _on(_deaths, formula.decayed_sum, h)
        yield Indicator(f"deaths_decay_{h}", meaning, "deaths", family, compute)
    for d in (1, 5, 25, 100):
        meaning = f"Months since a month with at least {d} death{'s' if d > 1 else ''}"
        compute = _on(_deaths, formula.months_since, d)
        yield Indicator(f"months_since_{d}", meaning, "months", family, compute)
    for m in (6, 12, 24):
        meaning = f"Share of the last {m} months with a death"
        compute = _on(_deaths, formula.rolling_share, 1, m)
        yield Indicator(f"active_share_{m}", meaning, "share", family, compute)
    for d in (1, 5, 25):
        meaning = f"Share of all observed months with at least {d} death{'s' if d > 1 else ''}"
        compute = _on(_deaths, formula.long_run_share, d)
        yield Indicator(f"long_run_share_{d}", meaning, "share", family, compute)


def _events_and_types() -> Iterator[Indicator]:
    family, needs = "history", frozenset[Detail]({"events"})
    yield Indicator("events", "Events in the month", "events/month", family, _events, needs)
    for m in (3, 12):
        meaning = f"Mean monthly events over the last {m} months"
        compute = _on(_events, formula.rolling_mean, m)
        yield Indicator(f"events_mean_{m}", meaning, "events/month", family, compute, needs)
    meaning = "Events so far, each halved every 6 months"
    compute = _on(_events, formula.decayed_sum, 6)
    yield Indicator("events_decay_6", meaning, "events", family, compute, needs)
    needs = frozenset({"types of deaths"})
    for position, kind in enumerate(TYPES_OF_VIOLENCE.values()):
        name, deaths = kind.replace("-", "_"), _deaths_of_type(position)
        for m in (3, 12):
            meaning = f"Mean monthly deaths in {kind} violence over the last {m} months"
            compute = _on(deaths, formula.rolling_mean, m)
            yield Indicator(f"{name}_mean_{m}", meaning, "deaths/month", family, compute, needs)
        meaning = f"Deaths in {kind} violence so far, each halved every 12 months"
        compute = _on(deaths, formula.decayed_sum, 12)
        yield Indicator(f"{name}_decay_12", meaning, "deaths", family, compute, needs)


_NEIGHBOURS_SEE = (
    "deaths",
    "deaths_mean_3",
    "deaths_mean_12",
    "deaths_long_run",
    "deaths_decay_1",
    "deaths_decay_6",
    "deaths_decay_36",
    "active_share_6",
    "active_share_24",
    "months_since_5",
    "events_mean_3",
    "state_based_decay_12",
    "one_sided_decay_12",
)


def _neighbourhood(own: Sequence[Indicator]) -> Iterator[Indicator]:
    by_name = {indicator.name: indicator for indicator in own}
    for inner in (by_name[name] for name in _NEIGHBOURS_SEE):
        yield Indicator(
            f"neighbour_{inner.name}",
            f"Mean over the neighbouring regions: {inner.meaning[0].lower()}{inner.meaning[1:]}",
            inner.unit,
            "neighbourhood",
            _around(inner.compute),
            inner.needs,
        )
    yield Indicator(
        "neighbours_observed",
        "Share of the neighbouring regions that the events observe",
        "share",
        "neighbourhood",
        lambda panel: formula.neighbours_observed(
            panel.total_deaths, panel.regions.neighbours, panel.neighbour_count
        ),
    )


def _season() -> Iterator[Indicator]:
    for name, wave in (("sine", np.sin), ("cosine", np.cos)):
        meaning = f"Month of the year as an angle from January: {name}"
        yield Indicator(f"season_{name}", meaning, "1", "season", _wave(wave))


def _deaths(panel: Panel) -> FloatArray:
    return panel.total_deaths


def _events(panel: Panel) -> FloatArray:
    return panel.total_events


def _deaths_of_type(position: int) -> Compute:
    return lambda panel: panel.deaths[position]


def _on(values: Compute, function: Callable[..., FloatArray], *arguments: float) -> Compute:
    return lambda panel: function(values(panel), *arguments)


def _around(compute: Compute) -> Compute:
    def around(panel: Panel) -> FloatArray:
        values = np.where(panel.observed, compute(panel), np.nan)
        return formula.neighbour_mean(values, panel.regions.neighbours)

    return around


def _wave(function: Callable[[FloatArray], FloatArray]) -> Compute:
    return lambda panel: np.broadcast_to(
        function(formula.year_angle(panel.months))[:, None], panel.observed.shape
    )


_OWN = (*_history(), *_events_and_types())

CATALOGUE: tuple[Indicator, ...] = (*_OWN, *_neighbourhood(_OWN), *_season())


HISTORY_MONTHS = 24
"""Months that must all be observed before a forecast may be issued."""


def eligible(panel: Panel) -> BoolArray:
    """Return (T, R): may a forecast be issued from this month for this region?

    Only where the region was observed in each of the HISTORY_MONTHS to the month, so that every
    window that a target or an indicator looks back on is whole.
    """
    return panel.observed_throughout(HISTORY_MONTHS)


def as_markdown(indicators: Sequence[Indicator]) -> str:
    """Return the page that lists indicators, a table a family."""
    lines = [
        "# Indicators",
        "",
        "Made by `tocsin indicators --markdown` from the catalogue, `features/catalogue.py`. Every",
        "indicator is computed from months up to the origin, and missing where they were not",
        "observed.",
    ]
    for family in dict.fromkeys(indicator.family for indicator in indicators):
        lines += ["", f"## {family.capitalize()}", "", "| name | meaning | unit |", "|---|---|---|"]
        lines += [
            f"| `{indicator.name}` | {indicator.meaning} | {indicator.unit} |"
            for indicator in indicators
            if indicator.family == family
        ]
    return "\n".join(lines) + "\n"
